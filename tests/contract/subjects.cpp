#include "tests/contract/subjects.hpp"

#include <algorithm>
#include <stdexcept>

#include "common/config/schema.hpp"
#include "services/sync-clara/rules.hpp"
#include "services/sync-cleary/rules.hpp"
#include "services/sync-clinch/rules.hpp"
#include "services/sync-cluster/rules.hpp"
#include "tests/toy/rules.hpp"

namespace hirewire::contract {
namespace {

struct Line {
    std::unique_ptr<sync::Destination> (*make)() = nullptr;
    std::vector<std::string> calls{};
};

const std::vector<Line>& lines() {
    static const std::vector<Line> all{
        {&clara::make_destination, {"PUT /integrations/lever/opportunities/*/status"}},
        {&cluster::make_destination, {"PUT /jobs/*/candidates/*/ats-status", "PUT /ats/lever/postings/*"}},
        {&cleary::make_destination,
         {"GET /ServiceProviderConfig",
          "GET /Users",
          "GET /Users/*",
          "POST /Users",
          "PATCH /Users/*",
          "PUT /Users/*"}},
        {&clinch::make_destination,
         {"GET /candidates", "POST /candidate_outcomes", "GET /candidate_outcomes/*", "PATCH /jobs/*", "POST /jobs"}},
        {&toy::make_destination, {"PUT /status/*"}},
    };
    return all;
}

std::unique_ptr<sync::Destination> configured(const Line& line) {
    auto destination = line.make();
    std::vector<std::string> others;
    for (const auto& other : lines()) {
        const auto made = other.make();
        if (made->name() != destination->name()) others.emplace_back(made->name());
    }
    config::Schema schema;
    destination->declare(schema.section(std::string{destination->name()}, "The destination."));
    schema.accept(others);
    schema.load(std::string{HIREWIRE_SOURCE_DIR} + "/tests/contract/hirewire.toml");
    if (!destination->fault().empty()) throw std::runtime_error(destination->fault());
    return destination;
}

std::vector<std::string> segments(std::string_view path) {
    std::vector<std::string> all;
    while (!path.empty()) {
        path.remove_prefix(1);
        all.emplace_back(path.substr(0, path.find('/')));
        path.remove_prefix(all.back().size());
    }
    return all;
}

bool matches(const std::string& call, const http::Request& request) {
    const auto space = call.find(' ');
    if (call.substr(0, space) != http::name_of(request.method)) return false;
    const auto expected = segments(call.substr(space + 1));
    const auto actual = segments(http::path_of(request.target));
    if (expected.size() != actual.size()) return false;
    for (std::size_t i = 0; i < actual.size(); ++i) {
        if (expected[i] == "*" ? actual[i].empty() : expected[i] != actual[i]) return false;
    }
    return true;
}

}  // namespace

bool Subject::may_call(const http::Request& request) const {
    return std::any_of(calls.begin(), calls.end(), [&](const std::string& call) { return matches(call, request); });
}

std::vector<Subject> subjects() {
    std::vector<Subject> all;
    for (const auto& line : lines()) {
        Subject subject;
        subject.destination = configured(line);
        subject.calls = line.calls;
        all.push_back(std::move(subject));
    }
    return all;
}

}  // namespace hirewire::contract
