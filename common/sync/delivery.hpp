#pragma once
// One sync daemon's work on a job: pick the newest change, ask the ledger, follow the destination's plan, report the
// outcome, write the ledger. begin -> apply -> outcome acknowledged -> done -> commit: a crash repeats, never loses.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/client.hpp"
#include "common/kafka/producer.hpp"
#include "common/metrics/registry.hpp"
#include "common/pipeline/engine.hpp"
#include "common/redis/store.hpp"
#include "common/sync/batch.hpp"
#include "common/sync/beginning.hpp"
#include "common/sync/destination.hpp"
#include "common/sync/latest_postings.hpp"
#include "common/sync/mode.hpp"

namespace hirewire::sync {

class CancelledRuns;

// Of the idempotency keys of what no run has forced.
inline constexpr std::string_view first_epoch = "0";
// A connection that was cut is no error, and asking at every change would be noise; it may be made again.
inline constexpr std::chrono::hours disconnected_for{24};

struct DeliverySettings {
    std::string account = "main";
    std::string token{};           // of the destination, or its key that signs
    std::string access_id{};       // names that key
    std::string base_path{};       // what the destination's server sees before every target
    std::string internal_token{};  // of lever-source's internal API
    bool confidential = false;     // whether confidential postings and candidates are sent
    Milliseconds request_timeout{10'000};
    Milliseconds lease{30'000};
    Milliseconds follow_up_max_age{std::chrono::hours{1}};
    int requests_per_second = 0;  // of all processes together; 0 = as many as the slots make
    int burst = 10;
    Mode mode = Mode::live;  // off is the daemon's matter: nothing is read then
};

class Delivery final : public pipeline::Handler {
public:
    Delivery(
        DeliverySettings settings,
        const Destination& destination,
        http::Client& client,
        http::Client& internal,
        redis::Store& store,
        kafka::Producer& producer,
        const Clock& clock,
        metrics::Registry& metrics);

    pipeline::Place place(const kafka::Record& record) override;
    boost::asio::awaitable<pipeline::Attempted> attempt(const pipeline::Job& job) override;
    boost::asio::awaitable<bool> give_up(const pipeline::Job& job, std::string reason) override;
    boost::asio::awaitable<bool> park(const pipeline::Job& job, pipeline::Park park) override;
    // Called when a partition's ledger is gone with an emptied Redis, at every attempt until it is there again.
    void on_no_ledger(std::function<void(std::int32_t)> rebuild) { rebuild_ = std::move(rebuild); }
    boost::asio::awaitable<void> make_up_for_the_past(kafka::Begun begun) override;
    boost::asio::awaitable<void> await_permission(kafka::Expired expired) override;
    void begin_by(Beginning& beginning) { beginning_ = &beginning; }
    // Of who is told of postings: a state that a later record takes back is told of no more.
    void look_ahead_by(LatestPostings& latest) { latest_ = &latest; }
    // What only cancelled replays have asked for is told no more.
    void pass_over(const CancelledRuns& cancelled) { cancelled_ = &cancelled; }
    void use_mode(Mode mode) { settings_.mode = mode; }
    // From the next request on nothing is sent, until resume(): an attempt that is under way waits, too.
    void suspend() { suspended_ = true; }
    void resume() { suspended_ = false; }
    // An operator's word has ended a hold: who is refused once more is told of once more.
    void forget_hold();
    // Whether the destination's credential is another one than before.
    bool use_tokens(std::string token, std::string internal_token, std::string access_id = {});

private:
    // What is known while one attempt runs.
    struct Attempt {
        v1::Change change{};
        std::optional<PostingNews> posting{};  // when the change is one of a posting
        std::string traceparent{};
        std::string resource{};
        std::int32_t partition = 0;
        bool replayed = false;
        std::string owner{};
        int number = 1;
        int repeats = 0;  // of the job, none of them an attempt
        int calls = 0;    // requests to the destination that no outcome has told of, those of earlier attempts, too
        int http_status = 0;
        Instant lease_ends = Instant::max();
        std::vector<redis::DeadLetter> dead{};
        std::map<std::int64_t, Asked> asked{};  // by version: whom the outcomes answer
        std::vector<v1::Change> known{};        // told of, since a run asked for them; applied before
        redis::Again again = redis::Again::no;
        std::string epoch = std::string{first_epoch};
        int parked = 0;         // with a report of it: how often it has been set aside
        std::string effect{};   // with a report of it: what the destination says that it did
        bool unsure = false;    // a write may have arrived
        bool has_time = false;  // all of the job is backfill
    };
    struct Remembered {
        http::Reply reply{};
        Instant until{};
    };
    using Verdict = pipeline::Verdict;

    // Takes the newest change and what was asked for out of the batch.
    static Attempt attempt_at(const pipeline::Job& job, Batch& batch);
    // At what is told as one.
    boost::asio::awaitable<pipeline::Attempted> attempt_at_once(const pipeline::Job& job);
    boost::asio::awaitable<Verdict> decide(Batch batch, Attempt& attempt);
    // What the ledger knows of: told to those who asked for it, and to nobody else.
    boost::asio::awaitable<Verdict> tell_known(Batch batch, Attempt& attempt, redis::Permission permission);
    static Situation situation_of(const Attempt& attempt, const v1::Change& announced);
    boost::asio::awaitable<bool> newer_is_on_its_way(
        const v1::Change& newest, const v1::Change& announced, const std::vector<v1::Change>& older);
    boost::asio::awaitable<Plan> follow(Plan plan, Attempt& attempt);
    // Waits for our turn at the destination; nothing when it has come, else when to try again. Who has time does not
    // stand in front of the others.
    boost::asio::awaitable<std::optional<Verdict>> await_turn(bool has_time);
    // Keeps the resource for another lease; false when it is somebody else's by now.
    boost::asio::awaitable<bool> prolong(Attempt& attempt);
    boost::asio::awaitable<Answer> send(http::Request request, Attempt& attempt);
    boost::asio::awaitable<Plan> ask_person(AskPerson ask, const Attempt& attempt);
    boost::asio::awaitable<Verdict> settle(Settle decision, Attempt& attempt, const std::vector<v1::Change>& older);
    boost::asio::awaitable<Verdict> fail(Verdict verdict, Attempt& attempt);
    boost::asio::awaitable<bool> report(Attempt& attempt, v1::OutcomeKind outcome, std::string reason);
    boost::asio::awaitable<bool> report_resolved(const Attempt& attempt);
    boost::asio::awaitable<bool> report_superseded(const Attempt& attempt, const std::vector<v1::Change>& older);
    boost::asio::awaitable<bool> park_at_once(const pipeline::Job& job, pipeline::Park park);
    // The record that speaks for the job, with its history and the reason added.
    [[nodiscard]] kafka::Message set_aside(
        const pipeline::Job& job, std::string topic, const std::string& reason) const;
    boost::asio::awaitable<bool> report_overtaken_of(const pipeline::Job& job);
    boost::asio::awaitable<bool> report_set_aside(
        const pipeline::Job& job, v1::OutcomeKind outcome, std::string reason, int parked = 0);
    Verdict second_opinion_on_403(Verdict verdict, const Attempt& attempt);
    void forget_403();
    // The destination has answered, and not refused us.
    void end_hold();
    [[nodiscard]] redis::LedgerKey ledger_key(const Attempt& attempt) const;

    DeliverySettings settings_;
    const Destination& destination_;
    std::string name_;
    std::string replay_topic_;
    http::Client& client_;
    http::Client& internal_;
    redis::Store& store_;
    kafka::Producer& producer_;
    const Clock& clock_;
    metrics::Registry& metrics_;
    metrics::Histogram delivery_seconds_;
    metrics::Histogram end_to_end_;
    metrics::Histogram pace_wait_;
    metrics::Gauge dead_letters_;
    std::map<std::string, Remembered> remembered_;
    std::string owner_prefix_;
    std::function<void(std::int32_t)> rebuild_ = [](std::int32_t) {};
    Beginning* beginning_ = nullptr;
    LatestPostings* latest_ = nullptr;
    const CancelledRuns* cancelled_ = nullptr;
    bool suspended_ = false;
    std::string last_forbidden_;
    bool credential_refused_ = false;
    std::set<std::string> told_held_;  // the changes, since the hold began; none = it is not held
    std::uint64_t next_owner_ = 0;
    double dead_ = 0;
};

std::string_view name_of(v1::OutcomeKind outcome);
// The runs that asked for the version.
const std::vector<std::string>& runs_of(const std::map<std::int64_t, Asked>& asked, std::int64_t version);

// "https://host/clinch/v2/" -> "/clinch/v2", as the client puts it before every target.
std::string path_of_url(std::string_view url);

// Decision: same bytes, same key; a recomputed body carries another. The epoch is the place of a forced replay, which
// must not meet the keys of the first time.
std::string idempotency_key(
    const std::string& account,
    const std::string& destination,
    const std::string& change_id,
    const http::Request& request,
    std::string_view epoch = first_epoch);

}  // namespace hirewire::sync
