#include "services/lever-source/people.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "common/crypto/hash.hpp"
#include "common/http/routes.hpp"
#include "common/json/value.hpp"
#include "common/json/writer.hpp"
#include "services/lever-source/presence.hpp"

namespace hirewire::source {
namespace {

namespace asio = boost::asio;

http::Reply failure(const Error& error) {
    if (error == lever::Errc::not_found || error == lever::Errc::forbidden) {
        return http::problem(404, "not_visible", "Lever does not show it to this installation.");
    }
    http::Reply reply = http::problem(503, "unavailable", "Lever cannot be asked at the moment.");
    reply.headers.push_back({"Retry-After", "5"});
    return reply;
}

http::Reply person_reply(const KnownPerson& known) {
    const auto& p = known.person;
    json::Writer out;
    out.begin_object();
    out.member("name", p.name);
    out.key("emails").begin_array();
    for (const auto& email : p.emails) out.string(email);
    out.end_array();
    out.key("phones").begin_array();
    for (const auto& phone : p.phones) out.string(phone);
    out.end_array();
    out.member("location", p.location);
    out.member("headline", p.headline);
    out.member("contact_id", known.contact_id);
    out.member("start_date", known.start_date);
    out.member("hired_at_ms", known.hired_at_ms);
    out.member("read_at", iso_time(known.read_at));
    out.end_object();
    return http::json_reply(200, out.text());
}

}  // namespace

People::People(lever::Api& api, Library& library, const Clock& clock, std::string token)
    : api_{api}, library_{library}, clock_{clock}, token_{std::move(token)} {}

http::Handler People::handler() {
    std::vector<http::Route> routes;
    routes.push_back(
        {http::Method::get,
         "/internal/opportunities/{id}/person",
         [this](const http::Incoming& request, http::PathValues v) {
             const bool has_time = http::query_value(request.target, "backfill") == "true";
             return person(v[0], has_time ? lever::Priority::backfill : lever::Priority::person);
         }});
    routes.push_back({http::Method::get, "/internal/vocabulary", [this](const http::Incoming&, http::PathValues) {
                          return vocabulary();
                      }});
    routes.push_back(
        {http::Method::get, "/internal/postings/{id}", [this](const http::Incoming&, http::PathValues v) {
             return posting(v[0]);
         }});
    routes.push_back({http::Method::post, "/internal/presence", [this](const http::Incoming& r, http::PathValues) {
                          return presence(std::string{r.body});
                      }});
    return [this, route = http::make_handler(std::move(routes))](const http::Incoming& request) {
        return answer(request, route);
    };
}

asio::awaitable<http::Reply> People::answer(const http::Incoming& request, http::Handler routes) {
    if (!crypto::equal(request.header("Authorization"), "Bearer " + token_)) {
        http::Reply reply = http::problem(401, "unauthorized", "A bearer token is needed.");
        reply.headers.push_back({"WWW-Authenticate", "Bearer"});
        co_return reply;
    }
    co_return co_await routes(request);
}

asio::awaitable<http::Reply> People::person(std::string opportunity_id, lever::Priority priority) {
    if (auto known = library_.person(opportunity_id)) co_return person_reply(*known);
    auto read = co_await api_.opportunity(opportunity_id, priority);
    if (!read) co_return failure(read.error());
    if (read->opportunity.anonymized) {
        co_return http::problem(404, "not_visible", "The person has been anonymized in Lever.");
    }
    KnownPerson known;
    known.person = std::move(read->person);
    known.contact_id = read->opportunity.contact_id;
    known.read_at = read->read_at;
    if (read->opportunity.archived) {
        auto words = co_await library_.vocabulary(read->opportunity, priority);
        if (!words) co_return failure(words.error());
        const auto reason = (*words)->archive_reasons.find(read->opportunity.archived->reason_id);
        if (reason != (*words)->archive_reasons.end() && reason->second.hired) {
            auto start = co_await library_.start_date(opportunity_id, priority);
            if (!start) co_return failure(start.error());
            known.start_date = start->value_or("");
            known.hired_at_ms = read->opportunity.archived->at_ms;
        }
    }
    library_.remember(opportunity_id, known);
    co_return person_reply(known);
}

asio::awaitable<http::Reply> People::vocabulary() {
    const auto words = co_await library_.vocabulary(lever::Priority::person);
    if (!words) co_return failure(words.error());
    auto places = co_await library_.stage_places(lever::Priority::person);
    if (!places) co_return failure(places.error());
    json::Writer out;
    out.begin_object();
    out.key("stages").begin_array();
    for (const auto& [id, stage] : (*words)->stages) {
        const auto place = places->find(id);
        out.begin_object().member("id", id).member("name", stage.name);
        if (place != places->end()) {
            out.member("pipeline", place->second.pipeline).key("rank").number(place->second.rank);
        }
        out.end_object();
    }
    out.end_array();
    out.key("archive_reasons").begin_array();
    for (const auto& [id, reason] : (*words)->archive_reasons) {
        out.begin_object().member("id", id).member("name", reason.name);
        out.member("type", reason.hired ? "hired" : "non-hired").end_object();
    }
    out.end_array();
    out.member("read_at", iso_time((*words)->read_at));
    out.end_object();
    co_return http::json_reply(200, out.text());
}

asio::awaitable<http::Reply> People::presence(std::string body) {
    const auto asked = read_presence_question(body);
    if (!asked) {
        co_return http::problem(
            422,
            "invalid-request",
            "The body is {\"emails\": [...], \"confidential\": false} with at most " + std::to_string(most_emails) +
                " addresses; the second may be missing.");
    }
    const Emails& emails = asked->emails;
    Presence found;
    Timestamp read_at = clock_.now();  // of the oldest answer
    for (const auto& batch : batches(emails)) {
        const auto reads = co_await api_.with_emails(batch, lever::Priority::person);
        if (!reads) co_return failure(reads.error());
        for (const auto& read : *reads) {
            read_at = std::min(read_at, read.read_at);
            Presence matches;
            add_presence(matches, emails, read);
            if (matches.empty()) continue;
            if (!asked->confidential) {
                lever::Opportunity opportunity = read.opportunity;
                const auto kind = co_await secrecy(std::move(opportunity));
                if (!kind) co_return failure(kind.error());
                if (*kind == Secrecy::confidential) continue;
            }
            for (auto& [email, opportunities] : matches) found[email].merge(opportunities);
        }
    }
    co_return http::json_reply(200, presence_text(found, read_at));
}

asio::awaitable<Result<People::Secrecy>> People::secrecy(lever::Opportunity opportunity) {
    if (opportunity.confidential) co_return Secrecy::confidential;
    if (!opportunity.application || opportunity.application->posting_id.empty()) co_return Secrecy::open;
    std::string posting_id = opportunity.application->posting_id;
    const auto known = co_await library_.posting(std::move(posting_id), lever::Priority::person);
    if (!known) co_return known.error();
    // A posting that Lever does not show is treated as the most private kind.
    const bool open = known->posting && !known->posting->confidential;
    co_return open ? Secrecy::open : Secrecy::confidential;
}

asio::awaitable<http::Reply> People::posting(std::string id) {
    auto found = co_await library_.posting(id, lever::Priority::person);
    if (!found) co_return failure(found.error());
    if (!found->posting) co_return failure(lever::make_error_code(lever::Errc::not_found));
    const auto& p = *found->posting;
    json::Writer out;
    out.begin_object();
    out.member("id", p.id).member("title", p.title).member("department", p.department);
    out.member("location", p.location).member("state", p.state);
    out.member("external", p.external).member("confidential", p.confidential);
    out.member("read_at", iso_time(found->read_at));
    out.end_object();
    co_return http::json_reply(200, out.text());
}

}  // namespace hirewire::source
