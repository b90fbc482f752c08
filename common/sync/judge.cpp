#include "common/sync/judge.hpp"

#include <algorithm>
#include <charconv>

#include "common/json/value.hpp"

namespace hirewire::sync {
namespace {

Plan settle(v1::OutcomeKind outcome, std::string reason = {}) {
    return {Settle{.outcome = outcome, .reason = std::move(reason)}};
}

template <typename Verdict>
Plan fail(Verdict verdict) {
    return {Fail{.verdict = std::move(verdict)}};
}

std::string status_text(int status) {
    return "answered " + std::to_string(status);
}

// A 2xx body may say what came of it.
Plan success(const http::Reply& reply) {
    const auto document = json::Document::parse(reply.body);
    const auto outcome = document ? (*document)["outcome"].string() : std::string_view{};
    if (outcome == "unchanged") return settle(v1::OUTCOME_KIND_UNCHANGED);
    if (outcome == "superseded") return settle(v1::OUTCOME_KIND_SUPERSEDED, "the destination knows a newer state");
    if (outcome == "skipped") return settle(v1::OUTCOME_KIND_SKIPPED, "the destination does not process this person");
    Settle applied;
    if (outcome == "created" || outcome == "updated") {
        applied.effect = std::string{outcome};
    } else if (reply.status == 201) {
        applied.effect = "created";
    }
    return {std::move(applied)};
}

}  // namespace

std::string problem_code(const http::Reply& reply) {
    const auto document = json::Document::parse(reply.body);
    if (!document) return {};
    const auto code = (*document)["code"].string();
    const auto word = code.empty() ? (*document)["scimType"].string() : code;
    // It ends in outcomes and logs, so a word is all that it may be.
    const bool is_word =
        word.size() <= 40 && std::all_of(word.begin(), word.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        });
    return is_word ? std::string{word} : std::string{};
}

std::optional<Milliseconds> retry_after(const http::Reply& reply) {
    const auto text = http::header(reply.headers, "Retry-After");
    if (text.empty()) return std::nullopt;
    unsigned seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error == std::errc{} && end == text.data() + text.size()) return std::chrono::seconds{seconds};
    const auto until = parse_http_date(text);
    const auto now = parse_http_date(http::header(reply.headers, "Date"));
    if (!until || !now) return std::nullopt;
    return std::max(Milliseconds{0}, *until - *now);
}

Plan judge(const Answer& answer, bool first_sync) {
    if (!answer) return fail(pipeline::Weather{.reason = answer.error().message()});
    const auto& reply = *answer;
    const int status = reply.status;
    if (status >= 200 && status < 300) return success(reply);
    const Milliseconds wish = retry_after(reply).value_or(Milliseconds{0});
    const auto retry = [&] { return fail(pipeline::Retry{.reason = status_text(status), .at_least = wish}); };
    const auto weather = [&] { return fail(pipeline::Weather{.reason = status_text(status), .at_least = wish}); };
    const std::string code = problem_code(reply);
    switch (status) {
        case 401:
        case 402:
        case 403:
            return fail(pipeline::Hold{.reason = status_text(status)});
        case 404:
            if (first_sync) return settle(v1::OUTCOME_KIND_SKIPPED, "the destination does not know this person");
            return fail(pipeline::NotYet{.reason = code.empty() ? status_text(status) : code});
        case 408:
        case 425:
        case 429:
            return weather();
        case 412:
        case 428:
            return retry();
        case 409:
            if (code == "idempotency-in-flight") return retry();
            // Same version, other bytes: an earlier attempt of ours landed.
            if (code == "version-conflict") {
                return settle(v1::OUTCOME_KIND_UNCHANGED, "an earlier attempt had arrived");
            }
            break;
        case 410:
            return settle(v1::OUTCOME_KIND_DISABLED, "the destination has disconnected this");
        case 422:
            if (code == "idempotency-reuse") {
                return settle(v1::OUTCOME_KIND_UNCHANGED, "an earlier attempt had arrived");
            }
            break;
        default:
            break;
    }
    if (status >= 500 && status != 501 && status != 505) return weather();
    if (status >= 300 && status < 400) {
        return fail(pipeline::Refused{.reason = status_text(status) + ", a redirect; is the configured URL right?"});
    }
    return fail(pipeline::Refused{.reason = code.empty() ? status_text(status) : status_text(status) + " " + code});
}

}  // namespace hirewire::sync
