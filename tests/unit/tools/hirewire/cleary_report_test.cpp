#include "tools/hirewire/cleary_report.hpp"

#include <doctest/doctest.h>

#include "common/json/value.hpp"

using namespace hirewire;

namespace {

v1::Run a_run() {
    v1::Run run;
    run.set_run_id("r-1");
    run.set_kind("cleary");
    run.set_began_ms(1'000);
    run.set_at_ms(3'500);
    (*run.mutable_counts())["added"] = 2;
    (*run.mutable_counts())["failed"] = 1;
    (*run.mutable_counts())["shadow"] = 4;
    return run;
}

cleary::Ending ending(v1::OutcomeKind outcome, const std::string& reason) {
    cleary::Ending made;
    made.outcome = outcome;
    made.reason = reason;
    return made;
}

}  // namespace

TEST_CASE("#35 hirewire run cleary: the table has the counts, and by opportunity who failed and why") {
    const cleary::Endings endings{
        {"o-1", ending(v1::OUTCOME_KIND_DEAD, "no personal e-mail in Lever")},
        {"o-2", ending(v1::OUTCOME_KIND_APPLIED, "")},
        {"o-3", ending(v1::OUTCOME_KIND_NEEDS_MERGE, "the user name belongs to somebody else's record")}};
    CHECK(
        cli::cleary_table(a_run(), endings) ==
        "cleary finished in 2.5 s\n"
        "  added                   2\n"
        "  failed                  1\n"
        "  shadow                  4\n"
        "Somebody has to see to 2, by opportunity:\n"
        "  o-1  dead: no personal e-mail in Lever\n"
        "  o-3  needs_merge: the user name belongs to somebody else's record\n");
}

TEST_CASE("#35 hirewire run cleary: of very many failures twenty are shown, for programs all") {
    cleary::Endings endings;
    for (int i = 0; i < 30; ++i) {
        endings["o-" + std::to_string(100 + i)] = ending(v1::OUTCOME_KIND_RETRYING, "answered 503");
    }
    const auto table = cli::cleary_table(a_run(), endings);
    CHECK(
        table.find("Somebody has to see to 30, by opportunity, of whom these are the first 20:\n") !=
        std::string::npos);
    CHECK(table.find("o-119") != std::string::npos);
    CHECK(table.find("o-120") == std::string::npos);
    const auto document = json::Document::parse(cli::cleary_json(a_run(), endings));
    REQUIRE(document.has_value());
    CHECK((*document)["failures"].size() == 30);
    CHECK((*document)["counts"]["added"].integer() == 2);
    CHECK((*document)["took_ms"].integer() == 2'500);
}

TEST_CASE("hirewire run cleary: who failed or waits for a merge needs somebody, who was told or left out does not") {
    CHECK(cli::needs_somebody({{"o-1", ending(v1::OUTCOME_KIND_DEAD, "no personal e-mail in Lever")}}));
    CHECK(cli::needs_somebody(
        {{"o-1", ending(v1::OUTCOME_KIND_APPLIED, "")}, {"o-2", ending(v1::OUTCOME_KIND_NEEDS_MERGE, "")}}));
    CHECK_FALSE(cli::needs_somebody(
        {{"o-1", ending(v1::OUTCOME_KIND_APPLIED, "")}, {"o-2", ending(v1::OUTCOME_KIND_SKIPPED, "")}}));
    CHECK_FALSE(cli::needs_somebody({}));
}

TEST_CASE("#35 hirewire run cleary: when all went well nobody has to see to anything") {
    CHECK(cli::cleary_table(a_run(), {}).find("Somebody") == std::string::npos);
}
