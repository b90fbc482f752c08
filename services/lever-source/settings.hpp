#pragma once
// The sections [lever], [lever-source] and [internal].
#include <cstdint>
#include <string>

#include "common/config/schema.hpp"
#include "common/lever/api.hpp"
#include "common/lever/subscription.hpp"
#include "services/lever-source/postings.hpp"
#include "services/lever-source/sweeper.hpp"

namespace hirewire::source {

struct Settings {
    lever::ApiSettings lever{};
    lever::Expected webhooks{};
    std::string address = "127.0.0.1";
    std::uint16_t port = 8085;
    std::uint16_t admin_port = 9101;
    std::string start_date_field = "anticipated_start_date";
    std::string cluster_link_prefix = "https://app.clusterinc.com/";
    std::size_t slots = 512;
    SweepSettings sweep{};
    PostingsSettings postings{};
    Milliseconds posting_cache{std::chrono::minutes{5}};
    Milliseconds person_cache{std::chrono::minutes{1}};
    std::string internal_url = "http://127.0.0.1:8085";
    std::string internal_token{};
};

void declare(config::Schema& schema, Settings& settings);

}  // namespace hirewire::source
