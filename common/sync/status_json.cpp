#include "common/sync/status_json.hpp"

namespace hirewire::sync {

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
