#pragma once
// HTTP by hand: a blocking connection that sends any bytes, well-formed or not, and reads one answer at a time.
#include <optional>
#include <string>
#include <string_view>

#include "common/core/time.hpp"
#include "common/http/message.hpp"

namespace hirewire::testing {

class Connection {
public:
    // To 127.0.0.1. Throws std::runtime_error when nobody listens.
    explicit Connection(int port);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    // False when the other side has closed.
    bool send(std::string_view bytes);
    // The next answer; nothing when the connection ends before a whole one. Throws when neither comes in time.
    // An answer to HEAD has no body, whatever its Content-Length says.
    std::optional<http::Reply> read(Milliseconds patience = Milliseconds{20'000}, bool to_head = false);
    // For protocols of lines. Throws when there is none in time.
    std::string read_line(Milliseconds patience);
    // Whether bytes of an answer, or its end, come within `patience`.
    bool readable(Milliseconds patience);
    // Whether the other side closes within `patience`, with nothing more to say.
    bool closes(Milliseconds patience);

private:
    bool receive(Instant deadline);

    int descriptor_ = -1;
    bool ended_ = false;
    std::string buffer_;
};

// The bytes of a request, with Host and, when there is a body, Content-Length added.
std::string bytes_of(const http::Request& request);

// One request on a connection of its own. Throws when there is no answer.
http::Reply call(int port, const http::Request& request, Milliseconds patience = Milliseconds{20'000});
http::Reply get(int port, const std::string& target);

}  // namespace hirewire::testing
