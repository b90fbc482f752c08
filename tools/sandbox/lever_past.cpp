#include "tools/sandbox/lever_past.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/core/time.hpp"
#include "common/json/writer.hpp"
#include "tools/sandbox/control_body.hpp"
#include "tools/sandbox/or_null.hpp"

namespace hirewire::sandbox {
namespace {

constexpr std::size_t most_at_once = 500;
const std::string first_stage = "applicant-new";

// From the application to today.
struct Life {
    NewOpportunity what{};
    std::string stage{};  // that it is in since `moved_at`
    Moment moved_at = 0;
    std::string reason{};  // "" = not archived
    Moment archived_at = 0;
    std::optional<Moment> start_date{};
    bool has_offer = false;
};

std::optional<ClusterLink> read_link(StrictObject& object, const std::string& where, Wrongs& wrongs) {
    const auto cluster = object.optional_object("cluster");
    if (cluster.is_null()) return std::nullopt;
    StrictObject link{cluster, where + ".cluster", wrongs};
    ClusterLink read;
    read.job = link.text("job");
    read.candidate = link.text("candidate");
    link.finish();
    return read;
}

// A moment of the past; without one, `otherwise`.
Moment read_moment(StrictObject& object, std::string_view name, Moment otherwise, Moment now) {
    const Moment moment = object.optional_integer(name).value_or(otherwise);
    if (moment <= 0 || moment > now) object.wrong(name, "must be a moment of the past in epoch milliseconds");
    return moment;
}

Life read_life(const LeverModel& model, json::Value value, const std::string& where, Wrongs& wrongs, Moment now) {
    StrictObject object{value, where, wrongs};
    Life life;
    life.what.person.name = object.optional_text("name").value_or("");
    life.what.person.email = object.optional_text("email").value_or("");
    life.what.confidential = object.optional_boolean("confidential").value_or(false);
    life.what.cluster = read_link(object, where, wrongs);
    life.what.stage = first_stage;
    const auto posting = object.optional_text("posting").value_or(model.postings().front().id);
    if (model.posting(posting) == nullptr) object.wrong("posting", "is unknown");
    life.what.posting = posting;
    life.what.created_at = read_moment(object, "created_at", 0, now);

    const auto stage = object.optional_text("stage").value_or(first_stage);
    const auto* known_stage = model.stage(stage);
    if (known_stage == nullptr) object.wrong("stage", "is unknown");
    life.stage = known_stage != nullptr ? known_stage->id : first_stage;
    life.moved_at = read_moment(object, "moved_at", life.what.created_at + 1, now);

    if (const auto reason = object.optional_text("reason")) {
        const auto* known_reason = model.reason(*reason);
        if (known_reason == nullptr) object.wrong("reason", "is unknown");
        if (known_reason != nullptr) life.reason = known_reason->id;
        if (known_reason != nullptr) life.has_offer = known_reason->hired;
    }
    life.archived_at = read_moment(object, "archived_at", life.moved_at + 1, now);
    if (const auto date = object.optional_date("start_date")) {
        const auto day = parse_iso(*date);
        if (day) life.start_date = to_ms(*day);
    }
    object.finish();
    return life;
}

const Opportunity& live(LeverModel& model, const Life& life, Moment now) {
    Events unannounced;
    const auto& fresh = model.create(life.what, now, unannounced);
    model.enter_stage(fresh.id, life.stage, life.moved_at);
    if (life.has_offer) model.sign_offer(fresh.id, life.start_date, life.archived_at);
    if (!life.reason.empty()) model.archive(fresh.id, life.reason, life.archived_at);
    return fresh;
}

}  // namespace

http::Reply add_past(LeverModel& model, const http::Incoming& request) {
    ControlBody body{request.body};
    const Moment now = wall_clock();
    const auto items = body->array("opportunities").items();
    if (items.size() > most_at_once) body->wrong("opportunities", "are more than 500");
    std::vector<Life> lives;
    for (std::size_t i = 0; i < items.size(); ++i) {
        const std::string where = "opportunities[" + std::to_string(i) + "]";
        lives.push_back(read_life(model, items[i], where, body.wrongs(), now));
    }
    if (auto refused = body.refusal()) return *refused;

    json::Writer out;
    out.begin_object().key("opportunities").begin_array();
    for (const auto& life : lives) {
        const auto& one = live(model, life, now);
        out.begin_object().member("id", one.id).member("contact", one.contact);
        write_or_null(out, "posting", one.application ? one.application->posting : "");
        out.member("email", model.contact(one.contact)->person.email).end_object();
    }
    out.end_array().end_object();
    return http::json_reply(201, out.text());
}

}  // namespace hirewire::sandbox
