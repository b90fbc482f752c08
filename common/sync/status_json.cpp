#include "common/sync/status_json.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace hirewire::sync {
namespace {

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// Small letters, one blank for all the white space between two words, none around them.
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

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

bool names_id(std::string_view entry, const std::string& id) {
    constexpr std::string_view mark = "id:";
    entry = trimmed(entry);
    if (entry.starts_with(mark)) entry = trimmed(entry.substr(mark.size()));
    return !id.empty() && entry == id;
}

}  // namespace

std::optional<std::string> mapped(const StatusMap& map, const v1::Status& status) {
    for (const auto& [key, value] : map) {
        if (names_id(key, status.id())) return value;
    }
    const auto name = folded(status.name());
    for (const auto& [key, value] : map) {
        if (!name.empty() && folded(key) == name) return value;
    }
    return std::nullopt;
}

bool names(const std::vector<std::string>& list, const v1::Status& status) {
    const auto name = folded(status.name());
    return std::any_of(list.begin(), list.end(), [&](const std::string& entry) {
        return names_id(entry, status.id()) || (!name.empty() && folded(entry) == name);
    });
}

void write_status(json::Writer& out, const v1::Status& status, const std::optional<std::string>& mapped_name) {
    if (status.id().empty()) {
        out.null();
        return;
    }
    out.begin_object();
    out.member("kind", status.kind() == v1::STATUS_KIND_ARCHIVE_REASON ? "archive_reason" : "stage");
    out.member("id", status.id()).member("name", status.name());
    if (mapped_name) out.member("mapped", *mapped_name);
    out.end_object();
}

}  // namespace hirewire::sync
