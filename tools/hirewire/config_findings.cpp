#include "tools/hirewire/config_findings.hpp"

#include <algorithm>
#include <utility>

namespace hirewire::cli {
namespace {

using sync::KnownStatus;
using sync::NamedStatuses;

std::string quoted(const std::string& text) {
    return "\"" + text + "\"";
}

std::string shown(const KnownStatus& status) {
    const std::string kind = status.kind == v1::STATUS_KIND_STAGE ? "stage" : "archive reason";
    return kind + " " + quoted(status.name) + " (id:" + status.id + ")";
}

bool same(const KnownStatus& a, const KnownStatus& b) {
    return a.kind == b.kind && a.id == b.id;
}

// An entry and the status that it names.
struct Claim {
    std::string key{};
    std::string entry{};
    std::string value{};
    KnownStatus status{};
};

std::string said_by(const Claim& claim) {
    return claim.key + " " + quoted(claim.entry) + (claim.value.empty() ? "" : " = " + quoted(claim.value));
}

std::vector<Claim> claims_of(
    const std::string& section, const NamedStatuses& named, const std::vector<KnownStatus>& known) {
    std::vector<Claim> claims;
    for (std::size_t i = 0; i < named.entries.size(); ++i) {
        const auto& entry = named.entries[i];
        const std::string value = i < named.values.size() ? named.values[i] : "";
        for (const auto& status : sync::meaning_of(entry, known, named.fold)) {
            claims.push_back({section + "." + named.key, entry, value, status});
        }
    }
    return claims;
}

void look_at_entries(
    const std::string& key,
    const NamedStatuses& named,
    const std::vector<KnownStatus>& known,
    std::vector<Finding>& findings) {
    for (const auto& entry : named.entries) {
        const auto meant = sync::meaning_of(entry, known, named.fold);
        if (meant.empty()) {
            findings.push_back(
                {FindingKind::unknown, key, entry, "Lever has no stage and no archive reason of that name or id."});
        }
        if (meant.size() < 2) continue;
        std::string all;
        for (const auto& status : meant) all += (all.empty() ? "" : ", ") + shown(status);
        findings.push_back(
            {FindingKind::ambiguous, key, entry, "It names " + all + "; write id:<id> if one of them is meant."});
    }
}

// Each pair once: every claim against the nearest earlier one of its status.
void look_at_claims(const std::vector<Claim>& claims, std::vector<Finding>& findings) {
    for (auto it = claims.begin(); it != claims.end(); ++it) {
        const auto before =
            std::find_if(claims.begin(), it, [&](const Claim& other) { return same(other.status, it->status); });
        if (before == it) continue;
        const bool agree = before->value == it->value;
        const std::string both = said_by(*before) + " and " + said_by(*it) + " are both the " + shown(it->status);
        findings.push_back(
            {agree ? FindingKind::twice : FindingKind::contradiction,
             it->key,
             it->entry,
             both + (agree ? "; one of them will do." : "; remove the one that is wrong. An id beats a name.")});
    }
}

void look_at_the_others(
    const std::string& key,
    const NamedStatuses& named,
    const std::vector<Claim>& claims,
    const std::vector<KnownStatus>& known,
    std::vector<Finding>& findings) {
    // A map without an entry maps nothing, and is meant so.
    if (named.others == sync::Unnamed::no_matter || named.entries.empty()) return;
    const bool unmapped = named.others == sync::Unnamed::unmapped;
    for (const auto& status : known) {
        const bool named_here =
            std::any_of(claims.begin(), claims.end(), [&](const Claim& claim) { return same(claim.status, status); });
        if (named_here) continue;
        findings.push_back(
            {unmapped ? FindingKind::unmapped : FindingKind::goes_through,
             key,
             status.name,
             "The " + shown(status) + " is not in it: " +
                 (unmapped ? "who enters it is not told." : "it goes through by Lever's own name.")});
    }
}

}  // namespace

std::string_view name_of(FindingKind kind) {
    switch (kind) {
        case FindingKind::unknown:
            return "unknown";
        case FindingKind::ambiguous:
            return "ambiguous";
        case FindingKind::twice:
            return "twice";
        case FindingKind::contradiction:
            return "contradiction";
        case FindingKind::unmapped:
            return "unmapped";
        case FindingKind::goes_through:
            break;
    }
    return "goes through";
}

bool counts(const Finding& finding) {
    return finding.kind != FindingKind::goes_through;
}

std::vector<Finding> findings_of(
    const std::string& section, const std::vector<NamedStatuses>& names, const sync::Vocabulary& vocabulary) {
    const auto known = sync::statuses_of(vocabulary);
    std::vector<Finding> findings;
    std::vector<std::string> groups;
    for (const auto& named : names) {
        const std::string key = section + "." + named.key;
        look_at_entries(key, named, known, findings);
        look_at_the_others(key, named, claims_of(section, named, known), known, findings);
        // What decides over the same question is looked at together, once.
        if (!named.group.empty() && std::find(groups.begin(), groups.end(), named.group) != groups.end()) continue;
        groups.push_back(named.group);
        std::vector<Claim> claims;
        for (const auto& other : names) {
            const bool together = named.group.empty() ? other.key == named.key : other.group == named.group;
            if (!together) continue;
            auto more = claims_of(section, other, known);
            claims.insert(claims.end(), more.begin(), more.end());
        }
        look_at_claims(claims, findings);
    }
    return findings;
}

}  // namespace hirewire::cli
