#include "tools/sandbox/status_destination.hpp"

#include "tools/sandbox/control_body.hpp"

namespace hirewire::sandbox {
namespace {

std::string text_of(const StatusFacts& facts) {
    std::string text;
    for (const auto& part : {facts.kind, facts.id, facts.name, facts.mapped, facts.normalized}) text += part + '\x1f';
    return text;
}

// What an update says of the opportunity. Whether it is news is the occasion's matter: a state that is told once more
// is the same write, though it is a backfill then.
std::string content_of(const StatusUpdate& update) {
    std::string text = text_of(update.status);
    if (update.previous) text += text_of(*update.previous);
    return text + '\x1f' + update.posting + '\x1f' + update.occurred_at + (update.hired ? "hired" : "");
}

bool says_the_same(const StatusUpdate& a, const StatusUpdate& b) {
    return a.status == b.status && a.hired == b.hired && a.posting == b.posting;
}

}  // namespace

StatusDestination::StatusDestination(std::string name, std::string token, Dice& dice)
    : Destination{std::move(name), std::move(token), "application/json", dice} {
    control_at(http::Method::post, "/unknown", [this](const http::Incoming& r) {
        return set_member(r, "unknown", unknown_);
    });
    control_at(http::Method::post, "/refused", [this](const http::Incoming& r) {
        return set_member(r, "refused", refused_);
    });
    control_at(http::Method::del, "/state", [this](const http::Incoming&) {
        const auto forgotten = static_cast<std::int64_t>(beliefs_.size());
        while (!beliefs_.empty()) forget(std::string{beliefs_.begin()->first});
        json::Writer out;
        out.begin_object().member("forgotten", forgotten).end_object();
        return http::json_reply(200, out.text());
    });
}

http::Reply StatusDestination::put(
    const DestinationCall& call,
    const std::string& opportunity,
    const StatusUpdate& update,
    const Objection& object) {
    if (unknown_.contains(opportunity)) {
        return error(404, "unknown-candidate", "This candidate has not been imported here.");
    }
    if (refused_.contains(opportunity)) return error(422, "invalid-request", "This one is refused on request.");
    const std::string content = content_of(update);
    if (auto known = unless_newer(versions_.order_of(opportunity, call.version, content))) return *known;
    const auto found = beliefs_.find(opportunity);
    const StatusUpdate* last = found == beliefs_.end() ? nullptr : &found->second.now;
    if (object) {
        if (auto refused = object(last)) return *refused;
    }
    const bool changed = last == nullptr || !says_the_same(*last, update);
    auto& belief = beliefs_[opportunity];
    belief.now = update;
    belief.effects += changed ? 1 : 0;
    versions_.applied(opportunity, call.version, content);
    return outcome(200, changed ? "updated" : "unchanged");
}

void StatusDestination::forget(const std::string& opportunity) {
    beliefs_.erase(opportunity);
    versions_.forget(opportunity);
}

http::Reply StatusDestination::set_member(
    const http::Incoming& request, std::string_view member, std::set<std::string>& set) const {
    const std::string name{member};
    ControlBody body{request.body};
    const auto opportunity = body->text("opportunity");
    const bool in = body->boolean(name);
    if (auto refused = body.refusal()) return *refused;
    if (in) {
        set.insert(opportunity);
    } else {
        set.erase(opportunity);
    }
    json::Writer out;
    out.begin_object().member("opportunity", opportunity).member(name, in).end_object();
    return http::json_reply(200, out.text());
}

std::string StatusDestination::state() const {
    json::Writer out;
    out.begin_object();
    for (const auto& [opportunity, belief] : beliefs_) {
        const auto& status = belief.now.status;
        out.key(opportunity)
            .begin_object()
            .key("status")
            .begin_object()
            .member("kind", status.kind)
            .member("id", status.id)
            .member("name", status.name);
        if (!status.mapped.empty()) out.member("mapped", status.mapped);
        out.end_object().member("hired", belief.now.hired);
        if (!belief.now.posting.empty()) out.member("posting_id", belief.now.posting);
        out.member("occurred_at", belief.now.occurred_at)
            .member("backfill", belief.now.backfill)
            .member("version", versions_.version_of(opportunity))
            .member("effects", belief.effects);
        write_own(out, opportunity);
        out.end_object();
    }
    write_more(out);
    out.end_object();
    return out.text();
}

}  // namespace hirewire::sandbox
