#include "tests/support/oracle.hpp"

#include "common/json/value.hpp"

namespace hirewire::testing {
namespace {

const std::vector<std::string> destinations{"clara", "cluster", "cleary"};

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
std::map<std::string, Employee> employees_of(json::Value opportunities, json::Value people) {
    std::map<std::string, Employee> employees;
    for (const auto& one : opportunities.items()) {
        if (!one["hired"].boolean() || one["confidential"].boolean() || one["deleted"].boolean()) continue;
        auto& employee = employees[std::string{one["contact"].string()}];
        const auto moved_at = one["updated_at"].integer();
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
        if (behind.count(std::string{id}) == 0) found[std::string{id}] = status_text(belief);
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

}  // namespace

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
    return employee_difference(employees_of(opportunities.root(), people.root()), cleary.root());
}

std::string Oracle::violations() const {
    std::string all;
    for (const auto& destination : destinations) {
        const auto list = stack_.control(control_path(destination, "violations"));
        for (const auto& one : list.root().items()) all += destination + ": " + one.text() + "\n";
    }
    return all;
}

std::string Oracle::states() const {
    std::string all;
    for (const auto& destination : destinations) {
        all += destination + ": " + stack_.control(control_path(destination, "state")).root().text() + "\n";
    }
    return all;
}

std::size_t Oracle::requests(std::string_view destination) const {
    return stack_.control(control_path(destination, "requests")).root().items().size();
}

}  // namespace hirewire::testing
