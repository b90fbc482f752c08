// What lever-source tells of Lever's stages and archive reasons: read whole, or not at all.
#include "common/sync/vocabulary.hpp"

#include <doctest/doctest.h>

using namespace hirewire;

TEST_CASE("vocabulary: stages with their place, reasons with their type") {
    const auto read = sync::read_vocabulary(
        R"({"stages":[{"id":"offer","name":"Offer","pipeline":"Interview","rank":3},{"id":"s-2","name":"Screen"}],)"
        R"("archive_reasons":[{"id":"r-1","name":"Underqualified","type":"non-hired"}],"read_at":"2026-03-02"})");
    REQUIRE(read.has_value());
    sync::Vocabulary expected;
    expected.stages = {
        {.id = "offer", .name = "Offer", .pipeline = "Interview", .rank = 3}, {.id = "s-2", .name = "Screen"}};
    expected.reasons = {{.id = "r-1", .name = "Underqualified", .type = "non-hired"}};
    CHECK(*read == expected);
}

TEST_CASE("vocabulary: an account without stages has empty lists, which is an answer") {
    const auto read = sync::read_vocabulary(R"({"stages":[],"archive_reasons":[]})");
    REQUIRE(read.has_value());
    CHECK(read->stages.empty());
}

TEST_CASE("vocabulary: half of a list is none, or names would look wrong that are right") {
    for (const auto* text :
         {"",
          "{}",
          "[]",
          R"({"stages":[]})",
          R"({"stages":{},"archive_reasons":[]})",
          R"({"stages":[{"name":"without an id"}],"archive_reasons":[]})",
          R"({"stages":[],"archive_reasons":[{"id":7}]})",
          R"({"code":"unavailable"})"}) {
        CAPTURE(text);
        CHECK_FALSE(sync::read_vocabulary(text));
    }
}
