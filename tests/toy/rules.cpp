#include "tests/toy/rules.hpp"

#include "common/json/writer.hpp"
#include "common/sync/judge.hpp"

namespace hirewire::toy {
namespace {

sync::Plan skip(std::string reason) {
    return {sync::Settle{.outcome = v1::OUTCOME_KIND_SKIPPED, .reason = std::move(reason)}};
}

class Toy final : public sync::Destination {
public:
    [[nodiscard]] std::string_view name() const override { return "toy"; }
    [[nodiscard]] std::uint16_t default_admin_port() const override { return 9119; }
    void declare(config::Section& section) override {
        section.flag("hires_only", hires_only_, "Whether it hears of nobody but of who was hired.");
    }

    [[nodiscard]] sync::Plan plan(const v1::Change& change, const sync::Situation& situation) const override {
        if (change.mark().deleted() || change.mark().anonymized()) return skip("deleted or anonymized in Lever");
        if (change.status().id().empty()) return skip("no status");
        if (hires_only_ && !change.hired()) return skip("not hired");
        http::Request request;
        request.method = http::Method::put;
        request.target = "/status/" + http::percent_encode(change.opportunity_id());
        json::Writer out;
        out.begin_object().member("status", change.status().name()).member("hired", change.hired());
        request.body = out.member("backfill", situation.backfill).end_object().text();
        const bool first_sync = situation.first_sync;
        auto then = [first_sync](const sync::Answer& answer) { return sync::judge(answer, first_sync); };
        return {sync::Send{.request = std::move(request), .then = std::move(then)}};
    }

private:
    bool hires_only_ = false;
};

}  // namespace

std::unique_ptr<sync::Destination> make_destination() {
    return std::make_unique<Toy>();
}

}  // namespace hirewire::toy
