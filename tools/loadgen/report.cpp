#include "tools/loadgen/report.hpp"

#include <array>
#include <cstdio>

#include "common/json/writer.hpp"

namespace hirewire::loadgen {
namespace {

struct Quantile {
    const char* name;
    double share;
};
constexpr std::array<Quantile, 4> quantiles{{{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}}};

double milliseconds(std::chrono::nanoseconds t) {
    return static_cast<double>(t.count()) / 1e6;
}
double seconds(std::chrono::nanoseconds t) {
    return static_cast<double>(t.count()) / 1e9;
}

double rate_of(const Sent& sent) {
    return sent.elapsed.count() > 0 ? static_cast<double>(sent.latency.count()) / seconds(sent.elapsed) : 0.0;
}

template <typename... T>
std::string format(const char* pattern, T... values) {
    std::array<char, 256> text{};
    std::snprintf(text.data(), text.size(), pattern, values...);
    return text.data();
}

}  // namespace

std::string table(const Load& load, const Sent& sent, const std::optional<Stored>& stored) {
    std::string out = format(
        "answered   %llu in %.2f s = %.0f/s",
        static_cast<unsigned long long>(sent.latency.count()),
        seconds(sent.elapsed),
        rate_of(sent));
    out += load.rate > 0 ? format(" (open loop, %.0f/s intended)\n", load.rate)
                         : format(" (closed loop, %zu connections)\n", load.connections);
    out += "latency   ";
    for (const auto& q : quantiles) {
        out += format(" %s %.2f ms ", q.name, milliseconds(sent.latency.percentile(q.share)));
    }
    out += format(" max %.2f ms\n", milliseconds(sent.latency.max()));
    out += "status    ";
    for (const auto& [status, count] : sent.statuses) {
        out += format(" %d: %llu ", status, static_cast<unsigned long long>(count));
    }
    out += format("\nunanswered %llu", static_cast<unsigned long long>(sent.unanswered));
    if (sent.unsent > 0) out += format(", never sent %llu", static_cast<unsigned long long>(sent.unsent));
    out += '\n';
    if (!stored) return out;
    out += format(
        "in Kafka   of %llu accepted: %llu missing, %llu doubled; without a 2xx: %llu\n",
        static_cast<unsigned long long>(stored->accepted),
        static_cast<unsigned long long>(stored->missing),
        static_cast<unsigned long long>(stored->doubled),
        static_cast<unsigned long long>(stored->extra));
    if (stored->missing > 0 && stored->dropped > 0) {
        out += format(
            "           the broker no longer keeps %llu older records, so missing ones need not be lost: use a real "
            "Kafka or send fewer\n",
            static_cast<unsigned long long>(stored->dropped));
    }
    return out;
}

std::string json_text(const Load& load, const Sent& sent, const std::optional<Stored>& stored) {
    const auto whole = [](std::uint64_t n) { return static_cast<std::int64_t>(n); };
    json::Writer out;
    out.begin_object();
    out.member("loop", load.rate > 0 ? "open" : "closed");
    out.key("intended_rate").number(load.rate);
    out.member("connections", whole(load.connections));
    out.member("answered", whole(sent.latency.count()));
    out.key("seconds").number(seconds(sent.elapsed));
    out.key("rate").number(rate_of(sent));
    out.member("unanswered", whole(sent.unanswered));
    out.member("unsent", whole(sent.unsent));
    out.key("statuses").begin_object();
    for (const auto& [status, count] : sent.statuses) out.member(std::to_string(status), whole(count));
    out.end_object();
    out.key("latency_ms").begin_object();
    for (const auto& q : quantiles) out.key(q.name).number(milliseconds(sent.latency.percentile(q.share)));
    out.key("max").number(milliseconds(sent.latency.max()));
    out.end_object();
    if (stored) {
        out.key("kafka").begin_object();
        out.member("accepted", whole(stored->accepted));
        out.member("missing", whole(stored->missing));
        out.member("doubled", whole(stored->doubled));
        out.member("extra", whole(stored->extra));
        out.member("dropped", whole(stored->dropped));
        out.end_object();
    }
    out.end_object();
    return out.text();
}

}  // namespace hirewire::loadgen
