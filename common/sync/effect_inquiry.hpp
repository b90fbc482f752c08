#pragma once
// Follows the rules' plan as far as it asks and does not tell, for who looks ahead. Whom questions harm is asked no
// more: a credential that is refused once locks us out when it is tried for every record, and who does not answer has
// enough to do. Knows no socket: how somebody is asked is handed in.
#include <functional>
#include <string>
#include <utility>

#include "common/sync/effect.hpp"
#include "common/sync/plan.hpp"

namespace hirewire::sync {

// How the questions to one neighbour went.
class QuestionLimit {
public:
    explicit QuestionLimit(std::string who) : who_{std::move(who)} {}
    // What the rules made of its answer, or of there being none.
    void hear(const Plan& next);
    // Why it is asked no more, in one sentence without its full stop; "" = it is.
    [[nodiscard]] const std::string& reached() const { return reached_; }

private:
    std::string who_;
    std::string reached_{};
    int failures_ = 0;  // since its last answer
};

class Inquiry {
public:
    struct Heard {
        Answer answer{};
        bool sent = true;  // false: it was answered before, and the same holds still
    };
    // How each is asked; empty: it is not asked, for the reason beside, which may be left out.
    struct Neighbours {
        std::function<Heard(const Send&)> destination{};
        std::string why_not_destination{};
        // Answers the step after the question.
        std::function<Plan(const AskPerson&, const std::string& opportunity)> lever_source{};
        std::string why_not_lever_source{};
    };
    Inquiry(std::string destination, Neighbours neighbours);
    // Ends with a decision, a request that tells, or a question that nobody is asked.
    Course follow(Plan plan, const std::string& opportunity);
    // Why questions were left out, in one sentence without its full stop; "" = none was, or no reason was given.
    [[nodiscard]] std::string why_not() const;

private:
    // Takes a step; false when the plan stays as it is.
    bool ask_destination(Course& course);
    bool ask_lever_source(Course& course, const std::string& opportunity);

    Neighbours neighbours_;
    QuestionLimit destination_;
    QuestionLimit lever_source_{"lever-source"};
    std::string destination_left_out_{};
    std::string lever_source_left_out_{};
};

}  // namespace hirewire::sync
