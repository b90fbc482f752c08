// The lists of success and failure states in the form that Clinch's own page gives them.
#include "services/sync-clinch/states.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "common/config/schema.hpp"
#include "services/sync-clinch/fold.hpp"
#include "services/sync-clinch/rules.hpp"
#include "tests/support/case_runner.hpp"
#include "tests/support/change_builders.hpp"

using namespace hirewire;
using clinch::Standing;
using testing::archive_reason;
using testing::stage;

namespace {

std::vector<std::string> words(std::string_view list) {
    std::vector<std::string> all;
    for (const auto& state : clinch::parse_states(list)) all.push_back(state.words);
    return all;
}

clinch::StateLists lists(std::string_view success, std::string_view failure) {
    clinch::StateLists both;
    both.success = clinch::parse_states(success);
    both.failure = clinch::parse_states(failure);
    return both;
}

// What the daemon says about such a file; "" when nothing is wrong.
std::string complaint(const std::string& section) {
    const auto file = std::filesystem::temp_directory_path() / "hirewire-states-test-clinch.toml";
    std::ofstream{file} << "[clinch]\n" << section;
    std::string said;
    try {
        testing::configured(clinch::make_destination(), file);
    } catch (const config::Error& e) {
        said = e.what();
    }
    std::filesystem::remove(file);
    return said;
}

}  // namespace

TEST_CASE("#43 Clinch: a list is split at its commas; blanks around, empty entries and repeats are dropped") {
    using Words = std::vector<std::string>;
    CHECK(words("") == Words{});
    CHECK(words(" , ,") == Words{});
    CHECK(words("offer") == Words{"offer"});
    CHECK(words(" offer ,\tReference check,,hired ") == Words{"offer", "Reference check", "hired"});
    CHECK(words("Offer, offer, OFFER , id:a, ID: A") == Words{"Offer", "id:a"});
}

TEST_CASE("#43 Clinch: names are compared without case, width of gaps and way of writing an accent") {
    const auto same = [](std::string_view a, std::string_view b) {
        return clinch::comparable(a) == clinch::comparable(b);
    };
    CHECK(same("Offer", "  oFFER "));
    CHECK(same("On-site  interview", "on-site\tinterview"));
    CHECK(same("Entretien \u00C0 distance", "entretien a\u0300 distance"));
    CHECK(same("STRASSE", "stra\u00DFe"));
    CHECK(same("\u0397\u03A0\u0391\u03A1\u039F\u03A3", "\u03B7\u03C0\u03B1\u03C1\u03BF\u03C2"));
    CHECK(same("\u0415\u0308\u041B\u041A\u0410", "\u0451\u043B\u043A\u0430"));
    // Vietnamese: two marks, precomposed, half of them, or none, in either order.
    CHECK(same("\u1EC6", "\u00EA\u0323"));
    CHECK(same("\u1EC6", "e\u0302\u0323"));
    CHECK(same("\u01A0", "o\u031B"));
    CHECK_FALSE(same("offer", "offers"));
    CHECK_FALSE(same("resume", "r\u00E9sum\u00E9"));
    CHECK_FALSE(same("on-site", "onsite"));
    CHECK(clinch::comparable("a\xff\xc3") == "a\xEF\xBF\xBD\xEF\xBF\xBD");
    CHECK(clinch::lower_case("  Entretien \u00C0  Distance ") == "entretien \u00E0  distance");
    CHECK(clinch::lower_case("") == "");
}

TEST_CASE("#43 Clinch: success, failure or neither; an id beats a name") {
    const auto both = lists("offer, id:r-1, hired", "Underqualified, id:offer-2");
    CHECK(standing_of(stage("offer", "Offer"), both) == Standing::success);
    CHECK(standing_of(archive_reason("r-1", "Renamed since"), both) == Standing::success);
    CHECK(standing_of(archive_reason("r-2", "UNDERQUALIFIED "), both) == Standing::failure);
    CHECK(standing_of(stage("offer-2", "Offer"), both) == Standing::failure);
    CHECK(standing_of(stage("phone", "Phone screen"), both) == Standing::neither);
    // An id is named as an id only.
    CHECK(standing_of(stage("hired", "Something else"), both) == Standing::neither);
    CHECK(standing_of(v1::Status{}, both) == Standing::neither);
    CHECK(standing_of(v1::Status{}, lists("", "")) == Standing::neither);
}

TEST_CASE("#43 Clinch: a name in both lists refuses the configuration in one sentence") {
    const auto said = complaint("success_states = \"hired, Offer\"\nfailure_states = \"underqualified, OFFER\"\n");
    CHECK(said.find(":3: clinch.failure_states:") != std::string::npos);
    CHECK(said.find("clinch.success_states") != std::string::npos);
    CHECK(said.find("\"OFFER\"") != std::string::npos);
    CHECK(std::count(said.begin(), said.end(), '\n') == 0);
    CHECK_FALSE(complaint("failure_states = \"a, id:x\"\nsuccess_states = \"b, id: X\"\n").empty());
    CHECK(complaint("success_states = \"offer\"\nfailure_states = \"underqualified\"\n").empty());
    CHECK(complaint("failure_states = \"underqualified\"\n").empty());
    CHECK(complaint("").empty());
}

TEST_CASE("#43 Clinch: an entry without an id behind id: refuses the configuration") {
    CHECK(complaint("success_states = \"offer, id:\"\n").find("clinch.success_states") != std::string::npos);
    CHECK(complaint("failure_states = \"ID: \"\n").find("clinch.failure_states") != std::string::npos);
}

TEST_CASE("#43 Clinch: entries that name nothing in Lever are found, and a state that is renamed still counts") {
    sync::Vocabulary lever;
    lever.stages = {{.id = "offer", .name = "Offer"}, {.id = "5d1c", .name = "Réference check"}};
    lever.reasons = {{.id = "63dd", .name = "Underqualified"}};
    using Words = std::vector<std::string>;
    auto both = lists("OFFER, re\u0301ference  check, Ofer", "underqualified, id:63de");
    CHECK(both.success_known.resolve(words("OFFER, re\u0301ference  check, Ofer"), lever).unknown == Words{"Ofer"});
    CHECK(both.failure_known.resolve(words("underqualified, id:63de"), lever).unknown == Words{"id:63de"});
    CHECK(clinch::standing_of(stage("5d1c", "Referees"), both) == Standing::success);
    CHECK(clinch::standing_of(archive_reason("63dd", "Not qualified"), both) == Standing::failure);
    CHECK(clinch::standing_of(stage("phone", "Phone screen"), both) == Standing::neither);
    // Before Lever's lists are known, names are all that there is.
    CHECK(clinch::standing_of(stage("5d1c", "Referees"), lists("Réference check", "")) == Standing::neither);
}

TEST_CASE("#43 Clinch: the lists are told as the names that they hold, each state in one of them") {
    const auto destination = testing::configured(
        clinch::make_destination(),
        std::string{HIREWIRE_SOURCE_DIR} + "/tests/unit/services/sync-clinch/cases/config.toml");
    const auto names = destination->names();
    REQUIRE(names.size() == 2);
    CHECK(names[0].key == "success_states");
    CHECK(names[0].entries == std::vector<std::string>{"offer", "on-site interview", "hired"});
    CHECK(names[1].key == "failure_states");
    CHECK(names[0].group == names[1].group);
    CHECK(names[0].values != names[1].values);
}

TEST_CASE("#45 Clinch: a company code is refused that is none, and one must be set while jobs are told") {
    CHECK(complaint("company_code = \"acme\"\n").empty());
    for (const auto* code : {"https://jobs.lever.co/acme", "acme/", "ac me"}) {
        CAPTURE(code);
        CHECK(complaint("company_code = \"" + std::string{code} + "\"\n").find("company_code") != std::string::npos);
    }
    const auto fault_of = [](const std::string& section) {
        const auto file = std::filesystem::temp_directory_path() / "hirewire-states-test-clinch-fault.toml";
        std::ofstream{file} << "[clinch]\n" << section;
        const auto fault = testing::configured(clinch::make_destination(), file)->fault();
        std::filesystem::remove(file);
        return fault;
    };
    CHECK(fault_of("").find("clinch.company_code") == 0);
    CHECK(fault_of("company_code = \"acme\"\n").empty());
    CHECK(fault_of("jobs = false\n").empty());
}
