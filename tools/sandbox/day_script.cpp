#include "tools/sandbox/day_script.hpp"

#include "common/json/writer.hpp"

namespace hirewire::sandbox {
namespace {

std::string one_member(std::string_view name, std::string_view value) {
    json::Writer out;
    out.begin_object().member(name, value).end_object();
    return out.text();
}

Step applied() {
    return {.kind = "applied", .status = "New applicant"};
}

Step stage(const std::string& text) {
    return {.kind = "stage", .status = text, .call = "/stage", .body = one_member("stage", text)};
}

Step archived(const std::string& reason) {
    return {.kind = "archived", .status = reason, .call = "/archive", .body = one_member("reason", reason)};
}

Step unarchived(const std::string& stage) {
    return {.kind = "unarchived", .status = stage, .call = "/unarchive", .body = "{}"};
}

Step unhired(const std::string& stage) {
    return {.kind = "unhired", .status = stage, .call = "/unarchive", .body = "{}"};
}

Step hired(const std::string& date) {
    return {.kind = "hired", .status = "from " + date, .call = "/hire", .body = one_member("start_date", date)};
}

Step hired_without_date() {
    return {.kind = "hired", .status = "no start date", .call = "/hire", .body = R"({"start_date":null})"};
}

}  // namespace

std::vector<Candidate> hiring_day(Timestamp now) {
    const auto in_weeks = [&](int weeks) { return iso_date(now + std::chrono::days{7 * weeks}); };
    return {
        {.label = "Tamsin",
         .name = "Tamsin Quillfeather",
         .at_cluster = true,
         .steps =
             {applied(), stage("Recruiter screen"), stage("On-site interview"), stage("Offer"), hired(in_weeks(5))}},
        {.label = "Evander",
         .name = "Evander Brindlemere",
         .steps =
             {applied(),
              stage("Recruiter screen"),
              archived("Underqualified"),
              unarchived("Recruiter screen"),
              stage("On-site interview")}},
        {.label = "Odalys",
         .name = "Odalys Kestrelwick",
         .at_cluster = true,
         .steps = {applied(), stage("On-site interview"), stage("Reference check"), hired_without_date()}},
        {.label = "Merrick",
         .name = "Merrick Saffronhurst",
         .steps = {applied(), stage("Offer"), hired(in_weeks(9)), unhired("Offer")}},
        {.label = "Zenobia",
         .name = "Zenobia Larkthwaite",
         .at_cluster = true,
         .steps = {applied(), stage("Recruiter screen"), archived("Withdrew")}},
        {.label = "Lovisa",
         .name = "Lovisa Umbercroft",
         .steps = {applied(), stage("Background check"), archived("Position closed")}}};
}

std::vector<Advert> adverts() {
    return {
        {.label = "Gardener",
         .steps = {
             {.kind = "opened",
              .status = "in Lisbon",
              .body = R"({"text":"Gardener","department":"Grounds","team":"Roses","location":"Lisbon"})"},
             {.kind = "changed", .status = "now in Porto", .body = R"({"location":"Porto"})"},
             {.kind = "closed", .status = "", .body = R"({"state":"closed"})"}}}};
}

}  // namespace hirewire::sandbox
