#pragma once
// What the control calls that move Lever have in common in their answers.
#include <string>
#include <string_view>
#include <vector>

#include "common/http/message.hpp"
#include "common/json/writer.hpp"

namespace hirewire::sandbox {

inline http::Reply unknown(std::string_view what) {
    return http::problem(404, "not-found", "The sandbox knows no such " + std::string{what} + ".");
}

// Of the webhooks that a move caused.
inline void write_tokens(json::Writer& out, const std::vector<std::string>& tokens) {
    out.key("tokens").begin_array();
    for (const auto& token : tokens) out.string(token);
    out.end_array();
}

}  // namespace hirewire::sandbox
