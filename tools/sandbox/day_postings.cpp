#include "tools/sandbox/day_postings.hpp"

#include <algorithm>
#include <utility>

#include "tools/sandbox/moment.hpp"

namespace hirewire::sandbox {
namespace {

const std::string listing = "postings";
const std::string the_org = "theorg";
// A run that failed, or that had begun before the move, is asked for again.
constexpr Milliseconds rest{1'000};

}  // namespace

PostingStories::PostingStories(
    std::vector<std::string> destinations, Milliseconds patience, Control& control, Ask ask)
    : control_{control}, ask_{std::move(ask)}, patience_{patience} {
    act_.subject = "posting";
    act_.destinations = std::move(destinations);
    if (act_.destinations.empty()) return;
    for (const auto& advert : adverts()) {
        Story story{.label = advert.label};
        for (const auto& step : advert.steps) {
            parts_.push_back({.story = act_.stories.size(), .step = story.transitions.size()});
            story.transitions.push_back({.step = step});
        }
        act_.stories.push_back(std::move(story));
    }
}

bool PostingStories::is_told_to(const std::string& destination) const {
    const auto& told = act_.destinations;
    return std::find(told.begin(), told.end(), destination) != told.end();
}

void PostingStories::move_on(Instant now) {
    if (over()) return;
    if (transition().at == 0) make(now);
    if (transition().arrivals.size() == act_.destinations.size()) {
        ++at_;
        run_id_.clear();
        run_kind_.clear();
        return;
    }
    if (now - made_at_ > patience_) {
        at_ = parts_.size();
        return;
    }
    const bool is_told = run_kind_ == the_org && transition().arrivals.contains(the_org);
    const bool is_due = run_id_.empty() && !run_kind_.empty() && now >= ask_at_;
    if (is_due && !is_told) run_id_ = ask_(run_kind_);
}

void PostingStories::make(Instant now) {
    auto& next = transition();
    next.at = wall_clock();
    if (parts_[at_].step == 0) {
        posting_ = control_.post("/postings", next.step.body)["id"].string();
    } else {
        control_.patch("/postings/" + posting_, next.step.body);
    }
    made_at_ = now;
    want(listing, now);
}

void PostingStories::want(const std::string& kind, Instant when) {
    run_id_.clear();
    run_kind_ = kind;
    ask_at_ = when;
}

void PostingStories::hear(const Ended& ended, Instant now) {
    if (over() || run_id_.empty() || ended.run_id != run_id_) return;
    if (run_kind_ == listing && ended.finished) {
        transition().change_id = ended.run_id;
        want(is_told_to(the_org) ? the_org : std::string{}, now);
        return;
    }
    want(run_kind_, now + rest);
}

void PostingStories::hear(const Decided& decided) {
    if (over() || !decided.final || decided.resource != posting_ || !is_told_to(decided.destination)) return;
    auto& now = transition();
    if (now.at == 0 || decided.decided_at < now.at) return;
    now.arrivals.try_emplace(
        decided.destination, Arrival{.outcome = decided.outcome, .ms = decided.decided_at - now.at});
}

}  // namespace hirewire::sandbox
