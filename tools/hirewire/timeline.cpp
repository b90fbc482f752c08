#include "tools/hirewire/timeline.hpp"

#include <unistd.h>

#include <cstdio>
#include <utility>
#include <vector>

#include "common/config/schema.hpp"
#include "common/core/time.hpp"
#include "common/kafka/probe.hpp"
#include "common/kafka/reader.hpp"
#include "common/kafka/topics.hpp"
#include "tools/hirewire/place.hpp"
#include "tools/hirewire/terminal.hpp"
#include "tools/hirewire/timeline_view.hpp"

namespace hirewire::cli {

int show_timeline(const TimelineCommand& command) {
    if (command.opportunity.empty()) throw config::Error{"timeline: of which opportunity? Give its id"};
    kafka::ReadTerms terms;
    terms.key = command.opportunity;
    if (!command.from.empty()) terms.from_ms = to_ms(moment_of("--from", command.from, SystemClock{}.now()));
    kafka::check_broker(command.kafka);
    const auto topics = kafka::existing_topics(command.kafka);
    need_topic(topics, "sync.outcomes");
    if (!command.destination.empty()) need_destination(topics, command.destination);
    std::vector<Moment> moments;
    const auto look = [&](const kafka::Record& record) {
        auto moment = moment_of(record);
        if (moment && is_about(*moment, command.destination)) moments.push_back(std::move(*moment));
    };
    const auto places = places_of(command.opportunity, topics, command.destination);
    kafka::read_parts(command.kafka, places, look, terms);
    put_in_order(moments);
    if (command.as_json) {
        std::printf("%s\n", json_of(command.opportunity, moments).c_str());
    } else if (!moments.empty()) {
        // A pipe has no edge.
        const auto width = on_terminal(STDOUT_FILENO) ? width_of(STDOUT_FILENO) : std::size_t{1'000};
        std::printf("%s", table_of(moments, width, colours_on()).c_str());
    }
    if (!moments.empty()) return 0;
    const std::string since = command.from.empty() ? "" : " with --from " + command.from;
    std::fprintf(
        stderr,
        "hirewire: Kafka has nothing of %s%s; is it an opportunity's id, and not older than the topics' retention?\n",
        clipped(command.opportunity, 80).c_str(),
        since.c_str());
    return 1;
}

}  // namespace hirewire::cli
