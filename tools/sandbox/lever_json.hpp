#pragma once
// The model in the shapes that Lever's Data API and webhooks give it.
#include "common/json/writer.hpp"
#include "tools/sandbox/lever_model.hpp"
#include "tools/sandbox/lever_sight.hpp"

namespace hirewire::sandbox {

// What a caller wants in place of ids.
struct Expand {
    bool applications = false;
    bool stage = false;
    bool contact = false;
};

void write_stage(json::Writer& out, const Stage& stage);
void write_reason(json::Writer& out, const ArchiveReason& reason);
void write_posting(json::Writer& out, const Posting& posting);
void write_contact(json::Writer& out, const Contact& contact);
void write_application(json::Writer& out, const Shown& shown);
void write_offer(json::Writer& out, const LeverModel& model, const Shown& shown);
void write_opportunity(json::Writer& out, const LeverModel& model, const Shown& shown, const Expand& expand);
// What is left of a deleted opportunity.
void write_deleted(json::Writer& out, const Opportunity& opportunity);
// {"stages":[…],"archiveReasons":[…]}
void write_disposition(json::Writer& out, const LeverModel& model);

// A webhook's "event" and "data".
std::string_view name_of(EventKind kind);
void write_event_data(json::Writer& out, const Event& event);

}  // namespace hirewire::sandbox
