#pragma once
// The stand-in for CLARA: one call that puts the status of an opportunity. It watches over follow-up questions: at
// most one for each entry into a status, and none for a backfill.
#include <map>
#include <string>

#include "tools/sandbox/status_destination.hpp"

namespace hirewire::sandbox {

class Clara final : public StatusDestination {
public:
    Clara(std::string token, Dice& dice);

private:
    struct Conversation {
        std::string contact{};
        bool asked = false;  // for the present entry into a status
        std::int64_t follow_ups = 0;
    };

    http::Reply put_status(const DestinationCall& call);
    void write_own(json::Writer& out, const std::string& opportunity) const override;

    std::map<std::string, Conversation> conversations_;  // by opportunity
};

}  // namespace hirewire::sandbox
