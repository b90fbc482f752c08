#pragma once
// A company with all seven services before the five stand-ins: what the tests of all destinations tell Lever, what
// they ask a destination, and what the runs report.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/value.hpp"
#include "hirewire/v1/change.pb.h"
#include "hirewire/v1/outcome.pb.h"
#include "tests/support/oracle.hpp"
#include "tests/support/stack.hpp"

namespace hirewire::testing {

// Of a number that a variable of the environment may give.
int number_from(const char* variable, int otherwise);

// One of Lever's opportunities.
struct Opening {
    std::string id{};
    std::string contact{};
    std::string posting{};
};

// One request as a stand-in has it in its log.
struct Sent {
    std::int64_t at = 0;  // epoch milliseconds
    std::string method{};
    std::string path{};  // with the destination's name in front
    std::string body{};
    int status = 0;  // 0 = the connection was closed instead of an answer
    std::string key{};
    std::string date{};
};

// Under which of Cleary's tabs people show.
struct Buckets {
    std::int64_t new_hires_preboarding = 0;
    std::int64_t action_needed = 0;
};
// A look at them by `hirewire run cleary`, and what Lever's own state gives.
struct LookAtBuckets {
    std::string today{};
    Buckets reported{};
    Buckets expected{};
};

class Company {
public:
    Stack stack;
    Oracle oracle{stack};
    // Of these it does not matter what CLARA and Cluster believe.
    std::set<std::string> behind{};

    // `beforehand`: what is done to Lever and the stand-ins before any service starts.
    explicit Company(std::vector<Setting> settings, std::function<void(const Stack&)> beforehand = {});

    // POST /_sandbox/{path}.
    json::Document control(const std::string& path, const std::string& body) const;
    // What the stand-in believes.
    [[nodiscard]] json::Document state(const std::string& destination) const;
    // `members` of the body, such as R"("name":"Ann Example")".
    Opening add(const std::string& members = {}) const;
    void act(const std::string& opportunity, const std::string& how, const std::string& body = {}) const;
    // How webhooks come; "{}" = as they should.
    void delivery(const std::string& how) const { control("delivery", how); }
    // Answers its id.
    std::string open_posting(const std::string& body) const;
    void remove_posting(const std::string& id) const;

    // `hirewire run {kind}`, to its end.
    Ended run_of(const std::string& kind, std::vector<std::string> flags = {});
    // Likewise; throws unless it is finished as it should.
    Ended complete_run_of(const std::string& kind, std::vector<std::string> flags = {});
    // Lever announces no postings: they are listed now, and told to The Org.
    void list_and_tell();
    // `east`: how far the clocks of cleary.time_zone are ahead of UTC.
    LookAtBuckets look_at_buckets(std::chrono::hours east);

    void becomes_right(
        const std::string& what,
        Milliseconds patience = Milliseconds{90'000},
        Milliseconds look_every = Milliseconds{100}) const;
    // Waits until nothing is left to be read and nobody has asked Lever or told a destination anything for a while.
    void settles(Milliseconds patience = Milliseconds{90'000});

    // All that the destination was ever sent, from one request on.
    [[nodiscard]] std::vector<Sent> sent(const std::string& destination, std::size_t from = 0) const;
    // How many requests to any of the five name this text in their path or body.
    [[nodiscard]] std::size_t requests_about(const std::string& text) const;
    // How often CLARA was had to ask this candidate something.
    [[nodiscard]] std::int64_t questions(const std::string& opportunity) const;
    // What the daemon has reported, in order of its topic's partitions.
    [[nodiscard]] std::vector<v1::Outcome> outcomes(const std::string& destination) const;
    // Waits for an outcome of this opportunity; of any reason when none is given. Answers the first.
    v1::Outcome await_outcome(
        const std::string& destination,
        const std::string& opportunity,
        v1::OutcomeKind kind,
        const std::string& reason = {}) const;
    // How many records were ever written to a topic of the installation, such as "sync.clara.dlq".
    [[nodiscard]] std::size_t count(const std::string& topic) const;
    // Dead letters of all five, and what waits in a retry topic.
    [[nodiscard]] std::size_t dead_letters() const;
    [[nodiscard]] std::size_t parked() const;
    // The bodies of Lever's webhooks about this opportunity so far.
    [[nodiscard]] std::vector<std::string> webhooks_of(const std::string& opportunity) const;

private:
    std::int64_t activity();
    double unread();

    std::map<std::string, std::size_t> seen_;  // how long each destination's log was when it was looked at last
};

// R"("cluster":{"job":…,"candidate":…})", for Company::add.
std::string linked(const std::string& job, const std::string& candidate);
// Where the people of Lever's hires belong on a day: of each person the newest hire counts.
Buckets buckets_of(const json::Document& opportunities, const std::string& today);

}  // namespace hirewire::testing
