// What every destination owes that is told of Lever's postings.
#include <doctest/doctest.h>

#include "common/json/value.hpp"
#include "tests/contract/samples.hpp"
#include "tests/contract/subjects.hpp"

using namespace hirewire;
using contract::Course;

namespace {

template <typename See>
void each_course(const sync::Destination& destination, See see) {
    for (const auto& news : contract::sample_postings()) {
        for (const auto& situation : contract::situations()) {
            for (const auto& script : contract::scripts()) {
                see(contract::play(destination.plan_posting(news, situation), script, std::nullopt));
            }
        }
    }
}

}  // namespace

TEST_CASE("contract: every posting comes to a decision within 12 steps, by calls of the contract, without a person") {
    int who_want_postings = 0;
    for (const auto& subject : contract::subjects()) {
        CAPTURE(subject.name());
        const bool wanted = subject.destination->wants_postings();
        if (wanted) ++who_want_postings;
        int endless = 0;
        int foreign = 0;
        int people = 0;
        std::size_t requests = 0;
        each_course(*subject.destination, [&](const Course& course) {
            if (course.decision.empty() && ++endless == 1) FAIL_CHECK("goes in circles:\n" << course.bytes());
            people += course.people;
            requests += course.requests.size();
            for (const auto& request : course.requests) {
                const bool readable = request.body.empty() || json::Document::parse(request.body).has_value();
                const bool mine = subject.may_call(request) && readable;
                if (!mine && ++foreign == 1) FAIL_CHECK("foreign: " << course.bytes());
            }
        });
        CHECK(endless == 0);
        CHECK(foreign == 0);
        CHECK(people == 0);
        CHECK((requests > 0) == wanted);
    }
    CHECK(who_want_postings > 0);
}

TEST_CASE("contract: the same posting twice is the same bytes") {
    const auto first = contract::subjects();
    const auto second = contract::subjects();
    for (std::size_t i = 0; i < first.size(); ++i) {
        CAPTURE(first[i].name());
        std::string told;
        each_course(*first[i].destination, [&](const Course& course) { told += course.bytes() + "\n"; });
        std::string again;
        each_course(*second[i].destination, [&](const Course& course) { again += course.bytes() + "\n"; });
        CHECK((told == again));
    }
}
