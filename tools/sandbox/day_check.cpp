#include "tools/sandbox/day_check.hpp"

#include <array>
#include <utility>

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

// As the configuration that tools/up writes has it.
std::string_view clinch_outcome(std::string_view status) {
    using Pair = std::pair<std::string_view, std::string_view>;
    constexpr std::array outcomes{
        Pair{"Hired", "success"},
        Pair{"Offer", "success"},
        Pair{"Underqualified", "failure"},
        Pair{"Position closed", "failure"}};
    for (const auto& [name, outcome] : outcomes) {
        if (name == status) return outcome;
    }
    return {};
}

// What was recorded and does not count any more stays, taken back.
std::string compare_outcome(const Subject& subject, json::Value truth, json::Value state) {
    const auto belief = state[subject.address + "/" + std::string{truth["posting"].string()}];
    const auto expected = clinch_outcome(truth["status"]["name"].string());
    const auto found = belief["outcome"].string();
    if (found == expected || (expected.empty() && found == "reverted")) return "";
    return subject.label + " counts as " + quoted(expected) + ", there as " + quoted(found);
}

std::string compare(const std::string& destination, const Subject& subject, json::Value truth, json::Value state) {
    if (destination == "cleary") return compare_user(subject, truth, state[subject.contact]);
    if (destination == "clinch") return compare_outcome(subject, truth, state);
    const bool expected = destination != "cluster" || subject.at_cluster;
    return compare_status(subject, truth, state[subject.opportunity], expected);
}

bool is_open(json::Value one) {
    const auto posting = one["posting"];
    return !one["deleted"].boolean() && posting["confidentiality"].string() != "confidential" &&
           posting["state"].string() == "published";
}

// The Org has open jobs only; Clinch keeps them, and shows no job without a location.
bool is_shown(const std::string& destination, json::Value job) {
    return destination == "clinch" ? job["page_status"].string() == "published" : !job.is_null();
}

}  // namespace

std::vector<std::string> differences(
    const std::string& destination, const std::vector<Subject>& subjects, json::Value lever, json::Value state) {
    std::vector<std::string> found;
    if (destination == "theorg") return found;
    for (const auto& subject : subjects) {
        const auto truth = find(lever, subject.opportunity);
        auto difference = compare(destination, subject, truth, state);
        if (!difference.empty()) found.push_back(std::move(difference));
    }
    return found;
}

std::vector<std::string> job_differences(const std::string& destination, json::Value postings, json::Value state) {
    std::vector<std::string> found;
    if (destination != "clinch" && destination != "theorg") return found;
    for (const auto& one : postings.items()) {
        const auto posting = one["posting"];
        const auto location = posting["categories"]["location"].string();
        const bool expected = is_open(one) && (destination != "clinch" || !location.empty());
        const auto job = state["jobs"][one["id"].string()];
        const auto title = "the posting " + quoted(posting["text"].string());
        if (is_shown(destination, job) != expected) {
            found.push_back(title + (expected ? " is not shown there" : " is shown there, but is not open"));
        } else if (expected && job["location"].string() != location) {
            found.push_back(title + " is in " + quoted(location) + ", there in " + quoted(job["location"].string()));
        }
    }
    return found;
}

}  // namespace hirewire::sandbox
