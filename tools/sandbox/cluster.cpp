#include "tools/sandbox/cluster.hpp"

namespace hirewire::sandbox {

Cluster::Cluster(std::string token, Dice& dice) : StatusDestination{"cluster", std::move(token), dice} {
    serve_at(
        {.method = http::Method::put,
         .path = "/jobs/{job}/candidates/{candidate}/ats-status",
         .access = Access::write,
         .answer = [this](const DestinationCall& call) { return put_status(call); }});
}

http::Reply Cluster::put_status(const DestinationCall& call) {
    Wrongs wrongs;
    StrictObject body{call.body, "", wrongs};
    const auto update = read_status_update(body, wrongs);
    const auto opportunity = body.text("opportunity_id");
    body.finish();
    if (!wrongs.empty()) return violation(400, "invalid-request", joined(wrongs));

    return put(call, opportunity, update, [&](const StatusUpdate*) -> std::optional<http::Reply> {
        links_[opportunity] = {.job = call.values[0], .candidate = call.values[1]};
        return std::nullopt;
    });
}

void Cluster::write_own(json::Writer& out, const std::string& opportunity) const {
    const auto& link = links_.at(opportunity);
    out.member("job", link.job).member("candidate", link.candidate);
}

}  // namespace hirewire::sandbox
