#include "tools/sandbox/lever_views.hpp"

#include "common/core/time.hpp"
#include "common/json/writer.hpp"
#include "tools/sandbox/lever_json.hpp"
#include "tools/sandbox/or_null.hpp"

namespace hirewire::sandbox {

std::string all_opportunities(const LeverModel& model) {
    json::Writer out;
    out.begin_array();
    for (const auto& o : model.opportunities()) {
        const auto* stage = model.stage(o.stage);
        const auto* reason = o.archived ? model.reason(o.archived->reason) : nullptr;
        const bool hired = model.is_hired(o);
        out.begin_object().member("id", o.id).member("contact", o.contact);
        write_or_null(out, "posting", o.application ? o.application->posting : "");
        out.member("stage", o.stage)
            .member("archived", o.archived.has_value())
            .key("status")
            .begin_object()
            .member("kind", reason != nullptr ? "archive_reason" : "stage")
            .member("id", reason != nullptr ? reason->id : stage->id)
            .member("name", reason != nullptr ? reason->text : stage->text)
            .end_object()
            .member("hired", hired);
        const bool dated = o.offer && o.offer->start_date;
        write_or_null(out, "start_date", dated ? iso_date(from_ms(*o.offer->start_date)) : "");
        out.member("confidential", o.confidential)
            .member("updated_at", o.updated_at)
            .member("deleted", o.deleted_at.has_value())
            .end_object();
    }
    out.end_array();
    return out.text();
}

std::string all_people(const LeverModel& model) {
    json::Writer out;
    out.begin_array();
    for (const auto& entry : model.people()) {
        out.begin_object()
            .member("contact", entry.first)
            .member("name", entry.second.name)
            .member("email", entry.second.email)
            .member("phone", entry.second.phone)
            .end_object();
    }
    out.end_array();
    return out.text();
}

std::string all_postings(const LeverModel& model) {
    json::Writer out;
    out.begin_array();
    for (const auto& posting : model.postings()) {
        out.begin_object().member("id", posting.id).member("deleted", posting.deleted_at.has_value()).key("posting");
        write_posting(out, posting);
        out.end_object();
    }
    out.end_array();
    return out.text();
}

}  // namespace hirewire::sandbox
