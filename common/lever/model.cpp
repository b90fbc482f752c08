#include "common/lever/model.hpp"

#include <algorithm>

#include "common/core/time.hpp"

namespace hirewire::lever {
namespace {

// What says nothing about it is as public as before there was the word; what says anything but "non-confidential" is
// not.
bool is_confidential(const json::Value& data) {
    const auto said = data["confidentiality"];
    return said.exists() && said.string() != "non-confidential";
}

constexpr std::size_t longest_description = 500'000;

std::string text(const json::Value& v) {
    return std::string{v.string()};
}

// An expanded object or the bare id.
std::string id_of(const json::Value& v) {
    return v.is_object() ? text(v["id"]) : text(v);
}

std::vector<std::string> texts(const json::Value& array, std::string_view member = {}) {
    std::vector<std::string> result;
    for (const auto& item : array.items()) {
        auto value = text(item.is_object() && !member.empty() ? item[member] : item);
        if (!value.empty()) result.push_back(std::move(value));
    }
    return result;
}

int rank(const std::string& offer_status) {
    if (offer_status == "signed") return 3;
    if (offer_status == "sent" || offer_status == "sent-manually" || offer_status == "opened") return 2;
    if (offer_status == "approved") return 1;
    return 0;
}

}  // namespace

std::optional<Opportunity> read_opportunity(const json::Value& data) {
    Opportunity o;
    o.id = text(data["id"]);
    if (o.id.empty()) return std::nullopt;
    o.contact_id = id_of(data["contact"]);
    o.stage_id = id_of(data["stage"]);
    o.origin = text(data["origin"]);
    o.links = texts(data["links"]);
    o.created_at_ms = data["createdAt"].integer();
    o.updated_at_ms = data["updatedAt"].integer();
    o.confidential = is_confidential(data);
    o.anonymized = data["isAnonymized"].boolean();
    const auto archived = data["archived"];
    if (!archived.is_null()) {
        o.archived = Archived{.reason_id = id_of(archived["reason"]), .at_ms = archived["archivedAt"].integer()};
        // Half an archive mark: taking it for none would tell a destination that a rejected person goes on.
        if (o.archived->reason_id.empty() || o.archived->at_ms <= 0) return std::nullopt;
    }
    for (const auto& change : data["stageChanges"].items()) {
        StageChange c{.stage_id = text(change["toStageId"]), .at_ms = change["updatedAt"].integer()};
        if (!c.stage_id.empty() && c.at_ms > 0) o.stage_changes.push_back(std::move(c));
    }
    std::stable_sort(o.stage_changes.begin(), o.stage_changes.end(), [](const auto& a, const auto& b) {
        return a.at_ms < b.at_ms;
    });
    const auto applications = data["applications"].items();
    if (!applications.empty()) {
        const auto& first = applications.front();
        Application a{
            .id = id_of(first), .posting_id = id_of(first["posting"]), .created_at_ms = first["createdAt"].integer()};
        if (!a.id.empty()) o.application = std::move(a);
    }
    return o;
}

Person read_person(const json::Value& data) {
    // The contact's own record is the fresher one when it is expanded.
    const auto contact = data["contact"];
    const auto pick = [&](std::string_view member) {
        return contact.is_object() && !contact[member].is_null() ? contact[member] : data[member];
    };
    Person p;
    p.name = text(pick("name"));
    p.headline = text(pick("headline"));
    p.emails = texts(pick("emails"));
    p.phones = texts(pick("phones"), "value");
    const auto location = pick("location");
    p.location = location.is_object() ? text(location["name"]) : text(location);
    return p;
}

std::optional<Stage> read_stage(const json::Value& data) {
    Stage s{.id = text(data["id"]), .name = text(data["text"])};
    return s.id.empty() ? std::nullopt : std::optional{std::move(s)};
}

StagePlaces read_stage_places(const json::Value& disposition) {
    StagePlaces places;
    for (const auto& item : disposition["stages"].items()) {
        StagePlace place{.pipeline = text(item["pipeline"]), .rank = item["rank"].number()};
        places.insert_or_assign(text(item["id"]), std::move(place));
    }
    return places;
}

std::optional<ArchiveReason> read_archive_reason(const json::Value& data) {
    ArchiveReason r{.id = text(data["id"]), .name = text(data["text"]), .hired = data["type"].string() == "hired"};
    return r.id.empty() ? std::nullopt : std::optional{std::move(r)};
}

std::optional<Posting> read_posting(const json::Value& data) {
    Posting p;
    p.id = text(data["id"]);
    if (p.id.empty()) return std::nullopt;
    const auto categories = data["categories"];
    p.title = text(data["text"]);
    p.department = text(categories["department"]);
    if (p.department.empty()) p.department = text(categories["team"]);
    p.location = text(categories["location"]);
    p.state = text(data["state"]);
    p.confidential = is_confidential(data);
    for (const auto& channel : data["distributionChannels"].items()) {
        if (channel.string() == "public") p.external = true;
    }
    return p;
}

std::optional<Advert> read_advert(const json::Value& data) {
    auto posting = read_posting(data);
    if (!posting) return std::nullopt;
    Advert advert;
    advert.posting = std::move(*posting);
    advert.url = text(data["urls"]["show"]);
    advert.created_at_ms = data["createdAt"].integer();
    advert.updated_at_ms = data["updatedAt"].integer();
    const auto content = data["content"];
    auto& html = advert.description_html;
    html = text(content["descriptionHtml"]);
    for (const auto& list : content["lists"].items()) {
        html += "<h3>" + text(list["text"]) + "</h3><ul>" + text(list["content"]) + "</ul>";
    }
    html += text(content["closingHtml"]);
    // What no Kafka record holds is no description.
    if (html.size() > longest_description) html.clear();
    return advert;
}

std::optional<Offer> read_offer(const json::Value& data) {
    Offer o{.id = text(data["id"]), .status = text(data["status"]), .created_at_ms = data["createdAt"].integer()};
    if (o.id.empty()) return std::nullopt;
    for (const auto& field : data["fields"].items()) {
        if (field["value"].is_integer()) o.dates[text(field["identifier"])] = field["value"].integer();
    }
    return o;
}

std::string start_date(const std::vector<Offer>& offers, const std::string& field) {
    const Offer* best = nullptr;
    for (const auto& offer : offers) {
        if (rank(offer.status) == 0) continue;
        if (best == nullptr ||
            std::pair{rank(offer.status), offer.created_at_ms} > std::pair{rank(best->status), best->created_at_ms}) {
            best = &offer;
        }
    }
    if (best == nullptr) return {};
    const auto date = best->dates.find(field);
    // A date far outside any life is a number of another kind.
    constexpr std::int64_t year_2200 = 7'258'118'400'000;
    if (date == best->dates.end() || date->second <= 0 || date->second >= year_2200) return {};
    return iso_date(from_ms(date->second));
}

}  // namespace hirewire::lever
