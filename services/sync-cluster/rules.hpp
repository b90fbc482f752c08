#pragma once
// Cluster, pure: the status of a candidate that Cluster itself put a link on, when the link's job is connected; and
// the postings that were chosen to become drafts there. Opportunities without that link are none of its business. The
// contract is this project's own (README.md beside this).
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/time.hpp"
#include "common/sync/destination.hpp"
#include "common/sync/status_json.hpp"

namespace hirewire::cluster {

// [[cluster.job]]: a job of Cluster's that its users have connected to a posting of Lever's.
struct JobLink {
    std::string id{};       // Cluster's
    std::string posting{};  // Lever's
    friend bool operator==(const JobLink&, const JobLink&) = default;
};

struct Settings {
    sync::StatusMap status_map{};
    sync::StatusNames status_names{};  // what the keys of status_map are known to mean
    std::vector<JobLink> jobs{};
    std::vector<std::string> import_postings{};
    Milliseconds presence_interval{std::chrono::hours{1}};
};

bool is_connected(const Settings& settings, std::string_view job);
bool is_imported(const Settings& settings, std::string_view posting);

sync::Plan put_ats_status(const v1::Change& change, const sync::Situation& situation, const Settings& settings);
sync::Plan put_posting(const sync::PostingNews& news, const Settings& settings);

std::unique_ptr<sync::Destination> make_destination();

}  // namespace hirewire::cluster
