#pragma once
// A stand-in that is put the status of opportunities: what CLARA and Cluster have in common. Newer versions win, the
// same again changes nothing, and control can make an opportunity unknown.
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "common/json/writer.hpp"
#include "tools/sandbox/destination.hpp"
#include "tools/sandbox/status_update.hpp"
#include "tools/sandbox/version_guard.hpp"

namespace hirewire::sandbox {

class StatusDestination : public Destination {
protected:
    StatusDestination(std::string name, std::string token, Dice& dice);

    // Decides over a write that is well-formed. `object` may refuse a write that is about to be applied; it is given
    // the update applied last, null when there was none.
    using Objection = std::function<std::optional<http::Reply>(const StatusUpdate* last)>;
    http::Reply put(
        const DestinationCall& call,
        const std::string& opportunity,
        const StatusUpdate& update,
        const Objection& object = {});

    // All that was put for the opportunity is gone, as if it had never come.
    void forget(const std::string& opportunity);

    // The stand-in's own members of an opportunity's state.
    virtual void write_own(json::Writer& out, const std::string& opportunity) const = 0;
    // What it believes beside the opportunities, as members beside them.
    virtual void write_more(json::Writer& out) const { (void)out; }

private:
    struct Belief {
        StatusUpdate now{};
        std::int64_t effects = 0;  // how often a write changed something
    };

    [[nodiscard]] std::string state() const final;
    // {"opportunity", member: bool} puts the opportunity into `set` or takes it out.
    http::Reply set_member(const http::Incoming& request, std::string_view member, std::set<std::string>& set) const;

    std::map<std::string, Belief> beliefs_;  // by opportunity
    std::set<std::string> unknown_;
    std::set<std::string> refused_;
    VersionGuard versions_;
};

}  // namespace hirewire::sandbox
