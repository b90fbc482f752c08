#pragma once
// One connection to Redis on the Asio loop, hiredis behind. Commands of many coroutines share it and are sent
// together; a lost connection is made again by itself, and what was under way answers with an error. Only this
// folder's stores use it; the rest of the program speaks through store.hpp.
#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/result.hpp"
#include "common/core/time.hpp"
#include "common/redis/settings.hpp"

namespace hirewire::redis {

enum class Errc {
    unavailable = 1,  // no connection: the command was certainly not carried out
    no_answer,        // it may have been carried out
    refused,          // Redis answered with an error
};
Error make_error_code(Errc e);

struct Reply {
    enum class Type { nil, text, integer, list };
    Type type = Type::nil;
    std::string text{};
    std::int64_t integer = 0;
    std::vector<Reply> list{};
};

// A command in the wire form (RESP), put together word by word without a copy of any.
class Command {
public:
    Command() = default;
    explicit Command(std::size_t words);
    Command& add(std::string_view word);
    Command& add(std::int64_t number);
    // Words that are in the wire form already.
    Command& add_wire(std::string_view words);
    [[nodiscard]] const std::string& wire() const { return wire_; }

private:
    std::string wire_;
};

// A Lua script; sent once whole and later by its SHA-1.
class Script {
public:
    explicit Script(std::string source);
    // The beginning of a call, to which the keys and then the arguments are added.
    [[nodiscard]] Command call(std::size_t keys, std::size_t arguments) const;
    // The same call with the whole script in place of its SHA-1.
    [[nodiscard]] std::string spelled_out(const Command& call) const;

private:
    std::string source_;
    std::string by_sha_;  // EVALSHA and the SHA-1, in the wire form
};

// Who waits for an answer. Told exactly once and never from inside the call that asks; dropped untold when the
// connection is closed for good.
class Completion {
public:
    virtual ~Completion() = default;
    virtual void finish(Result<Reply> reply) = 0;

private:
    friend class Connection;
    Instant deadline_{};
    Command call_;
    const Script* script_ = nullptr;  // to be sent whole should Redis not know it: it forgets at a restart
};

class Connection {
public:
    Connection(boost::asio::any_io_executor executor, Settings settings);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void start(Command command, std::unique_ptr<Completion> completion);
    // `call` as begun by the script, which must outlive the connection.
    void start(const Script& script, Command call, std::unique_ptr<Completion> completion);

    [[nodiscard]] bool connected() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace hirewire::redis

template <>
struct boost::system::is_error_code_enum<hirewire::redis::Errc> : std::true_type {};
