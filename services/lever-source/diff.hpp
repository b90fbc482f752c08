#pragma once
// What happened, pure: the last emitted change and Lever's present state give the transitions in between, in order,
// each with the one identity and the one version that it will ever have.
//
//   change_id = UUIDv5(account, opportunity, kind, anchor)
//   version   = max(last version + 1, occurred_at in ms * 16 + rank of kind)
//
// Lever's state holds every stage change, but of archiving only what stands now: what was archived and un-archived
// between two reads leaves no trace, and the moment of un-archiving is known only from a webhook.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/lever/model.hpp"
#include "hirewire/v1/change.pb.h"

namespace hirewire::source {

// A webhook or a sweep that made us look.
struct Hint {
    std::string event{};            // Lever's event name, or "" for a sweep; not authenticated
    std::int64_t triggered_at = 0;  // epoch ms, signed by Lever; 0 = no webhook
    std::int64_t told_ms = 0;       // when it reached us, by our clock; 0 = it comes from a reading of Lever's state
    std::string cause_kind = "webhook";
    std::string cause_id{};
    std::string traceparent{};  // of the record that it came in
};

// Lever's present state, with what its ids mean.
struct Facts {
    const lever::Opportunity& opportunity;
    const lever::Vocabulary& vocabulary;
    std::optional<lever::Posting> posting{};
    std::string start_date{};  // of a standing hire
    std::string cluster_link_prefix{};
};

struct Moment {
    std::string account{};
    std::int64_t now_ms = 0;
    std::vector<Hint> hints{};
};

// Ids that the vocabulary does not know: to be fetched again before diff() can be asked.
bool vocabulary_covers(const lever::Opportunity& opportunity, const lever::Vocabulary& vocabulary);

std::vector<v1::Change> diff(const v1::Change* last, const Facts& facts, const Moment& moment);

// Lever lists it as deleted. Nothing when nothing was ever emitted of it, or its deletion already was.
std::optional<v1::Change> deletion(const v1::Change* last, std::int64_t deleted_at_ms, const Moment& moment);

// Whether the state has a transition near each webhook that announces one, or is older than the webhook: then Lever's
// API has not caught up with its webhooks yet and is worth asking again.
bool caught_up(const v1::Change* last, const lever::Opportunity& opportunity, const Moment& moment);

// Cluster's own link on an opportunity: {prefix}jobs/{job}/candidates/{candidate}.
std::optional<v1::ClusterLink> cluster_link(const std::vector<std::string>& links, std::string_view prefix);

std::string_view name_of(v1::ChangeKind kind);

}  // namespace hirewire::source
