#pragma once
// Whether a destination is told: the modes, and when a change of mode owes it a snapshot. Pure.
#include <string>
#include <string_view>
#include <vector>

#include "common/http/message.hpp"

namespace hirewire::sync {

enum class Mode {
    live,
    shadow,  // all is worked out and reported as the outcome shadow; nothing is sent, not even a question
    off      // nothing is read for it, nothing sent
};

std::string_view name_of(Mode mode);
// Live for a word that is no mode; the configuration refuses those.
Mode mode_of(std::string_view word);
std::vector<std::string> mode_words();

// How a destination stands, in words that hiring.runs keeps: "live", "shadow", "off", or why its own settings have it
// told nothing (`switched_off`, "" = they do not).
std::string standing_of(Mode mode, std::string_view switched_off);

// It may have missed changes while it stood as `before`, and is told from now on. "" = nobody knows how it stood:
// then it is new here, and a new one begins with a snapshot anyway.
bool owes_snapshot(std::string_view before, std::string_view now);

// The reason of the outcome shadow: what would have been the first request, without its query, which may name a
// person.
std::string would_send(const http::Request& request);

}  // namespace hirewire::sync
