#pragma once
// What the services of an installation say of themselves at their admin ports. Blocking, for as long as the slowest
// of them takes, and never longer than a second.
#include <map>
#include <string>
#include <vector>

namespace hirewire::cli {

struct AdminPort {
    std::string service{};  // its section: "clara", "lever-source"
    std::string base_url{};
};
// Of the sections that the file has: of those that are known here, and of any other that says its port. Throws
// config::Error.
std::vector<AdminPort> admin_ports_of(const std::string& config_file);

// The Prometheus texts by service; a service that does not answer has none.
std::map<std::string, std::string> ask_for_metrics(const std::vector<AdminPort>& ports);

}  // namespace hirewire::cli
