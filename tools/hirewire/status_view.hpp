#pragma once
// An installation at a glance: how far behind each destination is, what holds it up, what needs a person. Values in,
// text out. Pure.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hirewire/v1/run.pb.h"
#include "tools/hirewire/dlq_view.hpp"

namespace hirewire::cli {

// What a daemon tells of itself; nothing of it is known of one that does not answer.
struct DaemonStatus {
    std::string mode{};
    bool held = false;          // its credential was refused
    bool circuit_open = false;  // the destination is down
    std::int64_t parked = 0;    // waits in a retry topic
    std::int64_t in_flight = 0;
    double retention_used = 0;  // of hiring.changes, by the oldest change that it has not had
};

struct DestinationStatus {
    std::string name{};
    bool by_runs = false;                       // told by runs that compare everything, and never of changes
    bool begun = false;                         // whether it has a place in hiring.changes
    std::int64_t behind = 0;                    // changes not worked off, those under way included
    std::optional<std::int64_t> oldest_ms{};    // when the oldest of them was emitted
    std::int64_t missed = 0;                    // changes that Kafka deleted before it had them
    std::int64_t to_replay = 0;                 // records of replays and snapshots not worked off
    std::optional<std::string> paused_by{};     // who paused it
    std::int64_t dead = 0;                      // open dead letters
    std::vector<LetterGroup> dead_by_reason{};  // the largest first
    bool asked = false;                         // whether a configuration says where its daemon is
    std::optional<DaemonStatus> daemon{};
};

struct RunStatus {
    std::string kind{};
    std::string destination{};
    std::string state{};
    std::int64_t began_ms = 0;
    std::int64_t at_ms = 0;
    bool failed = false;
    std::map<std::string, std::int64_t> counts{};
};

struct Overview {
    std::int64_t now_ms = 0;
    std::vector<DestinationStatus> destinations{};
    std::vector<RunStatus> runs{};
    // How many of Lever's webhook subscriptions are in which state, as lever-source sees it; nothing = not known.
    std::optional<std::map<std::string, int>> webhooks{};
};

// The last run of each kind and destination; those that are about no run are left out.
class LastRuns {
public:
    void add(const v1::Run& run);
    [[nodiscard]] std::vector<RunStatus> all() const;

private:
    std::map<std::pair<std::string, std::string>, v1::Run> last_;
};

// A sum out of a Prometheus text: of the samples with this name whose labels hold `label`. Nothing when there is
// none.
std::optional<double> metric_in(std::string_view text, std::string_view name, std::string_view label = {});
DaemonStatus daemon_status_of(std::string_view metrics);
// Nothing when lever-source does not watch them.
std::optional<std::map<std::string, int>> webhooks_of(std::string_view metrics);

// What a person has to see to, a sentence each with the remedy: a refused credential, dead letters, changes that were
// missed or soon will be, a webhook that is not there, a run that failed. Not what mends itself (a destination that
// is down), nor what somebody wanted so (a pause).
std::vector<std::string> needs_of(const Overview& overview);

std::string table_of(const Overview& overview, std::size_t width, bool colours);
std::string json_of(const Overview& overview);

}  // namespace hirewire::cli
