#pragma once
// Finds the end of an HTTP/1.1 answer in what has come so far, and its status. Enough for answers with
// Content-Length.
#include <cstddef>
#include <string_view>
#include <variant>

namespace hirewire::loadgen {

struct Incomplete {};
struct Malformed {};
struct Complete {
    int status = 0;
    std::size_t size = 0;  // of the whole answer
    bool keep_alive = true;
};
using ReplyState = std::variant<Incomplete, Malformed, Complete>;

ReplyState read_reply(std::string_view bytes);

}  // namespace hirewire::loadgen
