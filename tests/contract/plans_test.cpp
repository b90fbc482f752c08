// What every destination's rules owe, whatever they say: an end, the same bytes, well-formed requests, nothing beside
// their contract.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "common/json/value.hpp"
#include "tests/contract/samples.hpp"
#include "tests/contract/subjects.hpp"
#include "tests/support/change_builders.hpp"
#include "tests/support/personal_data.hpp"

using namespace hirewire;
using contract::Course;

namespace {

// What was seen, how often, and the first example.
struct Count {
    int times = 0;
    std::string example{};
    void add(const std::string& text) {
        if (++times == 1) example = text;
    }
};

// All that the cases below ask, from one walk over every sample with every script.
struct Survey {
    std::string name{};
    bool may_ask_for_people = false;
    int courses = 0;
    int people = 0;
    int of_the_deleted = 0;  // courses, told or not
    Count endless{};
    Count foreign{};
    Count malformed{};
    Count leaks{};
    Count told_of_the_deleted{};
    std::vector<std::size_t> hashes{};  // of the bytes of each course
};

testing::PersonalData personal_data() {
    testing::PersonalData personal;
    personal.add({"Quillaphonte Zwickerbrandt", "q.zwicker@private.example", "+1 555 017 7342"});
    personal.add_secret("Nowherestedt");
    return personal;
}

bool well_formed(const http::Request& request) {
    const auto& target = request.target;
    return target.starts_with('/') && target.find_first_of(" \"\r\n#") == std::string::npos &&
           target.find("/../") == std::string::npos && target.find("//") == std::string::npos &&
           (request.body.empty() || json::Document::parse(request.body).has_value());
}

void look_at(const contract::Subject& subject, const v1::Change& change, const Course& course, Survey& survey) {
    static const auto personal = personal_data();
    const auto bytes = course.bytes();
    ++survey.courses;
    survey.people += course.people;
    survey.hashes.push_back(std::hash<std::string>{}(bytes));
    if (course.decision.empty()) survey.endless.add(v1::ChangeKind_Name(change.kind()) + "\n" + bytes);
    if (!personal.found_in(course.decision).empty()) survey.leaks.add(course.decision);
    for (const auto& request : course.requests) {
        if (!subject.may_call(request)) survey.foreign.add(bytes);
        if (!well_formed(request)) survey.malformed.add(bytes);
    }
    if (!change.mark().deleted() && !change.mark().anonymized()) return;
    ++survey.of_the_deleted;
    if (!course.requests.empty() || course.people != 0) survey.told_of_the_deleted.add(bytes);
}

Survey survey_of(const contract::Subject& subject) {
    Survey survey;
    survey.name = subject.name();
    survey.may_ask_for_people = subject.destination->asks_for_people();
    for (const auto& [change, situation] : contract::samples()) {
        for (const auto& script : contract::scripts()) {
            const auto& destination = *subject.destination;
            const auto course = contract::play(destination.plan(change, situation), script, contract::odd_person());
            look_at(subject, change, course, survey);
            if (course.people == 0) continue;
            look_at(
                subject, change, contract::play(destination.plan(change, situation), script, std::nullopt), survey);
        }
    }
    return survey;
}

std::vector<Survey> walk() {
    std::vector<Survey> all;
    for (const auto& subject : contract::subjects()) all.push_back(survey_of(subject));
    return all;
}

const std::vector<Survey>& surveys() {
    static const auto all = walk();
    return all;
}

}  // namespace

TEST_CASE("contract: every change in every situation comes to a decision within 12 steps, whatever is answered") {
    for (const auto& survey : surveys()) {
        CAPTURE(survey.name);
        CAPTURE(survey.endless.example);
        CHECK(survey.endless.times == 0);
        CHECK(survey.courses > 5'000);
    }
}

TEST_CASE(
    "contract: #1 #13 #23 #32 #42 nothing is asked for but what the contract lists; set-up, rights and removal are "
    "acts of the vendor's admin") {
    for (const auto& survey : surveys()) {
        CAPTURE(survey.name);
        CAPTURE(survey.foreign.example);
        CHECK(survey.foreign.times == 0);
        CAPTURE(survey.malformed.example);
        CHECK(survey.malformed.times == 0);
    }
}

TEST_CASE("contract: the same change twice is the same bytes") {
    const auto again = walk();
    REQUIRE(again.size() == surveys().size());
    for (std::size_t i = 0; i < again.size(); ++i) {
        CAPTURE(again[i].name);
        CHECK((again[i].hashes == surveys()[i].hashes));
    }
}

TEST_CASE("contract: no decision holds anything of a person, and only who may ask for people does") {
    for (const auto& survey : surveys()) {
        CAPTURE(survey.name);
        CAPTURE(survey.leaks.example);
        CHECK(survey.leaks.times == 0);
        if (!survey.may_ask_for_people) CHECK(survey.people == 0);
    }
}

TEST_CASE("contract: who is deleted or anonymized in Lever is not told of, nor asked about") {
    for (const auto& survey : surveys()) {
        CAPTURE(survey.name);
        CAPTURE(survey.told_of_the_deleted.example);
        CHECK(survey.of_the_deleted > 0);
        CHECK(survey.told_of_the_deleted.times == 0);
    }
}

TEST_CASE("contract: a live hire is told by every destination") {
    const auto hire = testing::hire(contract::sample_time_ms);
    for (const auto& subject : contract::subjects()) {
        CAPTURE(subject.name());
        for (const auto& script : contract::scripts()) {
            const auto plan = subject.destination->plan(hire, {});
            CHECK_FALSE(contract::play(plan, script, contract::odd_person()).requests.empty());
        }
    }
}
