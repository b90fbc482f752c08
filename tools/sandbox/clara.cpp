#include "tools/sandbox/clara.hpp"

namespace hirewire::sandbox {
namespace {

// Whether a write speaks of an entry into a status other than the one last heard of. The same status may be entered
// again after others that were never sent.
bool is_new_entry(const StatusUpdate* last, const StatusUpdate& next) {
    if (last == nullptr || last->status.id != next.status.id) return true;
    return next.previous && next.previous->id != next.status.id && next.occurred_at > last->occurred_at;
}

}  // namespace

Clara::Clara(std::string token, Dice& dice) : StatusDestination{"clara", std::move(token), dice} {
    serve_at(
        {.method = http::Method::put,
         .path = "/integrations/lever/opportunities/{id}/status",
         .access = Access::write,
         .answer = [this](const DestinationCall& call) { return put_status(call); }});
}

http::Reply Clara::put_status(const DestinationCall& call) {
    Wrongs wrongs;
    StrictObject body{call.body, "", wrongs};
    const auto update = read_status_update(body, wrongs);
    const auto contact = body.text("contact_id");
    const bool follow_up = body.boolean("follow_up");
    if (follow_up && update.backfill) body.wrong("follow_up", "must be false for a backfill");
    body.finish();
    if (!wrongs.empty()) return violation(400, "invalid-request", joined(wrongs));

    return put(call, call.values[0], update, [&](const StatusUpdate* last) -> std::optional<http::Reply> {
        auto& conversation = conversations_[call.values[0]];
        const bool asked = conversation.asked && !is_new_entry(last, update);
        if (asked && follow_up) {
            return violation(422, "invalid-request", "A second follow_up for one entry into a status.");
        }
        conversation.contact = contact;
        conversation.asked = asked || follow_up;
        conversation.follow_ups += follow_up ? 1 : 0;
        return std::nullopt;
    });
}

void Clara::write_own(json::Writer& out, const std::string& opportunity) const {
    const auto& conversation = conversations_.at(opportunity);
    out.member("contact_id", conversation.contact).member("follow_ups", conversation.follow_ups);
}

}  // namespace hirewire::sandbox
