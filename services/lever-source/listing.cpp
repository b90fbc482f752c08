#include "services/lever-source/listing.hpp"

namespace hirewire::source {

Repairs compare(
    const std::set<std::string>& known, const std::set<std::string>& missed_before, const Listing& now, Guard guard) {
    Repairs repairs;
    for (const auto& id : known) {
        if (now.listed.contains(id)) continue;
        if (now.deleted.contains(id)) {
            repairs.gone.push_back(id);
            continue;
        }
        ++repairs.vanished;
        if (missed_before.contains(id) || guard == Guard::off) {
            repairs.gone.push_back(id);
        } else {
            repairs.missed.insert(id);
        }
    }
    repairs.implausible = guard == Guard::on && repairs.vanished * 2 > known.size();
    if (repairs.implausible) {
        repairs.gone.clear();
        repairs.missed = missed_before;
    }
    return repairs;
}

}  // namespace hirewire::source
