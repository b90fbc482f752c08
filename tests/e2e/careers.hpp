#pragma once
// People's ways through Lever, at random: stage changes, rejections, hires, and second thoughts about both.
#include <set>
#include <string>
#include <vector>

#include "tests/e2e/installation.hpp"
#include "tests/support/seed.hpp"

namespace hirewire::testing {

class Careers {
public:
    Careers(Installation& the, Dice& dice) : the_{the}, dice_{dice} {}

    void move(const std::string& id) {
        if (archived_.contains(id) && dice_.one_in(2)) {
            act(id, "unarchive", "{}");
            archived_.erase(id);
        } else if (!archived_.contains(id) && dice_.one_in(6)) {
            act(id, "archive", R"({"reason":"Underqualified"})");
            archived_.insert(id);
        } else if (!archived_.contains(id) && dice_.one_in(20)) {
            act(id, "hire", R"({"start_date":"2027-01-04"})");
            archived_.insert(id);
        } else {
            the_.move(id, dice_.pick(stages_));
        }
    }

private:
    void act(const std::string& id, const std::string& what, const std::string& body) {
        the_.stack.control(http::Method::post, "/_sandbox/opportunities/" + id + "/" + what, body);
    }

    Installation& the_;
    Dice& dice_;
    const std::vector<std::string> stages_{
        "Recruiter screen", "On-site interview", "Reference check", "offer", "Reached out"};
    std::set<std::string> archived_;
};

}  // namespace hirewire::testing
