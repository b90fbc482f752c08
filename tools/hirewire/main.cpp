// hirewire: the operator's command line. One file per verb; this one knows the words and the exit codes
// (0 done, 1 failed, 2 usage).
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>

#include "common/config/schema.hpp"
#include "common/runtime/service.hpp"
#include "tools/hirewire/run.hpp"
#include "tools/hirewire/snapshot.hpp"
#include "tools/hirewire/topics.hpp"
#include "tools/hirewire/webhooks.hpp"

namespace {

using namespace hirewire;

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

// What every verb may be told about where things are; the command line wins over the file.
struct Place {
    std::string config_file{};
    std::string brokers{};
    std::string prefix{};
};

void add_place(CLI::App& verb, Place& place) {
    verb.add_option("--config", place.config_file, "The installation's configuration (default: $HIREWIRE_CONFIG)");
    verb.add_option("--brokers", place.brokers, "host:port, comma separated, in place of the configured ones");
    verb.add_option("--topic-prefix", place.prefix, "In place of the configured prefix");
}

std::string or_usual(std::string file) {
    if (const char* named = std::getenv("HIREWIRE_CONFIG"); file.empty() && named != nullptr) file = named;
    return file;
}

kafka::Settings kafka_at(const Place& place) {
    const std::string file = or_usual(place.config_file);
    runtime::Common common;
    common.kafka.client_id = "hirewire-cli";
    if (!file.empty()) {
        config::Schema schema;
        runtime::declare_common(schema, common);
        schema.load(file);
    } else if (place.brokers.empty()) {
        throw config::Error{"where is Kafka? Give --brokers or --config, or set HIREWIRE_CONFIG"};
    }
    if (!place.brokers.empty()) common.kafka.brokers = place.brokers;
    if (!place.prefix.empty()) common.kafka.topic_prefix = place.prefix;
    return common.kafka;
}

// What the command line says after "topics"; filled in while it is parsed, so it outlives that.
struct TopicsVerbs {
    Place place{};
    cli::TopicsCommand command{.file = "proto/topics.toml"};
    bool as_json = false;
};

void add_topics(CLI::App& app, TopicsVerbs& topics, std::function<int()>& chosen) {
    auto* group = app.add_subcommand("topics", "The topics on the broker, as proto/topics.toml lists them");
    group->require_subcommand(1);
    const auto add = [&](const char* name, const char* help, int (*run)(const cli::TopicsCommand&)) {
        auto* verb = group->add_subcommand(name, help);
        auto& overrides = topics.command.overrides;
        add_place(*verb, topics.place);
        verb->add_option("--topics", topics.command.file, "The list of topics")->capture_default_str();
        verb->add_option("--partitions", overrides.partitions, "In place of the list's number")
            ->check(CLI::Range(1, 10'000));
        verb->add_option("--replication", overrides.replication, "In place of the list's number")
            ->check(CLI::Range(1, 9));
        verb->add_option("--min-insync", overrides.min_insync_replicas, "In place of the list's number")
            ->check(CLI::Range(1, 9));
        verb->add_flag("--json", topics.as_json, "For programs");
        verb->callback([&topics, &chosen, run] {
            chosen = [&topics, run] {
                topics.command.kafka = kafka_at(topics.place);
                topics.command.show = topics.as_json ? cli::Show::json : cli::Show::table;
                return run(topics.command);
            };
        });
    };
    add("apply", "Make the missing ones; refuse when a partition count differs", &cli::apply_topics);
    add("list", "Show which are there", &cli::list_topics);
}

struct SnapshotVerb {
    Place place{};
    cli::SnapshotCommand command{};
};

void add_snapshot(CLI::App& app, SnapshotVerb& snapshot, std::function<int()>& chosen) {
    auto* verb = app.add_subcommand("snapshot", "Hand the present state of every opportunity to one destination");
    add_place(*verb, snapshot.place);
    verb->add_option("--to", snapshot.command.destination, "The destination: clara, cluster, cleary, ...")
        ->required();
    verb->add_flag("--json", snapshot.command.as_json, "For programs");
    verb->callback([&snapshot, &chosen] {
        chosen = [&snapshot] {
            snapshot.command.kafka = kafka_at(snapshot.place);
            return cli::take_snapshot(snapshot.command);
        };
    });
}

struct RunVerb {
    Place place{};
    cli::RunCommand command{};
};

void add_run(CLI::App& app, RunVerb& run, std::function<int()>& chosen) {
    auto* verb = app.add_subcommand("run", "Have a run done now, and show its report");
    add_place(*verb, run.place);
    verb->add_option(
            "kind",
            run.command.kind,
            "sweep: look at all in Lever that no webhook told of; postings: list all of them")
        ->required()
        ->check(CLI::IsMember({"sweep", "postings"}));
    verb->add_flag("--force", run.command.force, "postings: also when more than half of them are gone");
    verb->add_flag("--json", run.command.as_json, "For programs");
    verb->callback([&run, &chosen] {
        chosen = [&run] {
            run.command.kafka = kafka_at(run.place);
            return cli::ask_for_run(run.command);
        };
    });
}

void add_webhooks(CLI::App& app, cli::WebhooksCommand& command, std::function<int()>& chosen) {
    auto* group = app.add_subcommand("webhooks", "Lever's webhook subscriptions, as [lever.webhooks] has them");
    group->require_subcommand(1);
    const auto add = [&](const char* name, const char* help, int (*run)(const cli::WebhooksCommand&)) {
        auto* verb = group->add_subcommand(name, help);
        verb->add_option(
            "--config", command.config_file, "The installation's configuration (default: $HIREWIRE_CONFIG)");
        verb->add_option(
            "--key-env",
            command.key_variable,
            "The variable with a key that may read and write webhooks (default: LEVER_WEBHOOKS_KEY, then the "
            "configured key)");
        verb->add_flag("--json", command.as_json, "For programs");
        verb->callback([&command, &chosen, run] {
            chosen = [&command, run] {
                command.config_file = or_usual(command.config_file);
                return run(command);
            };
        });
        return verb;
    };
    add("list", "Show which are there, and whether they are as expected", &cli::list_webhooks);
    add("verify", "Have Lever post its connection test for each of ours", &cli::verify_webhooks);
    auto* verb =
        add("register", "Make those that are missing, and keep their signature tokens", &cli::register_webhooks);
    verb->add_option("--events", command.events, "Only these of the expected, comma separated")->delimiter(',');
    verb->add_option(
            "--receiver-pid", command.receiver_pids, "A receiver to send SIGHUP to; may be given again and again")
        ->check(CLI::Range(2, 4'194'304));
    verb->add_flag("--dry-run", command.dry_run, "Say what would be done, and do nothing");
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Hirewire's command line for operators.", "hirewire"};
    app.require_subcommand(1);
    app.set_version_flag("--version", "hirewire " HIREWIRE_VERSION);
    TopicsVerbs topics;
    std::function<int()> chosen;
    add_topics(app, topics, chosen);
    SnapshotVerb snapshot;
    add_snapshot(app, snapshot, chosen);
    RunVerb run;
    add_run(app, run, chosen);
    cli::WebhooksCommand webhooks;
    add_webhooks(app, webhooks, chosen);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : exit_usage;
    }
    try {
        return chosen();
    } catch (const config::Error& e) {
        std::fprintf(stderr, "hirewire: %s\n", e.what());
        return exit_usage;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "hirewire: %s\n", e.what());
        return exit_failed;
    }
}
