#include "services/sync-cluster/presence.hpp"

#include <set>
#include <utility>

#include "common/json/value.hpp"
#include "common/json/writer.hpp"

namespace hirewire::cluster {
namespace {

std::string path_of_job(const std::string& job) {
    return "/jobs/" + http::percent_encode(job) + "/candidates";
}

std::optional<Candidate> read_candidate(const json::Value& value) {
    const auto emails = value["emails"];
    if (value["id"].string().empty() || !emails.is_array() || !value["already_in_ats"].is_bool()) return std::nullopt;
    Candidate candidate;
    candidate.id = value["id"].string();
    candidate.already_in_ats = value["already_in_ats"].boolean();
    for (const auto& email : emails.items()) {
        if (!email.is_string()) return std::nullopt;
        candidate.emails.emplace_back(email.string());
    }
    return candidate;
}

}  // namespace

std::optional<Page> read_page(std::string_view body) {
    const auto document = json::Document::parse(body);
    if (!document) return std::nullopt;
    const auto data = (*document)["data"];
    const auto next = (*document)["next"];
    if (!data.is_array() || (!next.is_null() && !next.is_string())) return std::nullopt;
    Page page;
    page.next = next.string();
    for (const auto& item : data.items()) {
        auto candidate = read_candidate(item);
        if (candidate) {
            page.candidates.push_back(std::move(*candidate));
        } else {
            ++page.malformed;
        }
    }
    return page;
}

std::string folded_address(std::string_view email) {
    constexpr std::string_view space = " \t\r\n\v\f";
    const auto first = email.find_first_not_of(space);
    if (first == std::string_view::npos) return {};
    email = email.substr(first, email.find_last_not_of(space) - first + 1);
    const auto at = email.find('@');
    if (at == 0 || at == std::string_view::npos || at + 1 == email.size()) return {};
    std::string folded{email};
    for (char& c : folded) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return folded;
}

std::vector<std::string> addresses_to_ask(const Page& page) {
    std::set<std::string> all;
    for (const auto& candidate : page.candidates) {
        if (candidate.already_in_ats) continue;
        for (const auto& email : candidate.emails) {
            if (auto address = folded_address(email); !address.empty()) all.insert(std::move(address));
        }
    }
    return {all.begin(), all.end()};
}

std::vector<Mark> marks(const Page& page, const Known& known) {
    std::vector<Mark> all;
    for (const auto& candidate : page.candidates) {
        if (candidate.already_in_ats) continue;
        for (const auto& email : candidate.emails) {
            const auto found = known.find(folded_address(email));
            if (found == known.end() || found->first.empty() || found->second.empty()) continue;
            all.push_back(Mark{.candidate = candidate.id, .opportunity = found->second});
            break;
        }
    }
    return all;
}

http::Request candidates_request(const std::string& job, const std::string& cursor) {
    http::Request request;
    request.target = path_of_job(job) + "?with_email=true";
    if (!cursor.empty()) request.target += "&cursor=" + http::percent_encode(cursor);
    return request;
}

http::Request mark_request(const std::string& job, const Mark& mark) {
    json::Writer out;
    out.begin_object()
        .member("already_in_ats", true)
        .member("matched_on", "email")
        .member("opportunity_id", mark.opportunity)
        .end_object();
    http::Request request;
    request.method = http::Method::put;
    request.target = path_of_job(job) + "/" + http::percent_encode(mark.candidate) + "/ats-presence";
    request.body = out.text();
    return request;
}

}  // namespace hirewire::cluster
