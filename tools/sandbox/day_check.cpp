#include "tools/sandbox/day_check.hpp"

namespace hirewire::sandbox {
namespace {

std::string quoted(std::string_view text) {
    return text.empty() ? "nothing" : "'" + std::string{text} + "'";
}

json::Value find(json::Value lever, const std::string& opportunity) {
    for (const auto& item : lever.items()) {
        if (item["id"].string() == opportunity) return item;
    }
    return {};
}

std::string compare_status(const Subject& subject, json::Value truth, json::Value belief, bool expected) {
    if (!expected) return belief.is_null() ? "" : subject.label + " is none of its candidates, but it has a status";
    if (belief.is_null()) return subject.label + " is unknown there";
    if (belief["status"]["id"].string() != truth["status"]["id"].string()) {
        return subject.label + " is " + quoted(truth["status"]["name"].string()) + " in Lever, " +
               quoted(belief["status"]["name"].string()) + " there";
    }
    if (belief["hired"].boolean() != truth["hired"].boolean()) return subject.label + " differs in being hired";
    return "";
}

// A user stays when a hire is taken back; what must not be is one for somebody never hired.
std::string compare_user(const Subject& subject, json::Value truth, json::Value user) {
    if (!subject.ever_hired) return user.is_null() ? "" : subject.label + " was never hired, but has a user";
    if (!truth["hired"].boolean()) return "";
    if (user.is_null()) return subject.label + " is hired, but has no user";
    if (user["active"].boolean()) return subject.label + "'s user is active";
    if (user["start_date"].string() != truth["start_date"].string()) {
        return subject.label + " starts " + quoted(truth["start_date"].string()) + " in Lever, " +
               quoted(user["start_date"].string()) + " there";
    }
    return "";
}

}  // namespace

std::vector<std::string> differences(
    const std::string& destination, const std::vector<Subject>& subjects, json::Value lever, json::Value state) {
    std::vector<std::string> found;
    for (const auto& subject : subjects) {
        const auto truth = find(lever, subject.opportunity);
        const bool expected = destination != "cluster" || subject.at_cluster;
        auto difference = destination == "cleary"
                              ? compare_user(subject, truth, state[subject.contact])
                              : compare_status(subject, truth, state[subject.opportunity], expected);
        if (!difference.empty()) found.push_back(std::move(difference));
    }
    return found;
}

}  // namespace hirewire::sandbox
