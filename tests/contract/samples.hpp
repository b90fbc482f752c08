#pragma once
// What the contract suite feeds to destinations: changes, situations and postings of every sort, a person with an odd
// name, and servers that answer in every way.
#include <cstdint>
#include <string>
#include <vector>

#include "common/sync/destination.hpp"

namespace hirewire::contract {

inline constexpr std::int64_t sample_time_ms = 1'772'463'905'123;  // 2026-03-02T15:05:05.123Z

struct Sample {
    v1::Change change{};
    sync::Situation situation{};
};
// Every kind with every status as it is live; hires and stage changes with one thing odd each, live, late and in a
// first sync. All have one change id.
const std::vector<Sample>& samples();
std::vector<sync::Situation> situations();
// Open, closed, confidential, without a location, gone…, of one posting.
std::vector<sync::PostingNews> sample_postings();

// Words of hers are to be found in no outcome, no reason and no log.
sync::Person odd_person();
// As lever-source's internal API tells her.
std::string odd_person_json();

// What a server answers, one request after the other; the last one again and again.
struct Script {
    std::string name{};
    std::vector<sync::Answer> answers{};
};
// Each answer for ever, after a good one and after two.
const std::vector<Script>& scripts();

// Bodies that say "found" and "nothing found" in all words that any of the destinations reads.
extern const std::string found_body;
extern const std::string nothing_body;

// A plan followed to its end, within the engine's steps.
struct Course {
    std::vector<http::Request> requests{};
    std::string decision{};  // "" = the rules run in circles
    int people = 0;          // asked for

    // Every byte that was sent.
    [[nodiscard]] std::string bytes() const;
};
Course play(sync::Plan plan, const Script& script, const std::optional<sync::Person>& person);

}  // namespace hirewire::contract
