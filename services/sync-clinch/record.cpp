#include "services/sync-clinch/record.hpp"

#include <string_view>

#include "common/core/time.hpp"
#include "common/core/uuid.hpp"
#include "common/json/value.hpp"
#include "common/json/writer.hpp"
#include "services/sync-clinch/fold.hpp"

namespace hirewire::clinch {
namespace {

const std::string record_type = "candidate_outcome";

// PageUp's class of the status.
std::string ats_status(const v1::Change& change, Standing standing) {
    if (change.hired()) return "Hired";
    if (change.status().kind() != v1::STATUS_KIND_ARCHIVE_REASON) return "Active";
    return standing == Standing::failure ? "Rejected" : "Archived";
}

void write_relationship(json::Writer& out, std::string_view type, const std::string& id) {
    out.key(type).begin_object().key("data").begin_object();
    out.member("type", type).member("id", id);
    out.end_object().end_object();
}

}  // namespace

std::string record_id(const std::string& opportunity, std::int64_t version) {
    return uuid_v5({"clinch", opportunity, std::to_string(version)});
}

Draft draft_of(const v1::Change& change, Standing standing) {
    Draft draft;
    draft.id = record_id(change.opportunity_id(), change.version());
    draft.outcome = reverted;
    if (standing == Standing::success) draft.outcome = "success";
    if (standing == Standing::failure) draft.outcome = "failure";
    draft.state = lower_case(change.status().name());
    if (draft.state.empty()) draft.state = change.status().id();
    draft.ats_status = ats_status(change, standing);
    draft.occurred_at = iso_time(from_ms(change.occurred_at_ms()));
    draft.job = change.posting().id();
    return draft;
}

std::string body(const Draft& draft, bool client_ids) {
    json::Writer out;
    out.begin_object().key("data").begin_object();
    out.member("type", record_type);
    if (client_ids) out.member("id", draft.id);
    out.key("attributes").begin_object();
    out.member("outcome", draft.outcome).member("state", draft.state);
    out.member("ats_status", draft.ats_status).member("occurred_at", draft.occurred_at);
    out.end_object();
    out.key("relationships").begin_object();
    write_relationship(out, "candidate", draft.candidate);
    write_relationship(out, "job", draft.job);
    out.end_object();
    out.end_object().end_object();
    return out.text();
}

std::optional<Recorded> read_record(const http::Reply& reply, const std::string& id) {
    const auto document = json::Document::parse(reply.body);
    if (!document) return std::nullopt;
    const auto data = (*document)["data"];
    if (data["type"].string() != record_type || data["id"].string() != id) return std::nullopt;
    Recorded recorded;
    recorded.outcome = data["attributes"]["outcome"].string();
    recorded.candidate = data["relationships"]["candidate"]["data"]["id"].string();
    recorded.job = data["relationships"]["job"]["data"]["id"].string();
    return recorded;
}

}  // namespace hirewire::clinch
