#pragma once
// The hand that moves the people of the sandbox's Lever: POST /_sandbox/opportunities and its relatives. Each move
// answers with the tokens of the webhooks that it caused.
#include <string>
#include <vector>

#include "common/http/routes.hpp"
#include "tools/sandbox/lever_model.hpp"
#include "tools/sandbox/lever_sight.hpp"
#include "tools/sandbox/webhooks.hpp"

namespace hirewire::sandbox {

class LeverControl {
public:
    LeverControl(LeverModel& model, LeverSight& sight, Webhooks& webhooks)
        : model_{model}, sight_{sight}, webhooks_{webhooks} {}

    void add_routes(std::vector<http::Route>& routes);

private:
    using Move = http::Reply (LeverControl::*)(const http::Incoming&, const Opportunity&);

    http::Reply create(const http::Incoming& request);
    http::Reply enter_stage(const http::Incoming& request, const Opportunity& opportunity);
    http::Reply archive(const http::Incoming& request, const Opportunity& opportunity);
    http::Reply unarchive(const http::Incoming& request, const Opportunity& opportunity);
    http::Reply hire(const http::Incoming& request, const Opportunity& opportunity);
    http::Reply offer(const http::Incoming& request, const Opportunity& opportunity);
    http::Reply touch(const http::Incoming& request, const Opportunity& opportunity);
    http::Reply remove(const http::Incoming& request, const Opportunity& opportunity);
    http::Reply change_person(const http::Incoming& request, const Contact& contact);
    http::Reply anonymize(const http::Incoming& request, const Contact& contact);

    http::Reply make(Move move, const http::Incoming& request, const Opportunity& opportunity);
    http::Reply moved(const std::string& id, const Events& events);

    LeverModel& model_;
    LeverSight& sight_;
    Webhooks& webhooks_;
};

}  // namespace hirewire::sandbox
