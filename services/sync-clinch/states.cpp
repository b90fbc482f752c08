#include "services/sync-clinch/states.hpp"

#include <algorithm>
#include <utility>

#include "services/sync-clinch/fold.hpp"

namespace hirewire::clinch {
namespace {

constexpr std::string_view id_mark = "id:";

bool same(const State& a, const State& b) {
    return a.id == b.id && a.name == b.name;
}

bool has(const States& states, const State& state) {
    return std::any_of(states.begin(), states.end(), [&](const State& other) { return same(other, state); });
}

State parse_state(std::string_view words) {
    State state;
    const auto begin = words.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return state;
    words = words.substr(begin, words.find_last_not_of(" \t\r\n") - begin + 1);
    state.words = words;
    state.name = comparable(words);
    if (state.name.starts_with(id_mark)) {
        state.id = comparable(std::string_view{state.name}.substr(id_mark.size()));
        state.name.clear();
    }
    return state;
}

std::vector<std::string_view> split(std::string_view list) {
    std::vector<std::string_view> entries;
    while (true) {
        const auto comma = list.find(',');
        entries.push_back(list.substr(0, comma));
        if (comma == std::string_view::npos) return entries;
        list.remove_prefix(comma + 1);
    }
}

}  // namespace

States parse_states(std::string_view list) {
    States states;
    for (const auto entry : split(list)) {
        State state = parse_state(entry);
        if ((state.id.empty() && state.name.empty()) || has(states, state)) continue;
        states.push_back(std::move(state));
    }
    return states;
}

Standing standing_of(const v1::Status& status, const StateLists& lists) {
    const auto id = comparable(status.id());
    const auto name = comparable(status.name());
    const auto has_id = [&](const States& states) {
        return std::any_of(states.begin(), states.end(), [&](const State& s) { return !s.id.empty() && s.id == id; });
    };
    const auto has_name = [&](const States& states) {
        return std::any_of(
            states.begin(), states.end(), [&](const State& s) { return !s.name.empty() && s.name == name; });
    };
    if (has_id(lists.success)) return Standing::success;
    if (has_id(lists.failure)) return Standing::failure;
    if (has_name(lists.success)) return Standing::success;
    if (has_name(lists.failure)) return Standing::failure;
    const auto once_called = [&](const States& states, const sync::StatusNames& known) {
        return std::any_of(states.begin(), states.end(), [&](const State& state) {
            const auto naming = known.naming(state.words, status);
            return naming == sync::Naming::by_former_name || naming == sync::Naming::by_name_in_the_lists;
        });
    };
    if (once_called(lists.success, lists.success_known)) return Standing::success;
    if (once_called(lists.failure, lists.failure_known)) return Standing::failure;
    return Standing::neither;
}

std::string fault_of(std::string_view list) {
    for (const auto entry : split(list)) {
        const State state = parse_state(entry);
        if (state.id.empty() && comparable(state.words).starts_with(id_mark)) return "an id behind each \"id:\"";
    }
    return {};
}

std::string claimed_by_both(std::string_view success, std::string_view failure) {
    const States first = parse_states(success);
    const States second = parse_states(failure);
    const auto both =
        std::find_if(second.begin(), second.end(), [&](const State& state) { return has(first, state); });
    return both == second.end() ? std::string{} : both->words;
}

}  // namespace hirewire::clinch
