#pragma once
// A text member that is null instead of empty.
#include <string_view>

#include "common/json/writer.hpp"

namespace hirewire::sandbox {

inline void write_or_null(json::Writer& out, std::string_view name, std::string_view value) {
    out.key(name);
    if (value.empty()) {
        out.null();
    } else {
        out.string(value);
    }
}

}  // namespace hirewire::sandbox
