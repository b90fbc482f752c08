#pragma once
// The words of the verbs that look at what flows and mend it: dlq, timeline, status, tail, send.
#include <functional>

#include "tools/hirewire/dlq.hpp"
#include "tools/hirewire/place.hpp"
#include "tools/hirewire/send.hpp"
#include "tools/hirewire/status.hpp"
#include "tools/hirewire/tail.hpp"
#include "tools/hirewire/timeline.hpp"

namespace hirewire::cli {

// Filled in while the command line is parsed, so it outlives that.
struct LookVerbs {
    Place place{};
    DlqCommand dlq{};
    TimelineCommand timeline{};
    StatusCommand status{};
    TailCommand tail{};
    SendCommand send{};
};

// `chosen` becomes what the verb does, once it was parsed.
void add_look(CLI::App& app, LookVerbs& verbs, std::function<int()>& chosen);

}  // namespace hirewire::cli
