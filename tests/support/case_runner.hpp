#pragma once
// A destination's rules as data: cases/<name>/event.json goes in, cases/<name>/expected.http comes out.
//
// event.json holds the "change" (protobuf JSON), and if it matters the "situation", the "person" that lever-source
// would tell (null: not visible) and the "answers" of the destination, one for each request. In place of the change
// it may hold a "posting_id" and the "posting" (protobuf JSON, null: gone). cases/config.toml is the configuration,
// unless the case has one of its own. expected.http holds every request in order and, last, how it ends.
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/sync/destination.hpp"

namespace hirewire::testing {

struct RuleCase {
    std::string name{};
    v1::Change change{};
    std::optional<sync::PostingNews> posting{};  // in place of the change
    sync::Situation situation{};
    bool has_person = false;
    std::optional<sync::Person> person{};
    std::vector<sync::Answer> answers{};
    std::string expected{};
    std::filesystem::path folder{};
};

// All cases of a folder, by name. Throws with the place of what cannot be read.
std::vector<RuleCase> read_cases(const std::filesystem::path& cases);

// A destination as a configuration file makes it.
std::unique_ptr<sync::Destination> configured(
    std::unique_ptr<sync::Destination> destination, const std::filesystem::path& file);

// What the destination wants done about the case.
sync::Plan plan_of(const sync::Destination& destination, const RuleCase& rule_case);

// What happens, in the form of expected.http.
std::string play(const sync::Destination& destination, const RuleCase& rule_case);

// Follows a plan to its end: who is asked, what is sent; answers with the decision.
struct Neighbours {
    std::function<sync::Answer(const http::Request&)> destination{};
    std::function<std::optional<sync::Person>()> lever_source{};
};
sync::Plan follow(sync::Plan plan, const Neighbours& neighbours);

// "outcome: applied" or "verdict: retry, answered 503".
std::string decision_text(const sync::Plan& plan);

}  // namespace hirewire::testing
