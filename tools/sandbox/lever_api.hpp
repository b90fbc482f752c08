#pragma once
// Lever's Data API v1, the reading part that Hirewire uses, with the paging of the real one. Stricter in one
// point: a query parameter that it does not know is refused instead of ignored.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/routes.hpp"
#include "tools/sandbox/lever_gate.hpp"
#include "tools/sandbox/lever_model.hpp"
#include "tools/sandbox/lever_sight.hpp"

namespace hirewire::sandbox {

class LeverApi {
public:
    LeverApi(const LeverModel& model, const LeverSight& sight, LeverGate& gate)
        : model_{model}, sight_{sight}, gate_{gate} {}

    // After all other routes under /v1: what is not known there is answered here.
    void add_routes(std::vector<http::Route>& routes);

private:
    struct Call {
        std::string_view target{};
        http::PathValues values{};
    };
    using Answer = http::Reply (LeverApi::*)(const Call&);

    http::Reply opportunity(const Call& call);
    http::Reply opportunities(const Call& call);
    http::Reply deleted_opportunities(const Call& call);
    http::Reply offers(const Call& call);
    http::Reply applications(const Call& call);
    http::Reply contact(const Call& call);
    http::Reply stage(const Call& call);
    http::Reply stages(const Call& call);
    http::Reply reason(const Call& call);
    http::Reply reasons(const Call& call);
    http::Reply posting(const Call& call);
    http::Reply postings(const Call& call);
    http::Reply deleted_postings(const Call& call);
    http::Reply disposition(const Call& call);
    http::Reply nothing_here(const Call& call);

    // Answers for an opportunity that is there and that the key may see, else why not.
    using OnShown = std::function<http::Reply(const Shown&)>;
    http::Reply of_opportunity(const std::string& id, const OnShown& answer) const;

    const LeverModel& model_;
    const LeverSight& sight_;
    LeverGate& gate_;
};

}  // namespace hirewire::sandbox
