// hirewire-bench-poison: whether the good ones feel the bad ones. Records arrive at a steady rate, whatever becomes
// of the earlier ones, with and without keys among them that can never succeed; told is how long a good one takes
// from its arrival until it is done.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "common/core/sleep.hpp"
#include "common/json/writer.hpp"
#include "tests/bench/engine_run.hpp"

namespace {

using namespace hirewire;
namespace asio = boost::asio;
using bench::Microseconds;

constexpr std::size_t arrivals = 20'000;
constexpr Microseconds distance{500};
constexpr unsigned keys = 5'000;
constexpr std::size_t slots = 64;
constexpr Milliseconds work{5};

enum class Fate { good, refused, failing };

// Of a hundred keys one is poisoned: of these, every other one is refused at once and every other one fails each
// time.
Fate fate_of(unsigned key) {
    if (key % 200 == 0) return Fate::refused;
    return key % 200 == 100 ? Fate::failing : Fate::good;
}

struct Load {
    bench::Stream stream{};
    std::vector<Fate> fates{};  // of record i
    std::size_t good = 0;
};

Load make_load() {
    std::mt19937 random{7};
    Load load;
    load.stream.distance = distance;
    for (std::size_t i = 0; i < arrivals; ++i) {
        const auto key = static_cast<unsigned>(random() % keys);
        load.stream.keys.push_back("key-" + std::to_string(key));
        load.fates.push_back(fate_of(key));
        if (load.fates.back() == Fate::good) ++load.good;
    }
    return load;
}

enum class Poison { absent, present };

class Destination final : public bench::StreamHandler {
public:
    Destination(bench::EngineRun& run, const Load& load, Poison poison) : run_{run}, load_{load}, poison_{poison} {}

    asio::awaitable<pipeline::Attempted> attempt(const pipeline::Job& job) override {
        const std::size_t index = index_of(job);
        co_await sleep_for(work);
        const Fate fate = load_.fates[index];
        if (fate == Fate::good) {
            latencies_.push_back(std::chrono::steady_clock::now() - run_.arrival(index));
            if (latencies_.size() == load_.good) run_.end();
        }
        pipeline::Verdict verdict = verdict_on(fate);
        co_return pipeline::Attempted{std::move(verdict), true};
    }
    asio::awaitable<bool> give_up(const pipeline::Job&, std::string) override {
        co_await sleep_for(work);  // a record takes as long to be acknowledged
        ++refused_;
        co_return true;
    }
    asio::awaitable<bool> park(const pipeline::Job&, pipeline::Park) override {
        co_await sleep_for(work);
        ++parked_;
        co_return true;
    }

    [[nodiscard]] double percentile_ms(double share) {
        const auto last = static_cast<double>(latencies_.size() - 1);
        const auto at = latencies_.begin() + static_cast<std::ptrdiff_t>(share * last);
        std::nth_element(latencies_.begin(), at, latencies_.end());
        return std::chrono::duration<double, std::milli>(*at).count();
    }
    [[nodiscard]] int refused() const { return refused_; }
    [[nodiscard]] int parked() const { return parked_; }

private:
    [[nodiscard]] pipeline::Verdict verdict_on(Fate fate) const {
        if (poison_ == Poison::absent || fate == Fate::good) return pipeline::Done{};
        if (fate == Fate::refused) return pipeline::Refused{.reason = "poison"};
        return pipeline::Retry{.reason = "poison"};
    }

    bench::EngineRun& run_;
    const Load& load_;
    Poison poison_;
    std::vector<Instant::duration> latencies_{};
    int refused_ = 0;
    int parked_ = 0;
};

struct Measured {
    double p50_ms = 0;
    double p99_ms = 0;
    int refused = 0;
    int parked = 0;
};

Measured measure(const Load& load, Poison poison) {
    bench::EngineRun run{load.stream};
    Destination destination{run, load, poison};
    pipeline::CoreSettings settings;
    settings.slots = slots;
    // So that all eight attempts are spent well within the run.
    settings.retry.first = Milliseconds{20};
    settings.retry.most = Milliseconds{1'000};
    settings.tiers.push_back({.name = "1m", .delay = std::chrono::minutes{1}});
    run.run(destination, settings);
    Measured measured;
    measured.p50_ms = destination.percentile_ms(0.5);
    measured.p99_ms = destination.percentile_ms(0.99);
    measured.refused = destination.refused();
    measured.parked = destination.parked();
    if (poison == Poison::present && (measured.refused == 0 || measured.parked == 0)) {
        throw std::runtime_error{"no poison was met"};
    }
    return measured;
}

void write_measured(json::Writer& out, const char* name, const Measured& measured) {
    out.key(name).begin_object();
    out.key("p50_ms").number(measured.p50_ms).key("p99_ms").number(measured.p99_ms);
    out.member("refused", measured.refused).member("parked", measured.parked).end_object();
}

void compare(int pairs, const std::string& file) {
    const Load load = make_load();
    json::Writer out;
    out.begin_object().member("records", static_cast<std::int64_t>(arrivals));
    out.member("rate", static_cast<std::int64_t>(Microseconds{std::chrono::seconds{1}} / distance));
    out.member("keys", static_cast<std::int64_t>(keys)).member("slots", static_cast<std::int64_t>(slots));
    out.key("pairs").begin_array();
    for (int i = 0; i < pairs; ++i) {
        const Measured clean = measure(load, Poison::absent);
        const Measured poisoned = measure(load, Poison::present);
        std::printf(
            "  without poison p50 %.2f ms, p99 %.2f ms; with it p50 %.2f ms, p99 %.2f ms (%d refused, %d parked)\n",
            clean.p50_ms,
            clean.p99_ms,
            poisoned.p50_ms,
            poisoned.p99_ms,
            poisoned.refused,
            poisoned.parked);
        std::fflush(stdout);
        out.begin_object();
        write_measured(out, "clean", clean);
        write_measured(out, "poisoned", poisoned);
        out.end_object();
    }
    out.end_array().end_object();
    std::ofstream{file} << out.text() << "\n";
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"The latency of good records with and without poison among them.", "hirewire-bench-poison"};
    std::string file;
    int pairs = 5;
    app.add_option("--json", file, "Where the figures go")->required();
    app.add_option("--pairs", pairs, "How often each has its turn")->check(CLI::Range(1, 1000));
    CLI11_PARSE(app, argc, argv);
    try {
        compare(pairs, file);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "hirewire-bench-poison: %s\n", e.what());
        return 1;
    }
    return 0;
}
