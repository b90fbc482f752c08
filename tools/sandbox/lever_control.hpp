#pragma once
// The hand that moves the sandbox's Lever: POST /_sandbox/opportunities and its relatives. Each move answers with the
// tokens of the webhooks that it caused.
#include <vector>

#include "common/http/routes.hpp"
#include "tools/sandbox/lever_api.hpp"
#include "tools/sandbox/lever_model.hpp"
#include "tools/sandbox/strict_object.hpp"
#include "tools/sandbox/webhooks.hpp"

namespace hirewire::sandbox {

class LeverControl {
public:
    LeverControl(LeverModel& model, Webhooks& webhooks, LeverApi& api)
        : model_{model}, webhooks_{webhooks}, api_{api} {}

    void add_routes(std::vector<http::Route>& routes);

private:
    http::Reply create(const http::Incoming& request);
    http::Reply enter_stage(const http::Incoming& request, const Opportunity& opportunity);
    http::Reply archive(const http::Incoming& request, const Opportunity& opportunity);
    http::Reply unarchive(const http::Incoming& request, const Opportunity& opportunity);
    http::Reply hire(const http::Incoming& request, const Opportunity& opportunity);
    http::Reply offer(const http::Incoming& request, const Opportunity& opportunity);
    http::Reply remove(const http::Incoming& request, const Opportunity& opportunity);
    http::Reply change_person(const http::Incoming& request, const Contact& contact);
    http::Reply create_posting(const http::Incoming& request);
    http::Reply change_posting(const http::Incoming& request, const Posting& posting);
    http::Reply remove_posting(const Posting& posting);
    http::Reply set_delivery(const http::Incoming& request);

    http::Reply moved(const std::string& opportunity, const Events& events);

    LeverModel& model_;
    Webhooks& webhooks_;
    LeverApi& api_;
};

}  // namespace hirewire::sandbox
