#include "services/lever-source/listing.hpp"

#include <doctest/doctest.h>

using namespace hirewire::source;

namespace {

using Ids = std::set<std::string>;

}  // namespace

TEST_CASE("listing: what one complete listing lacks is remembered, what a second lacks is gone") {
    const Ids known{"a", "b", "c"};
    const auto first = compare(known, {}, {.listed = {"a", "b"}}, Guard::on);
    CHECK(first.gone.empty());
    CHECK(first.missed == Ids{"c"});
    const auto second = compare(known, first.missed, {.listed = {"a", "b"}}, Guard::on);
    CHECK(second.gone == std::vector<std::string>{"c"});
    CHECK(second.missed.empty());
}

TEST_CASE("listing: what comes back in between begins anew") {
    const Ids known{"a", "b", "c"};
    const auto back = compare(known, {"c"}, {.listed = known}, Guard::on);
    CHECK(back.gone.empty());
    CHECK(back.missed.empty());
    CHECK(compare(known, back.missed, {.listed = {"a", "b"}}, Guard::on).gone.empty());
}

TEST_CASE("listing: what Lever lists as deleted is gone at once, unless it shows it all the same") {
    const Ids known{"a", "b", "c"};
    CHECK(
        compare(known, {}, {.listed = {"a", "b"}, .deleted = {"c", "x"}}, Guard::on).gone ==
        std::vector<std::string>{"c"});
    CHECK(compare(known, {}, {.listed = known, .deleted = {"c"}}, Guard::on).gone.empty());
}

TEST_CASE("listing: more than half vanished is not believed, what Lever says was deleted does not count") {
    const Ids known{"a", "b", "c", "d"};
    const Ids missed{"d"};
    CHECK_FALSE(compare(known, missed, {.listed = {"a", "b"}}, Guard::on).implausible);
    const auto most = compare(known, missed, {.listed = {"a"}}, Guard::on);
    CHECK(most.implausible);
    CHECK(most.vanished == 3);
    CHECK(most.gone.empty());
    CHECK(most.missed == missed);
    const auto explained = compare(known, missed, {.listed = {"a"}, .deleted = {"b", "c"}}, Guard::on);
    CHECK_FALSE(explained.implausible);
    CHECK(explained.gone == std::vector<std::string>{"b", "c", "d"});
    // Who knows that they are gone says so, and it is done at once.
    CHECK(compare(known, {}, {.listed = {"a"}}, Guard::off).gone == std::vector<std::string>{"b", "c", "d"});
    CHECK_FALSE(compare({}, {}, {}, Guard::on).implausible);
}
