// hirewire-sandbox: a Lever and destinations to develop and test against. See README.md beside this file.
#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <random>
#include <string>

#include "tools/sandbox/day.hpp"
#include "tools/sandbox/serve.hpp"

namespace {

using hirewire::Milliseconds;

constexpr int usage_error = 2;

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{
        "Stand-ins for Lever, CLARA, Cluster, Cleary, Clinch Talent and The Org, for development and tests."};
    app.set_version_flag("--version", HIREWIRE_VERSION);
    // "500ms", "10s": to milliseconds.
    const CLI::AsNumberWithUnit duration{std::map<std::string, double>{{"ms", 1}, {"s", 1'000}, {"m", 60'000}}};

    hirewire::sandbox::ServeSettings serve;
    serve.seed = std::random_device{}();
    bool no_rate_limit = false;
    double retry_first_ms = 1'000;
    app.add_option("--address", serve.address, "Where to listen")->capture_default_str();
    app.add_option("--lever-port", serve.lever_port, "Lever's API and the control calls; 0 = any free port")
        ->capture_default_str();
    app.add_option("--destinations-port", serve.destinations_port, "The destinations; 0 = any free port")
        ->capture_default_str();
    app.add_option("--receiver-url", serve.receiver_url, "Where webhooks are posted")->capture_default_str();
    app.add_flag("--no-rate-limit", no_rate_limit, "Answer Lever's API as fast as it is asked");
    app.add_option("--seed", serve.seed, "Of all chance in faults; without it, another one each time");
    app.add_option("--retry-first", retry_first_ms, "Wait before a webhook's first retry, then doubled")
        ->transform(duration)
        ->type_name("DURATION")
        ->default_str("1s");

    hirewire::sandbox::DaySettings day;
    auto* day_command = app.add_subcommand("day", "Play a short hiring day and show what arrives where");
    double patience_ms = 60'000;
    day_command->add_option("--lever", day.lever_url, "A running sandbox's Lever side")->required();
    day_command->add_option("--kafka", day.brokers, "Brokers, host:port")->required();
    day_command->add_option("--topic-prefix", day.topic_prefix, "As kafka.topic_prefix");
    day_command->add_option("--destinations", day.destinations, "Whose outcomes to wait for")
        ->delimiter(',')
        ->check(CLI::IsMember({"clara", "cluster", "cleary", "clinch", "theorg"}))
        ->capture_default_str();
    day_command->add_option("--patience", patience_ms, "How long a step may take")
        ->transform(duration)
        ->type_name("DURATION")
        ->default_str("60s");

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : usage_error;
    }
    try {
        if (day_command->parsed()) {
            day.patience = Milliseconds{static_cast<std::int64_t>(patience_ms)};
            return hirewire::sandbox::play_day(day);
        }
        serve.rate_limit = !no_rate_limit;
        serve.retry_first = Milliseconds{static_cast<std::int64_t>(retry_first_ms)};
        hirewire::sandbox::serve(serve);
        return 0;
    } catch (const std::exception& e) {
        std::cerr << "hirewire-sandbox: " << e.what() << '\n';
        return day_command->parsed() ? 1 : usage_error;
    }
}
