#include "tools/hirewire/tail_view.hpp"

#include <map>
#include <optional>
#include <string_view>

#include "common/core/time.hpp"
#include "common/json/value.hpp"
#include "common/json/writer.hpp"
#include "common/pipeline/history.hpp"
#include "common/sync/delivery.hpp"
#include "hirewire/v1/change.pb.h"
#include "hirewire/v1/hint.pb.h"
#include "hirewire/v1/outcome.pb.h"
#include "hirewire/v1/posting.pb.h"
#include "hirewire/v1/run.pb.h"
#include "tools/hirewire/letter.hpp"
#include "tools/hirewire/replay_view.hpp"
#include "tools/hirewire/terminal.hpp"

namespace hirewire::cli {
namespace {

constexpr std::size_t description_width = 120;

void member(json::Writer& out, std::string_view name, const std::string& text) {
    if (!text.empty()) out.member(name, text);
}

void moment(json::Writer& out, std::string_view name, std::int64_t ms) {
    if (ms != 0) out.member(name, iso_time(from_ms(ms)));
}

void write_status(json::Writer& out, std::string_view name, const v1::Status& status) {
    if (status.id().empty() && status.name().empty()) return;
    const bool stage = status.kind() == v1::STATUS_KIND_STAGE;
    out.key(name).begin_object().member("kind", stage ? "stage" : "archive_reason");
    out.member("id", status.id()).member("name", status.name()).end_object();
}

std::string json_of(const v1::Change& change) {
    json::Writer out;
    out.begin_object().member("kind", kind_name(change.kind())).member("change_id", change.change_id());
    out.member("version", static_cast<std::int64_t>(change.version()));
    moment(out, "occurred_at", change.occurred_at_ms());
    out.member("opportunity_id", change.opportunity_id());
    member(out, "contact_id", change.contact_id());
    write_status(out, "status", change.status());
    write_status(out, "previous_status", change.previous_status());
    const auto& posting = change.posting();
    if (!posting.id().empty()) {
        out.key("posting").begin_object().member("id", posting.id()).member("title", posting.title());
        out.member("department", posting.department()).member("location", posting.location());
        out.member("state", posting.state()).member("external", posting.external());
        out.member("confidential", posting.confidential()).end_object();
    }
    out.member("hired", change.hired());
    member(out, "start_date", change.start_date());
    member(out, "origin", change.origin());
    if (!change.cluster().job_id().empty()) {
        out.key("cluster").begin_object().member("job_id", change.cluster().job_id());
        out.member("candidate_id", change.cluster().candidate_id()).end_object();
    }
    out.member("confidential", change.confidential()).member("live", change.live());
    out.key("cause").begin_object().member("kind", change.cause().kind()).member("id", change.cause().id());
    out.end_object();
    member(out, "account", change.account());
    return out.end_object().text();
}

std::string json_of(const v1::Hint& hint) {
    json::Writer out;
    out.begin_object().member("opportunity_id", hint.opportunity_id()).member("reason", hint.reason());
    member(out, "event", hint.event());
    moment(out, "triggered_at", hint.triggered_at_ms());
    moment(out, "not_before", hint.not_before_ms());
    return out.member("attempt", static_cast<int>(hint.attempt())).end_object().text();
}

std::string json_of(const v1::Outcome& outcome) {
    json::Writer out;
    out.begin_object().member("destination", outcome.destination());
    out.member("outcome", sync::name_of(outcome.outcome()));
    member(out, "effect", outcome.effect());
    // The Org is told of jobs, which are a resource of no opportunity.
    if (outcome.kind() != v1::CHANGE_KIND_UNSPECIFIED) out.member("kind", kind_name(outcome.kind()));
    member(out, "opportunity_id", outcome.opportunity_id());
    member(out, "resource", outcome.resource());
    out.member("change_id", outcome.change_id()).member("version", static_cast<std::int64_t>(outcome.version()));
    out.member("attempts", static_cast<int>(outcome.attempts()));
    out.member("http_status", static_cast<int>(outcome.http_status())).member("reason", outcome.reason());
    out.member("latency_ms", static_cast<std::int64_t>(outcome.latency_ms()));
    moment(out, "decided_at", outcome.decided_at_ms());
    if (!outcome.run_ids().empty()) {
        out.key("run_ids").begin_array();
        for (const auto& run : outcome.run_ids()) out.string(run);
        out.end_array();
    }
    return out.end_object().text();
}

std::string json_of(const v1::Posting& posting) {
    json::Writer out;
    out.begin_object().member("id", posting.id()).member("title", posting.title());
    out.member("department", posting.department()).member("location", posting.location());
    out.member("state", posting.state()).member("url", posting.url());
    out.member("description", clipped(posting.description_html(), description_width));
    moment(out, "created_at", posting.created_at_ms());
    moment(out, "updated_at", posting.updated_at_ms());
    out.member("external", posting.external()).member("confidential", posting.confidential());
    return out.end_object().text();
}

std::string json_of(const v1::Run& run) {
    json::Writer out;
    out.begin_object().member("run_id", run.run_id()).member("kind", run.kind()).member("state", state_of(run));
    member(out, "destination", run.destination());
    moment(out, "began", run.began_ms());
    moment(out, "at", run.at_ms());
    member(out, "checkpoint", run.checkpoint());
    if (run.force()) out.member("force", true);
    member(out, "spec", run.spec());
    out.key("counts").begin_object();
    const std::map<std::string, std::int64_t> counts{run.counts().begin(), run.counts().end()};
    for (const auto& [what, count] : counts) out.member(what, count);
    return out.end_object().end_object().text();
}

template <typename Message>
std::optional<std::string> decoded(const std::string& bytes) {
    Message message;
    if (!message.ParseFromString(bytes)) return std::nullopt;
    return json_of(message);
}

std::optional<std::string> decoded_by(const std::string& topic, const std::string& bytes) {
    if (topic == "lever.sweeps") return decoded<v1::Hint>(bytes);
    if (topic == "hiring.changes" || topic == "hiring.opportunities") return decoded<v1::Change>(bytes);
    if (topic == "hiring.postings") return decoded<v1::Posting>(bytes);
    if (topic == "hiring.runs") return decoded<v1::Run>(bytes);
    if (topic == "sync.outcomes") return decoded<v1::Outcome>(bytes);
    if (!topic.starts_with("lever.")) return std::nullopt;
    const auto document = json::Document::parse(bytes);
    if (!document) return std::nullopt;
    return document->root().text();
}

}  // namespace

std::string value_json_of(const kafka::Record& record) {
    if (!record.value) return "null";
    // What was set aside, or is replayed, is what its source's topic holds.
    const auto topic = record.partition.topic;
    const bool copied = topic.starts_with("sync.") && topic != "sync.outcomes";
    const auto text = decoded_by(copied ? pipeline::read_origin(record).topic : topic, *record.value);
    if (text) return *text;
    json::Writer out;
    out.begin_object().member("undecoded", true);
    out.member("bytes", static_cast<std::int64_t>(record.value->size())).end_object();
    return out.text();
}

std::string tail_line_of(const kafka::Record& record) {
    const std::string place = std::to_string(record.partition.number) + "/" + std::to_string(record.offset);
    const std::string line =
        iso_time(from_ms(record.timestamp_ms)) + "  " + place + "  " + record.key + "  " + value_json_of(record);
    return clean(line);
}

std::string tail_json_of(const kafka::Record& record) {
    json::Writer out;
    out.begin_object().member("topic", record.partition.topic);
    out.member("partition", static_cast<int>(record.partition.number)).member("offset", record.offset);
    out.member("at", iso_time(from_ms(record.timestamp_ms))).member("key", record.key);
    out.key("headers").begin_object();
    for (const auto& header : record.headers) out.member(header.name, header.value);
    out.end_object();
    std::string text = out.text();
    // The value is JSON already; only an object that is not closed yet takes it as it is.
    return text + ",\"value\":" + value_json_of(record) + "}";
}

}  // namespace hirewire::cli
