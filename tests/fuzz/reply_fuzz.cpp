// What a daemon reads from others: a destination's answer, and the headers of a record from a retry topic. Any bytes
// must have a verdict, what ends in outcomes and logs must be a word, and no time may run away.
// The input: a status byte, then lines "name:value" as headers, an empty line, the body.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/pipeline/history.hpp"
#include "common/sync/judge.hpp"

namespace {

using namespace hirewire;

void demand(bool condition) {
    if (!condition) std::abort();
}

constexpr int statuses[] = {200, 201, 202, 204, 301, 400, 401, 402, 403, 404, 408, 409, 410, 412, 413,
                            415, 422, 425, 428, 429, 500, 501, 502, 503, 504, 505, 599, 600, 100, 0};

std::string reason_of(const sync::Plan& plan) {
    if (const auto* settled = std::get_if<sync::Settle>(&plan.step)) return settled->reason;
    return std::visit(
        [](const auto& verdict) -> std::string {
            if constexpr (requires { verdict.reason; }) {
                return verdict.reason;
            } else {
                return {};
            }
        },
        std::get<sync::Fail>(plan.step).verdict);
}

void read_answer(const http::Reply& reply) {
    for (const bool backfill : {false, true}) {
        const auto plan = sync::judge(reply, backfill);
        demand(reason_of(plan).size() < 120);
        const bool good = reply.status >= 200 && reply.status < 300;
        if (good) demand(std::holds_alternative<sync::Settle>(plan.step));
    }
    demand(sync::problem_code(reply).size() <= 40);
    if (const auto wish = sync::retry_after(reply)) demand(wish->count() >= 0);
}

void read_record(std::vector<kafka::Header> headers) {
    const auto history = pipeline::read_history(headers);
    demand(history.attempts >= 0 && history.parked >= 0);
    const Instant instant{std::chrono::hours{1'000'000}};
    const Timestamp now = from_ms(1'772'463'905'123);
    const auto past = pipeline::to_past(history, now, instant);
    if (past.failing_since) demand(*past.failing_since <= instant);
    demand(past.due == Instant{} || past.due > instant);
    kafka::Record record;
    record.partition.topic = "t";
    record.headers = headers;
    demand(!pipeline::read_origin(record).topic.empty());
    // What is put is what is read, whatever was there before.
    pipeline::put_history(headers, history);
    const auto again = pipeline::read_history(headers);
    demand(again.attempts == history.attempts && again.parked == history.parked);
    demand(again.failing_since == history.failing_since && again.not_before == history.not_before);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::string_view text{reinterpret_cast<const char*>(data + 1), size - 1};
    http::Reply reply;
    reply.status = statuses[data[0] % std::size(statuses)];
    std::vector<kafka::Header> headers;
    while (true) {
        const auto end = text.find('\n');
        const auto line = text.substr(0, end);
        if (end == std::string_view::npos || line.empty() || headers.size() > 20) break;
        text.remove_prefix(end + 1);
        const auto colon = std::min(line.find(':'), line.size());
        const std::string name{line.substr(0, colon)};
        const std::string value{line.substr(std::min(colon + 1, line.size()))};
        headers.push_back({name, value});
        reply.headers.push_back({name, value});
    }
    reply.body = text;
    read_answer(reply);
    read_record(std::move(headers));
    return 0;
}
