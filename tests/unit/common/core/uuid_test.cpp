#include "common/core/uuid.hpp"

#include <doctest/doctest.h>

#include <regex>
#include <set>

using namespace hirewire;

TEST_CASE("uuid: the same parts give the same id in every release") {
    // Computed with another implementation (Python's uuid.uuid5). Changing one of these changes every id ever given.
    CHECK(uuid_v5({"ab", "c"}) == "fe4b4915-70e3-5652-a4ca-749244f57af3");
    CHECK(uuid_v5({"a", "bc"}) == "805f05ff-b6a0-5428-9bf2-e6d053eac091");
    CHECK(uuid_v5({""}) == "b153df9c-2542-57ab-a9ae-1d31c30572fd");
    CHECK(
        uuid_v5({"main", "6408dc54-7015-4e5b-8d60-23afff2b1efc", "hired", "1782973996415/c97322d4"}) ==
        "dc616cc8-d9f8-5dcd-ba2d-7fd73e9c5378");
}

TEST_CASE("uuid: where one part ends and the next begins makes a difference") {
    CHECK(uuid_v5({"ab", "c"}) != uuid_v5({"a", "bc"}));
    CHECK(uuid_v5({"abc"}) != uuid_v5({"abc", ""}));
    CHECK(uuid_v5({"", "abc"}) != uuid_v5({"abc", ""}));
}

TEST_CASE("uuid: random ones are of version 4 and differ") {
    std::set<std::string> seen;
    const std::regex form{"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"};
    for (int i = 0; i < 100; ++i) {
        const auto id = random_uuid();
        CHECK(std::regex_match(id, form));
        CHECK(seen.insert(id).second);
    }
}
