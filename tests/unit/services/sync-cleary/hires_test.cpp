#include "services/sync-cleary/hires.hpp"

#include <doctest/doctest.h>

#include "tests/support/change_builders.hpp"

using namespace hirewire;
using namespace hirewire::cleary;

namespace {

constexpr std::int64_t now = 1'772'463'905'123;  // 2026-03-02
constexpr std::int64_t day = 24 * 60 * 60'000;

v1::Change hired(std::int64_t ms, const std::string& opportunity, const std::string& contact) {
    auto change = testing::hire(ms, opportunity);
    change.set_contact_id(contact);
    return change;
}

v1::Change unhired(std::int64_t ms, const std::string& opportunity, const std::string& contact) {
    auto change = testing::stage_change(ms, opportunity);
    change.set_kind(v1::CHANGE_KIND_UNHIRED);
    change.set_contact_id(contact);
    return change;
}

Settings settings_since(const std::string& date) {
    Settings settings;
    settings.hired_since = date;
    return settings;
}

}  // namespace

TEST_CASE("#33 hires: the newest version holds, in whatever order the topics are read") {
    Hires hires;
    hires.add(hired(now, "o-1", "c-1"));
    hires.add(unhired(now + day, "o-1", "c-1"));
    CHECK(hires.standing().empty());
    // hiring.opportunities may still have an older state.
    hires.add(hired(now, "o-1", "c-1"));
    CHECK(hires.standing().empty());
    hires.add(hired(now + 2 * day, "o-1", "c-1"));
    REQUIRE(hires.standing().size() == 1);
    CHECK(hires.standing()[0].hired_at_ms == now + 2 * day);
}

TEST_CASE("#33 hires: who was never hired is not remembered, who is deleted or anonymized is not told of") {
    Hires hires;
    hires.add(testing::stage_change(now, "o-1"));
    hires.add(hired(now, "o-2", "c-2"));
    auto gone = hired(now + day, "o-2", "c-2");
    gone.mutable_mark()->set_deleted(true);
    hires.add(gone);
    CHECK(hires.standing().empty());
    CHECK(hires.unhired_since(0) == 0);
}

TEST_CASE("#33 hires: who was un-hired since the last run is counted, also when a later change has hidden it") {
    Hires hires;
    hires.add(hired(now, "o-1", "c-1"));
    hires.add(unhired(now + day, "o-1", "c-1"));
    hires.add(testing::stage_change(now + 2 * day, "o-1"));
    hires.add(hired(now, "o-2", "c-2"));
    hires.add(unhired(now + day, "o-2", "c-2"));
    hires.add(hired(now + 2 * day, "o-2", "c-2"));
    CHECK(hires.unhired_since(now) == 1);
    CHECK(hires.unhired_since(now + day) == 0);
}

TEST_CASE("#33 selection: of one person's hires the newest governs, and older ones are counted, not told") {
    Hires hires;
    hires.add(hired(now, "o-1", "ada"));
    hires.add(hired(now + day, "o-2", "ada"));
    hires.add(hired(now - day, "o-3", "ada"));
    hires.add(hired(now, "o-4", "bob"));
    const auto selection = select(hires.standing(), settings_since("2026-01-01"));
    CHECK(selection.opportunities() == std::set<std::string>{"o-2", "o-4"});
    CHECK(selection.not_governing == 2);
}

TEST_CASE("#33 selection: when the newest hire was taken back, the one before it governs again") {
    Hires hires;
    hires.add(hired(now, "o-1", "ada"));
    hires.add(hired(now + day, "o-2", "ada"));
    hires.add(unhired(now + 2 * day, "o-2", "ada"));
    CHECK(select(hires.standing(), settings_since("2026-01-01")).opportunities() == std::set<std::string>{"o-1"});
}

TEST_CASE("#33 selection: hires before hired_since are left out; that day itself is in") {
    Hires hires;
    hires.add(hired(now, "o-1", "c-1"));
    CHECK(select(hires.standing(), settings_since("2026-03-02")).governing.size() == 1);
    const auto later = select(hires.standing(), settings_since("2026-03-03"));
    CHECK(later.governing.empty());
    CHECK(later.hired_before == 1);
}

TEST_CASE("#35 selection: hires without a contact are each told of, so that the report has their failure") {
    Hires hires;
    hires.add(hired(now, "o-1", ""));
    hires.add(hired(now, "o-2", ""));
    CHECK(select(hires.standing(), settings_since("2026-01-01")).governing.size() == 2);
}
