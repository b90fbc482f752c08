// hirewire-bench-engine: how much parallelism the engine gets out of one partition without giving up the order of
// keys. The work is a timer.
#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <fstream>
#include <random>
#include <stdexcept>
#include <vector>

#include "common/json/writer.hpp"
#include "tests/bench/engine_run.hpp"

namespace {

using namespace hirewire;
namespace asio = boost::asio;
using bench::Microseconds;

struct Workload {
    bench::Stream stream{};
    std::vector<Microseconds> work{};  // of record i
};

Workload random_work(int records, int keys, Microseconds least, Microseconds most) {
    std::mt19937 random{7};
    Workload load;
    for (int i = 0; i < records; ++i) {
        load.stream.keys.push_back("key-" + std::to_string(random() % static_cast<unsigned>(keys)));
        const auto us = std::uniform_int_distribution<std::int64_t>{least.count(), most.count()}(random);
        load.work.emplace_back(us);
    }
    return load;
}

class Sleeper final : public bench::StreamHandler {
public:
    Sleeper(bench::EngineRun& run, const std::vector<Microseconds>& work) : run_{run}, work_{work} {}

    asio::awaitable<pipeline::Attempted> attempt(const pipeline::Job& job) override {
        asio::steady_timer timer{run_.executor(), work_[index_of(job)]};
        co_await timer.async_wait(asio::use_awaitable);
        if (++done_ == work_.size()) {
            ended_ = std::chrono::steady_clock::now();
            run_.end();
        }
        co_return pipeline::Done{};
    }

    [[nodiscard]] Instant ended() const { return ended_; }

private:
    bench::EngineRun& run_;
    const std::vector<Microseconds>& work_;
    std::size_t done_ = 0;
    Instant ended_{};
};

double seconds_of(const Workload& load, std::size_t slots) {
    bench::EngineRun run{load.stream};
    Sleeper sleeper{run, load.work};
    pipeline::CoreSettings settings;
    settings.slots = slots;
    const auto begin = std::chrono::steady_clock::now();
    run.run(sleeper, settings);
    if (run.committed() != static_cast<kafka::Offset>(load.work.size())) {
        throw std::runtime_error{"not everything was committed"};
    }
    return std::chrono::duration<double>(sleeper.ended() - begin).count();
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
