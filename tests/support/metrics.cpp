#include "tests/support/metrics.hpp"

#include <cstdlib>

#include "tests/support/http_call.hpp"
#include "tests/support/process.hpp"

namespace hirewire::testing {

double metric(int admin_port, std::string_view name, std::string_view labels) {
    double sum = 0;
    for (const auto& line : lines_of(get(admin_port, "/metrics").body)) {
        const auto end_of_name = line.find_first_of("{ ");
        const auto last_space = line.rfind(' ');
        if (end_of_name == std::string::npos || last_space == std::string::npos) continue;
        if (std::string_view{line}.substr(0, end_of_name) != name) continue;
        if (!labels.empty() && line.find(labels) == std::string::npos) continue;
        sum += std::strtod(line.c_str() + last_space, nullptr);
    }
    return sum;
}

}  // namespace hirewire::testing
