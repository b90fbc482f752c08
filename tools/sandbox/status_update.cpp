#include "tools/sandbox/status_update.hpp"

namespace hirewire::sandbox {
namespace {

StatusFacts read_status(json::Value value, std::string where, Wrongs& wrongs) {
    StrictObject object{value, std::move(where), wrongs};
    StatusFacts facts{
        .kind = object.one_of("kind", {"stage", "archive_reason"}),
        .id = object.text("id"),
        .name = object.text("name"),
        .mapped = object.optional_text("mapped").value_or("")};
    if (object.has("normalized")) {
        facts.normalized = object.one_of(
            "normalized",
            {"NEW",
             "REVIEWING",
             "SCREENING",
             "SUBMITTED",
             "FIRST_INTERVIEW",
             "SECOND_INTERVIEW",
             "THIRD_INTERVIEW",
             "BACKGROUND_CHECK",
             "OFFERED",
             "ACCEPTED",
             "HIRED",
             "REJECTED",
             "DECLINED",
             "WITHDRAWN"});
    }
    object.finish();
    return facts;
}

}  // namespace

StatusUpdate read_status_update(StrictObject& body, Wrongs& wrongs) {
    StatusUpdate update;
    if (const auto status = body.object("status"); !status.is_null()) {
        update.status = read_status(status, "status", wrongs);
    }
    // Nothing came before the first status.
    if (const auto previous = body.optional_object("previous_status"); !previous.is_null()) {
        update.previous = read_status(previous, "previous_status", wrongs);
    }
    update.posting = body.optional_text("posting_id").value_or("");
    update.occurred_at = body.time("occurred_at");
    update.hired = body.boolean("hired");
    update.backfill = body.boolean("backfill");
    if (update.hired && update.status.kind == "stage") body.wrong("hired", "can be true of an archive reason only");
    return update;
}

}  // namespace hirewire::sandbox
