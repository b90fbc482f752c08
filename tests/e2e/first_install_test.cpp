// The first start at a company that has had Lever for years: all that is there comes to the destinations as the past.
// Nobody is asked anything, nobody who was hired long ago becomes a new hire, and whom a destination does not know is
// no trouble.
//   HIREWIRE_INSTALL_OPPORTUNITIES  how many there are; 5,000 is a company of some size
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "common/core/time.hpp"
#include "common/json/writer.hpp"
#include "tests/e2e/company.hpp"
#include "tests/support/delivery.hpp"

using namespace hirewire;
using namespace hirewire::testing;

namespace {

constexpr std::size_t a_batch = 100;
constexpr std::int64_t day_ms = 24LL * 60 * 60 * 1'000;
// Hirewire takes over on the thirtieth day before today.
constexpr int hired_since_days = 30;

// One of the company's people, as Lever has them.
struct Past {
    std::string id{};
    std::string contact{};
    std::string address{};
    bool hired = false;
    bool confidential = false;
    bool linked = false;
    bool known = true;  // to CLARA and Clinch
    std::int64_t archived_at = 0;
};

int opportunities() {
    return std::max(100, number_from("HIREWIRE_INSTALL_OPPORTUNITIES", 600));
}

std::string date_before(int days) {
    return iso_date(from_ms(now_ms() - days * day_ms));
}

// Of fifty people three are hired, one is confidential, five came from Cluster, twenty-five were turned down. They
// differ by their number alone, so it is the same company every time.
Past write_past(json::Writer& out, int number) {
    constexpr const char* stages[] = {"New applicant", "Recruiter screen", "On-site interview", "Offer"};
    constexpr const char* reasons[] = {"Underqualified", "Withdrew", "Position closed"};
    const int kind = number % 50;
    Past past;
    past.address = "person." + std::to_string(number) + "@past.example";
    past.hired = kind < 3;
    past.confidential = kind == 3;
    past.linked = kind >= 4 && kind < 9;
    past.known = number % 3 != 0;
    const bool rejected = kind >= 10 && kind < 35;
    // Hires and rejections from two months ago to two days ago.
    const std::int64_t age = (2 + number * 7 % 60) * day_ms;
    const auto now = now_ms();
    past.archived_at = now - age;
    out.begin_object()
        .member("email", past.address)
        .member("created_at", now - age - 20 * day_ms)
        .member("moved_at", now - age - 10 * day_ms)
        .member("archived_at", past.archived_at)
        .member("stage", stages[static_cast<std::size_t>(number) % std::size(stages)])
        .member("confidential", past.confidential);
    if (past.hired) out.member("reason", "Hired");
    if (past.hired && kind != 0) out.member("start_date", date_before(number * 11 % 40 - 20));
    if (rejected) out.member("reason", reasons[static_cast<std::size_t>(number) % std::size(reasons)]);
    if (past.linked) {
        out.key("cluster")
            .begin_object()
            .member("job", std::string{cluster_jobs[static_cast<std::size_t>(number) % std::size(cluster_jobs)]})
            .member("candidate", "candidate-" + std::to_string(number))
            .end_object();
    }
    out.end_object();
    return past;
}

// Neither CLARA nor Clinch has all of them.
void hide(const Stack& stack, const Past& past) {
    const auto post = [&](const std::string& destination, const std::string& who) {
        const auto body = "{" + who + R"(,"unknown":true})";
        stack.control(http::Method::post, "/_sandbox/" + destination + "/unknown", body);
    };
    post("clara", R"("opportunity":")" + past.id + "\"");
    post("clinch", R"("email":")" + past.address + "\"");
}

std::vector<Past> fill(const Stack& stack) {
    std::vector<Past> all;
    while (all.size() < static_cast<std::size_t>(opportunities())) {
        std::vector<Past> batch;
        json::Writer out;
        out.begin_object().key("opportunities").begin_array();
        while (batch.size() < a_batch) {
            batch.push_back(write_past(out, static_cast<int>(all.size() + batch.size())));
        }
        out.end_array().end_object();
        const auto made = stack.control(http::Method::post, "/_sandbox/past", out.text());
        const auto ids = made["opportunities"].items();
        REQUIRE(ids.size() == batch.size());
        for (std::size_t i = 0; i < batch.size(); ++i) {
            batch[i].id = ids[i]["id"].string();
            batch[i].contact = ids[i]["contact"].string();
            if (!batch[i].known) hide(stack, batch[i]);
        }
        all.insert(all.end(), batch.begin(), batch.end());
    }
    return all;
}

}  // namespace

TEST_CASE(
    "first install: thousands of old opportunities arrive as the past, and nobody is bothered, let in or lost "
    "(#15 #19 #20 #33 #36)") {
    const auto hired_since = date_before(hired_since_days);
    std::vector<Past> all;
    const std::vector<Setting> settings{Setting{"cleary", "hired_since", in_quotes(hired_since)}};
    Company the{settings, [&all](const Stack& stack) { all = fill(stack); }};
    const auto began = now_ms();
    the.oracle.expect_hired_since(hired_since);
    for (const auto& past : all) {
        if (past.linked) the.oracle.expect_at_cluster(past.id);
        if (!past.known) the.oracle.expect_unknown_at_clinch(past.address);
    }

    // Whom CLARA does not know, Cluster has all the same.
    std::set<std::string> unknown_at_clara;
    for (const auto& past : all) {
        if (!past.known) unknown_at_clara.insert(past.id);
    }
    the.behind = unknown_at_clara;
    the.list_and_tell();
    const Milliseconds patience{120'000 + 60 * opportunities()};
    the.becomes_right("the whole past", patience, Milliseconds{1'000});
    the.settles(patience);
    CHECK(the.oracle.difference(the.behind) == "");
    MESSAGE(all.size() << " opportunities in " << (now_ms() - began) / 1'000 << " s");

    // Everybody, as backfill, and without a question.
    const auto clara = the.state("clara");
    std::size_t told = 0;
    for (const auto& [id, belief] : clara.root().members()) {
        ++told;
        CHECK(belief["backfill"].boolean());
        CHECK(belief["follow_ups"].integer() == 0);
    }
    const auto expected =
        std::count_if(all.begin(), all.end(), [](const Past& past) { return past.known && !past.confidential; });
    CHECK(told == static_cast<std::size_t>(expected));
    for (const auto& one : the.sent("clara")) {
        const bool asks = one.body.find(R"("follow_up":true)") != std::string::npos;
        CHECK(!asks);
    }

    // Cleary has who was hired since, and nobody else.
    std::set<std::string> new_hires;
    std::size_t old_hires = 0;
    for (const auto& past : all) {
        if (!past.hired) continue;
        const bool since = iso_date(from_ms(past.archived_at)) >= hired_since;
        if (since) new_hires.insert(past.contact);
        old_hires += since ? 0U : 1U;
    }
    CHECK(!new_hires.empty());
    CHECK(old_hires > 0);
    const auto cleary = the.state("cleary");
    std::set<std::string> users;
    for (const auto& [contact, user] : cleary.root().members()) users.emplace(contact);
    const bool exactly_the_new_ones = users == new_hires;
    CHECK(exactly_the_new_ones);

    // Cluster has its own candidates, those whom CLARA does not know among them.
    const auto cluster = the.state("cluster");
    for (const auto& past : all) {
        if (past.linked && !past.confidential) CHECK(cluster[past.id]["status"].is_object());
    }

    // Whom a destination does not know was passed over, and nobody waits for them.
    CHECK(the.dead_letters() == 0);
    CHECK(the.parked() == 0);
    std::set<std::string> passed_over;
    for (const auto& outcome : the.outcomes("clara")) {
        if (outcome.outcome() == v1::OUTCOME_KIND_SKIPPED) passed_over.insert(outcome.opportunity_id());
    }
    const bool all_unknown_passed_over = std::all_of(
        unknown_at_clara.begin(), unknown_at_clara.end(), [&](const auto& id) { return passed_over.contains(id); });
    CHECK(all_unknown_passed_over);
    CHECK(the.oracle.violations() == "");
}
