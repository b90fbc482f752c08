// hirewire-loadgen: signed webhooks at a rate (open loop) or as fast as the answers come (closed loop), and the proof
// that what was accepted is in Kafka. Exit 0 done, 1 something is missing or nothing was accepted, 2 usage.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "tools/loadgen/check.hpp"
#include "tools/loadgen/report.hpp"
#include "tools/loadgen/sender.hpp"
#include "tools/loadgen/webhooks.hpp"

namespace {

using namespace hirewire;

struct Options {
    std::string url = "http://127.0.0.1:8080/webhooks/lever";
    loadgen::Load load{};
    loadgen::WebhookSettings webhooks{};
    kafka::Settings kafka{};
    double seconds = 10;
    double timeout = 30;
    std::string json_file{};
    bool check = false;
    bool count_distinct = false;
    std::uint64_t dump = 0;
};

void declare(CLI::App& app, Options& options) {
    app.add_option("--url", options.url, "Where the receiver listens")->capture_default_str();
    app.add_option("--rate", options.load.rate, "Open loop: so many a second, whatever the answers do")
        ->check(CLI::Range(0.1, 1e6));
    app.add_option("--connections", options.load.connections, "Closed loop: so many at once (open loop: at most)")
        ->capture_default_str()
        ->check(CLI::Range(1, 10'000));
    app.add_option("--duration", options.seconds, "Seconds")->capture_default_str()->check(CLI::Range(0.1, 86'400.0));
    app.add_option("--count", options.load.count, "So many webhooks, in place of --duration");
    app.add_option("--timeout", options.timeout, "Seconds to wait for one answer")->capture_default_str();
    app.add_option("--opportunities", options.webhooks.opportunities, "Spread over so many opportunities")
        ->capture_default_str()
        ->check(CLI::Range(1, 100'000'000));
    app.add_option("--event", options.webhooks.event, "Only this of Lever's events; without it a mix of all ten");
    app.add_option("--json", options.json_file, "Write the result to this file as well");
    auto* check = app.add_flag("--check", options.check, "Afterwards look all that was accepted up in Kafka");
    auto* brokers = app.add_option("--kafka", options.kafka.brokers, "The brokers for --check: host:port");
    check->needs(brokers);
    app.add_option("--topic-prefix", options.kafka.topic_prefix, "The installation's topic prefix");
    app.add_flag(
        "--count-distinct",
        options.count_distinct,
        "Report doubled records but do not fail for them: the embedded broker has no idempotence");
    app.add_option("--dump", options.dump, "Print so many signed webhook bodies, one a line, and send nothing");
    app.set_version_flag("--version", "hirewire-loadgen " HIREWIRE_VERSION);
    app.footer("LEVER_SIGNATURE_TOKENS holds the signature tokens, comma separated; the first one signs.");
}

std::string first_signature_token() {
    const char* tokens = std::getenv("LEVER_SIGNATURE_TOKENS");
    const std::string all = tokens != nullptr ? tokens : "";
    return all.substr(0, all.find(','));
}

Milliseconds from_seconds(double seconds) {
    return Milliseconds{static_cast<std::int64_t>(seconds * 1000)};
}

int dump(loadgen::Webhooks& webhooks, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) std::printf("%s\n", webhooks.body(i, SystemClock{}.now()).c_str());
    return 0;
}

int run(Options options) {
    options.load.target = loadgen::parse_url(options.url);
    options.load.duration = from_seconds(options.seconds);
    options.load.timeout = from_seconds(options.timeout);
    options.kafka.client_id = "hirewire-loadgen";
    loadgen::Webhooks webhooks{options.webhooks};
    if (options.dump > 0) return dump(webhooks, options.dump);

    const auto sent = loadgen::send(options.load, webhooks);
    std::optional<loadgen::Stored> stored;
    if (options.check) stored = loadgen::check(options.kafka, webhooks, sent.answers);
    std::fputs(loadgen::table(options.load, sent, stored).c_str(), stdout);
    if (!options.json_file.empty()) {
        std::ofstream file{options.json_file};
        file << loadgen::json_text(options.load, sent, stored) << '\n';
        if (!file.flush()) throw std::runtime_error{options.json_file + " cannot be written"};
    }
    if (stored && (stored->missing > 0 || (stored->doubled > 0 && !options.count_distinct))) return 1;
    return sent.statuses.contains(200) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Sends signed Lever webhooks to a receiver and measures the answers.", "hirewire-loadgen"};
    Options options;
    declare(app, options);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : 2;
    }
    options.webhooks.signature_token = first_signature_token();
    try {
        if (options.webhooks.signature_token.empty()) {
            throw std::invalid_argument{"LEVER_SIGNATURE_TOKENS is not set: there is nothing to sign with"};
        }
        return run(options);
    } catch (const std::invalid_argument& e) {
        std::fprintf(stderr, "hirewire-loadgen: %s\n", e.what());
        return 2;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "hirewire-loadgen: %s\n", e.what());
        return 1;
    }
}
