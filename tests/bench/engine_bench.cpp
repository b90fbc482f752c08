// hirewire-bench-engine: how much parallelism the engine gets out of one partition without giving up the order of
// keys. The real engine and core; Kafka is a list in memory and the work is a timer, so that only the engine is
// measured.
#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <fstream>
#include <random>
#include <vector>

#include "common/json/writer.hpp"
#include "common/pipeline/engine.hpp"

namespace {

using namespace hirewire;
namespace asio = boost::asio;
using Microseconds = std::chrono::microseconds;

struct Workload {
    std::vector<std::string> keys{};   // of record i
    std::vector<Microseconds> work{};  // of record i
};

Workload random_work(int records, int keys, Microseconds least, Microseconds most) {
    std::mt19937 random{7};
    Workload load;
    for (int i = 0; i < records; ++i) {
        load.keys.push_back("key-" + std::to_string(random() % static_cast<unsigned>(keys)));
        const auto us = std::uniform_int_distribution<std::int64_t>{least.count(), most.count()}(random);
        load.work.emplace_back(us);
    }
    return load;
}

const kafka::Partition the_partition{.topic = "bench", .number = 0};

// One partition, all of it there from the beginning.
class ListConsumer final : public kafka::Consumer {
public:
    ListConsumer(asio::any_io_executor executor, const Workload& load) : timer_{executor}, load_{load} {}

    std::optional<kafka::Event> poll() override {
        if (!assigned_) {
            assigned_ = true;
            kafka::Assigned assigned;
            assigned.partitions.push_back(the_partition);
            return assigned;
        }
        if (paused_ || next_ == load_.keys.size()) return std::nullopt;
        kafka::Record record;
        record.partition = the_partition;
        record.offset = static_cast<kafka::Offset>(next_);
        record.key = load_.keys[next_++];
        return record;
    }
    asio::awaitable<void> ready() override {
        timer_.expires_after(Milliseconds{500});
        boost::system::error_code ended;
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ended));
    }
    void pause(const kafka::Partition&) override { paused_ = true; }
    void resume(const kafka::Partition&) override {
        paused_ = false;
        timer_.cancel();
    }
    void commit(const kafka::Partition&, kafka::Offset next) override { committed_ = next; }
    void commit_now(const std::map<kafka::Partition, kafka::Offset>& next) override {
        for (const auto& entry : next) committed_ = entry.second;
    }
    [[nodiscard]] std::map<kafka::Partition, std::int64_t> lag() const override { return {}; }
    void close() override {}
    void wake() { timer_.cancel(); }
    [[nodiscard]] kafka::Offset committed() const { return committed_; }

private:
    asio::steady_timer timer_;
    const Workload& load_;
    std::size_t next_ = 0;
    kafka::Offset committed_ = 0;
    bool assigned_ = false;
    bool paused_ = false;
};

// Every record is a job of its own (nothing is coalesced), in the lane of its key.
class Sleeper final : public pipeline::Handler {
public:
    Sleeper(asio::any_io_executor executor, const Workload& load) : executor_{executor}, load_{load} {}
    pipeline::Place place(const kafka::Record& record) override {
        pipeline::Place place;
        place.lane = record.key;
        place.group = std::to_string(record.offset);
        return place;
    }
    asio::awaitable<pipeline::Attempted> attempt(const pipeline::Job& job) override {
        const auto index = static_cast<std::size_t>(job.records.front().record.offset);
        asio::steady_timer timer{executor_, load_.work[index]};
        co_await timer.async_wait(asio::use_awaitable);
        if (++done == load_.keys.size() && at_the_end) at_the_end();
        co_return pipeline::Done{};
    }
    asio::awaitable<bool> give_up(const pipeline::Job&, std::string) override { co_return true; }

    std::size_t done = 0;
    std::function<void()> at_the_end{};

private:
    asio::any_io_executor executor_;
    const Workload& load_;
};

asio::awaitable<void> stop(pipeline::Engine& engine, asio::io_context& context) {
    co_await engine.stop();
    context.stop();
}

double seconds_of(const Workload& load, std::size_t slots) {
    asio::io_context context{1};
    const SystemClock clock;
    ListConsumer consumer{context.get_executor(), load};
    Sleeper sleeper{context.get_executor(), load};
    pipeline::CoreSettings settings;
    settings.slots = slots;
    pipeline::Engine engine{context.get_executor(), consumer, sleeper, clock, settings};
    const auto begin = std::chrono::steady_clock::now();
    auto end = begin;
    sleeper.at_the_end = [&] {
        end = std::chrono::steady_clock::now();
        consumer.wake();
        asio::co_spawn(context, stop(engine, context), asio::detached);
    };
    asio::co_spawn(context, engine.run(), asio::detached);
    context.run();
    if (consumer.committed() != static_cast<kafka::Offset>(load.keys.size())) {
        throw std::runtime_error{"not everything was committed"};
    }
    return std::chrono::duration<double>(end - begin).count();
}

// The reference: the same work, one after the other, with the same timers and no engine.
asio::awaitable<void> sleep_all(const Workload& load) {
    asio::steady_timer timer{co_await asio::this_coro::executor};
    for (const auto& work : load.work) {
        timer.expires_after(work);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

double serial_seconds(const Workload& load) {
    asio::io_context context{1};
    const auto begin = std::chrono::steady_clock::now();
    asio::co_spawn(context, sleep_all(load), asio::detached);
    context.run();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{
        "The engine over one partition: keys in order, everything else in parallel.", "hirewire-bench-engine"};
    std::string file;
    app.add_option("--json", file, "Where the figures go")->required();
    CLI11_PARSE(app, argc, argv);

    json::Writer out;
    out.begin_object().key("keys").begin_array();
    constexpr int records = 10'000;
    const auto one_key = random_work(records, 1, Microseconds{0}, Microseconds{5'000});
    const double serial = serial_seconds(one_key);
    for (const std::size_t slots : {16U, 256U}) {
        for (const int keys : {1, 20, 100, 1'000, 10'000}) {
            const auto load = random_work(records, keys, Microseconds{0}, Microseconds{5'000});
            const double seconds = seconds_of(load, slots);
            std::printf("  %3zu slots, %5d keys: %7.3f s\n", slots, keys, seconds);
            std::fflush(stdout);
            out.begin_object().member("slots", static_cast<std::int64_t>(slots));
            out.member("keys", std::int64_t{keys}).member("ms", static_cast<std::int64_t>(seconds * 1'000));
            out.end_object();
        }
    }
    out.end_array().member("serial_ms", static_cast<std::int64_t>(serial * 1'000));

    constexpr int many = 50'000;
    constexpr std::size_t slots = 256;
    const auto slow = random_work(many, 1'000, Microseconds{50'000}, Microseconds{50'000});
    const double seconds = seconds_of(slow, slots);
    const double ideal = many * 0.05 / static_cast<double>(slots);
    std::printf("  %zu slots, 1000 keys, 50 ms each: %.3f s for %d, ideal %.3f s\n", slots, seconds, many, ideal);
    out.key("slow").begin_object().member("slots", static_cast<std::int64_t>(slots));
    out.member("ms", static_cast<std::int64_t>(seconds * 1'000));
    out.member("ideal_ms", static_cast<std::int64_t>(ideal * 1'000)).end_object().end_object();
    std::ofstream{file} << out.text() << "\n";
    return 0;
}
