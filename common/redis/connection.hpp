#pragma once
// One connection to Redis on the Asio loop, hiredis behind. Commands of many coroutines share it and are sent
// together; a lost connection is made again by itself, and what was under way answers with an error. Only this
// folder's stores use it; the rest of the program speaks through store.hpp.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/result.hpp"
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

// A Lua script; sent once whole and later by its SHA-1.
class Script {
public:
    explicit Script(std::string source);
    [[nodiscard]] const std::string& source() const { return source_; }
    [[nodiscard]] const std::string& sha() const { return sha_; }

private:
    std::string source_;
    std::string sha_;
};

class Connection {
public:
    Connection(boost::asio::any_io_executor executor, Settings settings);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    boost::asio::awaitable<Result<Reply>> command(std::vector<std::string> arguments);
    boost::asio::awaitable<Result<Reply>> run(
        const Script& script, std::vector<std::string> keys, std::vector<std::string> arguments);

    [[nodiscard]] bool connected() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace hirewire::redis

template <>
struct boost::system::is_error_code_enum<hirewire::redis::Errc> : std::true_type {};
