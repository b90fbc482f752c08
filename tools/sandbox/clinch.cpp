#include "tools/sandbox/clinch.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "common/core/time.hpp"
#include "common/core/uuid.hpp"
#include "common/crypto/hash.hpp"
#include "common/json/writer.hpp"
#include "tools/sandbox/control_body.hpp"

namespace hirewire::sandbox {
namespace {

using http::Incoming;
using http::Method;
using http::Reply;

constexpr std::string_view media_type = "application/vnd.api+json";
constexpr std::string_view base_path = "/v2";
constexpr std::string_view email_filter = "filter[email]";
constexpr std::string_view record_type = "candidate_outcome";
constexpr std::string_view job_type = "job";
constexpr Moment signature_is_good_for = 15 * 60 * 1'000;

std::string small_letters(std::string_view text) {
    std::string out{text};
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

bool accepts_json_api(std::string_view accept) {
    return accept.find(media_type) != std::string_view::npos || accept.find("*/*") != std::string_view::npos;
}

// A lower-case UUID made from a name.
bool is_uuid_v5(std::string_view text) {
    constexpr std::string_view form = "hhhhhhhh-hhhh-5hhh-hhhh-hhhhhhhhhhhh";
    return std::equal(text.begin(), text.end(), form.begin(), form.end(), [](char c, char f) {
        return f == 'h' ? (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') : c == f;
    });
}

void write_reference(json::Writer& out, std::string_view type, std::string_view id) {
    out.key(type).begin_object().key("data").begin_object().member("type", type).member("id", id);
    out.end_object().end_object();
}

// A relationship's resource identifier; "" when it is not one.
std::string read_reference(StrictObject& relationships, std::string_view type, Wrongs& wrongs) {
    const std::string where = "data.relationships." + std::string{type};
    StrictObject relationship{relationships.object(type), where, wrongs};
    StrictObject data{relationship.object("data"), where + ".data", wrongs};
    data.one_of("type", {type});
    auto id = data.text("id");
    data.finish();
    relationship.finish();
    return id;
}

}  // namespace

Clinch::Clinch(Key key, Dice& dice) : Destination{"clinch", {}, std::string{media_type}, dice}, key_{std::move(key)} {
    serve_api(Method::get, "/candidates", Access::read, &Clinch::find);
    serve_api(Method::get, "/candidate_outcomes/{id}", Access::read, &Clinch::read);
    serve_api(Method::post, "/candidate_outcomes", Access::write, &Clinch::create);
    serve_api(Method::post, "/jobs", Access::write, &Clinch::create_job);
    serve_api(Method::patch, "/jobs/{id}", Access::write, &Clinch::replace_job);
    control_at(Method::post, "/unknown", [this](const Incoming& r) { return set_unknown(r); });
    control_at(Method::post, "/clock", [this](const Incoming& r) { return set_clock(r); });
}

void Clinch::serve_api(Method method, std::string path, Access access, Answer answer) {
    auto checked = [this, answer](const DestinationCall& call) {
        if (!accepts_json_api(call.incoming->header("Accept"))) {
            return violation(406, "invalid-request", "Accept must admit application/vnd.api+json.");
        }
        return (this->*answer)(call);
    };
    serve_at(
        {.method = method, .path = std::string{base_path} + path, .access = access, .answer = std::move(checked)});
}

Reply Clinch::reply(int status, std::string body) const {
    Reply made{.status = status, .body = std::move(body)};
    made.headers.push_back({.name = "Content-Type", .value = std::string{media_type}});
    made.headers.push_back({.name = "Date", .value = http_date(from_ms(now()))});
    return made;
}

Reply Clinch::error(int status, std::string_view code, std::string_view detail) const {
    json::Writer out;
    out.begin_object().key("errors").begin_array().begin_object();
    out.member("status", std::to_string(status)).member("code", code);
    out.member("title", http::reason_phrase(status)).member("detail", detail);
    out.end_object().end_array().end_object();
    return reply(status, out.text());
}

std::optional<Reply> Clinch::check_credential(const Incoming& request) {
    constexpr std::string_view scheme = "APIAuth ";
    auto authorization = request.header("Authorization");
    const auto split = authorization.rfind(':');
    if (!authorization.starts_with(scheme) || split == std::string_view::npos) {
        return violation(401, "unauthorized", "Authorization must be of the form APIAuth id:signature.");
    }
    const auto date_text = request.header("Date");
    const auto date = parse_http_date(date_text);
    if (!date) return violation(401, "unauthorized", "Date must be an HTTP date.");
    const auto sum = request.header("Content-MD5");
    if (sum.empty() != request.body.empty()) {
        return violation(400, "invalid-request", "A request has a Content-MD5 when it has a body.");
    }
    if (!sum.empty() && !crypto::equal(sum, crypto::base64(crypto::md5(request.body)))) {
        return violation(400, "invalid-request", "Content-MD5 is not that of the body.");
    }
    std::string text{http::name_of(request.method)};
    for (const auto part : {request.header("Content-Type"), sum, request.target, date_text}) {
        text += ",";
        text += part;
    }
    const auto access_id = authorization.substr(scheme.size(), split - scheme.size());
    const auto good = crypto::base64(crypto::hmac_sha1(key_.secret, text));
    const bool same_id = crypto::equal(access_id, key_.access_id);
    // A wrong key is a matter of configuration, not of the contract.
    if (!crypto::equal(authorization.substr(split + 1), good) || !same_id) {
        return error(401, "unauthorized", "The signature is not valid.");
    }
    if (std::abs(now() - to_ms(*date)) > signature_is_good_for) {
        constexpr std::string_view stale = "Date is more than 15 minutes away.";
        return clock_ahead_ == 0 ? violation(401, "unauthorized", stale) : error(401, "unauthorized", stale);
    }
    return std::nullopt;
}

Reply Clinch::find(const DestinationCall& call) {
    const auto target = call.incoming->target;
    const auto emails = http::query_values(target, email_filter);
    if (emails.size() != 1 || emails.front().empty() || target.find('&') != std::string_view::npos) {
        return violation(400, "invalid-request", "The query must be filter[email]=… and nothing else.");
    }
    const auto address = small_letters(emails.front());
    json::Writer out;
    out.begin_object().key("data").begin_array();
    if (!unknown_.contains(address)) {
        const auto id = uuid_v5({"sandbox-clinch-candidate", address});
        addresses_[id] = address;
        out.begin_object().member("type", "candidate").member("id", id);
        out.key("attributes").begin_object().member("email", address).end_object().end_object();
    }
    out.end_array().end_object();
    return reply(200, out.text());
}

Reply Clinch::read(const DestinationCall& call) {
    const auto found = records_.find(call.values[0]);
    if (found == records_.end()) return error(404, "not-found", "There is no record with this id.");
    const auto& record = found->second;
    json::Writer out;
    out.begin_object().key("data").begin_object();
    out.member("type", record_type).member("id", record.id).key("attributes").begin_object();
    out.member("outcome", record.outcome).member("state", record.state);
    if (!record.ats_status.empty()) out.member("ats_status", record.ats_status);
    out.member("occurred_at", record.occurred_at).end_object();
    out.key("relationships").begin_object();
    write_reference(out, "candidate", record.candidate);
    write_reference(out, "job", record.job);
    out.end_object().end_object().end_object();
    return reply(200, out.text());
}

Reply Clinch::create(const DestinationCall& call) {
    Wrongs wrongs;
    StrictObject body{call.body, "", wrongs};
    StrictObject data{body.object("data"), "data", wrongs};
    const auto type = data.text("type");
    Record made;
    made.id = data.text("id");
    if (!is_uuid_v5(made.id)) data.wrong("id", "must be a lower-case UUID of version 5");
    StrictObject attributes{data.object("attributes"), "data.attributes", wrongs};
    made.outcome = attributes.one_of("outcome", {"success", "failure", "reverted"});
    made.state = attributes.text("state");
    if (attributes.has("ats_status")) {
        made.ats_status = attributes.one_of("ats_status", {"Started", "Active", "Rejected", "Hired", "Archived"});
    }
    made.occurred_at = attributes.time("occurred_at");
    StrictObject relationships{data.object("relationships"), "data.relationships", wrongs};
    made.candidate = read_reference(relationships, "candidate", wrongs);
    made.job = read_reference(relationships, "job", wrongs);
    relationships.finish();
    attributes.finish();
    data.finish();
    body.finish();
    if (type != record_type) return violation(409, "type-conflict", "data.type must be candidate_outcome.");
    if (!wrongs.empty()) return violation(422, "invalid-request", joined(wrongs));
    if (auto refused = take(made, call.version)) return *refused;

    auto created = read({.incoming = call.incoming, .values = {made.id}});
    created.status = 201;
    const auto location = "/clinch" + std::string{base_path} + "/candidate_outcomes/" + made.id;
    created.headers.push_back({.name = "Location", .value = location});
    return created;
}

std::optional<Reply> Clinch::take(const Record& record, std::int64_t version) {
    if (records_.contains(record.id)) return error(409, "id-conflict", "There is a record with this id.");
    const auto address = addresses_.find(record.candidate);
    if (address == addresses_.end() || unknown_.contains(address->second)) {
        return error(404, "unknown-candidate", "There is no candidate with this id.");
    }
    if (unknown_.contains(record.job)) return error(404, "unknown-job", "There is no job with this id.");
    const auto known = beliefs_.find(address->second + "/" + record.job);
    const bool stands = known != beliefs_.end() && records_.at(known->second.record).outcome != "reverted";
    if (record.outcome == "reverted" && !stands) {
        return violation(422, "nothing-to-revert", "There is no success or failure that this could take back.");
    }
    auto& belief = beliefs_[address->second + "/" + record.job];
    ++belief.records;
    // What is older than the last one is kept, and changes nothing.
    if (version > belief.version) {
        const bool changed = belief.record.empty() || records_.at(belief.record).outcome != record.outcome ||
                             records_.at(belief.record).state != record.state;
        belief.effects += changed ? 1 : 0;
        belief.record = record.id;
        belief.version = version;
    }
    records_[record.id] = record;
    return std::nullopt;
}

std::optional<Reply> Clinch::check_job(const ClinchJobWrite& write, const std::vector<std::string>& wrongs) {
    if (write.type != job_type) return violation(409, "type-conflict", "data.type must be job.");
    if (!wrongs.empty()) return violation(422, "invalid-request", joined(wrongs));
    return std::nullopt;
}

Reply Clinch::create_job(const DestinationCall& call) {
    Wrongs wrongs;
    const auto write = read_clinch_job(call.body, wrongs);
    if (auto refused = check_job(write, wrongs)) return *refused;
    if (write.hides) return violation(422, "invalid-request", "A job that is not there has no page to hide.");
    if (jobs_.contains(write.id)) return error(409, "id-conflict", "There is a job with this id.");
    jobs_[write.id] = {.job = write.job, .version = call.version, .effects = 1};
    unknown_.erase(write.id);
    auto created = job_reply(201, write.id);
    const auto location = "/clinch" + std::string{base_path} + "/jobs/" + http::percent_encode(write.id);
    created.headers.push_back({.name = "Location", .value = location});
    return created;
}

Reply Clinch::replace_job(const DestinationCall& call) {
    Wrongs wrongs;
    const auto write = read_clinch_job(call.body, wrongs);
    if (auto refused = check_job(write, wrongs)) return *refused;
    if (write.id != call.values[0]) return violation(409, "id-conflict", "data.id must be the id in the path.");
    const auto found = jobs_.find(write.id);
    if (found == jobs_.end() || unknown_.contains(write.id)) {
        return error(404, "unknown-job", "There is no job with this id.");
    }
    auto& told = found->second;
    // What is older than the last one changes nothing.
    if (call.version < told.version) return job_reply(200, write.id);
    auto job = write.job;
    if (write.hides) {
        job = told.job;
        job.page_status = write.job.page_status;
    }
    const bool changed = !(job == told.job);
    if (changed && call.version == told.version) {
        return violation(409, "version-conflict", "This version came with another body before.");
    }
    told.job = std::move(job);
    told.version = call.version;
    told.effects += changed ? 1 : 0;
    return job_reply(200, write.id);
}

Reply Clinch::job_reply(int status, const std::string& id) const {
    json::Writer out;
    out.begin_object().key("data").begin_object().member("type", job_type).member("id", id);
    out.key("attributes").begin_object();
    write_clinch_job(out, jobs_.at(id).job);
    out.end_object().end_object().end_object();
    return reply(status, out.text());
}

Reply Clinch::set_unknown(const Incoming& request) {
    ControlBody body{request.body};
    const auto email = small_letters(body->optional_text("email").value_or(""));
    const auto job = body->optional_text("job").value_or("");
    const bool unknown = body->boolean("unknown");
    if (email.empty() == job.empty()) body->wrong("email", "or job must be there, one of the two");
    if (auto refused = body.refusal()) return *refused;
    const auto& who = email.empty() ? job : email;
    if (unknown) {
        unknown_.insert(who);
    } else {
        unknown_.erase(who);
    }
    json::Writer out;
    out.begin_object().member(email.empty() ? "job" : "email", who).member("unknown", unknown).end_object();
    return http::json_reply(200, out.text());
}

Reply Clinch::set_clock(const Incoming& request) {
    ControlBody body{request.body};
    const auto ahead = body->optional_integer("ahead_ms").value_or(0);
    const auto behind = body->optional_integer("behind_ms").value_or(0);
    if (auto refused = body.refusal()) return *refused;
    clock_ahead_ = ahead - behind;
    json::Writer out;
    out.begin_object().member("ahead_ms", clock_ahead_).end_object();
    return http::json_reply(200, out.text());
}

std::string Clinch::state() const {
    json::Writer out;
    out.begin_object();
    for (const auto& [key, belief] : beliefs_) {
        const auto& record = records_.at(belief.record);
        out.key(key).begin_object();
        out.member("email", addresses_.at(record.candidate)).member("candidate", record.candidate);
        out.member("job", record.job).member("outcome", record.outcome).member("state", record.state);
        if (!record.ats_status.empty()) out.member("ats_status", record.ats_status);
        out.member("occurred_at", record.occurred_at).member("record", record.id);
        out.member("version", belief.version).member("records", belief.records).member("effects", belief.effects);
        out.end_object();
    }
    out.key("jobs").begin_object();
    for (const auto& [id, told] : jobs_) {
        out.key(id).begin_object();
        write_clinch_job(out, told.job);
        out.member("version", told.version).member("effects", told.effects).end_object();
    }
    out.end_object().end_object();
    return out.text();
}

}  // namespace hirewire::sandbox
