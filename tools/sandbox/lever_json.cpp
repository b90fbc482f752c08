#include "tools/sandbox/lever_json.hpp"

#include <algorithm>

#include "common/core/uuid.hpp"
#include "tools/sandbox/or_null.hpp"

namespace hirewire::sandbox {
namespace {

// The one Lever user of this account: owner of everything, doer of every move.
const std::string& user_id() {
    static const std::string id = uuid_v5({"sandbox", "user"});
    return id;
}

std::string_view confidentiality(bool confidential) {
    return confidential ? "confidential" : "non-confidential";
}

void write_archived(json::Writer& out, const std::optional<Archived>& archived) {
    if (!archived) {
        out.null();
        return;
    }
    out.begin_object().member("reason", archived->reason).member("archivedAt", archived->at).end_object();
}

void write_phones(json::Writer& out, const Person& person) {
    out.key("phones").begin_array();
    if (!person.phone.empty()) {
        out.begin_object().member("type", "mobile").member("value", person.phone).end_object();
    }
    out.end_array();
}

void write_emails(json::Writer& out, const Person& person) {
    out.key("emails").begin_array();
    if (!person.email.empty()) out.string(person.email);
    out.end_array();
}

void write_stage_changes(json::Writer& out, const LeverModel& model, const Opportunity& opportunity) {
    const auto& stages = model.stages();
    out.begin_array();
    for (const auto& change : opportunity.stage_changes) {
        const auto place =
            std::find_if(stages.begin(), stages.end(), [&](const Stage& s) { return s.id == change.stage; });
        out.begin_object()
            .member("toStageId", change.stage)
            .member("toStageIndex", static_cast<std::int64_t>(place - stages.begin()))
            .member("updatedAt", change.at)
            .member("userId", user_id())
            .end_object();
    }
    out.end_array();
}

// Lever tags an opportunity with the facts of its posting by itself.
void write_tags(json::Writer& out, const Posting* posting) {
    out.key("tags").begin_array();
    if (posting != nullptr) {
        for (const auto* tag :
             {&posting->text, &posting->department, &posting->team, &posting->location, &posting->commitment}) {
            if (!tag->empty()) out.string(*tag);
        }
    }
    out.end_array();
}

const Posting* posting_of(const LeverModel& model, const Opportunity& opportunity) {
    return opportunity.application ? model.posting(opportunity.application->posting) : nullptr;
}

// What Lever's editor makes of a plain text.
std::string to_html(std::string_view text) {
    std::string html = "<div>";
    for (const char c : text) {
        if (c == '&')
            html += "&amp;";
        else if (c == '<')
            html += "&lt;";
        else if (c == '>')
            html += "&gt;";
        else
            html += c;
    }
    return html + "</div>";
}

void write_channels(json::Writer& out, const Posting& posting) {
    out.key("distributionChannels");
    if (posting.state == "draft") {
        out.null();
        return;
    }
    out.begin_array().string("internal");
    if (posting.external) out.string("public");
    out.end_array();
}

void write_field(json::Writer& out, std::string_view text, std::string_view identifier, std::string_view value) {
    out.begin_object().member("text", text).member("identifier", identifier).member("value", value).end_object();
}

}  // namespace

void write_stage(json::Writer& out, const Stage& stage) {
    out.begin_object().member("id", stage.id).member("text", stage.text).end_object();
}

void write_reason(json::Writer& out, const ArchiveReason& reason) {
    out.begin_object()
        .member("id", reason.id)
        .member("text", reason.text)
        .member("status", "active")
        .member("type", reason.hired ? "hired" : "non-hired")
        .end_object();
}

void write_posting(json::Writer& out, const Posting& posting) {
    const std::string site = "https://jobs.lever.co/sandbox/" + posting.id;
    out.begin_object().member("id", posting.id).member("text", posting.text).member("state", posting.state);
    write_channels(out, posting);
    out.member("user", user_id())
        .member("owner", user_id())
        .member("hiringManager", user_id())
        .key("categories")
        .begin_object();
    write_or_null(out, "commitment", posting.commitment);
    write_or_null(out, "department", posting.department);
    write_or_null(out, "level", "");
    write_or_null(out, "location", posting.location);
    write_or_null(out, "team", posting.team);
    out.key("allLocations").begin_array();
    if (!posting.location.empty()) out.string(posting.location);
    out.end_array().end_object();
    write_tags(out, nullptr);
    out.key("content")
        .begin_object()
        .member("description", posting.description)
        .member("descriptionHtml", to_html(posting.description))
        .key("lists")
        .begin_array()
        .end_array()
        .member("closing", "")
        .member("closingHtml", "")
        .end_object()
        .member("country", "DE")
        .key("followers")
        .begin_array()
        .end_array();
    write_or_null(out, "reqCode", "");
    out.key("requisitionCodes").begin_array().end_array().key("urls");
    if (posting.state == "draft") {
        out.null();
    } else {
        out.begin_object()
            .member("list", "https://jobs.lever.co/sandbox")
            .member("show", site)
            .member("apply", site + "/apply")
            .end_object();
    }
    out.member("confidentiality", confidentiality(posting.confidential))
        .member("createdAt", posting.created_at)
        .member("updatedAt", posting.updated_at)
        .member("workplaceType", "hybrid")
        .member("transcribeInterviews", false)
        .key("screening")
        .begin_object()
        .member("enabled", false)
        .end_object()
        .end_object();
}

void write_contact(json::Writer& out, const Contact& contact) {
    out.begin_object()
        .member("id", contact.id)
        .member("name", contact.person.name)
        .member("headline", "")
        .member("isAnonymized", contact.anonymized)
        .key("location")
        .begin_object()
        .member("name", "")
        .end_object();
    write_emails(out, contact.person);
    write_phones(out, contact.person);
    out.key("dataProtection").null().end_object();
}

void write_application(json::Writer& out, const Shown& shown) {
    const auto& opportunity = shown.opportunity;
    const auto& application = *opportunity.application;
    const auto& person = shown.contact.person;
    out.begin_object()
        .member("id", application.id)
        .member("type", "posting")
        .member("candidateId", opportunity.id)
        .member("opportunityId", opportunity.id)
        .member("posting", application.posting)
        .member("postingHiringManager", user_id())
        .member("postingOwner", user_id())
        .member("name", person.name);
    write_or_null(out, "company", "");
    out.key("phone").begin_object().member("type", "mobile").member("value", person.phone).end_object();
    out.member("email", person.email).key("links").begin_array().end_array();
    write_or_null(out, "comments", "");
    out.member("user", user_id())
        .key("customQuestions")
        .begin_array()
        .end_array()
        .member("createdAt", application.created_at);
    out.key("archived");
    write_archived(out, application.archived);
    out.key("requisitionForHire").null();
    for (const auto* name : {"ipAddress", "referer", "userAgent", "acceptLanguage", "timezone"}) {
        write_or_null(out, name, "");
    }
    out.end_object();
}

void write_offer(json::Writer& out, const LeverModel& model, const Shown& shown) {
    const auto& opportunity = shown.opportunity;
    const auto& offer = *opportunity.offer;
    const auto& person = shown.contact.person;
    const auto* posting = posting_of(model, opportunity);
    out.begin_object().member("id", offer.id);
    write_or_null(out, "posting", posting != nullptr ? posting->id : "");
    out.member("createdAt", offer.created_at)
        .member("status", "signed")
        .member("creator", user_id())
        .key("fields")
        .begin_array();
    if (opportunity.application) write_field(out, "Job posting", "job_posting", opportunity.application->id);
    if (posting != nullptr) write_field(out, "Job title", "job_title", posting->text);
    write_field(out, "Candidate name", "candidate_name", person.name);
    out.begin_object()
        .member("text", "Anticipated start date")
        .member("identifier", "anticipated_start_date")
        .key("value");
    if (offer.start_date) {
        out.integer(*offer.start_date);
    } else {
        out.null();
    }
    out.end_object().end_array().key("signatures").begin_object().key("candidate").begin_object();
    out.member("role", "signer").member("name", person.name).member("email", person.email);
    out.end_object().end_object().member("approved", true).member("approvedAt", offer.created_at);
    out.member("sentAt", offer.created_at).key("sentDocument").null().key("signedDocument").null().end_object();
}

void write_opportunity(json::Writer& out, const LeverModel& model, const Shown& shown, const Expand& expand) {
    const auto& opportunity = shown.opportunity;
    const auto& contact = shown.contact;
    const auto* posting = posting_of(model, opportunity);
    // Writes the name, and null where that is wanted; else the value is to follow.
    const auto has = [&](std::string_view name) {
        out.key(name);
        const bool is_null = shown.nulls.contains(name);
        if (is_null) out.null();
        return !is_null;
    };
    out.begin_object().member("id", opportunity.id).member("name", contact.person.name);
    if (has("contact")) {
        if (expand.contact) {
            write_contact(out, contact);
        } else {
            out.string(contact.id);
        }
    }
    out.member("headline", "");
    if (has("stage")) {
        if (expand.stage) {
            write_stage(out, *model.stage(opportunity.stage));
        } else {
            out.string(opportunity.stage);
        }
    }
    if (has("confidentiality")) out.string(confidentiality(opportunity.confidential));
    out.member("location", "");
    write_phones(out, contact.person);
    write_emails(out, contact.person);
    if (has("links")) {
        out.begin_array();
        for (const auto& link : contact.links) out.string(link);
        out.end_array();
    }
    if (has("archived")) write_archived(out, opportunity.archived);
    write_tags(out, posting);
    out.key("sources").begin_array().end_array();
    if (has("stageChanges")) write_stage_changes(out, model, opportunity);
    if (has("origin")) out.string(opportunity.origin);
    out.member("sourcedBy", user_id())
        .member("owner", user_id())
        .key("followers")
        .begin_array()
        .string(user_id())
        .end_array();
    if (has("applications")) {
        out.begin_array();
        if (opportunity.application && expand.applications) {
            write_application(out, shown);
        } else if (opportunity.application) {
            out.string(opportunity.application->id);
        }
        out.end_array();
    }
    if (has("createdAt")) out.integer(opportunity.created_at);
    if (has("updatedAt")) out.integer(opportunity.updated_at);
    out.member("lastInteractionAt", opportunity.updated_at)
        .member("lastAdvancedAt", opportunity.last_advanced_at)
        .key("snoozedUntil")
        .null()
        .key("urls")
        .begin_object()
        .member("list", "https://hire.lever.co/candidates")
        .member("show", "https://hire.lever.co/candidates/" + opportunity.id)
        .end_object()
        .member("isAnonymized", contact.anonymized)
        .key("dataProtection")
        .null();
    write_or_null(out, "opportunityLocation", posting != nullptr ? posting->location : "");
    out.end_object();
}

void write_deleted(json::Writer& out, const Opportunity& opportunity) {
    out.begin_object()
        .member("id", opportunity.id)
        .member("contact", opportunity.contact)
        .member("deletedAt", *opportunity.deleted_at)
        .member("deletedBy", user_id())
        .end_object();
}

void write_disposition(json::Writer& out, const LeverModel& model) {
    out.begin_object().key("stages").begin_array();
    for (const auto& stage : model.stages()) {
        out.begin_object()
            .member("id", stage.id)
            .member("text", stage.text)
            .member("pipeline", stage.pipeline)
            .key("rank")
            .number(stage.rank)
            .member("hasInterview", stage.pipeline == "screen" || stage.pipeline == "onsite")
            .end_object();
    }
    out.end_array().key("archiveReasons").begin_array();
    for (const auto& reason : model.reasons()) {
        // Here, unlike in /archive_reasons, Lever's type is null for all but the hired one.
        out.begin_object().member("id", reason.id).member("text", reason.text);
        write_or_null(out, "type", reason.hired ? "hired" : "");
        out.member("status", "active").end_object();
    }
    out.end_array().end_object();
}

std::string_view name_of(EventKind kind) {
    switch (kind) {
        case EventKind::application_created:
            return "applicationCreated";
        case EventKind::stage_change:
            return "candidateStageChange";
        case EventKind::archive_change:
            return "candidateArchiveChange";
        case EventKind::hired:
            return "candidateHired";
        case EventKind::deleted:
            return "candidateDeleted";
        case EventKind::contact_updated:
            return "contactUpdated";
    }
    return "";
}

void write_event_data(json::Writer& out, const Event& event) {
    out.begin_object();
    if (!event.application.empty()) out.member("applicationId", event.application);
    if (!event.opportunity.empty()) {
        // Lever's "candidate" is the opportunity; the person is the contact.
        out.member("opportunityId", event.opportunity).member("candidateId", event.opportunity);
    }
    out.member("contactId", event.contact);
    if (event.kind == EventKind::stage_change) {
        out.member("fromStageId", event.from_stage).member("toStageId", event.to_stage);
    }
    if (event.kind == EventKind::archive_change) {
        out.key("fromArchived");
        write_archived(out, event.from_archived);
        out.key("toArchived");
        write_archived(out, event.to_archived);
    }
    if (event.kind == EventKind::deleted) out.member("deletedBy", user_id());
    out.end_object();
}

}  // namespace hirewire::sandbox
