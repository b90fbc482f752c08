#pragma once
// hirewire send FILE|EVENT: posts a signed sample webhook to the receiver, as Lever would.
#include <string>

namespace hirewire::cli {

struct SendCommand {
    std::string config_file{};
    std::string what{};  // a file, or one of Lever's events, whose sample is taken
    std::string samples = "proto/samples";
    std::string url{};  // "" = the configured receiver's, else http://127.0.0.1:8080/webhooks/lever
    std::string opportunity{};
    bool as_json = false;
};

// Answers the exit code (1: not accepted, or nobody answers) and throws config::Error with one sentence for what
// cannot be sent. The signature token is where the receiver has it, and is never shown.
int send_sample(const SendCommand& command);

}  // namespace hirewire::cli
