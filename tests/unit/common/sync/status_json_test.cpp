#include "common/sync/status_json.hpp"

#include <doctest/doctest.h>

#include "tests/support/change_builders.hpp"

using namespace hirewire;
using namespace hirewire::sync;
using testing::archive_reason;
using testing::stage;

namespace {

std::string text(const v1::Status& status, const std::optional<std::string>& mapped_name = {}) {
    json::Writer out;
    write_status(out, status, mapped_name);
    return out.text();
}

}  // namespace

TEST_CASE("status: the object that CLARA and Cluster take") {
    CHECK(
        text(stage("onsite", "On-site interview")) == R"({"kind":"stage","id":"onsite","name":"On-site interview"})");
    CHECK(
        text(archive_reason("r-1", "Underqualified"), "reject") ==
        R"({"kind":"archive_reason","id":"r-1","name":"Underqualified","mapped":"reject"})");
    CHECK(text(v1::Status{}) == "null");
}
