#include "tools/hirewire/pause.hpp"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "common/core/time.hpp"
#include "common/json/writer.hpp"
#include "common/kafka/probe.hpp"
#include "common/kafka/topics.hpp"
#include "tools/hirewire/place.hpp"
#include "tools/hirewire/runs.hpp"

namespace hirewire::cli {
namespace {

std::string host_name() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0) return "unknown host";
    return name.data();
}

bool is_paused(const v1::Run& word) {
    return word.state() == v1::RUN_STATE_STARTED;
}

int say(const PauseCommand& command, sync::Word word) {
    kafka::check_broker(command.kafka);
    need_destination(kafka::existing_topics(command.kafka), command.destination);
    const auto said = sync::word_of(word, command.destination, who_is_here(), to_ms(SystemClock{}.now()));
    write_run(command.kafka, said);
    std::printf("%s\n", (command.as_json ? json_of(said) : report_of(said)).c_str());
    return 0;
}

}  // namespace

std::string who_of(const char* sudo_user, const char* user, unsigned uid, const std::string& host) {
    std::string name = "uid " + std::to_string(uid);
    if (user != nullptr && *user != '\0') name = user;
    if (sudo_user != nullptr && *sudo_user != '\0') name = sudo_user;
    return name + "@" + host;
}

std::string who_is_here() {
    return who_of(std::getenv("SUDO_USER"), std::getenv("USER"), getuid(), host_name());
}

std::string report_of(const v1::Run& word) {
    const std::string by = " (" + word.checkpoint() + ", " + iso_time(from_ms(word.at_ms())) + ")";
    if (is_paused(word)) {
        return word.destination() + " is paused" + by +
               ": nothing is sent to it, Kafka keeps what comes. It goes on with hirewire resume --dest " +
               word.destination();
    }
    return word.destination() + " goes on" + by + "; if it was held, it is tried again now";
}

std::string json_of(const v1::Run& word) {
    json::Writer out;
    out.begin_object()
        .member("destination", word.destination())
        .member("paused", is_paused(word))
        .member("by", word.checkpoint())
        .member("at", iso_time(from_ms(word.at_ms())))
        .end_object();
    return out.text();
}

int pause(const PauseCommand& command) {
    return say(command, sync::Word::pause);
}

int resume(const PauseCommand& command) {
    return say(command, sync::Word::resume);
}

}  // namespace hirewire::cli
