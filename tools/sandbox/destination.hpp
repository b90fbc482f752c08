#pragma once
// What all stand-ins of destinations share: bearer token, headers of a write, idempotency, faults, the list of what
// was sent and the list of what the contract forbids. A stand-in adds its endpoints and its state.
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/http/routes.hpp"
#include "common/json/value.hpp"
#include "tools/sandbox/faults.hpp"
#include "tools/sandbox/lever_model.hpp"
#include "tools/sandbox/version_guard.hpp"

namespace hirewire::sandbox {

// {"outcome":"updated"}, as the contracts of our own answer a write.
http::Reply outcome(int status, std::string_view word);

// A request that has passed the checks all contracts share.
struct DestinationCall {
    const http::Incoming* incoming = nullptr;
    http::PathValues values{};
    json::Value body{};        // of a write
    std::int64_t version = 0;  // Source-Version of a write
};

class Destination {
public:
    virtual ~Destination() = default;
    Destination(const Destination&) = delete;
    Destination& operator=(const Destination&) = delete;

    [[nodiscard]] const std::string& name() const { return name_; }
    // The contract, under /{name}.
    void add_contract(std::vector<http::Route>& routes);
    // The control calls, under /_sandbox/{name}.
    void add_control(std::vector<http::Route>& routes) const;

protected:
    enum class Access {
        read,
        write,
        erase,  // a write without a body
    };
    struct Endpoint {
        http::Method method = http::Method::get;
        std::string path{};  // behind /{name}
        Access access = Access::read;
        std::function<http::Reply(const DestinationCall&)> answer{};
    };
    using ControlHandler = std::function<http::Reply(const http::Incoming&)>;

    Destination(std::string name, std::string token, std::string media_type, Dice& dice);

    void serve_at(Endpoint endpoint) { endpoints_.push_back(std::move(endpoint)); }
    void control_at(http::Method method, std::string path, ControlHandler answer);

    // What the destination believes now, as a JSON object.
    [[nodiscard]] virtual std::string state() const = 0;
    // An error in the destination's own form.
    [[nodiscard]] virtual http::Reply error(int status, std::string_view code, std::string_view detail) const;

    // The error that a request without a good credential has earned; a bearer token unless the contract has another.
    virtual std::optional<http::Reply> check_credential(const http::Incoming& request);

    // Answers an error for what the contract forbids, and remembers it.
    http::Reply violation(int status, std::string_view code, std::string_view detail);

    // What a write is answered whose version does not make it the newest; nothing when it is.
    std::optional<http::Reply> unless_newer(VersionGuard::Order order);

private:
    struct Sent {
        Moment at = 0;
        std::string method{};
        std::string path{};
        std::vector<http::Header> headers{};
        std::string body{};
        int status = -1;     // 0 = the connection was closed instead, -1 = not answered yet
        std::string note{};  // "fault", "replayed"
    };
    struct Violation {
        Moment at = 0;
        std::string request{};
        int status = 0;
        std::string what{};
    };
    struct Answered {
        std::string fingerprint{};
        http::Reply reply{};
    };

    void add_shared_control();
    boost::asio::awaitable<http::Reply> serve(
        const Endpoint& endpoint, const http::Incoming& request, http::PathValues values);
    http::Reply decide(const Endpoint& endpoint, const http::Incoming& request, http::PathValues values, Sent& sent);
    std::optional<http::Reply> check_headers(const http::Incoming& request, Access access);
    http::Reply fault_reply(const Fault& fault) const;
    std::shared_ptr<Sent> remember(const http::Incoming& request);
    [[nodiscard]] std::string sent_log(std::size_t from) const;
    [[nodiscard]] std::string violation_log() const;

    std::string name_;
    std::string authorization_;
    std::string media_type_;
    Faults faults_;
    std::vector<Endpoint> endpoints_;
    std::vector<http::Route> control_;
    std::deque<std::shared_ptr<Sent>> sent_;
    std::size_t forgotten_ = 0;  // how many have left the front of sent_
    std::vector<Violation> violations_;
    std::string current_;  // the request under decision, for the list of violations
    std::unordered_map<std::string, Answered> answered_;
};

}  // namespace hirewire::sandbox
