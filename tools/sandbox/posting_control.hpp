#pragma once
// The hand that moves the postings of the sandbox's Lever: POST /_sandbox/postings and its relatives. Lever has no
// webhooks for them.
#include <vector>

#include "common/http/routes.hpp"
#include "tools/sandbox/lever_model.hpp"

namespace hirewire::sandbox {

class PostingControl {
public:
    explicit PostingControl(LeverModel& model) : model_{model} {}

    void add_routes(std::vector<http::Route>& routes);

private:
    http::Reply create(const http::Incoming& request);
    http::Reply change(const http::Incoming& request, const Posting& posting);
    http::Reply remove(const http::Incoming& request, const Posting& posting);

    LeverModel& model_;
};

}  // namespace hirewire::sandbox
