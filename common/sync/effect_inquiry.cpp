#include "common/sync/effect_inquiry.hpp"

#include <optional>
#include <variant>

namespace hirewire::sync {
namespace {

// In a row: one may be an accident, and so may be another one an hour later.
constexpr int most_failures = 2;

// Why there was no answer; nothing when there was one.
std::optional<std::string> failure_in(const Plan& next) {
    const auto* failed = std::get_if<Fail>(&next.step);
    if (failed == nullptr) return std::nullopt;
    if (const auto* weather = std::get_if<pipeline::Weather>(&failed->verdict)) return weather->reason;
    if (const auto* wait = std::get_if<pipeline::Wait>(&failed->verdict)) return wait->reason;
    return std::nullopt;
}

}  // namespace

void QuestionLimit::hear(const Plan& next) {
    if (!reached_.empty()) return;
    const std::string begin = who_ + " is asked no more: it ";
    const auto* failed = std::get_if<Fail>(&next.step);
    const auto* hold = failed == nullptr ? nullptr : std::get_if<pipeline::Hold>(&failed->verdict);
    if (hold != nullptr) {
        reached_ = begin + "refused the credential (" + hold->reason + ")";
        return;
    }
    const auto failure = failure_in(next);
    if (!failure) {
        failures_ = 0;
        return;
    }
    if (++failures_ >= most_failures) reached_ = begin + "failed twice in a row to answer (" + *failure + ")";
}

Inquiry::Inquiry(std::string destination, Neighbours neighbours)
    : neighbours_{std::move(neighbours)}, destination_{std::move(destination)} {}

bool Inquiry::ask_destination(Course& course) {
    const Send current = std::get<Send>(course.plan.step);
    if (current.request.method != http::Method::get) return false;
    const bool nobody = !neighbours_.destination;
    if (nobody || !destination_.reached().empty()) {
        destination_left_out_ = nobody ? neighbours_.why_not_destination : destination_.reached();
        return false;
    }
    const Heard heard = neighbours_.destination(current);
    if (heard.sent) ++course.calls;
    course.asked = true;
    course.plan = current.then(heard.answer);
    // What it answered earlier says nothing of how it is now.
    if (heard.sent) destination_.hear(course.plan);
    return true;
}

bool Inquiry::ask_lever_source(Course& course, const std::string& opportunity) {
    const bool nobody = !neighbours_.lever_source;
    if (nobody || !lever_source_.reached().empty()) {
        lever_source_left_out_ = nobody ? neighbours_.why_not_lever_source : lever_source_.reached();
        return false;
    }
    const AskPerson current = std::get<AskPerson>(course.plan.step);
    course.plan = neighbours_.lever_source(current, opportunity);
    lever_source_.hear(course.plan);
    return true;
}

Course Inquiry::follow(Plan plan, const std::string& opportunity) {
    Course course;
    course.plan = std::move(plan);
    for (int step = 0; step < most_plan_steps; ++step) {
        bool asked = false;
        if (std::holds_alternative<Send>(course.plan.step)) {
            asked = ask_destination(course);
        } else if (std::holds_alternative<AskPerson>(course.plan.step)) {
            asked = ask_lever_source(course, opportunity);
        }
        if (!asked) break;
    }
    return course;
}

std::string Inquiry::why_not() const {
    if (lever_source_left_out_.empty() || lever_source_left_out_ == destination_left_out_) {
        return destination_left_out_;
    }
    if (destination_left_out_.empty()) return lever_source_left_out_;
    return destination_left_out_ + "; " + lever_source_left_out_;
}

}  // namespace hirewire::sync
