#include <doctest/doctest.h>

#include <string>

#include "common/config/schema.hpp"
#include "services/sync-theorg/theorg.hpp"

using namespace hirewire;

namespace {

std::string reference() {
    config::Schema schema;
    theorg::TheOrg service;
    service.declare(schema);
    return schema.reference();
}

}  // namespace

TEST_CASE("#30 The Org: its daemon takes no credential but its own, and knows neither Lever nor who anybody is") {
    const auto keys = reference();
    CHECK(keys.find("api_key_env = \"THEORG_API_KEY\"") != std::string::npos);
    for (const char* foreign : {"[lever", "LEVER_API_KEY", "[internal", "HIREWIRE_INTERNAL_TOKEN", "_TOKEN\""}) {
        CAPTURE(foreign);
        CHECK(keys.find(foreign) == std::string::npos);
    }
}

TEST_CASE("#26 The Org: every six hours unless configured otherwise, #25 and no internal postings") {
    const auto keys = reference();
    CHECK(keys.find("run_interval = \"6h\"") != std::string::npos);
    CHECK(keys.find("deletion_alarm = \"2d\"") != std::string::npos);
    CHECK(keys.find("requests_per_second = 10\n") != std::string::npos);
    CHECK(keys.find("include_internal = false") != std::string::npos);
    CHECK(keys.find("admin_port = 9114") != std::string::npos);
    CHECK(theorg::TheOrg{}.fault().empty());
}
