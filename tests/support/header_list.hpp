#pragma once
// A request's headers, for code that is given them by name.
#include <string_view>
#include <vector>

#include "common/http/message.hpp"
#include "common/http/routes.hpp"

namespace hirewire::testing {

class HeaderList final : public http::HeaderSource {
public:
    // `all` must live as long.
    explicit HeaderList(const std::vector<http::Header>& all) : all_{all} {}
    [[nodiscard]] std::string_view find(std::string_view name) const override { return http::header(all_, name); }

private:
    const std::vector<http::Header>& all_;
};

}  // namespace hirewire::testing
