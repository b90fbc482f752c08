#include "tests/e2e/company.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <utility>

#include "common/core/time.hpp"
#include "common/kafka/reader.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/metrics.hpp"

namespace hirewire::testing {
namespace {

constexpr Milliseconds between_looks{100};
constexpr int looks_of_silence = 25;

// Lever is asked as fast as it answers, looks at itself only when it is told to, and nobody waits long for a
// destination that is well again.
std::vector<Setting> with_common(std::vector<Setting> settings) {
    const std::vector<Setting> common{
        {"lever", "requests_per_second", "1000"},
        {"lever", "burst", "1000"},
        {"lever-source", "sweep_interval", in_quotes("1h")},
        {"lever-source", "postings_interval", in_quotes("1h")},
        {"sync", "request_timeout", in_quotes("3s")},
        {"sync", "lease", in_quotes("6s")},
        {"sync", "backoff_max", in_quotes("1s")},
        {"sync", "circuit_last_probe", in_quotes("2s")},
    };
    settings.insert(settings.begin(), common.begin(), common.end());
    return settings;
}

std::string text_of(json::Value value) {
    return std::string{value.string()};
}

Sent sent_of(json::Value request) {
    Sent sent;
    sent.at = request["at"].integer();
    sent.method = text_of(request["method"]);
    sent.path = text_of(request["path"]);
    sent.body = text_of(request["body"]);
    sent.status = static_cast<int>(request["status"].integer());
    sent.key = text_of(request["headers"]["idempotency-key"]);
    sent.date = text_of(request["headers"]["date"]);
    return sent;
}

}  // namespace

int number_from(const char* variable, int otherwise) {
    const char* text = std::getenv(variable);
    return text != nullptr && *text != '\0' ? std::atoi(text) : otherwise;
}

std::string linked(const std::string& job, const std::string& candidate) {
    return R"("cluster":{"job":")" + job + R"(","candidate":")" + candidate + "\"}";
}

Buckets buckets_of(const json::Document& opportunities, const std::string& today) {
    struct Newest {
        std::int64_t at = 0;
        std::string start_date{};
    };
    std::map<std::string, Newest> by_contact;
    for (const auto& one : opportunities.root().items()) {
        if (!one["hired"].boolean() || one["confidential"].boolean() || one["deleted"].boolean()) continue;
        auto& newest = by_contact[text_of(one["contact"])];
        const auto at = one["updated_at"].integer();
        if (at < newest.at) continue;
        newest.at = at;
        newest.start_date = text_of(one["start_date"]);
    }
    Buckets buckets;
    for (const auto& [contact, newest] : by_contact) {
        ++(newest.start_date > today ? buckets.new_hires_preboarding : buckets.action_needed);
    }
    return buckets;
}

Company::Company(std::vector<Setting> settings, std::function<void(const Stack&)> beforehand)
    : stack{StackOptions{
          .services = {std::begin(all_services), std::end(all_services)},
          .sandbox = true,
          .sandbox_arguments = {"--no-rate-limit"},
          .settings = with_common(std::move(settings)),
          .beforehand = std::move(beforehand)}} {}

json::Document Company::control(const std::string& path, const std::string& body) const {
    return stack.control(http::Method::post, "/_sandbox/" + path, body);
}

json::Document Company::state(const std::string& destination) const {
    return stack.control("/_sandbox/" + destination + "/state");
}

Opening Company::add(const std::string& members) const {
    const auto made = control("opportunities", "{" + members + "}");
    Opening opening;
    opening.id = text_of(made["id"]);
    opening.contact = text_of(made["contact"]);
    opening.posting = text_of(made["posting"]);
    return opening;
}

void Company::act(const std::string& opportunity, const std::string& how, const std::string& body) const {
    control("opportunities/" + opportunity + "/" + how, body);
}

std::string Company::open_posting(const std::string& body) const {
    const auto made = control("postings", body);
    return text_of(made["id"]);
}

void Company::remove_posting(const std::string& id) const {
    stack.control(http::Method::del, "/_sandbox/postings/" + id);
}

Ended Company::run_of(const std::string& kind, std::vector<std::string> flags) {
    std::vector<std::string> arguments{"run", kind};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    return stack.cli(std::move(arguments), Milliseconds{300'000});
}

Ended Company::complete_run_of(const std::string& kind, std::vector<std::string> flags) {
    auto ended = run_of(kind, std::move(flags));
    if (ended.exit_code != 0) {
        throw std::runtime_error("hirewire run " + kind + ": " + ended.output + ended.log);
    }
    return ended;
}

void Company::list_and_tell() {
    complete_run_of("postings");
    // A run that was under way when it was asked for may have looked before that listing.
    run_of("theorg");
    complete_run_of("theorg");
}

LookAtBuckets Company::look_at_buckets(std::chrono::hours east) {
    const auto date_there = [east] { return iso_date(SystemClock{}.now() + east); };
    LookAtBuckets look;
    // Midnight may come between the two.
    do {
        look.today = date_there();
        // Likewise for a run that had begun before. Somebody may have to see to some of them: then it exits with 1.
        run_of("cleary");
        const auto ended = run_of("cleary", {"--json"});
        const auto report = json::Document::parse(ended.output);
        if (!report) throw std::runtime_error("no report of run cleary: " + ended.output + ended.log);
        const auto counts = (*report)["counts"];
        look.reported.new_hires_preboarding = counts["new_hires_preboarding"].integer(-1);
        look.reported.action_needed = counts["action_needed"].integer(-1);
    } while (date_there() != look.today);
    look.expected = buckets_of(stack.control("/_sandbox/opportunities"), look.today);
    return look;
}

void Company::becomes_right(const std::string& what, Milliseconds patience, Milliseconds look_every) const {
    eventually(
        what, [this] { return oracle.difference(behind); }, patience, look_every);
}

std::int64_t Company::activity() {
    auto sum = stack.control("/_sandbox/lever/requests")["count"].integer();
    for (const auto& destination : Oracle::destinations()) {
        auto& seen = seen_[destination];
        const auto path = "/_sandbox/" + destination + "/requests?from=" + std::to_string(seen);
        seen += stack.control(path).root().items().size();
        sum += static_cast<std::int64_t>(seen);
    }
    return sum;
}

double Company::unread() {
    double sum = 0;
    for (const auto service : all_services) {
        if (service == Service::receiver) continue;  // it consumes nothing
        sum += metric(stack[service].admin_port, "hirewire_consumer_lag");
        sum += metric(stack[service].admin_port, "hirewire_in_flight");
    }
    return sum;
}

void Company::settles(Milliseconds patience) {
    auto last = activity();
    int quiet = 0;
    const auto wrong = [&]() -> std::string {
        const auto now = activity();
        quiet = now == last && unread() == 0 ? quiet + 1 : 0;
        last = now;
        return quiet > looks_of_silence ? "" : "still busy";
    };
    eventually("all is quiet", wrong, patience, between_looks);
}

std::vector<Sent> Company::sent(const std::string& destination, std::size_t from) const {
    const auto log = stack.control("/_sandbox/" + destination + "/requests?from=" + std::to_string(from));
    std::vector<Sent> all;
    for (const auto& request : log.root().items()) all.push_back(sent_of(request));
    return all;
}

std::size_t Company::requests_about(const std::string& text) const {
    std::size_t sum = 0;
    for (const auto& destination : Oracle::destinations()) {
        for (const auto& one : sent(destination)) {
            const bool named = one.path.find(text) != std::string::npos || one.body.find(text) != std::string::npos;
            sum += named ? 1U : 0U;
        }
    }
    return sum;
}

std::int64_t Company::questions(const std::string& opportunity) const {
    return state("clara")[opportunity]["follow_ups"].integer();
}

std::vector<v1::Outcome> Company::outcomes(const std::string& destination) const {
    std::vector<v1::Outcome> all;
    const auto take = [&](const kafka::Record& record) {
        v1::Outcome outcome;
        if (!outcome.ParseFromString(record.value.value_or(""))) throw std::runtime_error("not an Outcome");
        if (outcome.destination() == destination) all.push_back(std::move(outcome));
    };
    kafka::read_all(stack.kafka(), "sync.outcomes", take);
    return all;
}

v1::Outcome Company::await_outcome(
    const std::string& destination,
    const std::string& opportunity,
    v1::OutcomeKind kind,
    const std::string& reason) const {
    std::optional<v1::Outcome> found;
    const auto wrong = [&]() -> std::string {
        std::string last = "none";
        for (const auto& outcome : outcomes(destination)) {
            if (outcome.opportunity_id() != opportunity) continue;
            last = v1::OutcomeKind_Name(outcome.outcome()) + " " + outcome.reason();
            const bool same_reason = reason.empty() || outcome.reason() == reason;
            if (outcome.outcome() != kind || !same_reason) continue;
            found = outcome;
            return {};
        }
        return last;
    };
    eventually(
        destination + " reports " + v1::OutcomeKind_Name(kind) + " " + reason,
        wrong,
        Milliseconds{60'000},
        Milliseconds{250});
    return *found;
}

std::size_t Company::count(const std::string& topic) const {
    std::size_t records = 0;
    kafka::read_all(stack.kafka(), topic, [&](const kafka::Record&) { ++records; });
    return records;
}

std::size_t Company::dead_letters() const {
    std::size_t sum = 0;
    for (const auto& destination : Oracle::destinations()) sum += count("sync." + destination + ".dlq");
    return sum;
}

std::size_t Company::parked() const {
    constexpr std::array<const char*, 3> tiers{"1m", "10m", "1h"};
    std::size_t sum = 0;
    for (const auto& destination : Oracle::destinations()) {
        for (const auto* tier : tiers) sum += count("sync." + destination + ".retry." + tier);
    }
    return sum;
}

std::vector<std::string> Company::webhooks_of(const std::string& opportunity) const {
    std::vector<std::string> bodies;
    const auto log = stack.control("/_sandbox/webhooks");
    for (const auto& webhook : log.root().items()) {
        if (webhook["opportunity"].string() == opportunity) bodies.push_back(text_of(webhook["body"]));
    }
    return bodies;
}

}  // namespace hirewire::testing
