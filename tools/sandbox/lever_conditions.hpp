#pragma once
// The control calls that set how the sandbox's Lever behaves: deliveries, faults of the API, what the key may see,
// what is null. And its two logs.
#include <vector>

#include "common/http/routes.hpp"
#include "tools/sandbox/lever_gate.hpp"
#include "tools/sandbox/lever_model.hpp"
#include "tools/sandbox/lever_sight.hpp"
#include "tools/sandbox/webhooks.hpp"

namespace hirewire::sandbox {

class LeverConditions {
public:
    LeverConditions(const LeverModel& model, LeverSight& sight, Webhooks& webhooks, LeverGate& gate)
        : model_{model}, sight_{sight}, webhooks_{webhooks}, gate_{gate} {}

    void add_routes(std::vector<http::Route>& routes);

private:
    http::Reply set_delivery(const http::Incoming& request);
    http::Reply set_faults(const http::Incoming& request);
    http::Reply set_grants(const http::Incoming& request);
    http::Reply set_nulls(const http::Incoming& request, const Opportunity& opportunity);

    const LeverModel& model_;
    LeverSight& sight_;
    Webhooks& webhooks_;
    LeverGate& gate_;
};

}  // namespace hirewire::sandbox
