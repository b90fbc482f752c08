#include "common/sync/pausing.hpp"

#include <utility>

#include "common/core/time.hpp"
#include "common/log/log.hpp"

namespace hirewire::sync {

Pausing::Pausing(std::string destination, Actions actions, metrics::Registry& metrics)
    : destination_{std::move(destination)},
      actions_{std::move(actions)},
      gauge_{metrics.gauge(metrics::paused, {{"destination", destination_}})},
      book_{destination_} {
    gauge_.set(0);
    actions_.suspend();
}

void Pausing::caught_up() {
    if (std::exchange(caught_up_, true)) return;
    if (book_.paused()) {
        tell_paused();
    } else {
        actions_.resume();
    }
}

void Pausing::hear(const v1::Run& run) {
    const bool was_paused = book_.paused();
    const auto news = book_.add(run);
    // Of what lies in the past only the last word counts.
    if (!caught_up_ || news == PauseBook::News::nothing) return;
    if (news == PauseBook::News::paused) {
        if (was_paused) return;
        actions_.suspend();
        tell_paused();
        return;
    }
    if (was_paused) {
        gauge_.set(0);
        log::info(
            "destination.goes_on",
            {{"destination", destination_}, {"by", book_.who()}, {"at", iso_time(from_ms(book_.at_ms()))}});
        actions_.resume();
    }
    actions_.release_hold();
}

void Pausing::tell_paused() const {
    gauge_.set(1);
    log::warning(
        "destination.paused",
        {{"destination", destination_},
         {"by", book_.who()},
         {"at", iso_time(from_ms(book_.at_ms()))},
         {"consequence", "nothing is sent; Kafka keeps what comes"},
         {"remedy", "hirewire resume --dest " + destination_}});
}

}  // namespace hirewire::sync
