#include "services/lever-source/diff.hpp"

#include <doctest/doctest.h>

#include <set>

#include "common/core/uuid.hpp"
#include "tests/support/lever_builders.hpp"

using namespace hirewire;
using namespace hirewire::source;
using testing::hired_reason;
using testing::LeverOpportunity;
using testing::rejected_reason;
using testing::withdrew_reason;

namespace {

constexpr std::int64_t t0 = 1'772'463'900'000;
constexpr std::int64_t second = 1'000;
constexpr std::int64_t minute = 60 * second;

using Kinds = std::vector<std::string_view>;

// lever-source's memory of one opportunity, and what it would emit.
class Diary {
public:
    LeverOpportunity lever{};
    std::string start_date{};
    std::optional<lever::Posting> posting{};

    // Reads Lever at `now` because of these webhooks (a sweep when there are none), and remembers the last change.
    const std::vector<v1::Change>& read(std::int64_t now, std::vector<Hint> hints = {}) {
        const auto words = testing::vocabulary();
        Facts facts{.opportunity = lever.state, .vocabulary = words};
        facts.posting = posting;
        facts.start_date = start_date;
        facts.cluster_link_prefix = "https://cluster.test/";
        Moment moment;
        moment.account = "main";
        moment.now_ms = now;
        moment.hints = std::move(hints);
        changes = diff(last ? &*last : nullptr, facts, moment);
        if (!changes.empty()) last = changes.back();
        return changes;
    }
    [[nodiscard]] Kinds kinds() const {
        Kinds result;
        for (const auto& change : changes) result.push_back(name_of(change.kind()));
        return result;
    }
    // Everything up to here is known.
    Diary& known(std::int64_t now) {
        read(now);
        return *this;
    }

    std::optional<v1::Change> last{};
    std::vector<v1::Change> changes{};
};

Hint webhook(std::int64_t at, std::string event = "candidateStageChange") {
    Hint hint;
    hint.event = std::move(event);
    hint.triggered_at = at;
    hint.cause_id = "token-" + std::to_string(at);
    return hint;
}

Diary applied_at_t0() {
    Diary diary;
    diary.lever.created(t0).applied(t0);
    return diary;
}

std::string id_of(std::string_view kind, const std::string& anchor) {
    return uuid_v5({"main", "opportunity-1", kind, anchor});
}

}  // namespace

TEST_CASE("diff: an application is told with the stage that it begins in, once") {
    auto diary = applied_at_t0();
    diary.read(t0 + second, {webhook(t0, "applicationCreated")});
    REQUIRE(diary.kinds() == Kinds{"applied"});
    const auto& change = diary.changes[0];
    CHECK(change.change_id() == id_of("applied", "application-1"));
    CHECK(change.version() == t0 * 16 + 2);
    CHECK(change.occurred_at_ms() == t0);
    CHECK(change.opportunity_id() == "opportunity-1");
    CHECK(change.contact_id() == "contact-1");
    CHECK(change.account() == "main");
    CHECK(change.status().kind() == v1::STATUS_KIND_STAGE);
    CHECK(change.status().id() == "applicant-new");
    CHECK(change.status().name() == "New applicant");
    CHECK_FALSE(change.has_previous_status());
    CHECK_FALSE(change.hired());
    CHECK(change.live());
    CHECK(change.cause().kind() == "webhook");
    CHECK(change.cause().id() == "token-" + std::to_string(t0));
    CHECK(diary.read(t0 + minute).empty());
}

TEST_CASE("diff: an application read late is told with the stage it began in, not with the one reached since") {
    // Lever stamps the first stage a moment after the application.
    Diary diary;
    diary.lever.created(t0 + 1).applied(t0).moved(t0 + minute, "onsite");
    diary.read(t0 + 2 * minute, {webhook(t0, "applicationCreated"), webhook(t0 + minute)});
    REQUIRE(diary.kinds() == Kinds{"applied", "stage_changed"});
    CHECK(diary.changes[0].status().id() == "applicant-new");
    CHECK(diary.changes[1].status().id() == "onsite");
    CHECK(diary.changes[1].previous_status().id() == "applicant-new");
}

TEST_CASE("diff: a stage change is told with where from and where to") {
    auto diary = applied_at_t0().known(t0);
    diary.lever.moved(t0 + minute, "screen");
    diary.read(t0 + minute + second, {webhook(t0 + minute)});
    REQUIRE(diary.kinds() == Kinds{"stage_changed"});
    const auto& change = diary.changes[0];
    CHECK(change.change_id() == id_of("stage_changed", std::to_string(t0 + minute) + "/screen"));
    CHECK(change.version() == (t0 + minute) * 16 + 3);
    CHECK(change.previous_status().id() == "applicant-new");
    CHECK(change.status().id() == "screen");
    CHECK(change.live());
}

TEST_CASE("diff: every stage passed between two reads is told, in order") {
    auto diary = applied_at_t0().known(t0);
    diary.lever.moved(t0 + minute, "screen").moved(t0 + 2 * minute, "onsite").moved(t0 + 3 * minute, "screen");
    diary.read(t0 + 4 * minute);
    CHECK(diary.kinds() == Kinds{"stage_changed", "stage_changed", "stage_changed"});
    CHECK(diary.changes[0].status().id() == "screen");
    CHECK(diary.changes[1].previous_status().id() == "screen");
    CHECK(diary.changes[2].status().id() == "screen");
    CHECK(diary.changes[0].change_id() != diary.changes[2].change_id());
    CHECK(diary.changes[0].version() < diary.changes[1].version());
    CHECK(diary.changes[1].version() < diary.changes[2].version());
}

TEST_CASE("diff: archived, the status is the archive reason and the leftover stage is ignored") {
    auto diary = applied_at_t0().known(t0);
    diary.lever.archived(t0 + minute, rejected_reason);
    diary.read(t0 + minute + second, {webhook(t0 + minute, "candidateArchiveChange")});
    REQUIRE(diary.kinds() == Kinds{"archived"});
    const auto& change = diary.changes[0];
    CHECK(change.change_id() == id_of("archived", std::to_string(t0 + minute) + "/" + rejected_reason));
    CHECK(change.version() == (t0 + minute) * 16 + 4);
    CHECK(change.status().kind() == v1::STATUS_KIND_ARCHIVE_REASON);
    CHECK(change.status().id() == rejected_reason);
    CHECK(change.status().name() == "Underqualified");
    CHECK(change.previous_status().id() == "applicant-new");
    CHECK_FALSE(change.hired());
    CHECK(change.hired_at_ms() == 0);
}

TEST_CASE("diff: a hire is decided by the type of the archive reason, never by its text") {
    auto diary = applied_at_t0().known(t0);
    diary.start_date = "2026-12-01";
    SUBCASE("the hired reason, whatever it is called") {
        diary.lever.archived(t0 + minute, hired_reason);
        diary.read(t0 + minute + second, {webhook(t0 + minute, "candidateHired")});
        REQUIRE(diary.kinds() == Kinds{"hired"});
        CHECK(diary.changes[0].hired());
        CHECK(diary.changes[0].hired_at_ms() == t0 + minute);
        CHECK(diary.changes[0].start_date() == "2026-12-01");
        CHECK(diary.changes[0].version() == (t0 + minute) * 16 + 5);
    }
    SUBCASE("another reason whose text says hired") {
        diary.lever.archived(t0 + minute, withdrew_reason);
        diary.read(t0 + minute + second);
        REQUIRE(diary.kinds() == Kinds{"archived"});
        CHECK_FALSE(diary.changes[0].hired());
        CHECK(diary.changes[0].start_date().empty());
    }
}

TEST_CASE("diff: archived anew under another reason is a new transition") {
    auto diary = applied_at_t0().known(t0);
    diary.lever.archived(t0 + minute, rejected_reason);
    diary.known(t0 + minute);
    diary.lever.archived(t0 + 2 * minute, withdrew_reason);
    diary.read(t0 + 3 * minute);
    REQUIRE(diary.kinds() == Kinds{"archived"});
    CHECK(diary.changes[0].previous_status().id() == rejected_reason);
    CHECK(diary.changes[0].status().id() == withdrew_reason);
}

TEST_CASE("diff: un-archiving leads back to the stage, at the time that its webhook tells") {
    auto diary = applied_at_t0().known(t0);
    diary.lever.archived(t0 + minute, rejected_reason);
    diary.known(t0 + minute);
    diary.lever.unarchived(t0 + 5 * minute);
    diary.read(t0 + 6 * minute, {webhook(t0 + 5 * minute - 3, "candidateArchiveChange")});
    REQUIRE(diary.kinds() == Kinds{"unarchived"});
    const auto& change = diary.changes[0];
    CHECK(change.occurred_at_ms() == t0 + 5 * minute - 3);
    CHECK(change.change_id() == id_of("unarchived", std::to_string(t0 + minute) + "/" + rejected_reason));
    CHECK(change.previous_status().id() == rejected_reason);
    CHECK(change.status().id() == "applicant-new");
    CHECK(change.live());
}

TEST_CASE("diff: un-archiving without a webhook has one identity, whenever it is seen") {
    auto diary = applied_at_t0().known(t0);
    diary.lever.archived(t0 + minute, rejected_reason);
    diary.known(t0 + minute);
    diary.lever.unarchived(t0 + 5 * minute);
    SUBCASE("the record's last update is its time") {
        diary.read(t0 + 60 * minute);
        REQUIRE(diary.kinds() == Kinds{"unarchived"});
        CHECK(diary.changes[0].occurred_at_ms() == t0 + 5 * minute);
    }
    SUBCASE("or the first move after it") {
        diary.lever.moved(t0 + 7 * minute, "onsite");
        diary.read(t0 + 60 * minute, {webhook(t0 + 7 * minute)});
        REQUIRE(diary.kinds() == Kinds{"unarchived", "stage_changed"});
        CHECK(diary.changes[0].occurred_at_ms() == t0 + 7 * minute);
        CHECK(diary.changes[0].status().id() == "applicant-new");
        CHECK(diary.changes[1].status().id() == "onsite");
    }
    SUBCASE("a record without a last update is seen now") {
        diary.lever.state.updated_at_ms = 0;
        diary.read(t0 + 60 * minute);
        CHECK(diary.changes.at(0).occurred_at_ms() == t0 + 60 * minute);
    }
    CHECK(diary.changes[0].change_id() == id_of("unarchived", std::to_string(t0 + minute) + "/" + rejected_reason));
    CHECK(diary.read(t0 + 70 * minute, {webhook(t0 + 5 * minute, "candidateArchiveChange")}).empty());
}

TEST_CASE("diff: a hire that is un-archived is un-hired") {
    auto diary = applied_at_t0().known(t0);
    diary.start_date = "2026-12-01";
    diary.lever.archived(t0 + minute, hired_reason);
    diary.known(t0 + minute);
    REQUIRE(diary.last->hired());
    diary.lever.unarchived(t0 + 2 * minute);
    diary.start_date.clear();
    diary.read(t0 + 3 * minute, {webhook(t0 + 2 * minute, "candidateArchiveChange")});
    REQUIRE(diary.kinds() == Kinds{"unhired"});
    const auto& change = diary.changes[0];
    CHECK(change.change_id() == id_of("unhired", std::to_string(t0 + minute) + "/" + hired_reason));
    CHECK_FALSE(change.hired());
    CHECK(change.hired_at_ms() == 0);
    CHECK(change.start_date().empty());
    CHECK(change.status().id() == "applicant-new");
}

TEST_CASE("diff: a hire that is archived anew for another reason is un-hired and archived") {
    auto diary = applied_at_t0().known(t0);
    diary.lever.archived(t0 + minute, hired_reason);
    diary.known(t0 + minute);
    diary.lever.archived(t0 + 2 * minute, withdrew_reason);
    diary.read(t0 + 3 * minute);
    REQUIRE(diary.kinds() == Kinds{"unhired", "archived"});
    CHECK(diary.changes[0].change_id() == id_of("unhired", std::to_string(t0 + minute) + "/" + hired_reason));
    CHECK_FALSE(diary.changes[0].hired());
    // The state goes straight to the new reason: nobody is told of a stage in between that never was.
    CHECK(diary.changes[0].status().id() == withdrew_reason);
    CHECK(diary.changes[1].status().id() == withdrew_reason);
    CHECK(diary.changes[0].version() < diary.changes[1].version());
}

TEST_CASE("diff: un-hired and archived in one moment is one piece of news, so that a candidate is asked once") {
    auto diary = applied_at_t0().known(t0);
    diary.lever.archived(t0 + minute, hired_reason);
    diary.known(t0 + minute);
    diary.lever.archived(t0 + 2 * minute, withdrew_reason);
    diary.read(t0 + 2 * minute + second, {webhook(t0 + 2 * minute, "candidateArchiveChange")});
    REQUIRE(diary.kinds() == Kinds{"unhired", "archived"});
    CHECK_FALSE(diary.changes[0].live());
    CHECK(diary.changes[1].live());
    CHECK(diary.changes[1].previous_status().id() == hired_reason);
}

TEST_CASE("diff: a contact's webhook makes a standing hire's details new, and nobody else's") {
    Hint contact;
    contact.cause_kind = "contact";
    contact.cause_id = "hint-1";
    auto diary = applied_at_t0().known(t0);
    CHECK(diary.read(t0 + minute, {contact}).empty());
    diary.lever.archived(t0 + 2 * minute, hired_reason);
    diary.known(t0 + 2 * minute);
    diary.read(t0 + 3 * minute, {contact});
    REQUIRE(diary.kinds() == Kinds{"details_changed"});
    CHECK_FALSE(diary.changes[0].live());
}

TEST_CASE("diff: hired anew, the newest hire stands") {
    auto diary = applied_at_t0().known(t0);
    diary.lever.archived(t0 + minute, hired_reason);
    diary.known(t0 + minute);
    diary.lever.archived(t0 + 9 * minute, hired_reason);
    diary.read(t0 + 10 * minute);
    REQUIRE(diary.kinds() == Kinds{"hired"});
    CHECK(diary.changes[0].hired_at_ms() == t0 + 9 * minute);
}

TEST_CASE("diff: a start date that changes after the hire is a change of details, and never news") {
    auto diary = applied_at_t0().known(t0);
    diary.start_date = "2026-12-01";
    diary.lever.archived(t0 + minute, hired_reason);
    diary.known(t0 + minute);
    diary.start_date = "2027-01-04";
    diary.read(t0 + 2 * minute, {webhook(t0 + 2 * minute, "candidateHired")});
    REQUIRE(diary.kinds() == Kinds{"details_changed"});
    const auto& change = diary.changes[0];
    CHECK(change.start_date() == "2027-01-04");
    CHECK(change.hired());
    CHECK(change.hired_at_ms() == t0 + minute);
    CHECK_FALSE(change.live());
    CHECK(change.status().id() == hired_reason);
    CHECK(change.previous_status().id() == "applicant-new");
    CHECK(change.change_id() == id_of("details_changed", std::to_string(change.version())));
    CHECK(diary.read(t0 + 3 * minute).empty());
}

TEST_CASE("diff: a change of details right after applying has no status before it either") {
    auto diary = applied_at_t0().known(t0);
    diary.lever.state.links = {"https://cluster.test/jobs/j1/candidates/c1"};
    diary.read(t0 + minute);
    REQUIRE(diary.kinds() == Kinds{"details_changed"});
    CHECK_FALSE(diary.changes[0].has_previous_status());
    CHECK(diary.changes[0].cluster().job_id() == "j1");
}

TEST_CASE("diff: posting, confidentiality and Cluster's link are details; tags, notes and a later update are not") {
    auto diary = applied_at_t0();
    diary.posting = lever::Posting{.id = "posting-1", .title = "Engineer"};
    diary.known(t0);
    SUBCASE("another posting") {
        diary.posting->id = "posting-2";
    }
    SUBCASE("confidential from now on") {
        diary.lever.state.confidential = true;
    }
    SUBCASE("a confidential posting") {
        diary.posting->confidential = true;
    }
    SUBCASE("a link of Cluster's") {
        diary.lever.state.links = {"https://cluster.test/jobs/j/candidates/c"};
    }
    SUBCASE("nothing of that") {
        diary.lever.state.updated_at_ms = t0 + minute;
        diary.lever.state.links = {"https://example.net/ann"};
        CHECK(diary.read(t0 + minute).empty());
        return;
    }
    diary.read(t0 + minute);
    CHECK(diary.kinds() == Kinds{"details_changed"});
    CHECK(diary.read(t0 + 2 * minute).empty());
}

TEST_CASE("diff: an anonymized person is told once, and not as news") {
    auto diary = applied_at_t0().known(t0);
    diary.lever.state.anonymized = true;
    diary.lever.state.updated_at_ms = t0 + minute;
    diary.read(t0 + minute, {webhook(t0 + minute)});
    REQUIRE(diary.kinds() == Kinds{"anonymized"});
    CHECK(diary.changes[0].change_id() == id_of("anonymized", ""));
    CHECK(diary.changes[0].mark().anonymized());
    CHECK_FALSE(diary.changes[0].live());
    CHECK(diary.read(t0 + 2 * minute).empty());
}

TEST_CASE("diff: a deletion ends it: not hired, no start date, nothing afterwards") {
    auto diary = applied_at_t0().known(t0);
    diary.start_date = "2026-12-01";
    diary.lever.archived(t0 + minute, hired_reason);
    diary.known(t0 + minute);
    Moment moment;
    moment.account = "main";
    moment.now_ms = t0 + 3 * minute;
    moment.hints = {webhook(t0 + 2 * minute, "candidateDeleted")};
    const auto change = deletion(&*diary.last, t0 + 2 * minute, moment);
    REQUIRE(change);
    CHECK(change->kind() == v1::CHANGE_KIND_DELETED);
    CHECK(change->change_id() == id_of("deleted", ""));
    CHECK(change->version() == (t0 + 2 * minute) * 16 + 8);
    CHECK(change->occurred_at_ms() == t0 + 2 * minute);
    CHECK_FALSE(change->hired());
    CHECK(change->hired_at_ms() == 0);
    CHECK(change->start_date().empty());
    CHECK_FALSE(change->live());
    CHECK(change->mark().deleted());
    CHECK_FALSE(deletion(&*change, t0 + 2 * minute, moment));
    diary.last = *change;
    CHECK(diary.read(t0 + 4 * minute).empty());
}

TEST_CASE("diff: the deletion of somebody never told of is not told") {
    CHECK_FALSE(deletion(nullptr, t0, Moment{}));
}

TEST_CASE(
    "diff: a stage change, a rejection and a hire of one millisecond come in the order in which they make sense") {
    auto diary = applied_at_t0().known(t0);
    diary.lever.moved(t0 + minute, "offer").archived(t0 + minute, hired_reason);
    diary.read(t0 + 2 * minute);
    REQUIRE(diary.kinds() == Kinds{"stage_changed", "hired"});
    CHECK(diary.changes[0].status().id() == "offer");
    CHECK_FALSE(diary.changes[0].hired());
    CHECK(diary.changes[1].hired());
    CHECK(diary.changes[1].previous_status().id() == "offer");
    CHECK(diary.changes[0].version() < diary.changes[1].version());
}

TEST_CASE("diff: two stages entered in one millisecond are two transitions, also when read in between") {
    auto diary = applied_at_t0().known(t0);
    diary.lever.moved(t0 + minute, "screen");
    SUBCASE("read at once") {}
    SUBCASE("read in between") {
        diary.read(t0 + 2 * minute);
        CHECK(diary.kinds() == Kinds{"stage_changed"});
    }
    diary.lever.moved(t0 + minute, "onsite");
    diary.read(t0 + 3 * minute);
    CHECK(diary.last->status().id() == "onsite");
    CHECK(diary.changes.back().change_id() == id_of("stage_changed", std::to_string(t0 + minute) + "/onsite"));
    CHECK(diary.read(t0 + 4 * minute).empty());
}

TEST_CASE("diff: a move while archived changes nothing now, and is where un-archiving leads") {
    auto diary = applied_at_t0().known(t0);
    diary.lever.archived(t0 + minute, rejected_reason);
    diary.known(t0 + minute);
    diary.lever.moved(t0 + 2 * minute, "onsite");
    CHECK(diary.read(t0 + 3 * minute, {webhook(t0 + 2 * minute)}).empty());
    diary.lever.unarchived(t0 + 4 * minute);
    diary.read(t0 + 4 * minute, {webhook(t0 + 4 * minute, "candidateArchiveChange")});
    REQUIRE(diary.kinds() == Kinds{"unarchived"});
    CHECK(diary.changes[0].status().id() == "onsite");
}

TEST_CASE("diff: Lever's present stage is the truth, also when its history does not tell of it") {
    auto diary = applied_at_t0().known(t0);
    diary.lever.state.stage_id = "offer";
    diary.lever.state.updated_at_ms = t0 + minute;
    diary.read(t0 + 2 * minute);
    REQUIRE(diary.kinds() == Kinds{"stage_changed"});
    CHECK(diary.changes[0].status().id() == "offer");
    CHECK(diary.changes[0].occurred_at_ms() == t0 + minute);
    CHECK(diary.read(t0 + 3 * minute).empty());
    // The history comes after all: it is the same move.
    diary.lever.state.stage_changes.push_back({.stage_id = "offer", .at_ms = t0 + minute});
    CHECK(diary.read(t0 + 4 * minute).empty());
}

TEST_CASE("diff: somebody without an application and without a history is told of too") {
    Diary diary;
    diary.lever.created(t0, "lead-new");
    diary.lever.state.stage_changes.clear();
    diary.read(t0 + minute);
    REQUIRE(diary.kinds() == Kinds{"stage_changed"});
    CHECK(diary.changes[0].status().id() == "lead-new");
    CHECK(diary.read(t0 + 2 * minute).empty());
}

TEST_CASE("diff: the first sight of an old opportunity is one change of the present state, as backfill") {
    Diary diary;
    diary.lever.created(t0).applied(t0).moved(t0 + minute, "screen").archived(t0 + 2 * minute, rejected_reason);
    const auto now = t0 + 90 * 24 * 60 * minute;
    diary.read(now);
    REQUIRE(diary.kinds() == Kinds{"archived"});
    CHECK_FALSE(diary.changes[0].live());
    CHECK(diary.changes[0].previous_status().id() == "screen");
    CHECK(diary.changes[0].cause().kind() == "sweep");
    CHECK(diary.read(now + minute).empty());
}

TEST_CASE("diff: at first sight, what a webhook announced and what came after it is told, what was before is not") {
    Diary diary;
    diary.lever.created(t0).applied(t0).moved(t0 + 10 * minute, "screen").moved(t0 + 20 * minute, "onsite");
    diary.read(t0 + 20 * minute + second, {webhook(t0 + 10 * minute)});
    REQUIRE(diary.kinds() == Kinds{"stage_changed", "stage_changed"});
    CHECK(diary.changes[0].status().id() == "screen");
    CHECK(diary.changes[0].live());
    CHECK_FALSE(diary.changes[1].live());
}

TEST_CASE("diff: live needs a webhook within 60 seconds of the transition, on either side") {
    auto diary = applied_at_t0().known(t0);
    const auto at = t0 + 10 * minute;
    diary.lever.moved(at, "screen");
    const auto live_with = [&](std::vector<Hint> hints) {
        Diary copy = diary;
        copy.read(at + 5 * minute, std::move(hints));
        REQUIRE(copy.changes.size() == 1);
        return copy.changes[0].live();
    };
    CHECK(live_with({webhook(at + minute)}));
    CHECK(live_with({webhook(at - minute)}));
    CHECK_FALSE(live_with({webhook(at + minute + 1)}));
    CHECK_FALSE(live_with({webhook(at - minute - 1)}));
    CHECK_FALSE(live_with({}));
    CHECK(live_with({webhook(t0), webhook(at)}));
    // A sweep that carries no webhook's time announces nothing.
    Hint sweep;
    sweep.cause_kind = "sweep";
    CHECK_FALSE(live_with({sweep}));
}

TEST_CASE("diff: live needs to be told within 15 minutes of the transition") {
    auto diary = applied_at_t0().known(t0);
    const auto at = t0 + 10 * minute;
    diary.lever.moved(at, "screen");
    auto late = diary;
    diary.read(at + 15 * minute, {webhook(at)});
    CHECK(diary.changes.at(0).live());
    late.read(at + 15 * minute + 1, {webhook(at)});
    CHECK_FALSE(late.changes.at(0).live());
}

TEST_CASE("diff: the cause is the webhook nearest to the transition") {
    auto diary = applied_at_t0().known(t0);
    diary.lever.moved(t0 + 10 * minute, "screen").moved(t0 + 20 * minute, "onsite");
    diary.read(t0 + 21 * minute, {webhook(t0 + 20 * minute), webhook(t0 + 10 * minute)});
    REQUIRE(diary.changes.size() == 2);
    CHECK(diary.changes[0].cause().id() == "token-" + std::to_string(t0 + 10 * minute));
    CHECK(diary.changes[1].cause().id() == "token-" + std::to_string(t0 + 20 * minute));
}

TEST_CASE("diff: a version is above the last one, even where Lever's times go backwards") {
    auto diary = applied_at_t0().known(t0);
    diary.lever.archived(t0 + 10 * minute, rejected_reason);
    diary.known(t0 + 10 * minute);
    const auto before = diary.last->version();
    // Lever's clock, or somebody who archived with a date of the past.
    diary.lever.archived(t0 + 5 * minute, withdrew_reason);
    diary.read(t0 + 11 * minute);
    REQUIRE(diary.kinds() == Kinds{"archived"});
    CHECK(diary.changes[0].version() == before + 1);
}

TEST_CASE("diff: the same read again after a crash gives the same ids and versions") {
    auto diary = applied_at_t0().known(t0);
    diary.lever.moved(t0 + minute, "screen").archived(t0 + 2 * minute, hired_reason);
    auto again = diary;
    diary.read(t0 + 3 * minute, {webhook(t0 + minute)});
    again.read(t0 + 30 * minute);
    REQUIRE(diary.changes.size() == 2);
    REQUIRE(again.changes.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK(diary.changes[i].change_id() == again.changes[i].change_id());
        CHECK(diary.changes[i].version() == again.changes[i].version());
    }
}

TEST_CASE("diff: a stage deleted in Lever is carried with its id and without a name") {
    auto diary = applied_at_t0().known(t0);
    diary.lever.moved(t0 + minute, "gone-stage");
    diary.read(t0 + 2 * minute);
    REQUIRE(diary.changes.size() == 1);
    CHECK(diary.changes[0].status().id() == "gone-stage");
    CHECK(diary.changes[0].status().name().empty());
}

TEST_CASE("diff: the posting's facts and Cluster's ids travel, nothing of the person does") {
    auto diary = applied_at_t0();
    diary.posting = lever::Posting{
        .id = "posting-1",
        .title = "Engineer",
        .department = "Platform",
        .location = "Berlin",
        .state = "published",
        .external = true};
    diary.lever.state.links = {
        "https://linkedin.test/in/ann-park", "https://cluster.test/jobs/j-1/candidates/c-1?x=y"};
    diary.lever.state.origin = "agency";
    diary.read(t0);
    REQUIRE(diary.changes.size() == 1);
    const auto& change = diary.changes[0];
    CHECK(change.posting().title() == "Engineer");
    CHECK(change.posting().department() == "Platform");
    CHECK(change.posting().location() == "Berlin");
    CHECK(change.posting().external());
    CHECK(change.origin() == "agency");
    CHECK(change.cluster().job_id() == "j-1");
    CHECK(change.cluster().candidate_id() == "c-1");
    CHECK(change.SerializeAsString().find("ann-park") == std::string::npos);
}

TEST_CASE("cluster link: only Cluster's own form counts") {
    const auto link = [](const std::string& text) { return cluster_link({text}, "https://cluster.test/"); };
    CHECK(link("https://cluster.test/jobs/a/candidates/b"));
    CHECK(link("https://cluster.test/jobs/a/candidates/b/")->candidate_id() == "b");
    CHECK(link("https://cluster.test/jobs/a/candidates/b#notes")->candidate_id() == "b");
    CHECK_FALSE(link("https://cluster.test/jobs//candidates/b"));
    CHECK_FALSE(link("https://cluster.test/jobs/a/candidates/"));
    CHECK_FALSE(link("https://cluster.test/jobs/a/b/candidates/c"));
    CHECK_FALSE(link("https://cluster.test/people/a"));
    CHECK_FALSE(link("https://cluster.test/jobs/../candidates/b"));
    CHECK_FALSE(link("https://cluster.test/jobs/a/candidates/.."));
    CHECK_FALSE(link("https://cluster.test.evil/jobs/a/candidates/b"));
    CHECK_FALSE(cluster_link({"https://cluster.test/jobs/a/candidates/b"}, ""));
    CHECK(cluster_link({"x", "https://cluster.test/jobs/a/candidates/b"}, "https://cluster.test/"));
}

TEST_CASE("vocabulary: an unknown stage or archive reason asks for a new look at Lever's words") {
    const auto words = testing::vocabulary();
    LeverOpportunity lever;
    lever.created(t0);
    CHECK(vocabulary_covers(lever.state, words));
    lever.moved(t0, "new-stage");
    CHECK_FALSE(vocabulary_covers(lever.state, words));
    lever.moved(t0, "offer").archived(t0, "new-reason");
    CHECK_FALSE(vocabulary_covers(lever.state, words));
    lever.archived(t0, hired_reason);
    CHECK(vocabulary_covers(lever.state, words));
}

TEST_CASE("caught up: Lever is asked again while it does not show what its own webhook announced a moment ago") {
    LeverOpportunity lever;
    lever.created(t0).applied(t0);
    const auto caught = [&](std::vector<Hint> hints, std::int64_t now, const v1::Change* last = nullptr) {
        Moment moment;
        moment.now_ms = now;
        moment.hints = std::move(hints);
        return caught_up(last, lever.state, moment);
    };
    const auto at = t0 + 10 * minute;
    CHECK(caught({webhook(t0, "applicationCreated")}, t0));
    CHECK_FALSE(caught({webhook(at)}, at + second));
    CHECK_FALSE(caught({webhook(t0), webhook(at)}, at + second));
    // After five minutes it is given up, and what announces no transition is not waited for.
    CHECK(caught({webhook(at)}, at + 5 * minute + 1));
    CHECK(caught({webhook(at, "interviewCreated")}, at + second));
    CHECK(caught({webhook(at, "candidateDeleted")}, at + second));
    CHECK(caught({}, at));
    // What has been told of already has been seen, though Lever's state keeps no trace of un-archiving.
    v1::Change last;
    last.set_kind(v1::CHANGE_KIND_UNARCHIVED);
    last.set_occurred_at_ms(at);
    CHECK(caught({webhook(at, "candidateArchiveChange")}, at + second, &last));
    // A detail has no moment of Lever's.
    last.set_kind(v1::CHANGE_KIND_DETAILS_CHANGED);
    CHECK_FALSE(caught({webhook(at, "candidateArchiveChange")}, at + second, &last));
    lever.moved(at, "screen");
    CHECK(caught({webhook(at)}, at + second));
}
