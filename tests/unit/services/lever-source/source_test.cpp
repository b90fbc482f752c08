#include "services/lever-source/source.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <stdexcept>
#include <utility>

#include "common/pipeline/history.hpp"
#include "hirewire/v1/hint.pb.h"
#include "tests/support/fake_lever.hpp"
#include "tests/support/fake_producer.hpp"
#include "tests/support/fake_store.hpp"
#include "tests/support/lever_builders.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"

using namespace hirewire;
using namespace hirewire::source;
using testing::finish;
using testing::LeverOpportunity;

namespace {

namespace asio = boost::asio;

constexpr std::int64_t minute = 60'000;
const std::string id = "opportunity-1";

struct Bench {
    Bench() {
        lever.words = testing::vocabulary();
        lever.shown_postings["posting-1"] = lever::Posting{.id = "posting-1", .title = "Engineer", .external = true};
        finish(store.prepare_changes("test"));
        REQUIRE(finish(store.vouch_for_changes("test")).value() == redis::Opening::opened);
        opportunity.created(now).applied(now);
        show();
        store.watch = [this](std::string_view operation) { order.emplace_back(operation); };
        producer.fails = [this](const kafka::Message& m) {
            order.push_back("write " + m.topic);
            return broken_topic == m.topic;
        };
    }

    void show() { lever.opportunities[id] = opportunity.state; }

    // One webhook of Lever's, triggered now.
    kafka::Record webhook(const std::string& event, const std::string& topic) {
        kafka::Record record;
        record.partition = {.topic = topic, .number = 0};
        record.key = id;
        record.timestamp_ms = to_ms(clock.now());
        record.value = R"({"event":")" + event + R"(","triggeredAt":)" + std::to_string(to_ms(clock.now())) +
                       R"(,"token":"token-1","signature":"x","data":{"opportunityId":")" + id + "\"}}";
        return record;
    }
    pipeline::Verdict attempt(const pipeline::Job& job) { return finish(context, source.attempt(job)).verdict; }
    pipeline::Verdict attempt(std::vector<kafka::Record> records, int repeats = 0) {
        return attempt(job_of(std::move(records), repeats));
    }
    pipeline::Job job_of(std::vector<kafka::Record> records, int repeats = 0) {
        pipeline::Job job;
        job.attempts = 1;
        job.repeats = repeats;
        job.place = source.place(records.front());
        for (auto& record : records) {
            pipeline::Received received;
            received.record = std::move(record);
            job.records.push_back(std::move(received));
        }
        job.parked = pipeline::read_history(job.records.back().record.headers).parked;
        return job;
    }
    pipeline::Verdict stage_webhook(int repeats = 0) {
        return attempt({webhook("candidateStageChange", "lever.stage-changes")}, repeats);
    }
    std::vector<v1::Change> emitted(const std::string& topic = "hiring.changes") const {
        std::vector<v1::Change> all;
        for (const auto& message : producer.of(topic)) REQUIRE(all.emplace_back().ParseFromString(*message.value));
        return all;
    }
    std::vector<std::string> kinds() const {
        std::vector<std::string> all;
        for (const auto& change : emitted()) all.emplace_back(name_of(change.kind()));
        return all;
    }
    int calls(const std::string& call) const {
        return static_cast<int>(std::count(lever.calls.begin(), lever.calls.end(), call));
    }

    testing::ManualClock clock;
    std::int64_t now = to_ms(clock.now());
    testing::FakeStore store{clock};
    testing::FakeProducer producer;
    testing::FakeLever lever{clock};
    metrics::Registry metrics;
    Library library{lever, clock, {}, "anticipated_start_date"};
    SourceSettings settings{.account = "main", .cluster_link_prefix = "https://cluster.test/"};
    boost::asio::io_context context{1};
    Reader reader{context.get_executor(), lever, clock, {}};
    Emitted kept_in_kafka{};
    int restored = 0;
    bool read_kafka_fails = false;
    Emitted tail_in_kafka{};
    Topics topics{[this] { return read_kafka(); }, [this] { return tail_in_kafka; }};
    std::function<Emitted()> read_kafka = [this] {
        ++restored;
        if (read_kafka_fails) throw std::runtime_error{"no broker"};
        return kept_in_kafka;
    };
    Source source{settings, topics, lever, library, reader, store, producer, clock, metrics};
    LeverOpportunity opportunity;
    std::vector<std::string> order{};
    std::string broken_topic{};
};

template <typename T>
bool is(const pipeline::Verdict& verdict) {
    return std::holds_alternative<T>(verdict);
}

}  // namespace

TEST_CASE("source: changes acknowledged, then the compacted state, then Redis") {
    Bench b;
    CHECK(is<pipeline::Done>(b.attempt({b.webhook("applicationCreated", "lever.applications")})));
    b.opportunity.moved(b.now, "screen").moved(b.now, "onsite");
    b.show();
    b.order.clear();
    CHECK(is<pipeline::Done>(b.stage_webhook()));
    CHECK(
        b.order == std::vector<std::string>{
                       "last_change",
                       "write hiring.changes",
                       "write hiring.changes",
                       "write hiring.opportunities",
                       "remember_change"});
    CHECK(b.kinds() == std::vector<std::string>{"applied", "stage_changed", "stage_changed"});
    const auto states = b.emitted("hiring.opportunities");
    REQUIRE(states.size() == 2);
    CHECK(states.back().version() == b.emitted().back().version());
    const auto message = b.producer.of("hiring.changes").back();
    CHECK(message.key == id);
    CHECK(kafka::header(message.headers, "ce_id") == b.emitted().back().change_id());
    CHECK(kafka::header(message.headers, "ce_type") == "hirewire.change.stage_changed");
    CHECK(kafka::header(message.headers, "content-type") == "application/protobuf");
}

TEST_CASE("source: whatever fails in between, the repeat tells the same under the same ids and versions") {
    Bench b;
    b.opportunity.moved(b.now, "screen");
    b.show();
    for (const char* topic : {"hiring.changes", "hiring.opportunities"}) {
        b.broken_topic = topic;
        CHECK(is<pipeline::Wait>(b.stage_webhook()));
    }
    b.broken_topic.clear();
    b.store.watch = [&](std::string_view operation) { b.store.away = operation == "remember_change"; };
    CHECK(is<pipeline::Wait>(b.stage_webhook()));
    b.store.away = false;
    b.store.watch = {};
    CHECK(is<pipeline::Done>(b.stage_webhook()));
    const auto all = b.emitted();
    REQUIRE(!all.empty());
    CHECK(b.emitted("hiring.opportunities").back().version() == all.back().version());
    for (const auto& change : all) {
        CHECK(change.change_id() == all.front().change_id());
        CHECK(change.version() == all.front().version());
    }
    const auto count = b.producer.messages.size();
    CHECK(is<pipeline::Done>(b.stage_webhook()));
    CHECK(b.producer.messages.size() == count);
}

TEST_CASE("source: with Redis away nothing is read from Lever and nothing is emitted") {
    Bench b;
    b.store.away = true;
    CHECK(is<pipeline::Wait>(b.stage_webhook()));
    CHECK(b.lever.calls.empty());
    CHECK(b.producer.writes == 0);
}

TEST_CASE("source: an emptied memory is read back once for all who wait, and nothing is told under another version") {
    Bench b;
    CHECK(is<pipeline::Done>(b.attempt({b.webhook("applicationCreated", "lever.applications")})));
    const auto before = b.emitted().back();
    b.kept_in_kafka[id] = before.SerializeAsString();
    b.store.empty();
    std::vector<std::future<pipeline::Attempted>> attempts;
    std::vector<pipeline::Job> jobs;
    for (int i = 0; i < 3; ++i) jobs.push_back(b.job_of({b.webhook("candidateStageChange", "lever.stage-changes")}));
    for (const auto& job : jobs) {
        attempts.push_back(asio::co_spawn(b.context, b.source.attempt(job), asio::use_future));
    }
    b.context.restart();
    b.context.run();
    for (auto& attempt : attempts) CHECK(is<pipeline::Done>(attempt.get().verdict));
    CHECK(b.restored == 1);
    CHECK(b.emitted().size() == 1);
}

TEST_CASE("source: a memory that is emptied while it is read back is not taken for whole") {
    Bench b;
    b.store.empty();
    bool once = false;
    b.store.watch = [&](std::string_view operation) {
        if (operation == "vouch_for_changes" && !std::exchange(once, true)) b.store.empty();
    };
    CHECK(is<pipeline::Wait>(b.attempt({b.webhook("applicationCreated", "lever.applications")})));
    CHECK(b.emitted().empty());
    CHECK(is<pipeline::Done>(b.attempt({b.webhook("applicationCreated", "lever.applications")})));
    CHECK(b.emitted().size() == 1);
}

TEST_CASE("source: with Kafka silent the memory stays untrusted, and nothing is emitted from half of it") {
    Bench b;
    b.store.empty();
    b.read_kafka_fails = true;
    CHECK(is<pipeline::Wait>(b.attempt({b.webhook("applicationCreated", "lever.applications")})));
    CHECK(b.lever.calls.empty());
}

TEST_CASE("source: two webhooks of one moment cost one read, also one after the other") {
    Bench b;
    const auto first = b.webhook("candidateHired", "lever.hires");
    const auto second = b.webhook("candidateArchiveChange", "lever.archives");
    b.clock.advance(Milliseconds{300});
    b.opportunity.archived(b.now, testing::hired_reason);
    b.show();
    CHECK(is<pipeline::Done>(b.attempt({first})));
    CHECK(is<pipeline::Done>(b.attempt({second})));
    CHECK(std::count(b.lever.calls.begin(), b.lever.calls.end(), "opportunity") == 1);
    CHECK(std::count(b.lever.calls.begin(), b.lever.calls.end(), "offers") == 1);
    // What was told of later may not be in it.
    b.clock.advance(Milliseconds{300});
    CHECK(is<pipeline::Done>(b.attempt({b.webhook("candidateArchiveChange", "lever.archives")})));
    CHECK(std::count(b.lever.calls.begin(), b.lever.calls.end(), "opportunity") == 2);
}

TEST_CASE("source: a contact's hint looks anew, a sweep's hint takes what the sweep has read") {
    Bench b;
    CHECK(is<pipeline::Done>(b.attempt({b.webhook("applicationCreated", "lever.applications")})));
    b.clock.advance(Milliseconds{5});
    const auto reads = [&] { return std::count(b.lever.calls.begin(), b.lever.calls.end(), "opportunity"); };
    const auto hint = [&](const std::string& reason) {
        v1::Hint out;
        out.set_opportunity_id(id);
        out.set_reason(reason);
        kafka::Record record;
        record.partition = {.topic = "lever.sweeps", .number = 0};
        record.key = id;
        record.timestamp_ms = to_ms(b.clock.now());
        record.value = out.SerializeAsString();
        return record;
    };
    CHECK(is<pipeline::Done>(b.attempt({hint("sweep")})));
    CHECK(reads() == 1);
    CHECK(is<pipeline::Done>(b.attempt({hint("contact")})));
    CHECK(reads() == 2);
    CHECK(b.lever.priorities.back() == lever::Priority::webhook);
}

TEST_CASE("source: what a predecessor told and could not write down is where the next one begins") {
    Bench b;
    CHECK(is<pipeline::Done>(b.attempt({b.webhook("applicationCreated", "lever.applications")})));
    // It told of an archiving, and died; the archiving was undone before anybody looked again.
    b.opportunity.archived(b.now + minute, testing::rejected_reason);
    b.show();
    b.clock.advance(Milliseconds{minute});
    b.broken_topic = "hiring.opportunities";
    CHECK(is<pipeline::Wait>(b.attempt({b.webhook("candidateArchiveChange", "lever.archives")})));
    b.broken_topic.clear();
    REQUIRE(b.kinds().back() == "archived");
    b.opportunity.unarchived(b.now + 2 * minute);
    b.show();
    b.clock.advance(Milliseconds{minute});
    SUBCASE("the same process") {
        CHECK(is<pipeline::Done>(b.attempt({b.webhook("candidateArchiveChange", "lever.archives")})));
        CHECK(b.kinds().back() == "unarchived");
    }
    SUBCASE("the next one") {
        Source next{b.settings, b.topics, b.lever, b.library, b.reader, b.store, b.producer, b.clock, b.metrics};
        b.tail_in_kafka[id] = b.emitted().back().SerializeAsString();
        CHECK(finish(b.context, next.take_over()).has_value());
        CHECK(b.emitted("hiring.opportunities").back().version() == b.emitted().back().version());
        const auto job = b.job_of({b.webhook("candidateArchiveChange", "lever.archives")});
        CHECK(is<pipeline::Done>(finish(b.context, next.attempt(job)).verdict));
        CHECK(b.kinds().back() == "unarchived");
    }
    CHECK(b.emitted().back().status().kind() == v1::STATUS_KIND_STAGE);
}

TEST_CASE("source: taking over waits for Redis and Kafka") {
    Bench b;
    b.tail_in_kafka[id] = v1::Change{}.SerializeAsString();
    b.store.away = true;
    CHECK_FALSE(finish(b.context, b.source.take_over()).has_value());
}

TEST_CASE("source: an older state than was told from is not believed, it rests") {
    Bench b;
    b.opportunity.state.updated_at_ms = b.now;
    b.show();
    CHECK(is<pipeline::Done>(b.attempt({b.webhook("applicationCreated", "lever.applications")})));
    b.opportunity.archived(b.now, testing::rejected_reason);
    b.opportunity.state.updated_at_ms = b.now - 1;
    b.show();
    b.clock.advance(Milliseconds{300});
    CHECK(is<pipeline::NotYet>(b.attempt({b.webhook("candidateArchiveChange", "lever.archives")})));
    CHECK(b.kinds() == std::vector<std::string>{"applied"});
}

TEST_CASE("source: an opportunity that Lever does not show yet rests, and is news when it comes") {
    Bench b;
    const auto there = b.lever.opportunities[id];
    b.lever.opportunities.clear();
    auto record = b.webhook("applicationCreated", "lever.applications");
    CHECK(is<pipeline::NotYet>(b.attempt({record})));
    b.clock.advance(std::chrono::seconds{1});
    b.lever.opportunities[id] = there;
    CHECK(is<pipeline::Done>(b.attempt({record})));
    REQUIRE(b.emitted().size() == 1);
    CHECK(b.emitted().back().live());
    // One that was there before, and an old webhook, are not waited for.
    b.clock.advance(Milliseconds{10 * minute});
    b.lever.opportunities.clear();
    CHECK(is<pipeline::Done>(b.attempt({b.webhook("candidateStageChange", "lever.stage-changes")})));
}

TEST_CASE("source: when offers are no longer shown, the start date that was seen stays") {
    Bench b;
    lever::Offer offer{.id = "x", .status = "signed", .created_at_ms = 1};
    offer.dates["anticipated_start_date"] = 1'796'083'200'000;
    b.lever.offered[id] = {offer};
    b.opportunity.archived(b.now, testing::hired_reason);
    b.show();
    CHECK(is<pipeline::Done>(b.attempt({b.webhook("candidateHired", "lever.hires")})));
    const auto date = b.emitted().back().start_date();
    REQUIRE(!date.empty());
    b.lever.trouble["offers"] = lever::Errc::forbidden;
    b.clock.advance(std::chrono::minutes{2});
    CHECK(is<pipeline::Done>(b.attempt({b.webhook("contactUpdated", "lever.hires")})));
    CHECK(b.emitted().back().start_date() == date);
    CHECK(b.emitted().back().kind() == v1::CHANGE_KIND_HIRED);
}

TEST_CASE("source: what nobody waits for stands behind webhooks") {
    Bench b;
    const auto backfill = [&](const std::string& reason) {
        v1::Hint hint;
        hint.set_opportunity_id(id);
        hint.set_reason(reason);
        kafka::Record record;
        record.partition = {.topic = "lever.sweeps", .number = 0};
        record.key = id;
        record.value = hint.SerializeAsString();
        return b.source.place(record).backfill;
    };
    for (const char* bulk : {"sweep", "walk", "hires"}) CHECK(backfill(bulk));
    for (const char* news : {"parked", "contact"}) CHECK_FALSE(backfill(news));
    CHECK_FALSE(b.source.place(b.webhook("candidateHired", "lever.hires")).backfill);
}

TEST_CASE("source: many webhooks of one opportunity cost one read") {
    Bench b;
    CHECK(is<pipeline::Done>(b.attempt(
        {b.webhook("applicationCreated", "lever.applications"),
         b.webhook("candidateStageChange", "lever.stage-changes"),
         b.webhook("candidateArchiveChange", "lever.archives")})));
    CHECK(b.calls("opportunity") == 1);
    CHECK(b.lever.priorities.at(0) == lever::Priority::webhook);
}

TEST_CASE("source: what a webhook says is not believed, only that something happened") {
    Bench b;
    auto forged = b.webhook("candidateHired", "lever.hires");
    CHECK(is<pipeline::Done>(b.attempt({forged})));
    for (const auto& change : b.emitted()) CHECK_FALSE(change.hired());
}

TEST_CASE("source: a hire's start date comes from the offers, and an offer that may not be read is no failure") {
    Bench b;
    b.opportunity.archived(b.now, testing::hired_reason);
    b.show();
    SUBCASE("signed") {
        lever::Offer offer{.id = "offer-1", .status = "signed", .created_at_ms = 1};
        offer.dates["anticipated_start_date"] = 1'796'083'200'000;  // 2026-12-01
        b.lever.offered[id] = {offer};
        CHECK(is<pipeline::Done>(b.attempt({b.webhook("candidateHired", "lever.hires")})));
        CHECK(b.emitted().back().start_date() == "2026-12-01");
        CHECK(b.emitted().back().hired());
    }
    SUBCASE("the key may not read offers") {
        b.lever.trouble["offers"] = lever::Errc::forbidden;
        CHECK(is<pipeline::Done>(b.attempt({b.webhook("candidateHired", "lever.hires")})));
        CHECK(b.emitted().back().start_date().empty());
        CHECK(b.emitted().back().hired());
    }
}

TEST_CASE("source: an unknown archive reason is looked up again and never guessed") {
    Bench b;
    b.stage_webhook();
    b.opportunity.archived(b.now + minute, "brand-new-reason");
    b.show();
    b.clock.advance(Milliseconds{minute});
    const auto verdict = b.attempt({b.webhook("candidateArchiveChange", "lever.archives")});
    CHECK_FALSE(is<pipeline::Done>(verdict));
    CHECK(b.kinds() == std::vector<std::string>{"applied"});
    CHECK(b.calls("vocabulary") == 2);
    b.lever.words.archive_reasons["brand-new-reason"] =
        lever::ArchiveReason{.id = "brand-new-reason", .name = "New", .hired = true};
    b.clock.advance(std::chrono::seconds{10});
    CHECK(is<pipeline::Done>(b.attempt({b.webhook("candidateArchiveChange", "lever.archives")})));
    CHECK(b.emitted().back().hired());
}

TEST_CASE("source: an unknown stage is looked up again, and carried without a name when Lever has none") {
    Bench b;
    b.stage_webhook();
    b.opportunity.moved(b.now, "deleted-stage");
    b.show();
    b.clock.advance(std::chrono::seconds{10});
    CHECK(is<pipeline::Done>(b.stage_webhook()));
    CHECK(b.emitted().back().status().id() == "deleted-stage");
    CHECK(b.calls("vocabulary") == 2);
}

TEST_CASE("source: a posting that Lever does not show makes the change confidential") {
    Bench b;
    b.lever.shown_postings.clear();
    CHECK(is<pipeline::Done>(b.stage_webhook()));
    CHECK(b.emitted().back().confidential());
    CHECK(b.emitted().back().posting().id() == "posting-1");
}

TEST_CASE("source: a deletion is told only when Lever lists it") {
    Bench b;
    b.stage_webhook();
    b.lever.opportunities.clear();
    SUBCASE("a bare 404 is not visible") {
        CHECK(is<pipeline::Done>(b.attempt({b.webhook("candidateDeleted", "lever.deletions")})));
        CHECK(b.kinds() == std::vector<std::string>{"applied"});
        CHECK(b.metrics.text().find(R"(result="not_visible")") != std::string::npos);
    }
    SUBCASE("listed") {
        b.lever.deleted[id] = from_ms(b.now + minute);
        CHECK(is<pipeline::Done>(b.attempt({b.webhook("candidateDeleted", "lever.deletions")})));
        CHECK(b.kinds() == std::vector<std::string>{"applied", "deleted"});
        CHECK(b.emitted().back().occurred_at_ms() == b.now + minute);
        // And that was the end of it.
        const auto reads = b.calls("opportunity");
        CHECK(is<pipeline::Done>(b.stage_webhook()));
        CHECK(b.calls("opportunity") == reads);
    }
    SUBCASE("the list cannot be read") {
        b.lever.trouble["deleted_since"] = lever::Errc::unavailable;
        CHECK_FALSE(is<pipeline::Done>(b.attempt({b.webhook("candidateDeleted", "lever.deletions")})));
        CHECK(b.kinds() == std::vector<std::string>{"applied"});
    }
}

TEST_CASE("source: a 403 is not visible, and is not looked for among the deleted") {
    Bench b;
    b.lever.trouble["opportunity"] = lever::Errc::forbidden;
    CHECK(is<pipeline::Done>(b.stage_webhook()));
    CHECK(b.calls("deleted_since") == 0);
    CHECK(b.producer.writes == 0);
}

TEST_CASE("source: a refused API key holds, weather does not lose the hint, nonsense is given up") {
    Bench b;
    b.lever.trouble["opportunity"] = lever::Errc::unauthorized;
    CHECK(is<pipeline::Hold>(b.stage_webhook()));
    b.lever.trouble["opportunity"] = lever::Errc::unavailable;
    const auto verdict = b.stage_webhook();
    CHECK((is<pipeline::Wait>(verdict) || is<pipeline::Retry>(verdict)));
    b.lever.trouble["opportunity"] = lever::Errc::bad_answer;
    CHECK(is<pipeline::Refused>(b.stage_webhook()));
    CHECK(b.producer.writes == 0);
}

TEST_CASE(
    "source: while Lever's API lags behind its own webhook the hint rests, ever longer, then the sweep has it") {
    Bench b;
    b.stage_webhook();
    b.clock.advance(Milliseconds{10 * minute});
    auto record = b.webhook("candidateStageChange", "lever.stage-changes");
    const auto triggered = to_ms(b.clock.now());
    for (const auto& rest : Source::rests()) {
        auto job = b.job_of({record});
        REQUIRE(is<pipeline::NotYet>(b.attempt(job)));
        CHECK(finish(b.context, b.source.park(job, {.tier = rest.name, .delay = rest.delay})));
        // What was put aside says all that the webhook did, and until when it rests.
        const auto parked = b.producer.of("lever.sweeps").back();
        v1::Hint hint;
        REQUIRE(hint.ParseFromString(*parked.value));
        CHECK(hint.event() == "candidateStageChange");
        CHECK(hint.triggered_at_ms() == triggered);
        CHECK(hint.id() == "token-1");
        CHECK(hint.not_before_ms() == to_ms(b.clock.now()) + rest.delay.count());
        record.partition.topic = "lever.sweeps";
        record.value = parked.value;
        record.headers = parked.headers;
        record.timestamp_ms = to_ms(b.clock.now());
        b.clock.advance(rest.delay);
    }
    CHECK(is<pipeline::Done>(b.attempt(b.job_of({record}))));
    // Seen at last, it is still a webhook's news.
    b.clock.advance(Milliseconds{1});
    record.timestamp_ms = to_ms(b.clock.now());
    b.opportunity.moved(triggered, "screen");
    b.show();
    CHECK(is<pipeline::Done>(b.attempt(b.job_of({record}))));
    CHECK(b.kinds().back() == "stage_changed");
    CHECK(b.emitted().back().live());
    CHECK(b.emitted().back().cause().kind() == "webhook");
    CHECK(b.emitted().back().cause().id() == "token-1");
}

TEST_CASE("source: a contact's webhook becomes a hint for each of the person's opportunities") {
    Bench b;
    b.lever.contacts["contact-1"] = {"opportunity-1", "opportunity-2"};
    auto record = b.webhook("contactUpdated", "lever.contacts");
    record.key = "contact-1";
    CHECK(b.source.place(record).lane != b.source.place(b.webhook("candidateHired", "lever.hires")).lane);
    CHECK(is<pipeline::Done>(b.attempt({record})));
    const auto hints = b.producer.of("lever.sweeps");
    REQUIRE(hints.size() == 2);
    CHECK(hints[1].key == "opportunity-2");
    v1::Hint hint;
    REQUIRE(hint.ParseFromString(*hints[0].value));
    CHECK(hint.opportunity_id() == "opportunity-1");
    CHECK(hint.reason() == "contact");
    CHECK(b.calls("opportunity") == 0);
    // The hint leads back here, in the opportunity's own lane.
    kafka::Record back;
    back.partition = {.topic = "lever.sweeps", .number = 0};
    back.key = id;
    back.value = hints[0].value;
    CHECK(is<pipeline::Done>(b.attempt({back})));
    CHECK(b.lever.priorities.back() == lever::Priority::webhook);
    CHECK(b.emitted().back().cause().kind() == "contact");
    CHECK_FALSE(b.emitted().back().live());
}

TEST_CASE("source: a record that cannot be read is counted and done, the others of the job still count") {
    Bench b;
    auto garbage = b.webhook("candidateHired", "lever.hires");
    garbage.value = "not JSON";
    auto tombstone = garbage;
    tombstone.value.reset();
    CHECK(is<pipeline::Done>(b.attempt({garbage, tombstone})));
    CHECK(b.lever.calls.empty());
    CHECK(b.metrics.text().find(R"(hirewire_hints_total{result="unreadable"} 2)") != std::string::npos);
    CHECK(is<pipeline::Done>(b.attempt({garbage, b.webhook("candidateHired", "lever.hires")})));
    CHECK(b.kinds() == std::vector<std::string>{"applied"});
}

TEST_CASE("source: no name, address or number gets into any record") {
    Bench b;
    b.lever.people[id] = lever::Person{
        .name = "Ann Park",
        .emails = {"ann.park@example.net"},
        .phones = {"5550100"},
        .location = "Berlin",
        .headline = "X"};
    b.opportunity.state.links = {"https://linkedin.test/in/ann-park", "https://cluster.test/jobs/j/candidates/c"};
    b.opportunity.archived(b.now, testing::hired_reason);
    b.show();
    b.attempt({b.webhook("candidateHired", "lever.hires")});
    REQUIRE_FALSE(b.producer.messages.empty());
    for (const auto& message : b.producer.messages) {
        for (const char* word : {"Ann", "ann", "example.net", "5550100"}) {
            CHECK(message.value->find(word) == std::string::npos);
            for (const auto& header : message.headers) CHECK(header.value.find(word) == std::string::npos);
        }
    }
    // The person just read is answered from memory for a while, and an anonymized one no longer.
    CHECK(b.library.person(id)->person.name == "Ann Park");
    b.opportunity.state.anonymized = true;
    b.show();
    b.attempt({b.webhook("candidateHired", "lever.hires")});
    CHECK_FALSE(b.library.person(id));
}
