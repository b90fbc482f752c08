#include "services/sync-cleary/csv.hpp"

#include <doctest/doctest.h>

#include "common/sync/person.hpp"

using namespace hirewire;
using namespace hirewire::cleary;

namespace {

Hire a_hire() {
    Hire hire;
    hire.opportunity_id = "o-1";
    hire.title = "Engineer, Staff";
    hire.department = "Platform";
    return hire;
}

sync::Person ada() {
    sync::Person person;
    person.name = "Ada Maria Park";
    person.emails = {"ada.park@example.net", "second@example.net"};
    person.start_date = "2026-12-01";
    return person;
}

Days days() {
    Days made;
    made.today = "2026-03-02";
    return made;
}

std::string row_of(const Hire& hire, const std::optional<sync::Person>& person) {
    const auto row = csv_row(hire, person, days());
    REQUIRE(std::holds_alternative<CsvRow>(row));
    return std::get<CsvRow>(row).text;
}

std::string gap_of(const std::optional<sync::Person>& person) {
    const auto row = csv_row(a_hire(), person, days());
    REQUIRE(std::holds_alternative<CsvGap>(row));
    return std::get<CsvGap>(row).reason;
}

}  // namespace

TEST_CASE("#34 csv: a person is a row under the header's columns") {
    CHECK(
        csv_header() ==
        "first_name,last_name,personal_email,title,department,start_date,lever_opportunity_id,bucket\r\n");
    CHECK(
        row_of(a_hire(), ada()) ==
        "Ada Maria,Park,ada.park@example.net,\"Engineer, Staff\",Platform,2026-12-01,o-1,new_hires_preboarding\r\n");
}

TEST_CASE("#38 csv: without a first day the cell is empty and action is needed") {
    auto person = ada();
    person.start_date.clear();
    CHECK(row_of(a_hire(), person).ends_with("Platform,,o-1,action_needed\r\n"));
}

TEST_CASE("#35 csv: who lacks what Cleary requires has no row but a reason, which tells nothing of the person") {
    CHECK(gap_of(std::nullopt) == "Lever does not show this person");
    auto nameless = ada();
    nameless.name = "Ada";
    CHECK(gap_of(nameless) == "no first and last name in Lever");
    auto unreachable = ada();
    unreachable.emails.clear();
    CHECK(gap_of(unreachable) == "no personal e-mail in Lever");
}

TEST_CASE("csv: quotes, commas and line ends stay inside their cell (RFC 4180)") {
    CHECK(csv_cell("plain") == "plain");
    CHECK(csv_cell("") == "");
    CHECK(csv_cell("a,b") == "\"a,b\"");
    CHECK(csv_cell("say \"hi\"") == "\"say \"\"hi\"\"\"");
    CHECK(csv_cell("two\nlines") == "\"two\nlines\"");
    CHECK(csv_cell("two\r\nlines") == "\"two\r\nlines\"");
}

TEST_CASE("csv: what a spreadsheet would run as a formula is text") {
    CHECK(csv_cell("=1+1") == "'=1+1");
    CHECK(csv_cell("+49 30") == "'+49 30");
    CHECK(csv_cell("-1") == "'-1");
    CHECK(csv_cell("@SUM(A1)") == "'@SUM(A1)");
    CHECK(csv_cell("  =1+1") == "'  =1+1");
    CHECK(csv_cell("=HYPERLINK(\"http://x\",1)") == "\"'=HYPERLINK(\"\"http://x\"\",1)\"");
    CHECK(csv_cell("\t=1") == "'\t=1");
    CHECK(csv_cell("ada@example.net") == "ada@example.net");
    CHECK(csv_cell("2026-12-01") == "2026-12-01");
}

TEST_CASE("csv: a person is read from lever-source's answer, and from nothing else") {
    const auto person =
        sync::read_person(R"({"name":"Ada Park","emails":["a@example.net"],"start_date":"2026-12-01"})");
    REQUIRE(person.has_value());
    CHECK(person->name == "Ada Park");
    CHECK(person->emails == std::vector<std::string>{"a@example.net"});
    CHECK(person->start_date == "2026-12-01");
    CHECK_FALSE(sync::read_person("<html>").has_value());
    CHECK_FALSE(sync::read_person("[]").has_value());
}
