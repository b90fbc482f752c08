#include "tools/hirewire/tail.hpp"

#include <cstdio>
#include <optional>

#include "common/core/time.hpp"
#include "common/kafka/probe.hpp"
#include "common/kafka/reader.hpp"
#include "common/kafka/topics.hpp"
#include "tools/hirewire/place.hpp"
#include "tools/hirewire/tail_view.hpp"
#include "tools/hirewire/terminal.hpp"

namespace hirewire::cli {
namespace {

constexpr Milliseconds look{200};

}  // namespace

int tail_topic(const TailCommand& command) {
    std::optional<std::int64_t> from_ms;
    if (!command.from.empty()) from_ms = to_ms(moment_of("--from", command.from, SystemClock{}.now()));
    kafka::check_broker(command.kafka);
    need_topic(kafka::existing_topics(command.kafka), command.topic);
    const bool from_now_on = !from_ms && !command.to_end;
    kafka::Tail tail{
        command.kafka,
        {command.topic},
        from_now_on ? kafka::Tail::From::end : kafka::Tail::From::beginning,
        nullptr,
        from_ms};
    const Interrupts interrupts;
    std::int64_t shown = 0;
    while (!interrupted() && (command.count == 0 || shown < command.count)) {
        const auto record = tail.next(look);
        if (!record) {
            if (command.to_end && tail.caught_up()) break;
            continue;
        }
        // A broker that can't look up offsets by time hands out all of it.
        if (from_ms && record->timestamp_ms < *from_ms) continue;
        const auto line = command.as_json ? tail_json_of(*record) : tail_line_of(*record);
        // Whoever reads a pipe may have had enough: head does.
        if (std::printf("%s\n", line.c_str()) < 0 || std::fflush(stdout) != 0) break;
        ++shown;
    }
    return 0;
}

}  // namespace hirewire::cli
