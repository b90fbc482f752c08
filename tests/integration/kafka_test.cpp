// Producer, consumer and engine against a broker: the embedded one, or the Kafka that HIREWIRE_TEST_BROKERS names.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <boost/asio/detached.hpp>
#include <functional>
#include <map>
#include <set>

#include "common/core/sleep.hpp"
#include "common/core/uuid.hpp"
#include "common/kafka/consumer.hpp"
#include "common/kafka/producer.hpp"
#include "common/kafka/reader.hpp"
#include "common/pipeline/engine.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/stack.hpp"

using namespace hirewire;

namespace {

namespace asio = boost::asio;

testing::Stack& stack() {
    static testing::Stack one{testing::StackOptions{}};
    return one;
}

kafka::Settings settings() {
    auto s = stack().kafka();
    s.session_timeout = Milliseconds{6'000};
    return s;
}

// Every test has a group and a topic of its own.
std::string own_group() {
    return "test-" + random_uuid();
}

class Writer {
public:
    kafka::Written write(kafka::Message message) { return loop_.wait(producer_->write(std::move(message))).value(); }
    void write(const std::string& topic, const std::string& key, const std::string& value) {
        kafka::Message message;
        message.topic = topic;
        message.key = key;
        message.value = value;
        write(std::move(message));
    }
    Result<kafka::Written> try_write(kafka::Message message) {
        return loop_.wait(producer_->write(std::move(message)));
    }

private:
    testing::Loop loop_;
    std::unique_ptr<kafka::Producer> producer_ = kafka::make_producer(loop_.context.get_executor(), settings());
};

// A member of a group that notes what it gets.
class Member {
public:
    Member(testing::Loop& loop, const std::string& group, const std::string& topic)
        : loop_{loop},
          consumer_{kafka::make_consumer(
              loop.context.get_executor(), settings(), group, std::vector<std::string>(1, topic))} {
        asio::co_spawn(loop.context, read(), asio::detached);
    }
    ~Member() { leave(); }
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

    void leave() {
        if (left_) return;
        left_ = true;
        loop_.until("the reading ends", [this] { return ended_; });
        consumer_->close();
    }
    kafka::Consumer& consumer() { return *consumer_; }

    std::vector<kafka::Record> records{};
    std::set<kafka::Partition> assigned{};
    int revocations = 0;
    // Called before a revocation is given back.
    std::function<void()> on_revoked{};

private:
    asio::awaitable<void> read() {
        while (!left_) {
            auto event = consumer_->poll();
            if (!event) {
                co_await consumer_->ready();
                continue;
            }
            if (auto* record = std::get_if<kafka::Record>(&*event)) {
                records.push_back(std::move(*record));
            } else if (const auto* got = std::get_if<kafka::Assigned>(&*event)) {
                assigned.insert(got->partitions.begin(), got->partitions.end());
            } else if (const auto* lost = std::get_if<kafka::Revoked>(&*event)) {
                ++revocations;
                if (on_revoked) on_revoked();
                for (const auto& partition : lost->partitions) assigned.erase(partition);
            }
        }
        ended_ = true;
    }

    testing::Loop& loop_;
    std::unique_ptr<kafka::Consumer> consumer_;
    bool left_ = false;
    bool ended_ = false;
};

}  // namespace

TEST_CASE("kafka: what is written is acknowledged, and read back with key, headers, tombstones and any bytes") {
    Writer writer;
    const std::string topic = "hiring.postings";
    const std::string bytes{"\0\xff\r\n bytes", 10};
    kafka::Message message;
    message.topic = topic;
    message.key = "key-1";
    message.value = bytes;
    message.headers = {{"ce_id", "id-1"}, {"empty", ""}, {"binary", bytes}};
    const auto first = writer.write(message);
    message.value.reset();
    message.headers.clear();
    const auto second = writer.write(message);
    message.value = "";
    const auto third = writer.write(message);
    CHECK(second.partition == first.partition);  // the same key, the same partition
    CHECK(second.offset > first.offset);

    std::vector<kafka::Record> read;
    kafka::read_all(settings(), topic, [&](const kafka::Record& r) {
        if (r.key == "key-1") read.push_back(r);
    });
    REQUIRE(read.size() == 3);
    CHECK(read[0].partition == kafka::Partition{.topic = topic, .number = first.partition});
    CHECK(read[0].offset == first.offset);
    CHECK(read[0].value == bytes);
    CHECK(kafka::header(read[0].headers, "ce_id") == "id-1");
    CHECK(kafka::header(read[0].headers, "binary") == bytes);
    CHECK(read[0].timestamp_ms > 1'600'000'000'000);
    CHECK_FALSE(read[1].value);
    CHECK(read[2].value == "");
    CHECK(read[2].offset == third.offset);
}

TEST_CASE("kafka: keys spread over the partitions, a named partition beats the key") {
    Writer writer;
    std::set<std::int32_t> partitions;
    for (int i = 0; i < 30; ++i) {
        kafka::Message message;
        message.topic = "lever.interviews";
        message.key = "key-" + std::to_string(i);
        message.value = "x";
        partitions.insert(writer.write(message).partition);
        message.partition = 2;
        CHECK(writer.write(message).partition == 2);
    }
    CHECK(partitions == std::set<std::int32_t>{0, 1, 2});
}

TEST_CASE("kafka: a record that no broker takes is an error of its own, the next one is written") {
    Writer writer;
    kafka::Message message;
    message.topic = "lever.interviews";
    message.key = "k";
    message.value = std::string(5'000'000, 'x');
    const auto refused = writer.try_write(message);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error() == kafka::Errc::refused);
    message.value = "small";
    CHECK(writer.try_write(message).has_value());
}

TEST_CASE("kafka: a consumer begins at the beginning, and after a restart where it has committed") {
    Writer writer;
    testing::Loop loop;
    const std::string topic = "lever.contacts";
    const auto group = own_group();
    for (int i = 0; i < 10; ++i) writer.write(topic, "same key", std::to_string(i));
    kafka::Partition partition;
    {
        Member member{loop, group, topic};
        loop.until("ten records", [&] { return member.records.size() == 10; });
        for (int i = 0; i < 10; ++i) CHECK(member.records[static_cast<std::size_t>(i)].value == std::to_string(i));
        partition = member.records[0].partition;
        CHECK(partition.topic == topic);
        CHECK(member.consumer().lag().at(partition) == 0);
        member.consumer().commit_now({{partition, member.records[6].offset}});
    }
    Member member{loop, group, topic};
    loop.until("the rest", [&] { return member.records.size() == 4; });
    CHECK(member.records[0].value == "6");
}

TEST_CASE("kafka: a place that a compacted topic does not have any more is no loss: it is read from its beginning") {
    Writer writer;
    testing::Loop loop;
    const auto group = own_group();
    const std::string key = "compacted-" + group;
    const kafka::Partition partition{.topic = "hiring.postings", .number = 1};
    for (const char* value : {"a", "b"}) {
        kafka::Message message;
        message.topic = partition.topic;
        message.key = key;
        message.value = value;
        message.partition = partition.number;
        writer.write(std::move(message));
    }
    const std::vector<std::string> compacted(1, partition.topic);
    // Reads until the last value of ours; what is told of the partition beside records is counted.
    const auto read = [&](const std::function<void(kafka::Consumer&)>& at_the_end) {
        const std::vector<std::string> topics{"hiring.changes", partition.topic};
        const auto consumer =
            kafka::make_consumer(loop.context.get_executor(), settings(), group, topics, "hiring.changes", compacted);
        std::vector<std::string> values;
        int missed = 0;
        loop.until("both of ours", [&] {
            while (auto event = consumer->poll()) {
                if (const auto* record = std::get_if<kafka::Record>(&*event)) {
                    if (record->key == key) values.push_back(record->value.value_or(""));
                } else if (const auto* expired = std::get_if<kafka::Expired>(&*event)) {
                    missed += expired->partition == partition ? 1 : 0;
                } else if (const auto* begun = std::get_if<kafka::Begun>(&*event)) {
                    CHECK(begun->partition.topic == "hiring.changes");
                }
            }
            if (values.size() < 2) loop.wait(sleep_for(Milliseconds{10}));
            return values.size() == 2;
        });
        CHECK(missed == 0);
        at_the_end(*consumer);
        consumer->close();
    };
    // As a new group, and then from a place that is not there.
    read([&](kafka::Consumer& consumer) { consumer.commit_now({{partition, 1'000'000}}); });
    read([](kafka::Consumer&) {});
}

TEST_CASE("kafka: a paused partition brings nothing, the others go on, and nothing is lost when it resumes") {
    Writer writer;
    testing::Loop loop;
    const std::string topic = "lever.applications";
    const auto write = [&](int partition, const std::string& value) {
        kafka::Message message;
        message.topic = topic;
        message.key = "k";
        message.value = value;
        message.partition = partition;
        writer.write(std::move(message));
    };
    Member member{loop, own_group(), topic};
    loop.until("all partitions", [&] { return member.assigned.size() == 3; });
    write(0, "a0");
    write(1, "b0");
    loop.until("both", [&] { return member.records.size() == 2; });
    const kafka::Partition paused{.topic = topic, .number = 0};
    member.consumer().pause(paused);
    for (int i = 1; i <= 20; ++i) write(0, "a" + std::to_string(i));
    write(1, "b1");
    loop.until("the other partition's", [&] { return member.records.size() >= 3; });
    loop.wait(sleep_for(Milliseconds{500}));
    CHECK(member.records.size() == 3);
    CHECK(member.records.back().value == "b1");
    member.consumer().resume(paused);
    loop.until("all of them", [&] { return member.records.size() == 23; });
    int next = 1;
    for (std::size_t i = 3; i < 23; ++i) CHECK(member.records[i].value == "a" + std::to_string(next++));
}

TEST_CASE("kafka: two members share the partitions, and the one that stays takes over from the other's commit") {
    Writer writer;
    testing::Loop loop;
    const std::string topic = "lever.archives";
    const auto group = own_group();
    Member one{loop, group, topic};
    loop.until("one has all", [&] { return one.assigned.size() == 3; });
    auto other = std::make_unique<Member>(loop, group, topic);
    loop.until(
        "they share", [&] { return one.assigned.size() + other->assigned.size() == 3 && !other->assigned.empty(); });
    CHECK(one.revocations >= 1);
    for (const auto& partition : one.assigned) CHECK_FALSE(other->assigned.contains(partition));
    for (int i = 0; i < 12; ++i) {
        kafka::Message message;
        message.topic = topic;
        message.key = "k";
        message.value = std::to_string(i);
        message.partition = i % 3;
        writer.write(std::move(message));
    }
    loop.until("twelve records", [&] { return one.records.size() + other->records.size() == 12; });
    CHECK_FALSE(other->records.empty());
    std::map<kafka::Partition, kafka::Offset> next;
    for (const auto& record : other->records) next[record.partition] = record.offset + 1;
    other->consumer().commit_now(next);
    const auto before = one.records.size();
    other->leave();
    loop.until("one has all again", [&] { return one.assigned.size() == 3; });
    // What the other one committed does not come again; what nobody committed does.
    writer.write(topic, "k", "last");
    loop.until("the last one", [&] { return one.records.back().value == "last"; });
    for (auto i = before; i < one.records.size(); ++i) {
        for (const auto& record : other->records) CHECK(record.value != one.records[i].value);
    }
}

namespace {

// Notes what it worked on; every third attempt fails at first.
class Notebook final : public pipeline::Handler {
public:
    pipeline::Place place(const kafka::Record& record) override { return {.lane = record.key, .group = record.key}; }

    asio::awaitable<pipeline::Attempted> attempt(const pipeline::Job& job) override {
        CHECK(busy.insert(job.place.lane).second);
        const std::string lane = job.place.lane;
        co_await sleep_for(Milliseconds{2});
        busy.erase(lane);
        if (++attempts % 3 == 0) co_return pipeline::Retry{.reason = "weather"};
        for (const auto& received : job.records) {
            done[*received.record.value] += 1;
            auto& last = newest[received.record.key];
            const auto number = std::stoi(*received.record.value);
            CHECK(number >= last);
            last = std::max(last, number);
        }
        co_return pipeline::Done{};
    }

    asio::awaitable<bool> give_up(const pipeline::Job&, std::string) override { co_return true; }

    std::set<std::string> busy{};
    int attempts = 0;
    std::map<std::string, int> done{};
    std::map<std::string, int> newest{};
};

struct Running {
    Running(testing::Loop& l, const std::string& group, const std::string& topic, Notebook& notebook)
        : loop{l},
          consumer{
              kafka::make_consumer(l.context.get_executor(), settings(), group, std::vector<std::string>(1, topic))},
          engine{l.context.get_executor(), *consumer, notebook, clock, core()} {
        asio::co_spawn(loop.context, engine.run(), asio::detached);
    }
    void stop() { loop.wait(engine.stop()); }

    static pipeline::CoreSettings core() {
        pipeline::CoreSettings s;
        s.slots = 8;
        s.max_open_per_partition = 50;
        s.retry.first = Milliseconds{5};
        s.commit_interval = Milliseconds{20};
        return s;
    }

    testing::Loop& loop;
    SystemClock clock;
    std::unique_ptr<kafka::Consumer> consumer;
    pipeline::Engine engine;
};

}  // namespace

TEST_CASE("engine: every record is finished, in the order of its key, and a restart goes on where it stood") {
    Writer writer;
    testing::Loop loop;
    const std::string topic = "lever.hires";
    const auto group = own_group();
    Notebook notebook;
    constexpr int total = 400;
    for (int i = 0; i < total / 2; ++i) writer.write(topic, "key-" + std::to_string(i % 17), std::to_string(i));
    {
        Running first{loop, group, topic, notebook};
        loop.until("some are done", [&] { return notebook.done.size() > 60; });
        first.stop();
        CHECK(notebook.busy.empty());
    }
    const auto before = notebook.done;
    for (int i = total / 2; i < total; ++i) writer.write(topic, "key-" + std::to_string(i % 17), std::to_string(i));
    Notebook after;
    Running second{loop, group, topic, after};
    const auto all_done = [&] {
        // What was finished behind an open record is not committed and comes again.
        auto both = before;
        both.insert(after.done.begin(), after.done.end());
        return both.size() == total;
    };
    loop.until("all are done", all_done);
    second.stop();
    for (int i = 0; i < total; ++i) {
        const auto value = std::to_string(i);
        CAPTURE(i);
        const auto count = [&](const auto& done) { return done.contains(value) ? done.at(value) : 0; };
        CHECK(count(before) <= 1);
        CHECK(count(after.done) <= 1);
        CHECK(count(before) + count(after.done) >= 1);
    }
    // Everything is committed: a third one has nothing to do.
    Notebook nothing;
    Running third{loop, group, topic, nothing};
    loop.until("it has partitions", [&] { return third.engine.core().has_partitions(); });
    loop.wait(sleep_for(Milliseconds{500}));
    third.stop();
    CHECK(nothing.done.empty());
}
