#include "common/sync/delivery.hpp"

#include <algorithm>
#include <utility>

#include "common/core/overloaded.hpp"
#include "common/core/sleep.hpp"
#include "common/core/uuid.hpp"
#include "common/crypto/hash.hpp"
#include "common/json/value.hpp"
#include "common/log/log.hpp"
#include "common/pipeline/history.hpp"
#include "common/sync/batch.hpp"
#include "common/sync/cancelled_runs.hpp"
#include "common/sync/judge.hpp"
#include "common/sync/ledger_rebuild.hpp"
#include "common/sync/person.hpp"
#include "common/sync/posting_change.hpp"

namespace hirewire::sync {
namespace {

namespace asio = boost::asio;

// Repeats, with pauses that double up to the longest: some minutes.
constexpr int patience_with_people = 12;
// What has time repeats while it waits for its turn, too, and that says nothing of lever-source.
constexpr int patience_of_what_has_time = 20 * patience_with_people;

// Behind live news a replay waits for about one turn, and at least so long.
constexpr Milliseconds least_patience{50};

bool is_write(http::Method method) {
    return method != http::Method::get && method != http::Method::head;
}

// Whether a write has had its effect, or may have: everything but a refusal, and a connection that never was.
bool may_have_arrived(const Answer& answer) {
    if (!answer) return answer.error() != http::make_error_code(http::Errc::unreachable);
    const int status = answer->status;
    const bool undecided = status == 408 || status == 409 || status == 425 || status == 429;
    return status < 300 || status >= 500 || undecided;
}

std::string_view name_of(const pipeline::Verdict& verdict) {
    return std::visit(
        overloaded{
            [](const pipeline::Done&) -> std::string_view { return "done"; },
            [](const pipeline::Retry&) -> std::string_view { return "retry"; },
            [](const pipeline::Weather&) -> std::string_view { return "weather"; },
            [](const pipeline::NotYet&) -> std::string_view { return "not_yet"; },
            [](const pipeline::Wait&) -> std::string_view { return "wait"; },
            [](const pipeline::Refused&) -> std::string_view { return "refused"; },
            [](const pipeline::Hold&) -> std::string_view { return "hold"; }},
        verdict);
}

std::string reason_of(const pipeline::Verdict& verdict) {
    return std::visit(
        overloaded{[](const pipeline::Done&) { return std::string{}; }, [](const auto& v) { return v.reason; }},
        verdict);
}

// The operator reads why everything waits, so what the answer tells of it belongs there.
void explain_hold(Plan& plan, const Answer& answer, const Destination& destination, Timestamp now) {
    auto* failed = std::get_if<Fail>(&plan.step);
    auto* hold = failed == nullptr ? nullptr : std::get_if<pipeline::Hold>(&failed->verdict);
    if (hold == nullptr || !answer) return;
    const auto why = destination.why_refused(*answer, now);
    if (!why.empty()) hold->reason += "; " + why;
}

Settle in_shadow(const http::Request& request) {
    Settle settled;
    settled.outcome = v1::OUTCOME_KIND_SHADOW;
    settled.reason = would_send(request);
    return settled;
}

}  // namespace

std::string idempotency_key(
    const std::string& account,
    const std::string& destination,
    const std::string& change_id,
    const http::Request& request,
    std::string_view epoch) {
    return uuid_v5(
        {account,
         destination,
         change_id,
         epoch,
         http::name_of(request.method),
         request.target,
         crypto::hex(crypto::sha256(request.body))});
}

std::string path_of_url(std::string_view url) {
    url = url.substr(0, url.find_first_of("?#"));
    const auto scheme = url.find("://");
    if (scheme == std::string_view::npos) return {};
    const auto path = url.find('/', scheme + 3);
    if (path == std::string_view::npos) return {};
    url = url.substr(path);
    while (url.ends_with('/')) url.remove_suffix(1);
    return std::string{url};
}

Delivery::Delivery(
    DeliverySettings settings,
    const Destination& destination,
    http::Client& client,
    http::Client& internal,
    redis::Store& store,
    kafka::Producer& producer,
    const Clock& clock,
    metrics::Registry& metrics)
    : settings_{std::move(settings)},
      destination_{destination},
      name_{destination.name()},
      replay_topic_{"sync." + name_ + ".replay"},
      client_{client},
      internal_{internal},
      store_{store},
      producer_{producer},
      clock_{clock},
      metrics_{metrics},
      delivery_seconds_{metrics.histogram(metrics::delivery, {{"destination", name_}})},
      end_to_end_{metrics.histogram(metrics::end_to_end, {{"destination", name_}})},
      pace_wait_{metrics.histogram(metrics::pace_wait, {{"destination", name_}})},
      dead_letters_{metrics.gauge(metrics::dead_letters, {{"destination", name_}})},
      owner_prefix_{random_uuid() + "-"} {}

bool Delivery::use_tokens(std::string token, std::string internal_token, std::string access_id) {
    const bool changed = token != settings_.token || access_id != settings_.access_id;
    settings_.token = std::move(token);
    settings_.access_id = std::move(access_id);
    settings_.internal_token = std::move(internal_token);
    if (changed) {
        forget_403();
        forget_hold();
    }
    return changed;
}

void Delivery::forget_hold() {
    told_held_.clear();
}

pipeline::Place Delivery::place(const kafka::Record& record) {
    const auto change = read_change(record);
    pipeline::Place place;
    if (change) {
        const bool posting = change->kind() == v1::CHANGE_KIND_POSTING;
        if (posting && latest_ != nullptr) latest_->note(change->opportunity_id(), change->version());
        place.lane = posting ? change->opportunity_id() : destination_.resource(*change);
        place.group = change->opportunity_id();
        place.order = change->version();
        // What a run asked for has time wherever it comes from, a retry topic, too.
        const bool by_run = !change->live() && !read_asked(record.headers).run_ids.empty();
        place.backfill = by_run || record.partition.topic == replay_topic_;
        place.kept = record.partition.topic == postings_topic;
    } else {
        place.lane = "unreadable:" + record.key;
        // One speaks for none of the others: each is a dead letter of its own.
        place.group = record.partition.topic + "/" + std::to_string(record.offset);
    }
    return place;
}

asio::awaitable<void> Delivery::make_up_for_the_past(kafka::Begun begun) {
    return beginning_->make_up_for_the_past(std::move(begun));
}

asio::awaitable<void> Delivery::await_permission(kafka::Expired expired) {
    return beginning_->await_snapshot(std::move(expired));
}

redis::LedgerKey Delivery::ledger_key(const Attempt& attempt) const {
    redis::LedgerKey key;
    key.destination = name_;
    // Versions grow along one opportunity; a person's opportunities each have their own.
    key.resource = attempt.change.opportunity_id();
    key.partition = attempt.partition;
    key.lane = attempt.resource;
    return key;
}

Delivery::Attempt Delivery::attempt_at(const pipeline::Job& job, Batch& batch) {
    Attempt attempt;
    attempt.change = std::move(*batch.newest);
    attempt.asked = batch.asked;
    const auto asked = batch.asked.find(attempt.change.version());
    const bool by_run = asked != batch.asked.end();
    if (by_run && !asked->second.epoch.empty()) attempt.again = redis::Again::yes;
    attempt.resource = job.place.lane;
    attempt.partition = pipeline::newest(job).record.partition.number;
    attempt.number = job.attempts_before + job.attempts;
    attempt.repeats = job.repeats;
    attempt.calls = job.untold_calls;
    attempt.has_time = job.place.backfill;
    attempt.replayed = by_run || job.place.backfill ||
                       pipeline::read_origin(pipeline::newest(job).record).topic == "hiring.opportunities";
    return attempt;
}

asio::awaitable<pipeline::Attempted> Delivery::attempt(const pipeline::Job& job) {
    auto parts = parts_of(job);
    if (!parts) co_return co_await attempt_at_once(job);
    const pipeline::Attempted first = co_await attempt_at_once(parts->first);
    if (!std::holds_alternative<pipeline::Done>(first.verdict)) co_return first;
    pipeline::Attempted rest = co_await attempt_at_once(parts->rest);
    rest.answered = rest.answered || first.answered;
    rest.through = parts->through;
    co_return rest;
}

asio::awaitable<pipeline::Attempted> Delivery::attempt_at_once(const pipeline::Job& job) {
    pipeline::Attempted attempted;
    attempted.untold_calls = job.untold_calls;
    Batch batch = read_batch(job);
    if (!batch.newest) {
        attempted.verdict = pipeline::Refused{.reason = "the record is not a Change"};
        co_return attempted;
    }
    Attempt attempt = attempt_at(job, batch);
    attempt.posting = read_posting(pipeline::newest(job).record);
    attempt.traceparent = std::move(batch.traceparent);
    attempt.owner = owner_prefix_ + std::to_string(next_owner_++);
    if (attempt.posting && latest_ != nullptr) {
        const bool known = co_await latest_->look(attempt.partition, attempt.change.occurred_at_ms());
        if (!known) {
            attempted.verdict = pipeline::Wait{.reason = "hiring.postings is still being read"};
            co_return attempted;
        }
    }
    attempted.verdict = co_await decide(std::move(batch), attempt);
    attempted.answered = attempt.http_status != 0;
    attempted.status = attempt.http_status;
    if (attempt.unsure) attempted.unsure = attempt.change.version();
    attempted.untold_calls = attempt.calls;
    co_return attempted;
}

asio::awaitable<Delivery::Verdict> Delivery::decide(Batch batch, Attempt& attempt) {
    auto& older = batch.older;
    const Instant asked = clock_.monotonic();
    const auto begun = co_await store_.begin(
        ledger_key(attempt), attempt.change.version(), attempt.owner, settings_.lease, attempt.again);
    if (!begun) co_return pipeline::Wait{.reason = "ledger: " + begun.error().message()};
    switch (begun->permission) {
        case redis::Permission::go:
            break;
        case redis::Permission::no_ledger:
            rebuild_(attempt.partition);
            co_return pipeline::Wait{.reason = "Redis has been emptied; the ledger is rebuilt from sync.outcomes"};
        case redis::Permission::busy:
            co_return pipeline::Wait{.reason = "another process works on this resource"};
        case redis::Permission::disconnected: {
            drop_known(batch, begun->applied_version);
            attempt.known = std::move(batch.known);
            const Settle disconnected{
                .outcome = v1::OUTCOME_KIND_DISABLED, .reason = "disconnected, and not asked again yet"};
            co_return co_await settle(disconnected, attempt, older);
        }
        case redis::Permission::applied_before:
        case redis::Permission::superseded:
            co_return co_await tell_known(std::move(batch), attempt, begun->permission);
    }
    drop_known(batch, begun->applied_version);
    attempt.known = std::move(batch.known);
    const auto version = attempt.change.version();
    const bool once_more = attempt.again == redis::Again::yes && begun->applied_version == version;
    // What is applied once more is no news, whoever announced it.
    if (once_more) attempt.change.set_live(false);
    const auto& announced = once_more ? attempt.change : announcement(attempt.change, older);
    const bool by_run_alone = !batch.unasked.contains(version) && !announced.live();
    if (attempt.again == redis::Again::yes && (once_more || by_run_alone)) {
        attempt.epoch = attempt.asked.at(version).epoch;
    }
    Situation situation = situation_of(attempt, announced);
    const auto occurred = from_ms(announced.occurred_at_ms());
    attempt.change.set_live(announced.live());
    attempt.lease_ends = asked + settings_.lease;  // the lease began at some time between
    attempt.dead = begun->dead;
    situation.late = clock_.now() - occurred > settings_.follow_up_max_age || occurred < begun->ledger_since;
    situation.late = situation.late || attempt.posting.has_value();
    situation.applied_version = begun->applied_version;
    situation.older = older;

    Plan plan{Settle{.outcome = v1::OUTCOME_KIND_SKIPPED, .reason = "confidential"}};
    if (cancelled_ != nullptr && cancelled_->all_cancelled(runs_alone(batch))) {
        plan = Plan{Settle{.outcome = v1::OUTCOME_KIND_SKIPPED, .reason = "the replay was cancelled"}};
    } else if (co_await newer_is_on_its_way(attempt.change, announced, older)) {
        plan = Plan{Settle{.outcome = v1::OUTCOME_KIND_SUPERSEDED, .reason = "a newer change is on its way"}};
    } else if (!attempt.change.confidential() || settings_.confidential) {
        Plan first = first_step(destination_, attempt.change, attempt.posting, situation, settings_.confidential);
        plan = co_await follow(std::move(first), attempt);
    }
    if (auto* settled = std::get_if<Settle>(&plan.step)) {
        co_return co_await settle(std::move(*settled), attempt, older);
    }
    co_return co_await fail(std::move(std::get<Fail>(plan.step).verdict), attempt);
}

Situation Delivery::situation_of(const Attempt& attempt, const v1::Change& announced) {
    Situation situation;
    situation.backfill = !announced.live();
    const auto& runs = runs_of(attempt.asked, attempt.change.version());
    const bool redriven =
        std::any_of(runs.begin(), runs.end(), [](const auto& run) { return run.starts_with(redrive_prefix); });
    const bool from_the_past = (attempt.replayed && !redriven) || announced.cause().kind() == "walk";
    situation.first_sync = situation.backfill && from_the_past;
    situation.run_ids = runs;
    return situation;
}

// A repeat of what was decided before, unless a newer change came to this opportunity by another way.
asio::awaitable<Delivery::Verdict> Delivery::tell_known(Batch batch, Attempt& attempt, redis::Permission permission) {
    auto& older = batch.older;
    const auto version = attempt.change.version();
    if (permission == redis::Permission::superseded) {
        drop_known(batch, 0);
        older.push_back(attempt.change);
    } else {
        drop_known(batch, version);
    }
    attempt.known = std::move(batch.known);
    bool reported = co_await report_superseded(attempt, older);
    const bool asked_for = !runs_of(attempt.asked, version).empty();
    if (reported && asked_for && permission == redis::Permission::applied_before) {
        reported = co_await report(attempt, v1::OUTCOME_KIND_UNCHANGED, "applied before");
    }
    if (!reported) co_return pipeline::Wait{.reason = "the outcome cannot be written"};
    co_return pipeline::Done{};
}

// After an outage the backlog of an opportunity costs one call, whatever it holds. When Redis does not know, it is
// simply sent.
asio::awaitable<bool> Delivery::newer_is_on_its_way(
    const v1::Change& newest, const v1::Change& announced, const std::vector<v1::Change>& older) {
    if (newest.kind() == v1::CHANGE_KIND_POSTING) {
        co_return latest_ != nullptr && latest_->newest(newest.opportunity_id()) > newest.version();
    }
    const auto remembered = co_await store_.last_change(newest.opportunity_id());
    v1::Change emitted;
    if (!remembered || !remembered->change || !emitted.ParseFromString(*remembered->change)) co_return false;
    if (!overtaken(newest, announced, emitted)) co_return false;
    const auto must_be_told = [&](const v1::Change& change) { return destination_.must_be_told(change, emitted); };
    const bool told = must_be_told(newest) || std::any_of(older.begin(), older.end(), must_be_told);
    co_return withdrawn(emitted) || !told;
}

// Carries out step after step until the plan is a decision.
asio::awaitable<Plan> Delivery::follow(Plan plan, Attempt& attempt) {
    for (int step = 0; step < most_plan_steps; ++step) {
        if (auto* to_send = std::get_if<Send>(&plan.step)) {
            if (settings_.mode == Mode::shadow) co_return Plan{in_shadow(to_send->request)};
            const Send current = std::move(*to_send);
            const auto known = remembered_.find(current.request.target);
            if (current.remember && known != remembered_.end() && known->second.until > clock_.monotonic()) {
                const Answer answer = known->second.reply;
                plan = current.then(answer);
                continue;
            }
            if (const auto not_now = co_await await_turn(attempt.has_time)) co_return Plan{Fail{.verdict = *not_now}};
            // That may have taken a while, and an operator's word counts from when it is given.
            if (suspended_) co_return Plan{Fail{.verdict = pipeline::Wait{.reason = "paused"}}};
            if (settings_.mode == Mode::shadow) co_return Plan{in_shadow(current.request)};
            // A request that may outlive the lease is not begun: somebody else may then work on this resource.
            if (clock_.monotonic() + settings_.request_timeout > attempt.lease_ends && !co_await prolong(attempt)) {
                const pipeline::Wait wait{.reason = "the lease ran out between two steps"};
                co_return Plan{Fail{.verdict = wait}};
            }
            const Answer answer = co_await send(current.request, attempt);
            if (current.remember && answer && answer->status == 200) {
                Remembered remembered;
                remembered.reply = *answer;
                remembered.until = clock_.monotonic() + *current.remember;
                remembered_[current.request.target] = std::move(remembered);
            }
            plan = current.then(answer);
            explain_hold(plan, answer, destination_, clock_.now());
        } else if (auto* ask = std::get_if<AskPerson>(&plan.step)) {
            plan = co_await ask_person(std::move(*ask), attempt);
        } else {
            co_return plan;
        }
    }
    co_return Plan{Fail{.verdict = pipeline::Refused{.reason = "the rules run in circles"}}};
}

asio::awaitable<std::optional<Delivery::Verdict>> Delivery::await_turn(bool has_time) {
    if (settings_.requests_per_second == 0) co_return std::nullopt;
    redis::Pace pace;
    pace.per_second = settings_.requests_per_second;
    pace.burst = settings_.burst;
    pace.patience = settings_.lease / 2;
    if (has_time) {
        const Milliseconds one_turn{1'000 / settings_.requests_per_second};
        pace.patience = std::min(pace.patience, std::max(one_turn, least_patience));
    }
    const auto turn = co_await store_.take_turn(name_, pace);
    if (!turn) co_return pipeline::Wait{.reason = "pace: " + turn.error().message()};
    if (!turn->taken)
        co_return pipeline::Wait{.reason = "too many wait for their turn", .at_least = turn->in, .all = !has_time};
    pace_wait_.observe(std::chrono::duration<double>(turn->in).count());
    if (turn->in > Milliseconds{0}) co_await sleep_for(turn->in);
    co_return std::nullopt;
}

asio::awaitable<bool> Delivery::prolong(Attempt& attempt) {
    const Instant begin = clock_.monotonic();
    const auto begun = co_await store_.begin(
        ledger_key(attempt), attempt.change.version(), attempt.owner, settings_.lease, attempt.again);
    if (!begun || begun->permission != redis::Permission::go) co_return false;
    attempt.lease_ends = begin + settings_.lease;
    co_return true;
}

asio::awaitable<Answer> Delivery::send(http::Request request, Attempt& attempt) {
    const std::string media_type{destination_.media_type()};
    request.headers.push_back({"Accept", media_type});
    if (is_write(request.method)) {
        if (!request.body.empty()) request.headers.push_back({"Content-Type", media_type});
        const auto key =
            idempotency_key(settings_.account, name_, attempt.change.change_id(), request, attempt.epoch);
        request.headers.push_back({"Idempotency-Key", "\"" + key + "\""});
        request.headers.push_back({"Source-Version", std::to_string(attempt.change.version())});
    }
    if (!attempt.traceparent.empty()) request.headers.push_back({"traceparent", attempt.traceparent});
    Credential credential;
    credential.access_id = settings_.access_id;
    credential.secret = settings_.token;
    destination_.authorize(request, credential, settings_.base_path, clock_.now());
    const http::Method method_sent = request.method;
    const std::string method{http::name_of(method_sent)};
    const Instant begin = clock_.monotonic();
    ++attempt.calls;
    Answer answer = co_await client_.send(std::move(request), settings_.request_timeout);
    const auto took = clock_.monotonic() - begin;
    attempt.http_status = answer ? answer->status : 0;
    if (is_write(method_sent) && may_have_arrived(answer)) attempt.unsure = true;
    delivery_seconds_.observe(std::chrono::duration<double>(took).count());
    log::info(
        "delivery.attempted",
        {{"destination", name_},
         {attempt.posting ? "posting" : "opportunity", attempt.change.opportunity_id()},
         {"change", attempt.change.change_id()},
         {"version", attempt.change.version()},
         {"attempt", attempt.number},
         {"method", method},
         {"status", attempt.http_status},
         {"answer", answer ? std::string{"whole"} : answer.error().message()},
         {"took_ms", std::chrono::duration_cast<Milliseconds>(took).count()}});
    co_return answer;
}

asio::awaitable<Plan> Delivery::ask_person(AskPerson ask, const Attempt& attempt) {
    http::Request request =
        person_request(attempt.change.opportunity_id(), settings_.internal_token, attempt.has_time);
    const auto answer = co_await internal_.send(std::move(request), settings_.request_timeout);
    const auto told = read_person_answer(answer);
    if (told.trouble.empty()) co_return ask.then(told.person);
    // Whose person cannot be had for minutes is set aside with its attempts, or its offset would wait for ever.
    const int patience = attempt.has_time ? patience_of_what_has_time : patience_with_people;
    Verdict verdict = pipeline::Wait{.reason = told.trouble};
    if (attempt.repeats >= patience) verdict = pipeline::Retry{.reason = told.trouble};
    co_return Plan{Fail{.verdict = std::move(verdict)}};
}

asio::awaitable<Delivery::Verdict> Delivery::settle(
    Settle decision, Attempt& attempt, const std::vector<v1::Change>& older) {
    if (attempt.http_status != 0) {
        forget_403();
        end_hold();
    }
    bool reported = co_await report_superseded(attempt, older);
    if (reported && is_state(decision.outcome)) reported = co_await report_resolved(attempt);
    attempt.effect = decision.effect;
    reported = reported && co_await report(attempt, decision.outcome, decision.reason);
    if (!reported) {
        co_await store_.abandon(ledger_key(attempt), attempt.owner);
        co_return pipeline::Wait{.reason = "the outcome cannot be written"};
    }
    if (is_state(decision.outcome)) {
        if (decision.outcome == v1::OUTCOME_KIND_DISABLED && attempt.http_status != 0) {
            log::warning(
                "destination.disconnected",
                {{"destination", name_},
                 {"lane", attempt.resource},
                 {"consequence", "it is told nothing more of this for a day"}});
            co_await store_.disconnect(ledger_key(attempt), disconnected_for);
        }
        const auto finished = co_await store_.finish(ledger_key(attempt), attempt.change.version(), attempt.owner);
        if (!finished) co_return pipeline::Wait{.reason = "ledger: " + finished.error().message()};
    } else {
        co_await store_.abandon(ledger_key(attempt), attempt.owner);
    }
    const bool arrived =
        decision.outcome == v1::OUTCOME_KIND_APPLIED || decision.outcome == v1::OUTCOME_KIND_UNCHANGED;
    // The age of what is replayed says nothing about how fast news travels.
    if (arrived && (attempt.change.live() || runs_of(attempt.asked, attempt.change.version()).empty())) {
        const auto age = std::max<std::int64_t>(0, to_ms(clock_.now()) - attempt.change.occurred_at_ms());
        end_to_end_.observe(static_cast<double>(age) / 1'000);
    }
    co_return pipeline::Done{};
}

// One resource's 403 may be about that resource; a second one's in a row is about the credential, and from then on so
// is everyone's, until an answer says otherwise. Attempts that asked nothing say nothing.
Delivery::Verdict Delivery::second_opinion_on_403(Verdict verdict, const Attempt& attempt) {
    if (attempt.http_status != 403 || !std::holds_alternative<pipeline::Hold>(verdict)) {
        if (attempt.http_status != 0) forget_403();
        return verdict;
    }
    if (!last_forbidden_.empty() && last_forbidden_ != attempt.resource) credential_refused_ = true;
    last_forbidden_ = attempt.resource;
    if (credential_refused_) return verdict;
    return pipeline::Retry{.reason = "answered 403"};
}

void Delivery::forget_403() {
    last_forbidden_.clear();
    credential_refused_ = false;
}

void Delivery::end_hold() {
    if (!told_held_.empty()) log::info("destination.goes_on", {{"destination", name_}});
    forget_hold();
}

asio::awaitable<Delivery::Verdict> Delivery::fail(Verdict verdict, Attempt& attempt) {
    verdict = second_opinion_on_403(std::move(verdict), attempt);
    co_await store_.abandon(ledger_key(attempt), attempt.owner);
    const std::string reason = reason_of(verdict);
    log::warning(
        "delivery.failed",
        {{"destination", name_},
         {attempt.posting ? "posting" : "opportunity", attempt.change.opportunity_id()},
         {"change", attempt.change.change_id()},
         {"attempt", attempt.number},
         {"status", attempt.http_status},
         {"verdict", name_of(verdict)},
         {"reason", reason}});
    const bool held = std::holds_alternative<pipeline::Hold>(verdict);
    const bool weather = std::holds_alternative<pipeline::Weather>(verdict);
    const bool retried = weather || std::holds_alternative<pipeline::Retry>(verdict) ||
                         std::holds_alternative<pipeline::NotYet>(verdict);
    // As the engine has it: any other answer ends a hold, though the change is not settled by it.
    if (attempt.http_status != 0 && !held && !weather) end_hold();
    if (retried) metrics_.counter(metrics::retries, {{"destination", name_}}).add();
    if (held && told_held_.empty()) {
        log::error(
            "destination.held",
            {{"destination", name_},
             {"reason", reason},
             {"consequence", "nothing is sent; it is tried again every probe_interval"},
             {"remedy", "renew the secret and send SIGHUP, or hirewire resume --dest " + name_}});
    }
    if (retried) co_await report(attempt, v1::OUTCOME_KIND_RETRYING, reason);
    // Once: the probes of a hold spend no attempt, and go on for as long as it takes.
    if (held && told_held_.insert(attempt.change.change_id()).second) {
        co_await report(attempt, v1::OUTCOME_KIND_HELD, reason);
    }
    co_return verdict;
}

}  // namespace hirewire::sync
