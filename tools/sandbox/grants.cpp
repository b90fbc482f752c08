#include "tools/sandbox/grants.hpp"

#include <algorithm>
#include <string>

#include "tools/sandbox/lever_query.hpp"

namespace hirewire::sandbox {

std::string_view lacking(const Grants& grants, std::string_view target) {
    const auto path = http::path_of(target);
    const auto is_in = [&](std::string_view folder) {
        return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
    };
    const auto kinds = http::query_values(target, "confidentiality");
    const auto is_confidential = [](const std::string& kind) { return kind == "all" || kind == "confidential"; };
    const bool asks_for_confidential = std::any_of(kinds.begin(), kinds.end(), is_confidential);
    if (!grants.confidential && asks_for_confidential) return "confidential";
    if (!grants.postings && is_in("/v1/postings")) return "postings";
    if (!grants.webhooks && is_in("/v1/webhooks")) return "webhooks";
    if (!grants.offers && path.ends_with("/offers")) return "offers";
    if (!grants.deleted && path.ends_with("/deleted")) return "deleted";
    return {};
}

http::Reply forbidden(std::string_view grant) {
    return lever_error(403, "ForbiddenError", "The API key lacks the grant '" + std::string{grant} + "'.");
}

}  // namespace hirewire::sandbox
