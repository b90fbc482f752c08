#pragma once
// Which jobs of Cluster's are connected and which postings are imported there, pure: what Cluster has of Lever,
// what a changed configuration asks for, and what is still owed. Remembered as the checkpoint of one record of
// hiring.runs, always under the same key, so that what is owed is done by whoever leads next.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "services/sync-cluster/rules.hpp"

namespace hirewire::cluster {

// Kind and run id of the record that remembers, which is no run.
inline constexpr std::string_view connections_kind = "cluster.jobs";

enum class Link {
    telling,    // connected; the present state of its candidates is still to be told
    connected,  // and told
    purging,    // disconnected; the removal of Lever's data is still owed
};
struct Connection {
    std::string posting{};
    Link link = Link::telling;
    std::int64_t since_ms = 0;  // of a purge or a telling: part of its idempotency keys, the same until it is done
    friend bool operator==(const Connection&, const Connection&) = default;
};
struct Import {
    bool told = false;
    std::int64_t since_ms = 0;
    friend bool operator==(const Import&, const Import&) = default;
};
struct Connections {
    std::map<std::string, Connection> jobs{};  // by Cluster's id
    std::map<std::string, Import> imports{};   // by Lever's posting
    friend bool operator==(const Connections&, const Connections&) = default;
};

struct Decision {
    Connections after{};                 // to be remembered before anything is done
    std::vector<std::string> purge{};    // jobs, each to be sent one DELETE
    std::vector<std::string> connect{};  // jobs whose candidates are to be told
    std::vector<std::string> import{};   // postings to be told
};
// All that is owed, from earlier, too. A job that comes back before its purge was sent is connected anew.
Decision decide(const Connections& before, const Settings& configured, std::int64_t now_ms);

std::string text_of(const Connections& connections);
// Lines that cannot be read are left out.
Connections read_connections(std::string_view text);

http::Request purge_request(const std::string& job);

}  // namespace hirewire::cluster
