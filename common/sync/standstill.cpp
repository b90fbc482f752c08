#include "common/sync/standstill.hpp"

namespace hirewire::sync {

void Standstill::begin(const std::string& reason) {
    const bool first = reasons_.empty();
    reasons_.insert(reason);
    if (first) engine_.suspend();
}

void Standstill::end(const std::string& reason) {
    if (reasons_.erase(reason) != 0 && reasons_.empty()) engine_.resume();
}

}  // namespace hirewire::sync
