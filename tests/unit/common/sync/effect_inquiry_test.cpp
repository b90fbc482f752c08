// What a dry run finds out by asking: where answers decide, at Cleary and at Clinch, and when it stops asking.
#include "common/sync/effect_inquiry.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "common/sync/effect_tally.hpp"
#include "services/sync-cleary/rules.hpp"
#include "services/sync-clinch/rules.hpp"
#include "tests/support/case_runner.hpp"
#include "tests/support/change_builders.hpp"

using namespace hirewire;
using namespace hirewire::sync;

namespace {

constexpr std::int64_t now = 1'772'463'905'123;

std::unique_ptr<Destination> configured(std::unique_ptr<Destination> destination) {
    const std::string folder = "/tests/unit/services/sync-" + std::string{destination->name()};
    return testing::configured(
        std::move(destination), std::string{HIREWIRE_SOURCE_DIR} + folder + "/cases/config.toml");
}

Person ada() {
    Person person;
    person.name = "Ada Park";
    person.emails = {"ada.park@example.net"};
    person.start_date = "2026-12-01";
    return person;
}

http::Reply reply(int status, std::string body = "{}") {
    http::Reply made;
    made.status = status;
    made.body = std::move(body);
    return made;
}

using Server = std::function<Answer(const http::Request&)>;

// Cleary, with this in its list of users.
Server cleary_with(std::string users) {
    return [users = std::move(users)](const http::Request& request) -> Answer {
        if (request.method != http::Method::get) return reply(200);
        return request.target.starts_with("/Users") ? reply(200, users) : reply(404);
    };
}

std::string nobody_there() {
    return R"({"totalResults":0,"Resources":[]})";
}

std::string user(const std::string& type, const std::string& hired_at, const std::string& opportunity) {
    return R"({"totalResults":1,"Resources":[{"id":"u-1","externalId":"lever:contact:contact-of-opportunity-1",)"
           R"("name":{"givenName":"Ada","familyName":"Park"},"title":"Staff Engineer","userType":")" +
           type +
           R"(","active":false,"emails":[{"value":"ada.park@example.net","type":"home"}],)"
           R"("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Platform"},)"
           R"("urn:example:params:scim:schemas:extension:preboarding:1.0:User":{"startDate":"2026-12-01",)"
           R"("hiredAt":")" +
           hired_at + R"(","leverOpportunityId":")" + opportunity + R"("}}]})";
}

std::string candidate(const std::string& id) {
    return R"({"type":"candidate","id":")" + id + R"(","attributes":{"email":"ada.park@example.net"}})";
}

// Clinch, with these candidates.
Server clinch_with(const std::string& candidates) {
    return [body = R"({"data":[)" + candidates + "]}"](const http::Request& request) -> Answer {
        return request.method == http::Method::get ? reply(200, body) : reply(201);
    };
}

// Clinch, where each record that is asked for is a success.
Answer clinch_has_it(const http::Request& request) {
    if (request.method != http::Method::get) return reply(201);
    const auto id = request.target.substr(request.target.rfind('/') + 1);
    return reply(
        200,
        R"({"data":{"type":"candidate_outcome","id":")" + id +
            R"(","attributes":{"outcome":"success"},"relationships":{"candidate":{"data":{"id":"c-1"}},)"
            R"("job":{"data":{"id":"j-1"}}}}})");
}

// A change, and how everybody answers who is asked because of it.
struct Scene {
    const Destination* destination = nullptr;
    v1::Change change{};
    LedgerView::Known known{};
    Server server{};
    std::optional<Person> person{};
};

Inquiry asking_in(const Scene& scene) {
    Inquiry::Neighbours whom;
    whom.destination = [&scene](const Send& question) {
        Inquiry::Heard heard;
        heard.answer = scene.server(question.request);
        return heard;
    };
    whom.lever_source = [&scene](const AskPerson& question, const std::string&) {
        return question.then(scene.person);
    };
    return {std::string{scene.destination->name()}, std::move(whom)};
}

// By what the engine would report it.
v1::OutcomeKind reported(const Plan& decision) {
    if (const auto* settled = std::get_if<Settle>(&decision.step)) return settled->outcome;
    const auto* failed = std::get_if<Fail>(&decision.step);
    const bool refused = failed != nullptr && std::holds_alternative<pipeline::Refused>(failed->verdict);
    return refused ? v1::OUTCOME_KIND_DEAD : v1::OUTCOME_KIND_UNSPECIFIED;
}

// Without a question nothing is said; with it what the rules end with, and that is `outcome`.
void check(const Scene& scene, EffectKind kind, v1::OutcomeKind outcome) {
    const std::string expected = expected_word(outcome);
    CAPTURE(expected);
    const auto situation = replayed_situation(scene.known);
    const auto plan = [&] { return scene.destination->plan(scene.change, situation); };
    Course unasked;
    unasked.plan = plan();
    CHECK(foresee(scene.change, scene.known, unasked, {}).kind == EffectKind::undecided);

    auto inquiry = asking_in(scene);
    const auto course = inquiry.follow(plan(), scene.change.opportunity_id());
    const auto foreseen = foresee(scene.change, scene.known, course, {});
    CHECK(foreseen.kind == kind);
    CHECK(expected_word(foreseen.outcome) == expected);
    CHECK(inquiry.why_not().empty());
    testing::Neighbours neighbours;
    neighbours.destination = scene.server;
    neighbours.lever_source = [&scene] { return scene.person; };
    CHECK(expected_word(reported(testing::follow(plan(), neighbours))) == expected);
}

Plan get() {
    http::Request request;
    request.target = "/x";
    Send send;
    send.request = std::move(request);
    return {std::move(send)};
}

// A question of which the rules make this.
Plan get_then(const pipeline::Verdict& verdict) {
    Plan plan = get();
    std::get<Send>(plan.step).then = [verdict](const Answer&) { return Plan{Fail{.verdict = verdict}}; };
    return plan;
}

Plan ask_then(const pipeline::Verdict& verdict) {
    AskPerson ask;
    ask.then = [verdict](const std::optional<Person>&) { return Plan{Fail{.verdict = verdict}}; };
    return {std::move(ask)};
}

// Counts who is asked.
struct Count {
    int destination = 0;
    int lever_source = 0;
};

Inquiry counting(Count& asked) {
    Inquiry::Neighbours whom;
    whom.destination = [&asked](const Send&) {
        ++asked.destination;
        return Inquiry::Heard{};
    };
    whom.lever_source = [&asked](const AskPerson& question, const std::string&) {
        ++asked.lever_source;
        return question.then(std::nullopt);
    };
    return {"cleary", std::move(whom)};
}

bool is_question(const Course& course) {
    return std::holds_alternative<Send>(course.plan.step) || std::holds_alternative<AskPerson>(course.plan.step);
}

}  // namespace

TEST_CASE("effect inquiry: what a hire comes to at Cleary is decided by answers, and foreseen by asking alone") {
    const auto destination = configured(cleary::make_destination());
    Scene scene;
    scene.destination = destination.get();
    scene.change = testing::hire(now);
    scene.change.set_live(false);
    scene.person = ada();
    const std::string hired_at = "2026-03-02T15:05:05.123Z";
    scene.server = cleary_with(nobody_there());
    check(scene, EffectKind::would_change, v1::OUTCOME_KIND_APPLIED);
    scene.server = cleary_with(user("Preboarding", hired_at, "opportunity-1"));
    check(scene, EffectKind::no_op, v1::OUTCOME_KIND_UNCHANGED);
    scene.server = cleary_with(user("Employee", hired_at, "opportunity-1"));
    check(scene, EffectKind::skipped, v1::OUTCOME_KIND_HANDED_OVER);
    scene.server = cleary_with(user("Preboarding", "2026-04-01T00:00:00.000Z", "another-opportunity"));
    check(scene, EffectKind::skipped, v1::OUTCOME_KIND_SKIPPED);
    scene.person->emails.clear();
    check(scene, EffectKind::dead, v1::OUTCOME_KIND_DEAD);
    scene.person.reset();
    check(scene, EffectKind::skipped, v1::OUTCOME_KIND_NOT_VISIBLE);
}

TEST_CASE("effect inquiry: what an outcome comes to at Clinch is decided by answers, and foreseen by asking alone") {
    const auto destination = configured(clinch::make_destination());
    Scene scene;
    scene.destination = destination.get();
    scene.change = testing::hire(now);
    scene.change.set_live(false);
    scene.person = ada();
    scene.server = clinch_with(candidate("c-1"));
    check(scene, EffectKind::would_change, v1::OUTCOME_KIND_APPLIED);
    scene.server = clinch_with({});
    check(scene, EffectKind::skipped, v1::OUTCOME_KIND_SKIPPED);
    scene.server = clinch_with(candidate("c-1") + "," + candidate("c-2"));
    check(scene, EffectKind::dead, v1::OUTCOME_KIND_DEAD);
    scene.person->emails.clear();
    check(scene, EffectKind::skipped, v1::OUTCOME_KIND_SKIPPED);
    scene.person.reset();
    check(scene, EffectKind::skipped, v1::OUTCOME_KIND_NOT_VISIBLE);
}

TEST_CASE("effect inquiry: whether Clinch has something to take back is asked of Clinch alone") {
    const auto destination = configured(clinch::make_destination());
    Scene scene;
    scene.destination = destination.get();
    scene.change = testing::stage_change(now);
    scene.change.set_live(false);
    *scene.change.mutable_previous_status() = testing::stage("onsite", "On-site interview");
    *scene.change.mutable_status() = testing::stage("phone", "Phone screen");
    scene.known.version = scene.change.version() - 16;
    scene.known.told = scene.known.version;
    scene.server = clinch_has_it;
    check(scene, EffectKind::would_change, v1::OUTCOME_KIND_APPLIED);
    scene.server = [](const http::Request&) -> Answer { return reply(404); };
    check(scene, EffectKind::no_op, v1::OUTCOME_KIND_UNCHANGED);
}

TEST_CASE("effect inquiry: a credential that is refused once is not tried again") {
    Count asked;
    auto inquiry = counting(asked);
    const auto refused = inquiry.follow(get_then(pipeline::Hold{.reason = "answered 401"}), "o-1");
    CHECK(std::holds_alternative<Fail>(refused.plan.step));
    CHECK(inquiry.why_not().empty());
    for (const auto* id : {"o-2", "o-3", "o-4"}) {
        const auto left = inquiry.follow(get_then(pipeline::Hold{.reason = "answered 401"}), id);
        CHECK(is_question(left));
        CHECK(left.calls == 0);
        CHECK_FALSE(left.asked);
    }
    CHECK(asked.destination == 1);
    CHECK(inquiry.why_not() == "cleary is asked no more: it refused the credential (answered 401)");
}

TEST_CASE("effect inquiry: who has failed twice in a row to answer is asked no more, and the other one still is") {
    Count asked;
    auto inquiry = counting(asked);
    for (int i = 0; i < 5; ++i) inquiry.follow(get_then(pipeline::Weather{.reason = "answered 503"}), "o-1");
    CHECK(asked.destination == 2);
    CHECK(inquiry.why_not() == "cleary is asked no more: it failed twice in a row to answer (answered 503)");
    const pipeline::Wait later{.reason = "lever-source answered 503"};
    for (int i = 0; i < 5; ++i) inquiry.follow(ask_then(later), "o-1");
    CHECK(asked.lever_source == 2);
    CHECK(
        inquiry.why_not() ==
        "cleary is asked no more: it failed twice in a row to answer (answered 503); "
        "lever-source is asked no more: it failed twice in a row to answer (lever-source answered 503)");
}

// Protects a dry run of hours from two accidents that have nothing to do with each other.
TEST_CASE("effect inquiry: who answers between two failures is asked on") {
    Count asked;
    auto inquiry = counting(asked);
    const pipeline::Weather weather{.reason = "answered 503"};
    const pipeline::Wait later{.reason = "lever-source answered 503"};
    const pipeline::Refused about_one{.reason = "ambiguous"};
    for (int i = 0; i < 5; ++i) {
        inquiry.follow(get_then(weather), "o-1");
        inquiry.follow(get_then(about_one), "o-2");
        inquiry.follow(ask_then(later), "o-1");
        inquiry.follow(ask_then(about_one), "o-2");
    }
    CHECK(asked.destination == 10);
    CHECK(asked.lever_source == 10);
    CHECK(inquiry.why_not().empty());
}

TEST_CASE("effect inquiry: an answer that is remembered says nothing of how the destination is now") {
    int sent = 0;
    Inquiry::Neighbours whom;
    whom.destination = [&sent](const Send& question) {
        Inquiry::Heard heard;
        heard.sent = !question.remember.has_value();
        if (heard.sent) ++sent;
        return heard;
    };
    Inquiry inquiry{"cleary", std::move(whom)};
    for (int i = 0; i < 5; ++i) {
        Plan first = get();
        auto& question = std::get<Send>(first.step);
        question.remember = Milliseconds{60'000};
        question.then = [](const Answer&) { return get_then(pipeline::Weather{.reason = "answered 503"}); };
        inquiry.follow(std::move(first), "o-1");
    }
    CHECK(sent == 2);
    CHECK_FALSE(inquiry.why_not().empty());
}

TEST_CASE("effect inquiry: an answer about one record says nothing of the neighbour") {
    Count asked;
    auto inquiry = counting(asked);
    for (int i = 0; i < 5; ++i) inquiry.follow(get_then(pipeline::Refused{.reason = "ambiguous"}), "o-1");
    for (int i = 0; i < 5; ++i) inquiry.follow(get_then(pipeline::Retry{.reason = "cannot be read"}), "o-1");
    CHECK(asked.destination == 10);
    CHECK(inquiry.why_not().empty());
}

TEST_CASE("effect inquiry: who may not be asked is not, and the reason is told once a question is left out") {
    Inquiry::Neighbours nobody;
    nobody.why_not_destination = "nobody is asked";
    nobody.why_not_lever_source = "nobody is asked";
    Inquiry inquiry{"cleary", nobody};
    Plan put = get();
    std::get<Send>(put.step).request.method = http::Method::put;
    CHECK(is_question(inquiry.follow(std::move(put), "o-1")));
    CHECK(inquiry.why_not().empty());
    CHECK(is_question(inquiry.follow(get(), "o-1")));
    CHECK(is_question(inquiry.follow({AskPerson{}}, "o-1")));
    CHECK(inquiry.why_not() == "nobody is asked");
}

TEST_CASE("effect inquiry: what is remembered counts as answered and costs no call") {
    Inquiry::Neighbours whom;
    whom.destination = [](const Send&) {
        Inquiry::Heard heard;
        heard.sent = false;
        return heard;
    };
    Inquiry inquiry{"cleary", std::move(whom)};
    const auto course = inquiry.follow(get_then(pipeline::Refused{.reason = "no filter"}), "o-1");
    CHECK(course.asked);
    CHECK(course.calls == 0);
}
