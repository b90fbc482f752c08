#pragma once
// Reading a /metrics page.
#include <string>
#include <string_view>

namespace hirewire::testing {

// The sum of all samples of `name` on the admin port whose labels hold `labels` (one fragment, such as
// outcome="applied"); 0 when there is none.
double metric(int admin_port, std::string_view name, std::string_view labels = {});

}  // namespace hirewire::testing
