// Lever's postings on the way that changes take: the same ledger, retry topics and dead letters.
#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "common/pipeline/history.hpp"
#include "common/sync/delivery.hpp"
#include "common/sync/latest_postings.hpp"
#include "common/sync/ledger_rebuild.hpp"
#include "common/sync/posting_change.hpp"
#include "tests/support/change_builders.hpp"
#include "tests/support/fake_client.hpp"
#include "tests/support/fake_producer.hpp"
#include "tests/support/fake_store.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/posting_builders.hpp"
#include "tests/support/run.hpp"

using namespace hirewire;
using testing::finish;
using testing::posting;
using testing::posting_record;

namespace {

constexpr std::int64_t now = 1'772'463'905'123;

// Sends what it is told of a posting, and remembers it.
class Board final : public sync::Destination {
public:
    struct Told {
        sync::PostingNews news{};
        sync::Situation situation{};
    };
    [[nodiscard]] std::string_view name() const override { return "board"; }
    [[nodiscard]] std::uint16_t default_admin_port() const override { return 0; }
    void declare(config::Section&) override {}
    // Not the order of postings.
    [[nodiscard]] std::string resource(const v1::Change& change) const override { return change.contact_id(); }
    [[nodiscard]] sync::Plan plan(const v1::Change&, const sync::Situation&) const override {
        return {sync::Settle{.reason = "a change"}};
    }
    [[nodiscard]] bool wants_postings() const override { return true; }
    [[nodiscard]] sync::Plan plan_posting(
        const sync::PostingNews& news, const sync::Situation& situation) const override {
        told.push_back({.news = news, .situation = situation});
        http::Request request;
        request.method = http::Method::put;
        request.target = "/postings/" + news.id;
        request.body = news.posting ? news.posting->title() : "gone";
        return {sync::Send{.request = std::move(request), .then = [](const sync::Answer& answer) -> sync::Plan {
                               if (answer && answer->status == 200) return {sync::Settle{}};
                               return {sync::Fail{.verdict = pipeline::Retry{.reason = "not taken"}}};
                           }}};
    }

    mutable std::vector<Told> told{};
};

struct Bench {
    Bench() {
        finish(store.prepare_ledger("board", 2, "rebuild"));
        finish(store.open_ledger("board", 2, "rebuild"));
        clock.advance(Milliseconds{10'000});
    }

    sync::Delivery& delivery() {
        if (!made) {
            made =
                std::make_unique<sync::Delivery>(settings, board, client, internal, store, producer, clock, metrics);
        }
        return *made;
    }
    pipeline::Verdict attempt(std::vector<kafka::Record> records, int number = 1) {
        const auto job = testing::posting_job(std::move(records), number);
        return finish(delivery().attempt(job)).verdict;
    }
    std::vector<v1::Outcome> outcomes() const {
        std::vector<v1::Outcome> all;
        for (const auto& message : producer.of("sync.outcomes")) {
            REQUIRE(all.emplace_back().ParseFromString(*message.value));
        }
        return all;
    }

    testing::ManualClock clock;
    testing::FakeStore store{clock};
    testing::FakeProducer producer;
    testing::FakeClient client;
    testing::FakeClient internal;
    metrics::Registry metrics;
    // hiring.postings as it is read ahead.
    sync::LatestPostings::Versions topic{};
    int looks = 0;
    bool kafka_is_away = false;
    boost::asio::awaitable<sync::LatestPostings::Versions> read() {
        ++looks;
        if (kafka_is_away) throw std::runtime_error{"kafka does not answer"};
        co_return topic;
    }
    sync::LatestPostings latest{[this](std::int32_t) { return read(); }, clock};
    sync::DeliverySettings settings;
    Board board;
    std::unique_ptr<sync::Delivery> made;
};

// As it comes back from a retry topic, a dead letter's topic or a replay.
kafka::Record come_back(const kafka::Message& message) {
    kafka::Record record;
    record.partition = {.topic = message.topic, .number = message.partition.value_or(2)};
    record.offset = 7;
    record.key = message.key;
    record.value = message.value;
    record.headers = message.headers;
    record.timestamp_ms = now + 600'000;
    return record;
}

bool is_done(const pipeline::Verdict& verdict) {
    return std::holds_alternative<pipeline::Done>(verdict);
}

}  // namespace

TEST_CASE("postings: a record is a change of its posting, a tombstone too, with a version that grows with its time") {
    const auto first = sync::read_change(posting_record(now, posting()));
    REQUIRE(first.has_value());
    CHECK(first->kind() == v1::CHANGE_KIND_POSTING);
    CHECK(first->opportunity_id() == "posting-1");
    CHECK(first->version() == now * 16);
    CHECK(first->occurred_at_ms() == now);
    CHECK(first->posting().state() == "published");
    CHECK_FALSE(first->live());
    const auto gone = sync::read_change(posting_record(now + 1, std::nullopt));
    REQUIRE(gone.has_value());
    CHECK(gone->kind() == v1::CHANGE_KIND_POSTING);
    CHECK(gone->version() == (now + 1) * 16);
    CHECK(gone->change_id() != first->change_id());
    CHECK_FALSE(sync::read_posting(posting_record(now, std::nullopt))->posting);
}

TEST_CASE("postings: what cannot be read is neither a posting nor gone") {
    auto broken = posting_record(now, posting());
    broken.value = "\xff\xff";
    CHECK_FALSE(sync::read_change(broken));
    CHECK_FALSE(sync::read_posting(broken));
    auto nameless = posting_record(now, std::nullopt, "");
    CHECK_FALSE(sync::read_change(nameless));
    // A null among the changes says nothing of an opportunity, and no change says that it is a posting.
    auto change = testing::record_of(testing::stage_change(now));
    CHECK_FALSE(sync::read_posting(change));
    change.value.reset();
    CHECK_FALSE(sync::read_change(change));
    auto false_one = testing::stage_change(now);
    false_one.set_kind(v1::CHANGE_KIND_POSTING);
    CHECK_FALSE(sync::read_change(testing::record_of(false_one)));
}

TEST_CASE("postings: each is a lane and a group of its own, whatever the destination's resource is") {
    Bench b;
    const auto place = b.delivery().place(posting_record(now, posting()));
    CHECK(place.lane == "posting-1");
    CHECK(place.group == "posting-1");
    CHECK(place.order == now * 16);
    CHECK(place.kept);
    CHECK_FALSE(place.backfill);
    const auto change = b.delivery().place(testing::record_of(testing::stage_change(now)));
    CHECK(change.lane == "contact-of-opportunity-1");
    CHECK_FALSE(change.kept);
}

TEST_CASE("postings: told once, by the posting's id, as a late backfill; an older record changes nothing any more") {
    Bench b;
    CHECK(is_done(b.attempt({posting_record(now, posting())})));
    REQUIRE(b.board.told.size() == 1);
    CHECK(b.board.told[0].news.id == "posting-1");
    CHECK(b.board.told[0].news.posting->description_html() == "<p>Builds it.</p>");
    CHECK(b.board.told[0].situation.backfill);
    CHECK(b.board.told[0].situation.late);
    CHECK_FALSE(b.board.told[0].situation.first_sync);
    CHECK(b.board.told[0].situation.applied_version == 0);
    const auto outcome = b.outcomes().back();
    CHECK(outcome.kind() == v1::CHANGE_KIND_POSTING);
    CHECK(outcome.opportunity_id() == "posting-1");
    CHECK(outcome.resource() == "posting-1");
    CHECK(b.producer.of("sync.outcomes").back().key == "posting-1");

    CHECK(is_done(b.attempt({posting_record(now, posting())})));
    CHECK(is_done(b.attempt({posting_record(now - 1, std::nullopt)})));
    CHECK(b.client.requests.size() == 1);
    CHECK(is_done(b.attempt({posting_record(now + 1, std::nullopt)})));
    REQUIRE(b.board.told.size() == 2);
    CHECK_FALSE(b.board.told[1].news.posting);
    CHECK(b.board.told[1].situation.applied_version == now * 16);
    CHECK(b.client.requests.back().body == "gone");
}

TEST_CASE("postings: of several records that wait, the newest speaks, and each has its outcome") {
    Bench b;
    auto renamed = posting();
    renamed.set_title("Principal Engineer");
    const auto first = posting_record(now, posting());
    const auto second = posting_record(now + 5, std::nullopt);
    const auto third = posting_record(now + 9, renamed);
    CHECK(is_done(b.attempt({third, first, second})));
    REQUIRE(b.client.requests.size() == 1);
    CHECK(b.client.requests[0].body == "Principal Engineer");
    CHECK(b.board.told[0].situation.older.size() == 2);
    const auto outcomes = b.outcomes();
    REQUIRE(outcomes.size() == 3);
    CHECK(outcomes[0].outcome() == v1::OUTCOME_KIND_SUPERSEDED);
    CHECK(outcomes[1].outcome() == v1::OUTCOME_KIND_SUPERSEDED);
    CHECK(outcomes[2].outcome() == v1::OUTCOME_KIND_APPLIED);
}

TEST_CASE("postings: a confidential one comes to the rules as gone, unless the destination may have such") {
    Bench b;
    auto secret = posting();
    secret.set_confidential(true);
    SUBCASE("gone") {
        CHECK(is_done(b.attempt({posting_record(now, secret)})));
        CHECK_FALSE(b.board.told.at(0).news.posting);
    }
    SUBCASE("opted in") {
        b.settings.confidential = true;
        CHECK(is_done(b.attempt({posting_record(now, secret)})));
        CHECK(b.board.told.at(0).news.posting);
    }
}

TEST_CASE("postings: a tombstone that is set aside stays one, with its version, until it is told") {
    Bench b;
    b.client.otherwise.status = 500;
    const auto gone = posting_record(now, std::nullopt);
    const auto job = testing::posting_job({gone});
    CHECK(std::holds_alternative<pipeline::Retry>(finish(b.delivery().attempt(job)).verdict));
    SUBCASE("for later") {
        const pipeline::Park park{.tier = "1m", .delay = std::chrono::minutes{1}, .reason = "not taken"};
        CHECK(finish(b.delivery().park(job, park)));
        const auto written = b.producer.of("sync.board.retry.1m");
        REQUIRE(written.size() == 1);
        CHECK_FALSE(written[0].value);
        CHECK(written[0].key == "posting-1");
        CHECK(written[0].partition == 2);
        const auto back = come_back(written[0]);
        CHECK(pipeline::read_origin(back).topic == "hiring.postings");
        CHECK(b.delivery().place(back).order == now * 16);
        CHECK(b.delivery().place(back).lane == "posting-1");
        b.client.otherwise.status = 200;
        CHECK(is_done(b.attempt({back})));
        CHECK_FALSE(b.board.told.back().news.posting);
        CHECK(b.outcomes().back().version() == now * 16);
    }
    SUBCASE("for good") {
        CHECK(finish(b.delivery().give_up(job, "not taken")));
        const auto written = b.producer.of("sync.board.dlq");
        REQUIRE(written.size() == 1);
        CHECK_FALSE(written[0].value);
        CHECK(sync::read_change(come_back(written[0]))->change_id() == sync::read_change(gone)->change_id());
        CHECK(b.outcomes().back().outcome() == v1::OUTCOME_KIND_DEAD);
        CHECK(b.outcomes().back().kind() == v1::CHANGE_KIND_POSTING);
    }
}

TEST_CASE("postings: what is replayed comes as a first sync, and in its turn") {
    Bench b;
    kafka::Message message;
    message.topic = "sync.board.replay";
    message.key = "posting-1";
    message.value = posting().SerializeAsString();
    message.headers = posting_record(now, posting()).headers;
    pipeline::put_origin(message.headers, {.topic = "hiring.postings", .partition = 2, .offset = 3});
    const auto back = come_back(message);
    const auto place = b.delivery().place(back);
    CHECK(place.backfill);
    CHECK_FALSE(place.kept);
    CHECK(place.order == now * 16);
    auto job = testing::posting_job({back});
    job.place = place;
    CHECK(is_done(finish(b.delivery().attempt(job)).verdict));
    CHECK(b.board.told.at(0).situation.first_sync);
}

TEST_CASE("postings: a ledger that is made anew from the outcomes knows them") {
    Bench b;
    CHECK(is_done(b.attempt({posting_record(now, posting())})));
    sync::AppliedVersions versions{"board"};
    for (const auto& message : b.producer.of("sync.outcomes")) versions.add(*message.value);
    CHECK(versions.all().at("posting-1") == now * 16);
}

TEST_CASE("postings: at a first reading, a state that a later record of the topic takes back is never told") {
    Bench b;
    b.delivery().look_ahead_by(b.latest);
    b.topic["posting-1"] = (now + 5) * 16;
    CHECK(is_done(b.attempt({posting_record(now, posting())})));
    CHECK(b.client.requests.empty());
    CHECK(b.outcomes().back().outcome() == v1::OUTCOME_KIND_SUPERSEDED);
    auto secret = posting();
    secret.set_confidential(true);
    CHECK(is_done(b.attempt({posting_record(now + 5, secret)})));
    REQUIRE(b.client.requests.size() == 1);
    CHECK(b.client.requests[0].body == "gone");
    CHECK(b.looks == 1);
}

TEST_CASE("postings: what has been read in its turn overtakes an older record that comes back from a retry topic") {
    Bench b;
    b.delivery().look_ahead_by(b.latest);
    b.delivery().place(posting_record(now + 5, std::nullopt));
    CHECK(is_done(b.attempt({posting_record(now, posting())})));
    CHECK(b.client.requests.empty());
}

TEST_CASE("postings: while the topic cannot be read ahead, nothing is told, and nothing is lost") {
    Bench b;
    b.delivery().look_ahead_by(b.latest);
    b.kafka_is_away = true;
    auto job = testing::posting_job({posting_record(now, posting())});
    job.untold_calls = 2;
    const auto attempted = finish(b.delivery().attempt(job));
    CHECK(std::holds_alternative<pipeline::Wait>(attempted.verdict));
    CHECK(attempted.untold_calls == 2);
    CHECK(b.client.requests.empty());
    b.kafka_is_away = false;
    CHECK(is_done(b.attempt({posting_record(now, posting())})));
    CHECK(b.client.requests.size() == 1);
}

TEST_CASE(
    "postings: what was written after the look is told at once when it is fresh, and looked past when it is not") {
    Bench b;
    CHECK(finish(b.latest.look(2, now)));
    const auto later = to_ms(b.clock.now()) + 1'000;
    b.clock.advance(Milliseconds{2'000});
    CHECK(finish(b.latest.look(2, later)));
    CHECK(b.looks == 1);
    b.clock.advance(std::chrono::minutes{2});
    CHECK(finish(b.latest.look(2, later)));
    CHECK(b.looks == 2);
    CHECK(finish(b.latest.look(2, later)));
    CHECK(b.looks == 2);
}

TEST_CASE("postings: an opportunity's last change does not overtake a posting of the same id") {
    Bench b;
    auto change = testing::stage_change(now + 1'000'000, "posting-1");
    finish(b.store.remember_change("posting-1", change.SerializeAsString()));
    CHECK(is_done(b.attempt({posting_record(now, posting())})));
    CHECK(b.client.requests.size() == 1);
}

TEST_CASE("postings: a destination that was not made for them says so") {
    class Deaf final : public sync::Destination {
    public:
        [[nodiscard]] std::string_view name() const override { return "deaf"; }
        [[nodiscard]] std::uint16_t default_admin_port() const override { return 0; }
        void declare(config::Section&) override {}
        [[nodiscard]] sync::Plan plan(const v1::Change&, const sync::Situation&) const override {
            return {sync::Settle{}};
        }
    };
    const Deaf deaf{};
    CHECK_FALSE(deaf.wants_postings());
    const auto plan = deaf.plan_posting({}, {});
    const auto* settled = std::get_if<sync::Settle>(&plan.step);
    REQUIRE(settled != nullptr);
    CHECK(settled->outcome == v1::OUTCOME_KIND_SKIPPED);
}
