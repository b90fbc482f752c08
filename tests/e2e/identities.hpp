#pragma once
// What must hold of hiring.changes, whatever happened on the way.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/core/uuid.hpp"
#include "hirewire/v1/change.pb.h"
#include "tests/e2e/installation.hpp"

namespace hirewire::testing {

// All that was ever emitted; of one opportunity in order.
inline std::vector<v1::Change> changes(const Installation& the) {
    std::vector<v1::Change> all;
    for (const auto& record : the.records("hiring.changes")) {
        REQUIRE(all.emplace_back().ParseFromString(record.value.value_or("")));
    }
    return all;
}

// One id, one version, and the other way round; versions grow along each opportunity, but for repeats; each move is
// one that Lever knows of, under the id that it has by whatever way it was learnt of; so is each application; and
// what stands archived in Lever was told as such.
inline void check_identities(const Installation& the, const std::vector<v1::Change>& all) {
    std::map<std::string, std::int64_t> version_of;
    std::map<std::pair<std::string, std::int64_t>, std::string> id_of;
    std::map<std::string, std::int64_t> highest;
    std::map<std::string, std::set<std::string>> ids_of;  // that Lever's own state gives, by opportunity
    std::map<std::string, std::string> archived_as;       // the id of the standing archive
    std::set<std::string> told;
    for (const auto& change : all) {
        const auto& opportunity = change.opportunity_id();
        CAPTURE(opportunity);
        CAPTURE(v1::ChangeKind_Name(change.kind()));
        const auto known = version_of.emplace(change.change_id(), change.version()).first;
        CHECK(known->second == change.version());
        const auto [at, fresh] = id_of.emplace(std::pair{opportunity, change.version()}, change.change_id());
        CHECK(at->second == change.change_id());
        auto& newest = highest[opportunity];
        if (fresh) CHECK(change.version() > newest);
        newest = std::max<std::int64_t>(newest, change.version());
        told.insert(change.change_id());
        auto& ids = ids_of[opportunity];
        if (ids.empty()) {
            const auto id = [&](const char* kind, const std::string& anchor) {
                return uuid_v5({change.account(), opportunity, kind, anchor});
            };
            const auto state = the.stack.lever("/v1/opportunities/" + opportunity);
            const auto data = state["data"];
            ids.insert("");
            for (const auto& move : data["stageChanges"].items()) {
                ids.insert(
                    id("stage_changed",
                       std::to_string(move["updatedAt"].integer()) + "/" + std::string{move["toStageId"].string()}));
            }
            for (const auto& application : data["applications"].items()) {
                ids.insert(id("applied", std::string{application.string()}));
            }
            const auto archived = data["archived"];
            if (!archived.is_null()) {
                const std::string anchor =
                    std::to_string(archived["archivedAt"].integer()) + "/" + std::string{archived["reason"].string()};
                archived_as[opportunity] = id("archived", anchor) + id("hired", anchor);
            }
        }
        const bool in_lever =
            change.kind() == v1::CHANGE_KIND_STAGE_CHANGED || change.kind() == v1::CHANGE_KIND_APPLIED;
        if (in_lever) CHECK(ids.contains(change.change_id()));
    }
    for (const auto& [opportunity, either] : archived_as) {
        CAPTURE(opportunity);
        CHECK(std::any_of(told.begin(), told.end(), [&either = either](const std::string& id) {
            return either.find(id) != std::string::npos;
        }));
    }
}

}  // namespace hirewire::testing
