#include "tools/sandbox/lever_model.hpp"

#include <algorithm>

#include "common/core/uuid.hpp"

namespace hirewire::sandbox {
namespace {

std::string seed_id(std::string_view kind, std::string_view text) {
    return uuid_v5({"sandbox", kind, text});
}

// The five fixed ids are the same in every Lever account; all other stages have a UUID.
std::vector<Stage> seed_stages() {
    const auto own = [](std::string_view text) { return seed_id("stage", text); };
    return {
        {.id = "lead-new", .text = "New lead", .pipeline = "lead", .rank = 1},
        {.id = "lead-reached-out", .text = "Reached out", .pipeline = "lead", .rank = 3},
        {.id = "lead-responded", .text = "Responded", .pipeline = "lead", .rank = 5},
        {.id = "applicant-new", .text = "New applicant", .pipeline = "applicant", .rank = 101},
        {.id = own("Recruiter screen"), .text = "Recruiter screen", .pipeline = "screen", .rank = 201},
        {.id = own("On-site interview"), .text = "On-site interview", .pipeline = "onsite", .rank = 231},
        {.id = own("Reference check"), .text = "Reference check", .pipeline = "onsite", .rank = 231.5},
        {.id = "offer", .text = "Offer", .pipeline = "offer", .rank = 261},
        {.id = own("Background check"), .text = "Background check", .pipeline = "offer", .rank = 265.5}};
}

// The hired one comes first; an account has exactly one.
std::vector<ArchiveReason> seed_reasons() {
    const auto own = [](std::string_view text) { return seed_id("archive-reason", text); };
    return {
        {.id = own("Hired"), .text = "Hired", .hired = true},
        {.id = own("Underqualified"), .text = "Underqualified"},
        {.id = own("Withdrew"), .text = "Withdrew"},
        {.id = own("Position closed"), .text = "Position closed"}};
}

template <typename Items>
auto find_by_id_or_text(const Items& items, std::string_view id_or_text) -> const typename Items::value_type* {
    for (const auto& item : items) {
        if (item.id == id_or_text) return &item;
    }
    for (const auto& item : items) {
        if (item.text == id_or_text) return &item;
    }
    return nullptr;
}

}  // namespace

bool is_origin(std::string_view word) {
    return std::find(lever_origins.begin(), lever_origins.end(), word) != lever_origins.end();
}

LeverModel::LeverModel(Moment now) : stages_{seed_stages()}, reasons_{seed_reasons()} {
    Posting open{
        .id = seed_id("posting", "open"),
        .text = "Staff Engineer",
        .department = "Engineering",
        .team = "Platform",
        .location = "Berlin",
        .commitment = "Full-time"};
    Posting quiet{
        .id = seed_id("posting", "confidential"),
        .text = "Head of Finance",
        .department = "Finance",
        .team = "Leadership",
        .location = "London",
        .commitment = "Full-time",
        .external = false,
        .confidential = true};
    add_posting(std::move(open), now);
    add_posting(std::move(quiet), now);
}

const Stage* LeverModel::stage(std::string_view id_or_text) const {
    return find_by_id_or_text(stages_, id_or_text);
}

const ArchiveReason* LeverModel::reason(std::string_view id_or_text) const {
    return find_by_id_or_text(reasons_, id_or_text);
}

const Posting* LeverModel::posting(std::string_view id) const {
    const auto found = posting_index_.find(std::string{id});
    if (found == posting_index_.end()) return nullptr;
    const auto& posting = postings_[found->second];
    return posting.deleted_at ? nullptr : &posting;
}

const Opportunity* LeverModel::opportunity(std::string_view id) const {
    const auto* known = known_opportunity(id);
    return known == nullptr || known->deleted_at ? nullptr : known;
}

const Opportunity* LeverModel::known_opportunity(std::string_view id) const {
    const auto found = opportunity_index_.find(std::string{id});
    return found == opportunity_index_.end() ? nullptr : &opportunities_[found->second];
}

const Contact* LeverModel::contact(std::string_view id) const {
    const auto found = contact_index_.find(std::string{id});
    return found == contact_index_.end() ? nullptr : &contacts_[found->second];
}

bool LeverModel::is_hired(const Opportunity& opportunity) const {
    if (!opportunity.archived) return false;
    const auto* why = reason(opportunity.archived->reason);
    return why != nullptr && why->hired;
}

std::string LeverModel::cluster_url(const ClusterLink& link) {
    return "https://app.clusterinc.com/jobs/" + link.job + "/candidates/" + link.candidate;
}

Contact& LeverModel::add_contact(const Person& person) {
    const auto n = static_cast<std::uint32_t>(contacts_.size());
    Contact contact{.id = random_uuid(), .person = invent_person(n, person)};
    people_.emplace_back(contact.id, contact.person);
    contact_index_.emplace(contact.id, contacts_.size());
    contacts_.push_back(std::move(contact));
    return contacts_.back();
}

Moment LeverModel::next_move(const Opportunity& opportunity, Moment now) {
    auto& last = contact_at(opportunity.contact).last_move;
    last = std::max(now, last + 1);
    return last;
}

Event LeverModel::event_of(EventKind kind, const Opportunity& opportunity, Moment at) {
    return {
        .kind = kind,
        .at = at,
        .opportunity = opportunity.id,
        .contact = opportunity.contact,
        .origin = opportunity.origin};
}

const Opportunity& LeverModel::create(const NewOpportunity& what, Moment now, Events& events) {
    auto& contact = what.contact.empty() ? add_contact(what.person) : contact_at(what.contact);
    if (what.cluster) contact.links.push_back(cluster_url(*what.cluster));

    Opportunity fresh{
        .id = random_uuid(),
        .contact = contact.id,
        .stage = what.stage,
        .origin = what.origin,
        .confidential = what.confidential};
    const Moment at = what.created_at != 0 ? what.created_at : next_move(fresh, now);
    fresh.created_at = fresh.updated_at = fresh.last_advanced_at = at;
    fresh.stage_changes.push_back({.stage = what.stage, .at = at});
    if (what.posting) {
        fresh.application.emplace();
        fresh.application->id = random_uuid();
        fresh.application->posting = *what.posting;
        fresh.application->created_at = at;
        // An older opportunity is announced now: nobody posts a webhook in the past.
        auto event = event_of(EventKind::application_created, fresh, what.created_at != 0 ? now : at);
        event.application = fresh.application->id;
        events.push_back(std::move(event));
    }
    opportunity_index_.emplace(fresh.id, opportunities_.size());
    opportunities_.push_back(std::move(fresh));
    return opportunities_.back();
}

Events LeverModel::enter_stage(const std::string& id, const std::string& stage, Moment now) {
    auto& opportunity = at(id);
    if (opportunity.stage == stage) return {};
    const Moment moment = next_move(opportunity, now);
    auto event = event_of(EventKind::stage_change, opportunity, moment);
    event.from_stage = opportunity.stage;
    event.to_stage = stage;
    opportunity.stage = stage;
    opportunity.stage_changes.push_back({.stage = stage, .at = moment});
    opportunity.updated_at = opportunity.last_advanced_at = moment;
    return {std::move(event)};
}

Events LeverModel::archive(const std::string& id, const std::string& reason_id, Moment now) {
    auto& opportunity = at(id);
    const Moment moment = next_move(opportunity, now);
    const Archived archived{.reason = reason_id, .at = moment};
    auto event = event_of(EventKind::archive_change, opportunity, moment);
    event.from_archived = opportunity.archived;
    event.to_archived = archived;
    opportunity.archived = archived;
    opportunity.updated_at = opportunity.last_advanced_at = moment;
    if (auto& application = opportunity.application) {
        const Moment first = application->archived ? application->archived->at : moment;
        application->archived = Archived{.reason = reason_id, .at = first};
    }
    Events events{std::move(event)};
    if (is_hired(opportunity)) events.push_back(event_of(EventKind::hired, opportunity, moment));
    return events;
}

Events LeverModel::unarchive(const std::string& id, Moment now) {
    auto& opportunity = at(id);
    if (!opportunity.archived) return {};
    const Moment moment = next_move(opportunity, now);
    auto event = event_of(EventKind::archive_change, opportunity, moment);
    event.from_archived = opportunity.archived;
    opportunity.archived.reset();
    opportunity.updated_at = moment;
    if (opportunity.application) opportunity.application->archived.reset();
    return {std::move(event)};
}

Moment LeverModel::touch(const std::string& id, Moment now) {
    auto& opportunity = at(id);
    opportunity.updated_at = next_move(opportunity, now);
    return opportunity.updated_at;
}

void LeverModel::sign_offer(const std::string& id, std::optional<Moment> start_date, Moment now) {
    auto& opportunity = at(id);
    if (!opportunity.offer) {
        opportunity.offer.emplace();
        opportunity.offer->id = random_uuid();
        opportunity.offer->created_at = now;
    }
    opportunity.offer->start_date = start_date;
    opportunity.updated_at = std::max(now, opportunity.updated_at);
}

Events LeverModel::remove(const std::string& id, Moment now) {
    auto& opportunity = at(id);
    const Moment moment = next_move(opportunity, now);
    opportunity.deleted_at = opportunity.updated_at = moment;
    return {event_of(EventKind::deleted, opportunity, moment)};
}

Events LeverModel::change_person(const std::string& id, const PersonChange& change, Moment now) {
    auto& contact = contact_at(id);
    if (change.name) contact.person.name = *change.name;
    if (change.email) contact.person.email = *change.email;
    if (change.phone) contact.person.phone = *change.phone;
    people_.emplace_back(contact.id, contact.person);
    touch_person(contact, now);
    return {{.kind = EventKind::contact_updated, .at = contact.last_move, .contact = id}};
}

void LeverModel::anonymize(const std::string& id, Moment now) {
    auto& contact = contact_at(id);
    contact.person = {};
    contact.links.clear();
    contact.anonymized = true;
    touch_person(contact, now);
}

void LeverModel::touch_person(Contact& contact, Moment now) {
    contact.last_move = std::max(now, contact.last_move + 1);
    for (auto& opportunity : opportunities_) {
        if (opportunity.contact != contact.id || opportunity.deleted_at) continue;
        opportunity.updated_at = contact.last_move;
    }
}

const Posting& LeverModel::add_posting(Posting posting, Moment now) {
    if (posting.id.empty()) posting.id = random_uuid();
    posting.created_at = posting.updated_at = now;
    posting_index_.emplace(posting.id, postings_.size());
    postings_.push_back(std::move(posting));
    return postings_.back();
}

void LeverModel::change_posting(Posting changed, Moment now) {
    auto& posting = postings_[posting_index_.at(changed.id)];
    posting = std::move(changed);
    posting.updated_at = now;
}

void LeverModel::remove_posting(const std::string& id, Moment now) {
    postings_[posting_index_.at(id)].deleted_at = now;
}

}  // namespace hirewire::sandbox
