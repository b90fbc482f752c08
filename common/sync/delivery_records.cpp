// What a Delivery writes to Kafka: outcomes, records set aside for later, dead letters.
#include <algorithm>

#include "common/core/uuid.hpp"
#include "common/log/log.hpp"
#include "common/pipeline/history.hpp"
#include "common/sync/batch.hpp"
#include "common/sync/delivery.hpp"
#include "common/sync/posting_change.hpp"

namespace hirewire::sync {

namespace asio = boost::asio;

std::string_view name_of(v1::OutcomeKind outcome) {
    switch (outcome) {
        case v1::OUTCOME_KIND_APPLIED:
            return "applied";
        case v1::OUTCOME_KIND_UNCHANGED:
            return "unchanged";
        case v1::OUTCOME_KIND_SUPERSEDED:
            return "superseded";
        case v1::OUTCOME_KIND_SKIPPED:
            return "skipped";
        case v1::OUTCOME_KIND_UNMAPPED:
            return "unmapped";
        case v1::OUTCOME_KIND_NOT_VISIBLE:
            return "not_visible";
        case v1::OUTCOME_KIND_SHADOW:
            return "shadow";
        case v1::OUTCOME_KIND_RETRYING:
            return "retrying";
        case v1::OUTCOME_KIND_HELD:
            return "held";
        case v1::OUTCOME_KIND_DEAD:
            return "dead";
        case v1::OUTCOME_KIND_NEEDS_MERGE:
            return "needs_merge";
        case v1::OUTCOME_KIND_HANDED_OVER:
            return "handed_over";
        case v1::OUTCOME_KIND_DISABLED:
            return "disabled";
        case v1::OUTCOME_KIND_DISCARDED:
            return "discarded";
        case v1::OUTCOME_KIND_REDRIVEN:
            return "redriven";
        default:
            return "unspecified";
    }
}

const std::vector<std::string>& runs_of(const std::map<std::int64_t, Asked>& asked, std::int64_t version) {
    static const std::vector<std::string> none;
    const auto found = asked.find(version);
    return found == asked.end() ? none : found->second.run_ids;
}

asio::awaitable<bool> Delivery::report(Attempt& attempt, v1::OutcomeKind outcome, std::string reason) {
    const auto& change = attempt.change;
    const auto now = clock_.now();
    v1::Outcome record;
    record.set_destination(name_);
    record.set_change_id(change.change_id());
    record.set_version(change.version());
    record.set_opportunity_id(change.opportunity_id());
    record.set_resource(attempt.resource);
    record.set_kind(change.kind());
    record.set_outcome(outcome);
    record.set_attempts(attempt.number);
    record.set_calls(attempt.calls);
    record.set_http_status(attempt.http_status);
    record.set_reason(std::move(reason));
    record.set_latency_ms(std::max<std::int64_t>(0, to_ms(now) - change.occurred_at_ms()));
    record.set_decided_at_ms(to_ms(now));
    record.set_effect(attempt.effect);
    record.set_parked(attempt.parked);
    for (const auto& run : runs_of(attempt.asked, change.version())) record.add_run_ids(run);
    kafka::Message message;
    message.topic = "sync.outcomes";
    message.key = change.opportunity_id();
    message.value = record.SerializeAsString();
    message.headers = kafka::cloud_event(
        random_uuid(),
        "hirewire:" + settings_.account + "/sync-" + name_,
        "hirewire.outcome." + std::string{name_of(outcome)},
        iso_time(now),
        "application/protobuf",
        attempt.traceparent);
    const auto written = co_await producer_.write(std::move(message));
    if (!written) {
        log::warning("outcome.not_written", {{"destination", name_}, {"reason", written.error().message()}});
        co_return false;
    }
    attempt.calls = 0;
    const metrics::Labels labels{{"destination", name_}, {"outcome", std::string{name_of(outcome)}}};
    metrics_.counter(metrics::outcomes, labels).add();
    co_return true;
}

// A dead letter that this change overtakes, or is, needs nobody's hand any more.
asio::awaitable<bool> Delivery::report_resolved(const Attempt& attempt) {
    for (const auto& letter : attempt.dead) {
        if (letter.version > attempt.change.version()) continue;
        // Its own outcome says it.
        if (letter.version == attempt.change.version()) {
            dead_letters_.set(dead_ = std::max(0.0, dead_ - 1));
            continue;
        }
        Attempt dead;
        dead.change.set_opportunity_id(attempt.change.opportunity_id());
        dead.change.set_change_id(letter.change_id);
        dead.change.set_version(letter.version);
        dead.change.set_occurred_at_ms(to_ms(clock_.now()));
        dead.resource = attempt.resource;
        dead.number = 0;
        if (!co_await report(dead, v1::OUTCOME_KIND_SUPERSEDED, "its dead letter is resolved by a newer change")) {
            co_return false;
        }
        dead_letters_.set(dead_ = std::max(0.0, dead_ - 1));
    }
    co_return true;
}

asio::awaitable<bool> Delivery::report_superseded(const Attempt& attempt, const std::vector<v1::Change>& older) {
    std::vector<v1::Change> all = attempt.known;
    all.insert(all.end(), older.begin(), older.end());
    Attempt overtaken;
    overtaken.resource = attempt.resource;
    overtaken.asked = attempt.asked;
    overtaken.number = 0;
    for (auto& change : all) {
        overtaken.change = std::move(change);
        if (!co_await report(overtaken, v1::OUTCOME_KIND_SUPERSEDED, "a newer change says all that this one did")) {
            co_return false;
        }
    }
    co_return true;
}

kafka::Message Delivery::set_aside(const pipeline::Job& job, std::string topic, const std::string& reason) const {
    const auto& received = pipeline::newest(job);
    const auto& source = received.record;
    kafka::Message message;
    message.topic = std::move(topic);
    message.key = source.key;
    message.value = source.value;
    message.partition = source.partition.number;
    message.headers = source.headers;
    std::erase_if(message.headers, [](const auto& h) {
        return h.name == "hirewire-error-reason" || h.name == "hirewire-error-at" ||
               h.name == "hirewire-error-status";
    });
    message.headers.push_back({"hirewire-error-reason", reason});
    message.headers.push_back({"hirewire-error-at", iso_time(clock_.now())});
    if (job.status != 0) message.headers.push_back({"hirewire-error-status", std::to_string(job.status)});
    pipeline::put_origin(message.headers, pipeline::read_origin(source));
    // The older ones are told of now: what the newest announces in their place, it must announce by itself later. So
    // must a replayed twin that was read before the live record.
    Batch batch = read_batch(job);
    // Whichever record it was that a run asked for, this one answers for all of that version.
    if (batch.newest) put_asked(message.headers, batch.asked[batch.newest->version()]);
    const auto own = read_change(source);
    if (batch.newest && own && !own->live() && announcement(*batch.newest, batch.older).live()) {
        batch.newest->set_live(true);
        message.value = batch.newest->SerializeAsString();
    }
    auto history = pipeline::read_history(source.headers);
    history.attempts = job.attempts_before + job.attempts;
    if (!history.failing_since) {
        const auto failing = job.failing_since ? clock_.monotonic() - *job.failing_since : Instant::duration{0};
        history.failing_since = clock_.now() - std::chrono::duration_cast<Milliseconds>(failing);
    }
    pipeline::put_history(message.headers, history);
    return message;
}

asio::awaitable<bool> Delivery::park(const pipeline::Job& job, pipeline::Park park) {
    auto parts = parts_of(job);
    if (!parts) co_return co_await park_at_once(job, std::move(park));
    // Both, so that they are told apart when they come back, too.
    if (!co_await park_at_once(parts->first, park)) co_return false;
    co_return co_await park_at_once(parts->rest, std::move(park));
}

asio::awaitable<bool> Delivery::park_at_once(const pipeline::Job& job, pipeline::Park park) {
    if (!co_await report_overtaken_of(job)) co_return false;
    kafka::Message message = set_aside(job, "sync." + name_ + ".retry." + park.tier, park.reason);
    auto history = pipeline::read_history(message.headers);
    ++history.parked;
    history.not_before = clock_.now() + park.delay;
    pipeline::put_history(message.headers, history);
    const auto written = co_await producer_.write(std::move(message));
    if (!written) {
        log::error("retry.not_written", {{"destination", name_}, {"reason", written.error().message()}});
        co_return false;
    }
    log::warning(
        "delivery.parked",
        {{"destination", name_},
         {"lane", job.place.lane},
         {"attempts", history.attempts},
         {"tier", park.tier},
         {"reason", park.reason}});
    co_return co_await report_set_aside(
        job, v1::OUTCOME_KIND_RETRYING, park.reason + "; tried again after " + park.tier, history.parked);
}

asio::awaitable<bool> Delivery::give_up(const pipeline::Job& job, std::string reason) {
    if (!co_await report_overtaken_of(job)) co_return false;
    kafka::Message message = set_aside(job, "sync." + name_ + ".dlq", reason);
    const auto written = co_await producer_.write(std::move(message));
    if (!written) {
        log::error("dead_letter.not_written", {{"destination", name_}, {"reason", written.error().message()}});
        co_return false;
    }
    dead_letters_.set(++dead_);
    Batch batch = read_batch(job);
    if (batch.newest) {
        const Attempt attempt = attempt_at(job, batch);
        redis::DeadLetter dead;
        dead.version = attempt.change.version();
        dead.change_id = attempt.change.change_id();
        // Not remembered, it is only not resolved by itself.
        co_await store_.mark_dead(ledger_key(attempt), std::move(dead));
    }
    const auto origin = pipeline::read_origin(pipeline::newest(job).record);
    log::error(
        "delivery.dead",
        {{"destination", name_},
         {"lane", job.place.lane},
         {"attempts", job.attempts_before + job.attempts},
         {"reason", reason},
         {"topic", origin.topic},
         {"partition", static_cast<int>(origin.partition)},
         {"offset", origin.offset}});
    co_return co_await report_set_aside(job, v1::OUTCOME_KIND_DEAD, std::move(reason));
}

// Before the newest change goes anywhere from where it may be decided without the others.
asio::awaitable<bool> Delivery::report_overtaken_of(const pipeline::Job& job) {
    Batch batch = read_batch(job);
    if (!batch.newest) co_return true;
    Attempt attempt;
    attempt.asked = std::move(batch.asked);
    attempt.resource = job.place.lane;
    co_return co_await report_superseded(attempt, batch.older);
}

asio::awaitable<bool> Delivery::report_set_aside(
    const pipeline::Job& job, v1::OutcomeKind outcome, std::string reason, int parked) {
    Batch batch = read_batch(job);
    if (!batch.newest) co_return true;
    Attempt attempt = attempt_at(job, batch);
    attempt.parked = parked;
    attempt.http_status = job.status;
    co_return co_await report(attempt, outcome, std::move(reason));
}

}  // namespace hirewire::sync
