#include "services/lever-source/source.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <limits>
#include <stdexcept>

#include "common/core/offload.hpp"
#include "common/core/uuid.hpp"
#include "common/kafka/reader.hpp"
#include "common/lever/event.hpp"
#include "common/log/log.hpp"
#include "common/pipeline/history.hpp"
#include "hirewire/v1/hint.pb.h"
#include "services/lever-source/hint_message.hpp"
#include "services/lever-source/open_hires.hpp"
#include "services/lever-source/runs.hpp"

namespace hirewire::source {
namespace {

namespace asio = boost::asio;

const std::string contacts_topic = "lever.contacts";
const std::string changes_topic = "hiring.changes";
// Of a partition: more than can have been under way when a process ended.
constexpr std::int64_t tail_of_changes = 2'000;
constexpr Milliseconds restore_rest{2'000};
// Lever is given the benefit of the doubt for so long after a webhook.
constexpr std::int64_t new_within_ms = 5 * 60'000;
constexpr std::string_view contact_lane = "contact:";
constexpr std::string_view parked_reason = "parked";
constexpr std::string_view contact_kind = "contact";

std::optional<Hint> read_hint(const kafka::Record& record) {
    if (!record.value) return std::nullopt;
    Hint hint;
    // Lever's clock or ours, whichever is ahead.
    hint.told_ms = record.timestamp_ms > 0 ? record.timestamp_ms : std::numeric_limits<std::int64_t>::max();
    if (record.partition.topic == sweeps_topic) {
        v1::Hint found;
        if (!found.ParseFromString(*record.value)) return std::nullopt;
        hint.triggered_at = found.triggered_at_ms();
        hint.event = found.event();
        hint.cause_kind = found.reason() == parked_reason ? "webhook" : found.reason();
        hint.cause_id = found.id();
        // What a sweep lists it has read by that.
        if (hint.cause_kind == sweep_kind || hint.cause_kind == walk_kind) hint.told_ms = 0;
        // What rested is looked at anew when its time has come.
        hint.told_ms = std::max(hint.told_ms, found.not_before_ms());
        return hint;
    }
    const auto document = json::Document::parse(*record.value);
    lever::Webhook webhook;
    if (!document || !lever::read_webhook(document->root(), webhook).code.empty()) return std::nullopt;
    hint.event = webhook.event;
    hint.triggered_at = webhook.triggered_at;
    hint.cause_id = webhook.token;
    hint.told_ms = std::max(hint.told_ms, webhook.triggered_at);
    return hint;
}

lever::Priority priority_of(const std::vector<Hint>& hints) {
    auto urgent = lever::Priority::walk;
    for (const auto& hint : hints) {
        const bool told_by_lever = !hint.event.empty() || hint.cause_kind == contact_kind;
        const auto priority = told_by_lever                  ? lever::Priority::webhook
                              : hint.cause_kind == walk_kind ? lever::Priority::walk
                                                             : lever::Priority::sweep;
        urgent = std::min(urgent, priority);
    }
    return urgent;
}

bool announces_something_new(const Moment& moment) {
    return std::any_of(moment.hints.begin(), moment.hints.end(), [&moment](const Hint& hint) {
        const bool young = moment.now_ms - hint.triggered_at <= new_within_ms;
        return young && !hint.event.empty() && hint.event != "candidateDeleted";
    });
}

std::int64_t last_told(const std::vector<Hint>& hints) {
    std::int64_t told = 0;
    for (const auto& hint : hints) told = std::max(told, hint.told_ms);
    return told;
}

kafka::Message change_message(const std::string& topic, const v1::Change& change, std::string traceparent) {
    kafka::Message message;
    message.topic = topic;
    message.key = change.opportunity_id();
    message.value = change.SerializeAsString();
    std::string type = "hirewire.change.";
    type += name_of(change.kind());
    message.headers = kafka::cloud_event(
        change.change_id(),
        "hirewire:" + change.account(),
        std::move(type),
        iso_time(from_ms(change.occurred_at_ms())),
        "application/protobuf",
        std::move(traceparent));
    return message;
}

}  // namespace

Source::Source(
    SourceSettings settings,
    Topics topics,
    lever::Api& api,
    Library& library,
    Reader& reader,
    redis::Store& store,
    kafka::Producer& producer,
    const Clock& clock,
    metrics::Registry& metrics)
    : settings_{std::move(settings)},
      topics_{std::move(topics)},
      api_{api},
      library_{library},
      reader_{reader},
      store_{store},
      producer_{producer},
      clock_{clock},
      metrics_{metrics} {}

Emitted read_emitted(const kafka::Settings& settings) {
    Emitted last;
    const auto keep = [&last](const kafka::Record& record) {
        if (record.value) {
            last[record.key] = *record.value;
        } else {
            last.erase(record.key);
        }
    };
    kafka::read_all(settings, "hiring.opportunities", keep);
    return last;
}

Emitted read_tail(const kafka::Settings& settings) {
    std::map<std::string, v1::Change> newest;
    const auto keep = [&newest](const kafka::Record& record) {
        v1::Change change;
        if (!record.value || !change.ParseFromString(*record.value)) return;
        auto& best = newest[record.key];
        if (change.version() > best.version()) best = std::move(change);
    };
    kafka::ReadTerms terms;
    terms.last = tail_of_changes;
    kafka::read_all(settings, changes_topic, keep, terms);
    Emitted tail;
    for (const auto& [id, change] : newest) tail[id] = change.SerializeAsString();
    return tail;
}

std::vector<std::string> Source::topics() {
    // Interviews and unrecognized events change nothing that is carried on: they are kept, not read.
    return {
        "lever.stage-changes",
        "lever.hires",
        "lever.archives",
        "lever.applications",
        "lever.deletions",
        "lever.contacts",
        "lever.sweeps"};
}

pipeline::Place Source::place(const kafka::Record& record) {
    pipeline::Place place;
    place.lane = record.partition.topic == contacts_topic ? std::string{contact_lane} + record.key : record.key;
    place.group = place.lane;
    place.order = record.timestamp_ms;
    // What nobody waits for never stands before a webhook.
    v1::Hint hint;
    if (record.partition.topic == sweeps_topic && record.value && hint.ParseFromString(*record.value)) {
        const auto& reason = hint.reason();
        place.backfill = reason == sweep_kind || reason == walk_kind || reason == hires_kind;
    }
    return place;
}

asio::awaitable<pipeline::Attempted> Source::attempt(const pipeline::Job& job) {
    if (job.place.lane.starts_with(contact_lane)) {
        Verdict verdict = co_await contact(job);
        const bool answered = !std::holds_alternative<pipeline::Wait>(verdict);
        co_return pipeline::Attempted{std::move(verdict), answered};
    }
    Moment moment;
    moment.account = settings_.account;
    moment.now_ms = to_ms(clock_.now());
    for (const auto& received : job.records) {
        auto hint = read_hint(received.record);
        if (hint) {
            hint->traceparent = kafka::header(received.record.headers, "traceparent");
            moment.hints.push_back(std::move(*hint));
        } else {
            done("unreadable");
            log::warning(
                "hint.unreadable",
                {{"topic", received.record.partition.topic},
                 {"partition", static_cast<int>(received.record.partition.number)},
                 {"offset", received.record.offset}});
        }
    }
    if (moment.hints.empty()) co_return pipeline::Done{};
    Verdict verdict = co_await opportunity(job.place.lane, std::move(moment), job.parked);
    // Lever was asked, or is not able, which is a Wait.
    const bool answered = !std::holds_alternative<pipeline::Wait>(verdict);
    co_return pipeline::Attempted{std::move(verdict), answered};
}

asio::awaitable<Source::Verdict> Source::opportunity(std::string id, Moment moment, int parked) {
    const auto unsettled = ahead_.find(id);
    if (unsettled != ahead_.end()) {
        v1::Change newest = unsettled->second;
        const auto settled = co_await settle(std::move(newest), {});
        if (!settled) co_return pipeline::Wait{.reason = "not emitted: " + settled.error().message()};
    }
    auto memory = co_await recall(id);
    if (!memory) co_return pipeline::Wait{.reason = "memory: " + memory.error().message()};
    const v1::Change* last = *memory ? &**memory : nullptr;
    if (last != nullptr && last->mark().deleted()) {
        done("deleted_before");
        co_return pipeline::Done{};
    }
    const auto priority = priority_of(moment.hints);
    std::int64_t changed = 0;
    for (const auto& hint : moment.hints) changed = std::max(changed, hint.triggered_at);
    if (library_.known_as_deleted(id)) {
        co_return co_await not_there(
            id, lever::make_error_code(lever::Errc::not_found), last, std::move(moment), parked);
    }
    auto read = co_await reader_.read(id, priority, changed, last_told(moment.hints));
    if (!read) co_return co_await not_there(id, read.error(), last, std::move(moment), parked);
    const auto& o = read->opportunity;
    const bool may_rest = parked < static_cast<int>(rests().size());
    if (last != nullptr && o.updated_at_ms != 0 && o.updated_at_ms < last->mark().updated_at_ms()) {
        // Older than what was emitted from: some of Lever's answers lag behind others.
        if (may_rest) co_return pipeline::NotYet{.reason = "Lever shows an older state than before"};
        done("left_to_sweep");
        co_return pipeline::Done{};
    }

    const auto words = co_await library_.vocabulary(o, priority);
    if (!words) co_return verdict_on_shared(words.error());
    const auto vocabulary = *words;
    if (o.archived && !vocabulary->archive_reasons.contains(o.archived->reason_id)) {
        // Whether this is a hire cannot be told: never guess.
        co_return pipeline::Retry{.reason = "Lever does not list the archive reason of this opportunity"};
    }
    Facts facts{.opportunity = o, .vocabulary = *vocabulary, .cluster_link_prefix = settings_.cluster_link_prefix};
    if (o.application && !o.application->posting_id.empty()) {
        auto posting = co_await library_.posting(o.application->posting_id, priority);
        if (!posting) co_return verdict_on_shared(posting.error());
        lever::Posting hidden;
        hidden.id = o.application->posting_id;
        // A posting that Lever does not show is treated as the most private kind.
        hidden.confidential = true;
        facts.posting = posting->posting.value_or(hidden);
    }
    const bool hired = o.archived && vocabulary->archive_reasons.at(o.archived->reason_id).hired;
    if (hired) {
        auto start = co_await start_date(id, o, last, moment, priority);
        if (!start) co_return verdict_on_shared(start.error());
        facts.start_date = std::move(*start);
    }
    if (o.anonymized) {
        forget(id);
    } else if (hired) {
        KnownPerson person;
        person.person = std::move(read->person);
        person.start_date = facts.start_date;
        person.hired_at_ms = o.archived->at_ms;
        person.contact_id = o.contact_id;
        person.read_at = read->read_at;
        library_.remember(id, std::move(person));
    }

    moment.now_ms = to_ms(clock_.now());
    const auto changes = diff(last, facts, moment);
    const bool caught = caught_up(last, o, moment);
    if (changes.empty() && !caught && may_rest) {
        co_return pipeline::NotYet{.reason = "Lever's API does not show yet what its webhook announced"};
    }
    if (changes.empty()) {
        done(caught ? "nothing_new" : "left_to_sweep");
        co_return pipeline::Done{};
    }
    const auto emitted = co_await emit(changes, moment);
    if (!emitted) co_return pipeline::Wait{.reason = "not emitted: " + emitted.error().message()};
    done("emitted");
    co_return pipeline::Done{};
}

asio::awaitable<Result<std::string>> Source::start_date(
    std::string id,
    const lever::Opportunity& o,
    const v1::Change* last,
    const Moment& moment,
    lever::Priority priority) {
    // Two webhooks tell of one hire: its offers are read once.
    const auto known = library_.person(id);
    const auto told = last_told(moment.hints);
    if (known && known->hired_at_ms == o.archived->at_ms && to_ms(known->read_at) > told) co_return known->start_date;
    // What a sweep or a walk comes by is not asked for, when it is settled.
    const bool same_hire = last != nullptr && last->hired() && last->hired_at_ms() == o.archived->at_ms;
    const bool settled = same_hire && (priority == lever::Priority::walk || !open_hire(*last, moment.now_ms));
    if (told == 0 && settled) co_return last->start_date();
    auto date = co_await library_.start_date(std::move(id), priority);
    if (!date) co_return date.error();
    // A key that may not see the offers (any more): a hire without a start date, or with the one that was seen.
    if (!*date) co_return same_hire ? last->start_date() : std::string{};
    co_return std::move(**date);
}

asio::awaitable<Source::Verdict> Source::not_there(
    std::string id, Error why, const v1::Change* last, Moment moment, int parked) {
    if (why != lever::Errc::not_found && why != lever::Errc::forbidden) co_return verdict_on(why);
    if (why == lever::Errc::not_found) {
        auto deleted = co_await library_.deleted_at(id, last_told(moment.hints), priority_of(moment.hints));
        if (!deleted) co_return verdict_on(deleted.error());
        if (*deleted) {
            forget(id);
            const auto change = deletion(last, to_ms(**deleted), moment);
            if (change) {
                std::vector<v1::Change> changes(1, *change);
                const auto emitted = co_await emit(changes, moment);
                if (!emitted) co_return pipeline::Wait{.reason = "not emitted: " + emitted.error().message()};
            }
            done("deleted");
            co_return pipeline::Done{};
        }
        // New, and not there yet: so may be what Lever's webhook has just announced.
        const bool may_come = last == nullptr && announces_something_new(moment);
        if (may_come && parked < static_cast<int>(rests().size())) {
            co_return pipeline::NotYet{.reason = "Lever's API does not show yet what its webhook announced"};
        }
    }
    done("not_visible");
    log::info("opportunity.not_visible", {{"opportunity", id}, {"reason", why.message()}});
    co_return pipeline::Done{};
}

// A contact's data are shared by all the person's opportunities: each of them gets a hint of its own, in its own
// lane.
asio::awaitable<Source::Verdict> Source::contact(const pipeline::Job& job) {
    const std::string contact_id = job.place.lane.substr(contact_lane.size());
    auto ids = co_await api_.opportunities_of(contact_id, lever::Priority::webhook);
    if (!ids && (ids.error() == lever::Errc::not_found || ids.error() == lever::Errc::forbidden)) {
        done("not_visible");
        co_return pipeline::Done{};
    }
    if (!ids) co_return verdict_on_shared(ids.error());
    for (const auto& id : *ids) {
        v1::Hint hint;
        hint.set_opportunity_id(id);
        hint.set_reason(std::string{contact_kind});
        hint.set_id(random_uuid());
        kafka::Message message = hint_message(hint, hint.id(), settings_.account, clock_.now());
        const auto written = co_await producer_.write(std::move(message));
        if (!written) co_return pipeline::Wait{.reason = "not written: " + written.error().message()};
    }
    done("contact");
    co_return pipeline::Done{};
}

asio::awaitable<Result<std::optional<v1::Change>>> Source::recall(std::string id) {
    auto remembered = co_await store_.last_change(id);
    if (remembered && !remembered->trustworthy) {
        co_await restore_memory();
        remembered = co_await store_.last_change(id);
    }
    if (!remembered) co_return remembered.error();
    if (!remembered->trustworthy) co_return redis::make_error_code(redis::Errc::unavailable);
    std::optional<v1::Change> last;
    if (remembered->change && !last.emplace().ParseFromString(*remembered->change)) {
        co_return redis::make_error_code(redis::Errc::refused);
    }
    co_return last;
}

asio::awaitable<void> Source::restore_memory() {
    if (restoring_) {
        const auto end = restoring_;
        boost::system::error_code ignored;
        co_await end->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        co_return;
    }
    if (clock_.monotonic() < restore_again_) co_return;
    restoring_ = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor, Instant::max());
    std::string failure;
    try {
        co_await read_memory_back();
    } catch (const std::exception& e) {
        failure = e.what();
    }
    if (!failure.empty()) {
        log::warning("memory.not_restored", {{"reason", failure}});
        restore_again_ = clock_.monotonic() + restore_rest;
    }
    std::exchange(restoring_, nullptr)->cancel();
}

asio::awaitable<void> Source::read_memory_back() {
    const std::string restoration = random_uuid();
    const auto prepared = co_await store_.prepare_changes(restoration);
    if (!prepared) throw std::runtime_error{"redis: " + prepared.error().message()};
    const auto emitted = co_await offload(reading_, topics_.emitted);
    for (const auto& [id, change] : emitted) {
        const auto restored = co_await store_.restore_change(id, change);
        if (!restored) throw std::runtime_error{"redis: " + restored.error().message()};
    }
    const auto vouched = co_await store_.vouch_for_changes(restoration);
    const bool whole = vouched && *vouched == redis::Opening::opened;
    log::info("memory.restored", {{"opportunities", emitted.size()}, {"whole", whole}});
}

void Source::forget(const std::string& id) {
    library_.forget(id);
    reader_.forget(id);
}

asio::awaitable<Result<void>> Source::settle(v1::Change newest, std::string traceparent) {
    const std::string id = newest.opportunity_id();
    kafka::Message message = change_message("hiring.opportunities", newest, std::move(traceparent));
    const auto written = co_await producer_.write(std::move(message));
    if (!written) co_return written.error();
    const auto remembered = co_await store_.remember_change(id, newest.SerializeAsString());
    if (!remembered) co_return remembered.error();
    ahead_.erase(id);
    co_return Result<void>{};
}

asio::awaitable<Result<void>> Source::take_over() {
    const auto tail = co_await offload(reading_, topics_.tail);
    std::size_t behind = 0;
    for (const auto& [id, bytes] : tail) {
        const auto last = co_await recall(id);
        if (!last) co_return last.error();
        v1::Change newest;
        if (!newest.ParseFromString(bytes) || (*last && (*last)->version() >= newest.version())) continue;
        const auto settled = co_await settle(std::move(newest), {});
        if (!settled) co_return settled.error();
        ++behind;
    }
    log::info("memory.taken_over", {{"looked_at", tail.size()}, {"behind", behind}});
    co_return Result<void>{};
}

asio::awaitable<Result<void>> Source::emit(const std::vector<v1::Change>& changes, const Moment& moment) {
    const std::string traceparent = moment.hints.empty() ? std::string{} : moment.hints.back().traceparent;
    for (const auto& change : changes) {
        kafka::Message message = change_message(changes_topic, change, traceparent);
        const auto written = co_await producer_.write(std::move(message));
        if (!written) co_return written.error();
        ahead_.insert_or_assign(change.opportunity_id(), change);
    }
    v1::Change newest = changes.back();
    const auto settled = co_await settle(std::move(newest), traceparent);
    if (!settled) co_return settled.error();
    for (const auto& change : changes) {
        const metrics::Labels labels{{"kind", std::string{name_of(change.kind())}}, {"cause", change.cause().kind()}};
        metrics_.counter(metrics::changes_emitted, labels).add();
        log::info(
            "change.emitted",
            {{"opportunity", change.opportunity_id()},
             {"change", change.change_id()},
             {"kind", name_of(change.kind())},
             {"version", change.version()},
             {"live", change.live()},
             {"took_ms", to_ms(clock_.now()) - change.occurred_at_ms()}});
    }
    co_return Result<void>{};
}

pipeline::Verdict Source::verdict_on_shared(const Error& error) {
    // A key without what every opportunity needs is as good as none; an answer that is not understood is no fault of
    // this opportunity.
    const bool no_use = error == lever::Errc::unauthorized || error == lever::Errc::forbidden;
    if (no_use) return pipeline::Hold{.reason = error.message()};
    return pipeline::Wait{.reason = error.message()};
}

pipeline::Verdict Source::verdict_on(const Error& error) {
    if (error == lever::Errc::unauthorized) return pipeline::Hold{.reason = error.message()};
    if (error == lever::Errc::bad_answer) return pipeline::Refused{.reason = error.message()};
    // Lever is away: the hint waits as long as that takes. Without a sweep nothing else would bring it back.
    return pipeline::Wait{.reason = error.message()};
}

std::vector<pipeline::Tier> Source::rests() {
    return {
        {.name = "1s", .delay = std::chrono::seconds{1}},
        {.name = "5s", .delay = std::chrono::seconds{5}},
        {.name = "30s", .delay = std::chrono::seconds{30}},
        {.name = "5m", .delay = std::chrono::minutes{5}}};
}

asio::awaitable<bool> Source::park(const pipeline::Job& job, pipeline::Park park) {
    for (const auto& received : job.records) {
        const auto& record = received.record;
        const auto hint = read_hint(record);
        if (!hint) continue;
        v1::Hint parked;
        parked.set_opportunity_id(job.place.lane);
        parked.set_reason(std::string{hint->event.empty() ? std::string_view{hint->cause_kind} : parked_reason});
        parked.set_triggered_at_ms(hint->triggered_at);
        parked.set_event(hint->event);
        parked.set_id(hint->cause_id);
        auto history = pipeline::read_history(record.headers);
        ++history.parked;
        if (!history.failing_since) history.failing_since = clock_.now();
        history.not_before = clock_.now() + park.delay;
        parked.set_attempt(history.parked);
        parked.set_not_before_ms(to_ms(*history.not_before));
        kafka::Message message = hint_message(
            parked,
            random_uuid(),
            settings_.account,
            clock_.now(),
            std::string{kafka::header(record.headers, "traceparent")});
        pipeline::put_history(message.headers, history);
        const auto written = co_await producer_.write(std::move(message));
        if (!written) co_return false;
    }
    done("parked");
    co_return true;
}

asio::awaitable<bool> Source::give_up(const pipeline::Job& job, std::string reason) {
    // Nothing is lost: the webhook stays in its topic, and the next hint or sweep reads the whole state.
    done("given_up");
    log::error("hint.given_up", {{"lane", job.place.lane}, {"attempts", job.attempts}, {"reason", reason}});
    co_return true;
}

void Source::done(std::string_view what) {
    const metrics::Labels labels{{"result", std::string{what}}};
    metrics_.counter(metrics::hints, labels).add();
}

}  // namespace hirewire::source
