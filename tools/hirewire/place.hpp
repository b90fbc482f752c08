#pragma once
// Where an installation is, as the command line says it; what wins over the configuration's file.
#include <map>
#include <string>
#include <vector>

#include "common/core/time.hpp"
#include "common/kafka/settings.hpp"

namespace CLI {
class App;
}

namespace hirewire::cli {

struct Place {
    std::string config_file{};
    std::string brokers{};
    std::string prefix{};
};

void add_place(CLI::App& verb, Place& place);
// $HIREWIRE_CONFIG for an empty one, if that is set.
std::string or_usual(std::string file);
// Throws config::Error when nobody says where Kafka is. It is not asked: each verb looks at its own words first, and
// then has kafka::check_broker() find out fast whether somebody answers.
kafka::Settings settings_at(const Place& place);

// Of the topics that are there, as kafka::existing_topics() has them; all are pure. Throws config::Error for a
// destination that has no topics while others have, and std::runtime_error when the topics have not been made.
// The destinations that have topics, by name.
std::vector<std::string> destinations_in(const std::map<std::string, int>& topics);
void need_destination(const std::map<std::string, int>& topics, const std::string& destination);
void need_topic(const std::map<std::string, int>& topics, const std::string& topic);
// Throws config::Error, with the flag, for the one that is told by runs and has nothing to do with single changes.
void need_told_of_changes(const std::string& flag, const std::string& destination);

// A date or time in UTC, or how long ago; throws config::Error, with the flag, for anything else.
Timestamp moment_of(const std::string& flag, const std::string& text, Timestamp now);
// "50/s"; throws likewise.
double rate_of(const std::string& flag, const std::string& text);

}  // namespace hirewire::cli
