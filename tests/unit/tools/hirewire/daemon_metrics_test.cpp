#include "tools/hirewire/daemon_metrics.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

using namespace hirewire;

namespace {

// What would be asked where, by this text behind the sections that every file has: "clara http://..., ".
std::string asked(const std::string& text) {
    char name[] = "/tmp/hirewire-metrics-XXXXXX";
    const int file = mkstemp(name);
    REQUIRE(file >= 0);
    close(file);
    std::ofstream{name} << "[account]\nname = \"main\"\n[kafka]\nbrokers = \"127.0.0.1:9\"\n"
                           "[redis]\nhost = \"127.0.0.1\"\n"
                        << text;
    std::string places;
    for (const auto& port : cli::admin_ports_of(name)) places += port.service + " " + port.base_url + "\n";
    unlink(name);
    return places;
}

}  // namespace

TEST_CASE("status: of the sections that a file has, each daemon is asked at its port, with the default of its own") {
    CHECK(asked("") == "");
    CHECK(asked("[clara]\nmode = \"live\"\n") == "clara http://127.0.0.1:9111\n");
    CHECK(asked("[clara]\naddress = \"0.0.0.0\"\nadmin_port = 7000\n") == "clara http://127.0.0.1:7000\n");
    // Any free port is in the log alone.
    CHECK(asked("[clara]\nadmin_port = 0\n") == "");
}

TEST_CASE("status: a destination that is not known by name is asked where its section says") {
    CHECK(asked("[toy]\naddress = \"10.0.0.7\"\nadmin_port = 9116\n") == "toy http://10.0.0.7:9116\n");
    CHECK(asked("[toy]\nmode = \"live\"\n") == "");
    CHECK(asked("[receiver]\nadmin_port = 9100\n") == "");
}
