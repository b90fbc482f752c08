#include "tests/support/oracle.hpp"

#include <algorithm>
#include <cctype>

#include "common/core/time.hpp"
#include "common/json/value.hpp"

namespace hirewire::testing {
namespace {

std::string control_path(std::string_view destination, std::string_view what) {
    return "/_sandbox/" + std::string{destination} + "/" + std::string{what};
}

// Status and hired, as Lever and both status destinations write them.
std::string status_text(json::Value opportunity) {
    const auto status = opportunity["status"];
    return std::string{status["kind"].string()} + " " + std::string{status["id"].string()} + " '" +
           std::string{status["name"].string()} + "'" + (opportunity["hired"].boolean() ? " hired" : "");
}

struct Employee {
    std::string name{};
    std::string start_date{};  // "" = none
    std::int64_t moved_at = 0;
};

std::string employee_text(const Employee& employee) {
    return employee.name + " from " + (employee.start_date.empty() ? "no date" : employee.start_date);
}

// By contact; of several hires of one person the newest counts.
std::map<std::string, Employee> employees_of(
    json::Value opportunities, json::Value people, const std::string& hired_since) {
    std::map<std::string, Employee> employees;
    for (const auto& one : opportunities.items()) {
        if (!one["hired"].boolean() || one["confidential"].boolean() || one["deleted"].boolean()) continue;
        const auto moved_at = one["updated_at"].integer();
        if (iso_date(from_ms(moved_at)) < hired_since) continue;
        auto& employee = employees[std::string{one["contact"].string()}];
        if (moved_at < employee.moved_at) continue;
        employee.moved_at = moved_at;
        employee.start_date = one["start_date"].string();
    }
    // Oldest first: the last name is the present one.
    for (const auto& person : people.items()) {
        const auto found = employees.find(std::string{person["contact"].string()});
        if (found != employees.end()) found->second.name = person["name"].string();
    }
    return employees;
}

// One destination that is put the status of each of `expected`.
std::string status_difference(
    const std::string& destination,
    const std::map<std::string, std::string>& expected,
    json::Value state,
    const std::set<std::string>& behind) {
    std::map<std::string, std::string> found;
    for (const auto& [id, belief] : state.members()) {
        const bool is_status = belief["status"].is_object();
        if (is_status && behind.count(std::string{id}) == 0) found[std::string{id}] = status_text(belief);
    }
    for (const auto& [id, status] : expected) {
        const auto at = found.find(id);
        if (at == found.end()) return destination + " does not know " + id + ": " + status;
        if (at->second != status) return destination + " has " + id + " as " + at->second + ", Lever as " + status;
    }
    for (const auto& [id, status] : found) {
        if (expected.count(id) == 0) return destination + " knows " + id + ", none of its business: " + status;
    }
    return {};
}

std::string employee_difference(const std::map<std::string, Employee>& expected, json::Value state) {
    std::set<std::string> seen;
    for (const auto& [id, user] : state.members()) {
        const std::string contact{id};
        if (!seen.insert(contact).second) return "cleary has " + contact + " twice";
        if (user["active"].boolean()) return "cleary has let " + contact + " in";
        const auto at = expected.find(contact);
        if (at == expected.end()) continue;
        Employee found;
        found.name = user["name"].string();
        found.start_date = user["start_date"].string();
        if (employee_text(found) != employee_text(at->second)) {
            return "cleary has " + contact + " as " + employee_text(found) + ", Lever as " +
                   employee_text(at->second);
        }
    }
    for (const auto& [contact, employee] : expected) {
        if (seen.count(contact) == 0) return "cleary does not have " + contact + ": " + employee_text(employee);
    }
    return {};
}

std::string lower(std::string_view text) {
    std::string out{text};
    std::transform(
        out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

// Whether the list, as the configuration writes it, names this status.
bool lists(std::string_view list, const std::string& name) {
    const std::string entries = ", " + std::string{list.substr(1, list.size() - 2)} + ", ";
    return entries.find(", " + name + ", ") != std::string::npos;
}

// What Clinch counts this status as, with its name; "" when as nothing.
std::string outcome_of(json::Value opportunity) {
    const auto name = lower(opportunity["status"]["name"].string());
    if (lists(clinch_success_states, name)) return "success " + name;
    if (lists(clinch_failure_states, name)) return "failure " + name;
    return {};
}

// By address and posting, all that Clinch may hold: a person may have several opportunities for one job.
std::map<std::string, std::set<std::string>> outcomes_of(
    json::Value opportunities, json::Value people, const std::set<std::string>& unknown) {
    std::map<std::string, std::string> addresses;  // oldest first: the last one is the present one
    for (const auto& person : people.items()) {
        addresses[std::string{person["contact"].string()}] = lower(person["email"].string());
    }
    std::map<std::string, std::set<std::string>> outcomes;
    for (const auto& one : opportunities.items()) {
        const bool hidden = one["confidential"].boolean() || one["deleted"].boolean();
        const auto outcome = outcome_of(one);
        if (hidden || outcome.empty() || one["posting"].is_null()) continue;
        const auto& address = addresses[std::string{one["contact"].string()}];
        if (unknown.contains(address)) continue;
        outcomes[address + "/" + std::string{one["posting"].string()}].insert(outcome);
    }
    return outcomes;
}

std::string outcome_difference(const std::map<std::string, std::set<std::string>>& expected, json::Value state) {
    std::map<std::string, std::string> found;
    for (const auto& [key, belief] : state.members()) {
        const auto outcome = belief["outcome"].string();
        if (outcome.empty() || outcome == "reverted") continue;
        found[std::string{key}] = std::string{outcome} + " " + std::string{belief["state"].string()};
    }
    for (const auto& [key, outcomes] : expected) {
        const auto at = found.find(key);
        if (at == found.end()) return "clinch does not know " + key + ": " + *outcomes.begin();
        if (!outcomes.contains(at->second)) {
            return "clinch has " + key + " as " + at->second + ", Lever as " + *outcomes.begin();
        }
    }
    for (const auto& [key, outcome] : found) {
        if (!expected.contains(key)) return "clinch still has " + key + " as " + outcome;
    }
    return {};
}

bool is_shown(json::Value one) {
    return !one["deleted"].boolean() && one["posting"]["confidentiality"].string() != "confidential" &&
           one["posting"]["state"].string() == "published";
}

// Clinch keeps the job of a posting that is not open any more, and need not have one that was never open, or that has
// no location.
std::string page_difference(json::Value postings, json::Value jobs) {
    for (const auto& one : postings.items()) {
        const auto id = one["id"].string();
        const auto posting = one["posting"];
        const auto location = posting["categories"]["location"].string();
        const bool published = is_shown(one) && !location.empty();
        const auto job = jobs[id];
        const std::string what = "clinch's job " + std::string{id};
        if ((job["page_status"].string() == "published") != published) {
            return what + (published ? " is not published" : " is published, Lever's is not");
        }
        if (!published) continue;
        if (job["title"].string() != posting["text"].string()) return what + " has another title";
        if (job["location"].string() != location) return what + " has another location";
        if (job["url"].string() != posting["urls"]["show"].string()) return what + " has another url";
    }
    return {};
}

// The seven facts, in The Org's words.
std::string job_text(
    const std::string& title,
    const std::string& description,
    const std::string& department,
    const std::string& location,
    const std::string& state,
    const std::string& created_at,
    const std::string& url) {
    return title + " | " + description + " | " + department + " | " + location + " | " + state + " | " + created_at +
           " | " + url;
}

std::string job_difference(json::Value postings, json::Value jobs) {
    std::map<std::string, std::string> expected;
    const auto text = [](json::Value value) { return std::string{value.string()}; };
    for (const auto& one : postings.items()) {
        if (!is_shown(one)) continue;
        const auto posting = one["posting"];
        expected[text(one["id"])] = job_text(
            text(posting["text"]),
            text(posting["content"]["descriptionHtml"]),
            text(posting["categories"]["department"]),
            text(posting["categories"]["location"]),
            text(posting["state"]),
            iso_time(from_ms(posting["createdAt"].integer())),
            text(posting["urls"]["show"]));
    }
    std::map<std::string, std::string> found;
    for (const auto& [id, job] : jobs.members()) {
        found[std::string{id}] = job_text(
            text(job["title"]),
            text(job["description"]),
            text(job["department"]),
            text(job["location"]),
            text(job["state"]),
            text(job["created_at"]),
            text(job["url"]));
    }
    for (const auto& [id, job] : expected) {
        const auto at = found.find(id);
        if (at == found.end()) return "theorg does not have " + id + ": " + job;
        if (at->second != job) return "theorg has " + id + " as " + at->second + ", Lever as " + job;
    }
    for (const auto& [id, job] : found) {
        if (!expected.contains(id)) return "theorg still has " + id + ": " + job;
    }
    return {};
}

}  // namespace

const std::vector<std::string>& Oracle::destinations() {
    static const std::vector<std::string> all{"clara", "cluster", "cleary", "clinch", "theorg"};
    return all;
}

std::string Oracle::difference(const std::set<std::string>& behind) const {
    const auto opportunities = stack_.control("/_sandbox/opportunities");
    std::map<std::string, std::string> at_clara;
    std::map<std::string, std::string> at_cluster;
    for (const auto& one : opportunities.root().items()) {
        if (one["confidential"].boolean() || one["deleted"].boolean()) continue;
        const std::string id{one["id"].string()};
        if (behind.count(id) == 1) continue;
        at_clara[id] = status_text(one);
        if (linked_.count(id) == 1) at_cluster[id] = status_text(one);
    }
    const auto clara = stack_.control(control_path("clara", "state"));
    if (auto wrong = status_difference("clara", at_clara, clara.root(), behind); !wrong.empty()) return wrong;
    const auto cluster = stack_.control(control_path("cluster", "state"));
    if (auto wrong = status_difference("cluster", at_cluster, cluster.root(), behind); !wrong.empty()) return wrong;
    const auto people = stack_.control("/_sandbox/people");
    const auto cleary = stack_.control(control_path("cleary", "state"));
    const auto employees = employees_of(opportunities.root(), people.root(), hired_since_);
    if (auto wrong = employee_difference(employees, cleary.root()); !wrong.empty()) return wrong;
    if (stack_.has(Service::sync_clinch)) {
        const auto clinch = stack_.control(control_path("clinch", "state"));
        const auto outcomes = outcomes_of(opportunities.root(), people.root(), unknown_at_clinch_);
        if (auto wrong = outcome_difference(outcomes, clinch.root()); !wrong.empty()) return wrong;
        const auto postings = stack_.control("/_sandbox/postings");
        if (auto wrong = page_difference(postings.root(), clinch["jobs"]); !wrong.empty()) return wrong;
    }
    if (stack_.has(Service::sync_theorg)) {
        const auto postings = stack_.control("/_sandbox/postings");
        const auto theorg = stack_.control(control_path("theorg", "state"));
        return job_difference(postings.root(), theorg["jobs"]);
    }
    return {};
}

std::string Oracle::violations() const {
    std::string all;
    for (const auto& destination : destinations()) {
        const auto list = stack_.control(control_path(destination, "violations"));
        for (const auto& one : list.root().items()) all += destination + ": " + one.text() + "\n";
    }
    const auto writes = stack_.control("/_sandbox/lever/requests")["writes"].integer();
    if (writes > 0) all += "lever: " + std::to_string(writes) + " writes\n";
    return all;
}

std::string Oracle::states() const {
    std::string all;
    for (const auto& destination : destinations()) {
        all += destination + ": " + stack_.control(control_path(destination, "state")).root().text() + "\n";
    }
    return all;
}

std::size_t Oracle::requests(std::string_view destination) const {
    return stack_.control(control_path(destination, "requests")).root().items().size();
}

std::size_t Oracle::requests() const {
    std::size_t sum = 0;
    for (const auto& destination : destinations()) sum += requests(destination);
    return sum;
}

}  // namespace hirewire::testing
