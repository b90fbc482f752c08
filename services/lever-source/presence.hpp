#pragma once
// Which of somebody's addresses Lever knows, pure: what is asked, how it is asked of Lever, and what is found.
// Lever's own list never leaves; only addresses that were asked for are answered.
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/time.hpp"
#include "common/lever/api.hpp"

namespace hirewire::source {

inline constexpr std::size_t most_emails = 500;

// By the folded address: as it was written.
using Emails = std::map<std::string, std::string>;
// By the folded address: the opportunities of who has it.
using Presence = std::map<std::string, std::set<std::string>>;

// Without white space around it and case, so that "Ann@X.com " is "ann@x.com". What is no address is "".
std::string folded(std::string_view email);
struct PresenceQuestion {
    Emails emails{};
    bool confidential = false;  // whether confidential opportunities are answered, too
};
// {"emails": [...], "confidential": true}, the second may be missing. What is no address is left out; nothing when
// the body has another form or too many.
std::optional<PresenceQuestion> read_presence_question(std::string_view body);
// What one request to Lever asks for: each address as it was written, and folded.
std::vector<std::vector<std::string>> batches(const Emails& emails);
void add_presence(Presence& found, const Emails& asked, const lever::Read& read);
std::string presence_text(const Presence& found, Timestamp read_at);

}  // namespace hirewire::source
