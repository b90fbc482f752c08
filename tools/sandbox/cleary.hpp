#pragma once
// The stand-in for Cleary: a SCIM 2.0 server of pre-boarding users. A user that its HRIS has taken over, or that
// somebody else made, is not written for us any more.
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/sandbox/destination.hpp"
#include "tools/sandbox/scim.hpp"
#include "tools/sandbox/version_guard.hpp"

namespace hirewire::sandbox {

class Cleary final : public Destination {
public:
    Cleary(std::string token, Dice& dice);

private:
    using Answer = http::Reply (Cleary::*)(const DestinationCall&);

    [[nodiscard]] std::string state() const override;
    [[nodiscard]] http::Reply error(int status, std::string_view code, std::string_view detail) const override;

    void serve_scim(http::Method method, std::string path, Access access, Answer answer);
    http::Reply config(const DestinationCall& call);
    http::Reply find(const DestinationCall& call);
    http::Reply read(const DestinationCall& call);
    http::Reply create(const DestinationCall& call);
    http::Reply change(const DestinationCall& call);
    http::Reply replace(const DestinationCall& call);
    // Whether the write may be made, and else the answer that it has earned.
    std::optional<http::Reply> check_write(const DestinationCall& call, const scim::User* user);
    http::Reply write(const DestinationCall& call, const std::vector<scim::Change>& changes, scim::User& user);
    http::Reply set_managed(const http::Incoming& request);
    http::Reply set_primary(const http::Incoming& request);
    http::Reply set_support(const http::Incoming& request);
    http::Reply add_foreign(const http::Incoming& request);

    scim::User* by_id(std::string_view id);
    scim::User* by_external_id(std::string_view external_id);
    scim::User* by_user_name(std::string_view user_name);
    scim::User& store(scim::User user);
    [[nodiscard]] http::Reply user_reply(int status, const scim::User& user, const http::Incoming& request) const;

    std::deque<scim::User> users_;
    std::map<std::string, std::int64_t> effects_;  // by user id: how often a write changed something
    VersionGuard versions_;                        // by user id
    scim::Support support_{};
};

}  // namespace hirewire::sandbox
