// What a daemon tells its destination of Lever's lists, and when there is something to say about them.
#include "common/sync/names_watch.hpp"

#include <doctest/doctest.h>

using namespace hirewire;
using namespace hirewire::sync;
using Words = std::vector<std::string>;

namespace {

class Listing final : public Destination {
public:
    [[nodiscard]] std::string_view name() const override { return "listing"; }
    [[nodiscard]] std::uint16_t default_admin_port() const override { return 0; }
    void declare(config::Section&) override {}
    [[nodiscard]] Plan plan(const v1::Change&, const Situation&) const override { return {Settle{}}; }
    [[nodiscard]] std::vector<NamedStatuses> names() const override {
        NamedStatuses first;
        first.key = "first";
        first.entries = entries;
        NamedStatuses second;
        second.key = "second";
        second.entries = {"Offer"};
        return {first, second};
    }
    void learn(std::string_view key, const StatusNames& known) override {
        if (key == "first") learnt = known;
    }
    Words entries{"Screen", "Panel"};
    StatusNames learnt{};
};

Vocabulary lever() {
    Vocabulary vocabulary;
    vocabulary.stages = {{.id = "offer", .name = "Offer"}, {.id = "s-1", .name = "Screen"}};
    return vocabulary;
}

}  // namespace

TEST_CASE("names watch: the destination learns, and what the lists lack is said once") {
    Listing destination;
    NamesBook book;
    const auto news = book.resolve(destination, lever());
    REQUIRE(news.size() == 1);
    CHECK(news[0].key == "first");
    CHECK(news[0].report.unknown == Words{"Panel"});
    CHECK(destination.learnt.ids() == std::set<std::string>{"s-1"});
    CHECK(book.resolve(destination, lever()).empty());
}

TEST_CASE("names watch: a renamed stage is news once, goes on by its id, and so is its being mended") {
    Listing destination;
    destination.entries = {"Screen"};
    NamesBook book;
    CHECK(book.resolve(destination, lever()).empty());
    auto later = lever();
    later.stages[1].name = "Phone screen";
    const auto news = book.resolve(destination, later);
    REQUIRE(news.size() == 1);
    CHECK(news[0].report.renamed == Words{"Screen"});
    CHECK(destination.learnt.ids() == std::set<std::string>{"s-1"});
    CHECK(book.resolve(destination, later).empty());
    // The configuration is mended and read again.
    destination.entries = {"Phone screen"};
    const auto mended = book.resolve(destination, later);
    REQUIRE(mended.size() == 1);
    CHECK(mended[0].report.empty());
}
