#include "services/lever-source/open_hires.hpp"

#include <doctest/doctest.h>

#include "common/core/time.hpp"

using namespace hirewire;
using namespace hirewire::source;

TEST_CASE("open hires: the start lies ahead or is unknown, up to ninety days after the hire") {
    constexpr std::int64_t day = 24 * 60 * 60'000;
    const auto now = to_ms(*parse_iso("2026-11-22")) + day / 2;
    v1::Change hire;
    hire.set_hired(true);
    hire.set_hired_at_ms(now - 10 * day);
    CHECK(open_hire(hire, now));
    hire.set_start_date("2026-12-01");
    CHECK(open_hire(hire, now));
    hire.set_start_date("2026-11-22");  // today may still be put off
    CHECK(open_hire(hire, now));
    hire.set_start_date("2026-11-21");
    CHECK_FALSE(open_hire(hire, now));
    hire.clear_start_date();
    hire.set_hired_at_ms(now - 90 * day);
    CHECK(open_hire(hire, now));
    hire.set_hired_at_ms(now - 90 * day - 1);
    CHECK_FALSE(open_hire(hire, now));
    hire.set_hired_at_ms(now);
    SUBCASE("taken back") {
        hire.set_hired(false);
    }
    SUBCASE("deleted") {
        hire.mutable_mark()->set_deleted(true);
    }
    SUBCASE("anonymized") {
        hire.mutable_mark()->set_anonymized(true);
    }
    CHECK_FALSE(open_hire(hire, now));
}
