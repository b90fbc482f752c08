#pragma once
// What the customer counts as success and as failure, in the form that Clinch's own page has: names of stages and
// archive reasons, "ideally in lowercase and separated by commas". A name with a comma in it is written id:<id>.
#include <string>
#include <string_view>
#include <vector>

#include "common/sync/status_names.hpp"
#include "hirewire/v1/change.pb.h"
#include "services/sync-clinch/fold.hpp"

namespace hirewire::clinch {

struct State {
    std::string words{};  // as the customer wrote it
    std::string id{};     // of an id: entry
    std::string name{};   // of any other, as comparable() gives it
};
using States = std::vector<State>;

// Blank entries and repeats are dropped.
States parse_states(std::string_view list);

struct StateLists {
    States success{};
    States failure{};
    // What Lever's lists have told of the entries, by their words: what was renamed since still counts by its id.
    sync::StatusNames success_known{&comparable};
    sync::StatusNames failure_known{&comparable};
};

enum class Standing { neither, success, failure };

// By the effective status, the archive reason of who is archived. An id beats a name, since statuses get renamed.
Standing standing_of(const v1::Status& status, const StateLists& lists);

// What is wrong with a list by itself, as a text that follows "expected"; "" when nothing is.
std::string fault_of(std::string_view list);
// The first entry, in the customer's words, that both lists have; "" when there is none.
std::string claimed_by_both(std::string_view success, std::string_view failure);

}  // namespace hirewire::clinch
