#pragma once
// The receiver's one decision, pure: a body, its content type, the signature tokens and the time give a record to
// store, a connection test to answer, or a refusal. No socket, no Kafka, no Redis, no clock.
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/core/time.hpp"
#include "common/json/value.hpp"
#include "common/kafka/record.hpp"
#include "common/lever/signature.hpp"

namespace hirewire::receiver {

struct AcceptSettings {
    std::string account = "main";
    std::vector<std::string> signature_tokens{};
    Milliseconds accept_past{std::chrono::hours{24 * 7}};
    Milliseconds accept_future{std::chrono::minutes{5}};
    std::size_t json_depth = 32;
};

// To be stored, byte for byte.
struct Accepted {
    std::string token{};
    std::string fingerprint{};  // of the body: the token does not vouch for it
    std::string_view label{};   // the event's name, for metrics
    kafka::Message message{};
};
// Lever's signed test of the connection, without data: nothing to store.
struct Verified {};
struct Refused {
    int status = 400;
    std::string_view code{};
    std::string_view detail{};  // one sentence of ours; repeats nothing of the body
};
using Decision = std::variant<Accepted, Verified, Refused>;

// One a thread: it keeps its scratch memory between calls, no state.
class Acceptor {
public:
    explicit Acceptor(const AcceptSettings& settings);
    Decision decide(std::string_view content_type, std::string_view body, Timestamp now);

private:
    AcceptSettings settings_;
    json::Parser parser_;
    lever::Verifier verifier_;
};

}  // namespace hirewire::receiver
