#pragma once
// hirewire pause --dest DEST and hirewire resume --dest DEST: says in hiring.runs that nothing is to be sent to one
// destination, or that it goes on. All of its processes obey, those too that start later.
#include <string>

#include "common/kafka/settings.hpp"
#include "common/sync/pause_book.hpp"

namespace hirewire::cli {

struct PauseCommand {
    kafka::Settings kafka{};
    std::string destination{};
    bool as_json = false;
};

// Both answer the exit code and throw std::runtime_error with one sentence.
int pause(const PauseCommand& command);
int resume(const PauseCommand& command);

// "ann@host", by the first of the names that is given, else by the number.
std::string who_of(const char* sudo_user, const char* user, unsigned uid, const std::string& host);
// Who runs this program, by the environment.
std::string who_is_here();
// What holds now, for people and for programs.
std::string report_of(const v1::Run& word);
std::string json_of(const v1::Run& word);

}  // namespace hirewire::cli
