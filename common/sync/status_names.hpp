#pragma once
// How the configuration names Lever's stages and archive reasons, and what that means by Lever's own lists. An entry
// is an id, plain or as "id:<id>", or a name, where neither case nor how much white space there is matters. Pure.
//
// Statuses get renamed in Lever, and the configuration is not told. What an entry was once seen to mean is remembered
// by id, so that a renamed stage still counts until somebody mends the configuration; the report says that it should.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/sync/vocabulary.hpp"
#include "hirewire/v1/change.pb.h"

namespace hirewire::sync {

// Two names are the same to people when their folded forms are equal.
using Fold = std::string (*)(std::string_view);
// Small letters (ASCII), one blank for all the white space between two words, none around them.
std::string folded(std::string_view text);

// What happens to a status that no entry names.
enum class Unnamed {
    no_matter,     // a list of exceptions: nothing to report
    goes_through,  // told by Lever's own name
    unmapped       // not told; the outcome is `unmapped`
};

// A list of statuses, or the keys of a map of them, as a section of the configuration has it.
struct NamedStatuses {
    std::string key{};  // inside the section: "follow_up_statuses"
    std::vector<std::string> entries{};
    // What each entry stands for, in the entries' order; empty when being on the list is all that there is to it.
    std::vector<std::string> values{};
    Unnamed others = Unnamed::no_matter;
    // Keys of the same group decide over the same question, so that no status may get two values from them. "":
    // alone.
    std::string group{};
    Fold fold = &folded;
};

// A status as Lever's lists have it.
struct KnownStatus {
    v1::StatusKind kind = v1::STATUS_KIND_STAGE;
    std::string id{};
    std::string name{};
    std::string pipeline{};
    friend bool operator==(const KnownStatus&, const KnownStatus&) = default;
};
std::vector<KnownStatus> statuses_of(const Vocabulary& vocabulary);

// Those that the entry names now: by id if one has that id, else by name.
std::vector<KnownStatus> meaning_of(
    std::string_view entry, const std::vector<KnownStatus>& known, Fold fold = &folded);

// What is to be said about entries; each by the words of the configuration.
struct NamesReport {
    std::vector<std::string> unknown{};  // in no list of Lever's, nor ever seen there
    std::vector<std::string> renamed{};  // not there any more; goes on by the id that it had
    std::vector<std::string>
        ambiguous{};  // names several: a stage and a reason, or a stage of each of several pipelines
    [[nodiscard]] bool empty() const { return unknown.empty() && renamed.empty() && ambiguous.empty(); }
    friend bool operator==(const NamesReport&, const NamesReport&) = default;
};

// How an entry names a status, from the weakest to the strongest.
enum class Naming { none, by_name, by_former_name, by_name_in_the_lists, by_id };

// What has been learnt of the entries' ids. By default nothing: then names are compared with what Lever calls the
// status at each change.
class StatusNames {
public:
    explicit StatusNames(Fold fold = &folded) : fold_{fold} {}
    // Learns from Lever's lists; what was learnt before of an entry that they lack is kept. Entries that are not in
    // `entries` any more are forgotten.
    NamesReport resolve(const std::vector<std::string>& entries, const Vocabulary& vocabulary);
    [[nodiscard]] Naming naming(const std::string& entry, const v1::Status& status) const;
    // The ids that the entries are known to mean.
    [[nodiscard]] std::set<std::string> ids() const;

private:
    struct Meaning {
        std::set<std::string> ids{};
        bool current = false;  // as of the last resolve()
    };
    Fold fold_;
    std::map<std::string, Meaning> meanings_{};
};

// Whether the list names the status.
bool names(const std::vector<std::string>& list, const v1::Status& status, const StatusNames& known = StatusNames{});

// Keys name statuses; the strongest naming wins.
using StatusMap = std::map<std::string, std::string>;
std::optional<std::string> mapped(
    const StatusMap& map, const v1::Status& status, const StatusNames& known = StatusNames{});

std::vector<std::string> keys_of(const StatusMap& map);
std::vector<std::string> values_of(const StatusMap& map);

}  // namespace hirewire::sync
