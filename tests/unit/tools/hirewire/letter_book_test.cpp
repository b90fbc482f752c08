#include "tools/hirewire/letter_book.hpp"

#include <doctest/doctest.h>

#include "tests/unit/tools/hirewire/letters.hpp"

using namespace hirewire;
using namespace hirewire::testing;
using cli::LetterBook;
using cli::Standing;

namespace {

const v1::Change change = stage_change(noon);

// One letter of `change`, and then these outcomes of its version.
Standing after(const std::vector<v1::OutcomeKind>& outcomes) {
    LetterBook book{"clara"};
    const auto letter = cli::read_letter(letter_record(change, 7));
    book.add(letter);
    book.close();
    for (const auto kind : outcomes) book.hear(outcome_record(change, kind));
    return book.standing(letter);
}

// Of `change`, by a run: what came of it, or the word that the run is a redrive of it.
kafka::Record of_run(v1::OutcomeKind kind, const std::string& run) {
    v1::Outcome outcome;
    outcome.set_destination("clara");
    outcome.set_opportunity_id(change.opportunity_id());
    outcome.set_resource(change.opportunity_id());
    outcome.set_version(change.version());
    outcome.set_outcome(kind);
    outcome.add_run_ids(run);
    return outcome_record(outcome, change.opportunity_id());
}

// One letter of `change` that has died, and then these records of it.
Standing after_death(const std::vector<kafka::Record>& records) {
    LetterBook book{"clara"};
    const auto letter = cli::read_letter(letter_record(change, 7));
    book.add(letter);
    book.close();
    book.hear(outcome_record(change, v1::OUTCOME_KIND_DEAD));
    for (const auto& record : records) book.hear(record);
    return book.standing(letter);
}

}  // namespace

TEST_CASE("letter book: a letter is open until its version has come to an end") {
    CHECK(after({}) == Standing::open);
    CHECK(after({v1::OUTCOME_KIND_RETRYING, v1::OUTCOME_KIND_DEAD}) == Standing::open);
    CHECK(after({v1::OUTCOME_KIND_DEAD, v1::OUTCOME_KIND_HELD}) == Standing::open);
    CHECK(after({v1::OUTCOME_KIND_DEAD, v1::OUTCOME_KIND_APPLIED}) == Standing::resolved);
    CHECK(after({v1::OUTCOME_KIND_DEAD, v1::OUTCOME_KIND_SUPERSEDED}) == Standing::resolved);
    CHECK(after({v1::OUTCOME_KIND_DEAD, v1::OUTCOME_KIND_DISCARDED}) == Standing::discarded);
    CHECK(after({v1::OUTCOME_KIND_DEAD, v1::OUTCOME_KIND_REDRIVEN}) == Standing::redriven);
    CHECK(
        after({v1::OUTCOME_KIND_DEAD, v1::OUTCOME_KIND_REDRIVEN, v1::OUTCOME_KIND_UNCHANGED}) == Standing::resolved);
}

// Protects a letter from being forgotten because of a word that leaves the destination without it.
TEST_CASE("letter book: what is skipped, not mapped or in shadow resolves nothing") {
    for (const auto kind : {v1::OUTCOME_KIND_SKIPPED, v1::OUTCOME_KIND_UNMAPPED, v1::OUTCOME_KIND_SHADOW}) {
        CAPTURE(v1::OutcomeKind_Name(kind));
        CHECK(after({v1::OUTCOME_KIND_DEAD, kind}) == Standing::open);
        CHECK(after({v1::OUTCOME_KIND_DEAD, v1::OUTCOME_KIND_REDRIVEN, kind}) == Standing::open);
        CHECK(after({v1::OUTCOME_KIND_DEAD, v1::OUTCOME_KIND_APPLIED, kind}) == Standing::resolved);
    }
    CHECK(after({v1::OUTCOME_KIND_DEAD, v1::OUTCOME_KIND_REDRIVEN, v1::OUTCOME_KIND_RETRYING}) == Standing::redriven);
}

// Protects from clocks that differ: only the order of the records counts.
TEST_CASE("letter book: a redriven letter that dies again is open again, and the first one is not") {
    LetterBook book{"clara"};
    const auto first = cli::read_letter(letter_record(change, 7));
    const auto second = cli::read_letter(letter_record(change, 8));
    book.add(first);
    book.add(second);
    book.close();
    book.hear(outcome_record(change, v1::OUTCOME_KIND_DEAD));
    book.hear(outcome_record(change, v1::OUTCOME_KIND_REDRIVEN));
    book.hear(outcome_record(change, v1::OUTCOME_KIND_DEAD));
    CHECK(book.standing(first) == Standing::repeated);
    CHECK(book.standing(second) == Standing::open);
}

// The word on a redrive is written after the letter itself, which may be dead again by then.
TEST_CASE("letter book: a letter that died again before its redrive was written down is open") {
    LetterBook book{"clara"};
    auto record = letter_record(change, 8);
    record.headers.push_back({"hirewire-replay", "run-1"});
    const auto again = cli::read_letter(record);
    CHECK(again.run == "run-1");
    book.add(cli::read_letter(letter_record(change, 7)));
    book.add(again);
    book.close();
    v1::Outcome word;
    word.set_destination("clara");
    word.set_opportunity_id(change.opportunity_id());
    word.set_version(change.version());
    word.set_outcome(v1::OUTCOME_KIND_REDRIVEN);
    word.add_run_ids("run-1");
    book.hear(outcome_record(change, v1::OUTCOME_KIND_DEAD));
    book.hear(outcome_record(change, v1::OUTCOME_KIND_DEAD));
    book.hear(outcome_record(word, change.opportunity_id()));
    CHECK(book.standing(again) == Standing::open);
    // A later redrive is another matter.
    word.clear_run_ids();
    word.add_run_ids("run-2");
    book.hear(outcome_record(word, change.opportunity_id()));
    CHECK(book.standing(again) == Standing::redriven);
}

// As it is with a daemon that is faster than the operator's hirewire: the standing is the same in either order.
TEST_CASE("letter book: the word on a redrive that comes after what came of it says nothing new") {
    const auto word = of_run(v1::OUTCOME_KIND_REDRIVEN, "redrive-1");
    for (const auto kind :
         {v1::OUTCOME_KIND_APPLIED,
          v1::OUTCOME_KIND_SUPERSEDED,
          v1::OUTCOME_KIND_SKIPPED,
          v1::OUTCOME_KIND_UNMAPPED,
          v1::OUTCOME_KIND_SHADOW,
          v1::OUTCOME_KIND_DEAD}) {
        CAPTURE(v1::OutcomeKind_Name(kind));
        const bool resolves = kind == v1::OUTCOME_KIND_APPLIED || kind == v1::OUTCOME_KIND_SUPERSEDED;
        const auto wanted = resolves ? Standing::resolved : Standing::open;
        const auto answer = of_run(kind, "redrive-1");
        CHECK(after_death({word, answer}) == wanted);
        CHECK(after_death({answer, word}) == wanted);
        // Nor does a replay's answer in between make it news.
        CHECK(after_death({answer, of_run(kind, "replay-1"), word}) == wanted);
        // A later redrive is another matter.
        CHECK(after_death({answer, word, of_run(v1::OUTCOME_KIND_REDRIVEN, "redrive-2")}) == Standing::redriven);
    }
}

TEST_CASE("letter book: what is tried again, or of another redrive, leaves a letter redriven") {
    const auto word = of_run(v1::OUTCOME_KIND_REDRIVEN, "redrive-1");
    for (const auto kind : {v1::OUTCOME_KIND_RETRYING, v1::OUTCOME_KIND_HELD}) {
        CAPTURE(v1::OutcomeKind_Name(kind));
        const auto interim = of_run(kind, "redrive-1");
        CHECK(after_death({word, interim}) == Standing::redriven);
        CHECK(after_death({interim, word}) == Standing::redriven);
    }
    CHECK(after_death({of_run(v1::OUTCOME_KIND_SKIPPED, "redrive-0"), word}) == Standing::redriven);
}

TEST_CASE("letter book: what has arrived of a newer version resolves the older ones, and no other opportunity's") {
    LetterBook book{"clara"};
    const auto older = cli::read_letter(letter_record(change, 7));
    const auto other = cli::read_letter(letter_record(stage_change(noon, "opportunity-2"), 9));
    book.add(older);
    book.add(other);
    book.close();
    const auto newer = stage_change(noon + 1);
    book.hear(outcome_record(newer, v1::OUTCOME_KIND_SKIPPED));
    CHECK(book.standing(older) == Standing::open);
    book.hear(outcome_record(newer, v1::OUTCOME_KIND_APPLIED, "cluster"));
    CHECK(book.standing(older) == Standing::open);
    book.hear(outcome_record(newer, v1::OUTCOME_KIND_APPLIED));
    CHECK(book.standing(older) == Standing::overtaken);
    CHECK(book.standing(other) == Standing::open);
}

TEST_CASE("letter book: an older version that arrives resolves nothing") {
    LetterBook book{"clara"};
    const auto letter = cli::read_letter(letter_record(change, 7));
    book.add(letter);
    book.close();
    book.hear(outcome_record(stage_change(noon - 1), v1::OUTCOME_KIND_APPLIED));
    CHECK(book.standing(letter) == Standing::open);
}

TEST_CASE("letter book: a letter that cannot be read is discarded by its own id alone") {
    LetterBook book{"clara"};
    auto record = letter_record(change, 7);
    record.value = "no Change at all";
    const auto letter = cli::read_letter(record);
    record.offset = 8;
    const auto neighbour = cli::read_letter(record);
    book.add(letter);
    book.add(neighbour);
    book.close();
    CHECK(book.standing(letter) == Standing::open);
    const auto word = cli::word_on(letter, "clara", v1::OUTCOME_KIND_DISCARDED, "ann@host", noon);
    book.hear(outcome_record(word, record.key));
    CHECK(book.standing(letter) == Standing::discarded);
    CHECK(book.standing(neighbour) == Standing::open);
}

TEST_CASE("letter book: a letter that is named has its standing, and one that is not there has none") {
    LetterBook book{"clara"};
    book.add(cli::read_letter(letter_record(change, 7)));
    book.add(cli::read_letter(letter_record(change, 8)));
    book.close();
    book.hear(outcome_record(change, v1::OUTCOME_KIND_DISCARDED));
    const auto at = [&book](std::int32_t partition, kafka::Offset offset) {
        return book.standing_at({.partition = partition, .offset = offset});
    };
    CHECK(at(3, 7) == Standing::repeated);
    CHECK(at(3, 8) == Standing::discarded);
    CHECK_FALSE(at(3, 9));
    CHECK_FALSE(at(2, 7));
}

// Protects a status of many destinations from a reading of all outcomes for each.
TEST_CASE("letter books: one reading of the outcomes, since the oldest letter of all, serves every destination") {
    std::vector<LetterBook> books;
    for (const auto* destination : {"clara", "cluster", "cleary"}) books.emplace_back(destination);
    CHECK_FALSE(cli::oldest_of(books));
    const auto letter = cli::read_letter(letter_record(change, 7, "answered 422", noon));
    const auto older = cli::read_letter(letter_record(change, 7, "answered 409", noon - 5));
    books[0].add(letter);
    books[1].add(older);
    for (auto& book : books) book.close();
    // The book without letters has no say in it.
    CHECK(cli::oldest_of(books) == noon - 5);
    for (auto& book : books) book.hear(outcome_record(change, v1::OUTCOME_KIND_APPLIED, "cluster"));
    CHECK(books[0].standing(letter) == Standing::open);
    CHECK(books[1].standing(older) == Standing::resolved);
}

// Protects the promise that 100,000 letters are listed in bounded memory: what is kept of each is of one size, be the
// letter as long as it may.
TEST_CASE("letter book: 100,000 letters take 3.2 MB, whatever is in them, and each has its own standing") {
    static_assert(LetterBook::bytes_a_letter == 32);
    constexpr int letters = 100'000;
    LetterBook book{"clara"};
    cli::Letter letter;
    letter.reason = std::string(1'000, 'x');
    const auto nth = [&letter](int n) -> const cli::Letter& {
        letter.opportunity = "opportunity-" + std::to_string(n);
        letter.version = n;
        letter.offset = n;
        letter.dead_at_ms = noon + n;
        return letter;
    };
    for (int n = 1; n <= letters; ++n) book.add(nth(n));
    book.close();
    CHECK(book.size() == letters);
    CHECK(book.oldest_ms() == noon + 1);
    for (int n = 2; n <= letters; n += 2) {
        v1::Outcome outcome;
        outcome.set_destination("clara");
        outcome.set_opportunity_id("opportunity-" + std::to_string(n));
        outcome.set_version(n);
        outcome.set_outcome(v1::OUTCOME_KIND_APPLIED);
        book.hear(outcome_record(outcome, outcome.opportunity_id()));
    }
    int wrong = 0;
    for (int n = 1; n <= letters; ++n) {
        const auto wanted = n % 2 == 0 ? Standing::resolved : Standing::open;
        wrong += book.standing(nth(n)) == wanted ? 0 : 1;
    }
    CHECK(wrong == 0);
    CHECK_FALSE(book.knows(nth(letters + 1)));
}
