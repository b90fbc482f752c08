#include "tools/sandbox/clinch_job.hpp"

#include <string_view>

namespace hirewire::sandbox {
namespace {

bool has_member(json::Value object, std::string_view name) {
    for (const auto& [member, value] : object.members()) {
        if (member == name) return true;
    }
    return false;
}

// All is replaced, so what a job does not have is said, too: as null.
std::string text_or_null(StrictObject& object, json::Value value, std::string_view name) {
    if (!has_member(value, name)) object.wrong(name, "is missing; null when there is none");
    return object.optional_text(name).value_or("");
}

}  // namespace

ClinchJobWrite read_clinch_job(json::Value body, Wrongs& wrongs) {
    ClinchJobWrite made;
    StrictObject top{body, "", wrongs};
    StrictObject data{top.object("data"), "data", wrongs};
    made.type = data.text("type");
    made.id = data.text("id");
    const auto given = data.object("attributes");
    StrictObject attributes{given, "data.attributes", wrongs};
    made.job.page_status = attributes.one_of("page_status", {"published", "unpublished"});
    made.hides = given.members().size() == 1 && made.job.page_status == "unpublished";
    if (!made.hides) {
        made.job.title = attributes.text("title");
        made.job.description = text_or_null(attributes, given, "description");
        made.job.department = text_or_null(attributes, given, "department");
        made.job.location = attributes.text("location");
        if (made.job.location.find_first_not_of(" \t\r\n") == std::string::npos) {
            attributes.wrong("location", "must not be blank");
        }
        made.job.url = attributes.text("url");
        if (!made.job.url.starts_with("https://") || !made.job.url.ends_with("/" + made.id)) {
            attributes.wrong("url", "must be of the form https://jobs.lever.co/<company code>/<id>");
        }
    }
    attributes.finish();
    data.finish();
    top.finish();
    return made;
}

void write_clinch_job(json::Writer& out, const ClinchJob& job) {
    out.member("title", job.title).member("description", job.description).member("department", job.department);
    out.member("location", job.location).member("url", job.url).member("page_status", job.page_status);
}

}  // namespace hirewire::sandbox
