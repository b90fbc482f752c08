#include "common/sync/status_json.hpp"

#include <algorithm>

namespace hirewire::sync {
namespace {

std::string folded(std::string_view text) {
    const auto begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) return {};
    text = text.substr(begin, text.find_last_not_of(' ') - begin + 1);
    std::string result;
    for (const char c : text) result += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return result;
}

}  // namespace

std::optional<std::string> mapped(const StatusMap& map, const v1::Status& status) {
    if (const auto by_id = map.find(status.id()); by_id != map.end()) return by_id->second;
    const auto name = folded(status.name());
    for (const auto& [key, value] : map) {
        if (!name.empty() && folded(key) == name) return value;
    }
    return std::nullopt;
}

bool names(const std::vector<std::string>& list, const v1::Status& status) {
    const auto name = folded(status.name());
    return std::any_of(list.begin(), list.end(), [&](const std::string& entry) {
        return entry == status.id() || (!name.empty() && folded(entry) == name);
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
