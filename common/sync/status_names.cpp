#include "common/sync/status_names.hpp"

#include <algorithm>
#include <utility>

namespace hirewire::sync {
namespace {

constexpr std::string_view id_mark = "id:";

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

// "ID: x" is an id entry, too: case does not matter anywhere.
bool is_id_entry(std::string_view entry) {
    return folded(trimmed(entry).substr(0, id_mark.size())) == id_mark;
}

bool names_id(std::string_view entry, std::string_view id, Fold fold) {
    entry = trimmed(entry);
    if (is_id_entry(entry)) entry = trimmed(entry.substr(id_mark.size()));
    return !id.empty() && !entry.empty() && fold(entry) == fold(id);
}

bool names_name(std::string_view entry, std::string_view name, Fold fold) {
    if (is_id_entry(entry)) return false;
    const auto form = fold(name);
    return !form.empty() && fold(entry) == form;
}

}  // namespace

std::string folded(std::string_view text) {
    std::string result;
    bool gap = false;
    for (const char c : text) {
        if (is_space(c)) {
            gap = !result.empty();
            continue;
        }
        if (std::exchange(gap, false)) result += ' ';
        result += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return result;
}

std::vector<KnownStatus> statuses_of(const Vocabulary& vocabulary) {
    std::vector<KnownStatus> known;
    for (const auto& stage : vocabulary.stages) {
        known.push_back({v1::STATUS_KIND_STAGE, stage.id, stage.name, stage.pipeline});
    }
    for (const auto& reason : vocabulary.reasons) {
        known.push_back({v1::STATUS_KIND_ARCHIVE_REASON, reason.id, reason.name, {}});
    }
    return known;
}

std::vector<KnownStatus> meaning_of(std::string_view entry, const std::vector<KnownStatus>& known, Fold fold) {
    std::vector<KnownStatus> by_id;
    std::vector<KnownStatus> by_name;
    for (const auto& status : known) {
        if (names_id(entry, status.id, fold)) by_id.push_back(status);
        if (names_name(entry, status.name, fold)) by_name.push_back(status);
    }
    return by_id.empty() ? by_name : by_id;
}

NamesReport StatusNames::resolve(const std::vector<std::string>& entries, const Vocabulary& vocabulary) {
    const auto known = statuses_of(vocabulary);
    NamesReport report;
    std::map<std::string, Meaning> meanings;
    for (const auto& entry : entries) {
        if (meanings.contains(entry)) continue;
        const auto meant = meaning_of(entry, known, fold_);
        Meaning meaning;
        for (const auto& status : meant) meaning.ids.insert(status.id);
        meaning.current = !meaning.ids.empty();
        const auto before = meanings_.find(entry);
        if (!meaning.current && before != meanings_.end()) meaning.ids = before->second.ids;
        if (meant.size() > 1) report.ambiguous.push_back(entry);
        if (!meaning.current) (meaning.ids.empty() ? report.unknown : report.renamed).push_back(entry);
        meanings.emplace(entry, std::move(meaning));
    }
    meanings_ = std::move(meanings);
    return report;
}

Naming StatusNames::naming(const std::string& entry, const v1::Status& status) const {
    if (names_id(entry, status.id(), fold_)) return Naming::by_id;
    const auto meaning = meanings_.find(entry);
    if (meaning != meanings_.end() && meaning->second.ids.contains(status.id())) {
        return meaning->second.current ? Naming::by_name_in_the_lists : Naming::by_former_name;
    }
    return names_name(entry, status.name(), fold_) ? Naming::by_name : Naming::none;
}

std::set<std::string> StatusNames::ids() const {
    std::set<std::string> all;
    for (const auto& [entry, meaning] : meanings_) all.insert(meaning.ids.begin(), meaning.ids.end());
    return all;
}

bool names(const std::vector<std::string>& list, const v1::Status& status, const StatusNames& known) {
    return std::any_of(list.begin(), list.end(), [&](const std::string& entry) {
        return known.naming(entry, status) != Naming::none;
    });
}

std::optional<std::string> mapped(const StatusMap& map, const v1::Status& status, const StatusNames& known) {
    std::optional<std::string> found;
    auto strongest = Naming::none;
    for (const auto& [key, value] : map) {
        const auto naming = known.naming(key, status);
        if (naming <= strongest) continue;
        strongest = naming;
        found = value;
    }
    return found;
}

std::vector<std::string> keys_of(const StatusMap& map) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : map) keys.push_back(key);
    return keys;
}

std::vector<std::string> values_of(const StatusMap& map) {
    std::vector<std::string> values;
    for (const auto& [key, value] : map) values.push_back(value);
    return values;
}

}  // namespace hirewire::sync
