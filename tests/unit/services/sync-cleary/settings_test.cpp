#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

#include "common/config/schema.hpp"
#include "services/sync-cleary/agenda.hpp"
#include "services/sync-cleary/rules.hpp"
#include "tests/support/case_runner.hpp"
#include "tests/support/change_builders.hpp"

using namespace hirewire;

namespace {

namespace fs = std::filesystem;

const fs::path cases = std::string{HIREWIRE_SOURCE_DIR} + "/tests/unit/services/sync-cleary/cases";

// A configuration with these lines in its section.
class Papers {
public:
    explicit Papers(const std::string& lines)
        : file_{fs::temp_directory_path() / ("hirewire-cleary-" + std::to_string(getpid()) + ".toml")} {
        std::ofstream{file_} << "[cleary]\n" << lines;
    }
    ~Papers() { fs::remove(file_); }
    Papers(const Papers&) = delete;
    Papers& operator=(const Papers&) = delete;
    [[nodiscard]] const fs::path& file() const { return file_; }

private:
    fs::path file_;
};

std::string refusal_of(const std::string& lines) {
    const Papers papers{lines};
    try {
        testing::configured(cleary::make_destination(), papers.file());
    } catch (const config::Error& e) {
        return e.what();
    }
    return {};
}

const std::string since = "hired_since = \"2026-01-01\"\n";
const std::string zone = "time_zone = \"Europe/Berlin\"\n";

}  // namespace

TEST_CASE("#32 #37 Cleary: without the first day or the company's zone nothing begins, and a zone must be known") {
    CHECK(refusal_of(since + zone).empty());
    CHECK(refusal_of(zone).find("hired_since") != std::string::npos);
    CHECK(refusal_of(since).find("time_zone") != std::string::npos);
    const auto unknown = refusal_of(since + "time_zone = \"Europe/Atlantis\"\n");
    CHECK(unknown.find("time_zone") != std::string::npos);
    CHECK(unknown.find("Europe/Berlin") != std::string::npos);
}

TEST_CASE("#33 #37 Cleary: the time of the daily run and the place of today are refused where they say nothing") {
    CHECK(refusal_of(since + zone + "daily_at = \"6 o'clock\"\n").find("daily_at") != std::string::npos);
    CHECK(refusal_of(since + zone + "daily_at = \"23:30\"\ntoday_is = \"preboarding\"\n").empty());
    CHECK(refusal_of(since + zone + "today_is = \"tomorrow\"\n").find("today_is") != std::string::npos);
}

TEST_CASE("#33 Cleary: what is left to the runs is told when one asks for it") {
    const Papers papers{since + zone + "at_once = false\n"};
    const auto destination = testing::configured(cleary::make_destination(), papers.file());
    const auto change = testing::hire(1'772'463'905'123);
    using Ids = std::vector<std::string>;
    const auto plan = [&](const Ids& run_ids) {
        sync::Situation situation;
        situation.run_ids = run_ids;
        return destination->plan(change, situation);
    };
    const std::string run = cleary::replay_id("3c0e");
    const std::string snapshot = "snapshot-3c0e";
    const std::string replay = "3c0e";
    for (const auto& others : {Ids{}, Ids{snapshot}, Ids{replay}, Ids{snapshot, replay}}) {
        CHECK(testing::decision_text(plan(others)) == "outcome: skipped, left to the daily run");
    }
    for (const auto& runs : {Ids{run}, Ids{replay, run}, Ids{"redrive-3c0e"}}) {
        CHECK(std::holds_alternative<sync::AskPerson>(plan(runs).step));
    }
}

TEST_CASE("#36 #41 #42 Cleary: whatever is answered, nobody is deleted or let in, and no primary address is ours") {
    for (const auto& rule_case : testing::read_cases(cases)) {
        CAPTURE(rule_case.name);
        const auto own = rule_case.folder / "config.toml";
        const auto destination =
            testing::configured(cleary::make_destination(), fs::exists(own) ? own : cases / "config.toml");
        std::size_t next = 0;
        testing::Neighbours neighbours;
        neighbours.lever_source = [&] { return rule_case.person; };
        neighbours.destination = [&](const http::Request& request) -> sync::Answer {
            CHECK(request.method != http::Method::del);
            CHECK(request.body.find(R"("active":true)") == std::string::npos);
            // A PUT returns what others wrote, and nothing of the kind is ever added to it.
            if (request.method != http::Method::put) {
                CHECK(request.body.find("\"work\"") == std::string::npos);
                CHECK(request.body.find("primary") == std::string::npos);
            }
            return rule_case.answers.at(next++);
        };
        testing::follow(destination->plan(rule_case.change, rule_case.situation), neighbours);
    }
}

TEST_CASE("#35 Cleary: an outcome says whether somebody was created or changed") {
    const auto effect_of = [](const std::string& name) {
        for (const auto& rule_case : testing::read_cases(cases)) {
            if (rule_case.name != name) continue;
            const auto destination = testing::configured(cleary::make_destination(), cases / "config.toml");
            std::size_t next = 0;
            testing::Neighbours neighbours;
            neighbours.lever_source = [&] { return rule_case.person; };
            neighbours.destination = [&](const http::Request&) { return rule_case.answers.at(next++); };
            const auto plan = testing::follow(destination->plan(rule_case.change, rule_case.situation), neighbours);
            const auto* settled = std::get_if<sync::Settle>(&plan.step);
            return settled != nullptr ? settled->effect : std::string{"no decision"};
        }
        return std::string{"no such case"};
    };
    CHECK(effect_of("#33_hired") == "created");
    CHECK(effect_of("gone_meanwhile") == "created");
    CHECK(effect_of("#33_details_of_a_hire") == "updated");
    CHECK(effect_of("put_where_patch_is_not_supported") == "updated");
    CHECK(effect_of("unchanged") == "");
    CHECK(effect_of("#39_handed_over_to_the_hris") == "");
}
