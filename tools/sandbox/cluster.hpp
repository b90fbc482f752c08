#pragma once
// The stand-in for Cluster: the status of an opportunity, put to the job and candidate of Cluster's own link.
#include <map>
#include <string>

#include "tools/sandbox/status_destination.hpp"

namespace hirewire::sandbox {

class Cluster final : public StatusDestination {
public:
    Cluster(std::string token, Dice& dice);

private:
    http::Reply put_status(const DestinationCall& call);
    void write_own(json::Writer& out, const std::string& opportunity) const override;

    std::map<std::string, ClusterLink> links_;  // by opportunity
};

}  // namespace hirewire::sandbox
