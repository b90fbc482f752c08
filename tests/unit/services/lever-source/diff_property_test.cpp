// Random Lever histories, read at random moments because of random webhooks: whatever is missed, the last change told
// says what Lever says, and nothing is told under two names.
#include <doctest/doctest.h>

#include <map>

#include "services/lever-source/diff.hpp"
#include "tests/support/lever_builders.hpp"
#include "tests/support/seed.hpp"

using namespace hirewire;
using namespace hirewire::source;

namespace {

const std::vector<std::string> stages{"lead-new", "applicant-new", "screen", "onsite", "offer"};
const std::vector<std::string> reasons{testing::hired_reason, testing::rejected_reason, testing::withdrew_reason};

// What really happened, as only the model knows it.
struct Truth {
    std::string kind{};
    std::string anchor{};
};

class Life {
public:
    explicit Life(testing::Dice& dice) : dice_{dice} {
        lever_.created(now_, dice_.pick(stages));
        if (!dice_.one_in(3)) apply();
        webhook("applicationCreated");
    }

    void step() {
        // Often in the same millisecond, sometimes hours apart.
        static const std::vector<std::int64_t> pauses{0, 0, 1, 40, 2'000, 61'000, 1'000'000, 40'000'000};
        now_ += dice_.pick(pauses);
        switch (dice_.below(10)) {
            case 0:
            case 1:
            case 2:
                move();
                break;
            case 3:
                archive();
                break;
            case 4:
                unarchive();
                break;
            case 5:
                if (!lever_.state.application) apply();
                break;
            case 6:
                details();
                break;
            default:
                read();
                break;
        }
    }

    void end() {
        now_ += 10'000;
        read(Crash::never);
        if (!last_) return;
        const auto& o = lever_.state;
        CHECK(last_->status().id() == (o.archived ? o.archived->reason_id : o.stage_id));
        CHECK(last_->status().kind() == (o.archived ? v1::STATUS_KIND_ARCHIVE_REASON : v1::STATUS_KIND_STAGE));
        const bool hired = o.archived && o.archived->reason_id == testing::hired_reason;
        CHECK(last_->hired() == hired);
        CHECK(last_->hired_at_ms() == (hired ? o.archived->at_ms : 0));
        CHECK(last_->start_date() == (hired ? start_date_ : ""));
        CHECK(last_->confidential() == o.confidential);
        CHECK(last_->mark().anonymized() == o.anonymized);
        const auto count = told_;
        for (int i = 0; i < 3; ++i) {
            now_ += dice_.below(1'000'000);
            read(Crash::never);
        }
        CHECK(told_ == count);
    }

private:
    void apply() {
        lever_.applied(
            now_ - (dice_.one_in(4) ? dice_.below(3) : 0), "application-" + std::to_string(++applications_));
    }

    void move() {
        // Lever knows no move to the stage where one is.
        std::string to = dice_.pick(stages);
        if (to == lever_.state.stage_id) return;
        lever_.moved(now_, to);
        webhook("candidateStageChange");
    }

    void archive() {
        const auto& reason = dice_.pick(reasons);
        if (lever_.state.archived && lever_.state.archived->at_ms == now_) return;
        lever_.archived(now_, reason);
        if (reason == testing::hired_reason) webhook("candidateHired");
        webhook("candidateArchiveChange");
    }

    void unarchive() {
        // Archived and un-archived within a millisecond, and again: nobody's finger is that quick.
        if (!lever_.state.archived || lever_.state.archived->at_ms == now_) return;
        lever_.unarchived(now_);
        webhook("candidateArchiveChange");
        ++now_;
    }

    void details() {
        lever_.state.updated_at_ms = now_;
        switch (dice_.below(4)) {
            case 0:
                start_date_ = "2026-12-0" + std::to_string(1 + dice_.below(9));
                break;
            case 1:
                lever_.state.confidential = !lever_.state.confidential;
                break;
            case 2:
                lever_.state.links = {"https://c.test/jobs/1/candidates/" + std::to_string(dice_.below(3))};
                break;
            default:
                lever_.state.anonymized = lever_.state.anonymized || dice_.one_in(10);
                break;
        }
    }

    void webhook(const std::string& event) {
        if (dice_.one_in(3)) return;  // lost
        Hint hint;
        hint.event = event;
        hint.triggered_at = now_ + dice_.below(50);
        hint.cause_id = "token-" + std::to_string(++tokens_);
        waiting_.push_back(hint);
    }

    enum class Crash { sometimes, never };

    void read(Crash crash = Crash::sometimes) {
        // Some of what waits, in any order; late ones come later, or twice.
        std::vector<Hint> hints;
        for (const auto& hint : waiting_) {
            if (dice_.one_in(2)) hints.push_back(hint);
        }
        if (dice_.one_in(2)) waiting_.clear();
        look(hints, crash);
    }

    void look(const std::vector<Hint>& hints, Crash crash) {
        Moment moment;
        moment.account = "main";
        moment.now_ms = now_ + dice_.below(3'000);
        moment.hints = hints;
        Facts facts{.opportunity = lever_.state, .vocabulary = words_};
        facts.cluster_link_prefix = "https://c.test/";
        const bool hired = lever_.state.archived && lever_.state.archived->reason_id == testing::hired_reason;
        if (hired) facts.start_date = start_date_;
        const auto changes = diff(last_ ? &*last_ : nullptr, facts, moment);
        // A crash before the memory is written: the restart tells the same again, under the same names.
        if (crash == Crash::sometimes && !changes.empty() && dice_.one_in(4)) {
            for (const auto& change : changes) note(change);
            now_ += dice_.below(2'000);
            look(hints, Crash::never);
            return;
        }
        for (const auto& change : changes) {
            if (last_) REQUIRE(change.version() > last_->version());
            REQUIRE(change.version() >= change.occurred_at_ms() * 16);
            note(change);
            check(change, moment);
            last_ = change;
            ++told_;
        }
    }

    // One id is one version and one transition; one transition is one id.
    void note(const v1::Change& change) {
        const auto& mark = change.mark();
        std::string transition = std::string{name_of(change.kind())} + " ";
        switch (change.kind()) {
            case v1::CHANGE_KIND_APPLIED:
                transition += mark.application_id();
                break;
            case v1::CHANGE_KIND_ARCHIVED:
            case v1::CHANGE_KIND_HIRED:
                transition += std::to_string(mark.archived_at_ms()) + "/" + mark.archive_reason_id();
                break;
            case v1::CHANGE_KIND_ANONYMIZED:
                break;
            case v1::CHANGE_KIND_STAGE_CHANGED:
                // A stage entered twice in one millisecond: Lever's history cannot tell the two apart.
                if (ambiguous(change)) return;
                transition += std::to_string(change.occurred_at_ms()) + "/" + change.status().id();
                break;
            // Their identity is what they end, which the change itself does not carry; details are never repeated.
            default:
                return;
        }
        const auto id = ids_.emplace(transition, change.change_id());
        CAPTURE(transition);
        CHECK(id.first->second == change.change_id());
        const auto version = versions_.emplace(change.change_id(), change.version());
        CHECK(version.first->second == change.version());
    }

    [[nodiscard]] bool ambiguous(const v1::Change& change) const {
        int times = 0;
        for (const auto& c : lever_.state.stage_changes) {
            if (c.at_ms == change.occurred_at_ms() && c.stage_id == change.status().id()) ++times;
        }
        return times != 1;
    }

    void check(const v1::Change& change, const Moment& moment) const {
        REQUIRE_FALSE(change.change_id().empty());
        REQUIRE(change.opportunity_id() == lever_.state.id);
        if (change.live()) {
            bool announced = false;
            for (const auto& hint : moment.hints) {
                announced = announced || std::llabs(hint.triggered_at - change.occurred_at_ms()) <= 60'000;
            }
            CHECK(announced);
            CHECK(moment.now_ms - change.occurred_at_ms() <= 15 * 60'000);
            CHECK(change.kind() != v1::CHANGE_KIND_DETAILS_CHANGED);
        }
        if (change.hired()) CHECK(change.status().id() == testing::hired_reason);
        const auto& reason = change.mark().archive_reason_id();
        CHECK(change.hired() == (reason == testing::hired_reason));
    }

    testing::Dice& dice_;
    testing::LeverOpportunity lever_{};
    lever::Vocabulary words_ = testing::vocabulary();
    std::int64_t now_ = 1'772'463'900'000;
    std::string start_date_ = "2026-12-01";
    std::vector<Hint> waiting_{};
    std::optional<v1::Change> last_{};
    std::map<std::string, std::string> ids_{};
    std::map<std::string, std::int64_t> versions_{};
    int applications_ = 0;
    int tokens_ = 0;
    int told_ = 0;
};

}  // namespace

TEST_CASE(
    "diff: whatever Lever does and whatever is missed, the last change tells Lever's state, under one name each") {
    INFO(testing::how_to_repeat());
    testing::Dice dice{testing::seed()};
    for (int life = 0; life < 2'000; ++life) {
        Life one{dice};
        const int steps = dice.below(40);
        for (int i = 0; i < steps; ++i) one.step();
        one.end();
    }
}
