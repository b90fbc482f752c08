// hirewire: the operator's command line. One file per verb; this one knows the words and the exit codes
// (0 done, 1 failed, 2 usage).
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/config/schema.hpp"
#include "tools/hirewire/cleary_csv.hpp"
#include "tools/hirewire/config_check.hpp"
#include "tools/hirewire/config_explain.hpp"
#include "tools/hirewire/config_test.hpp"
#include "tools/hirewire/pause.hpp"
#include "tools/hirewire/place.hpp"
#include "tools/hirewire/replay.hpp"
#include "tools/hirewire/run.hpp"
#include "tools/hirewire/run_view.hpp"
#include "tools/hirewire/snapshot.hpp"
#include "tools/hirewire/topics.hpp"
#include "tools/hirewire/verbs_look.hpp"
#include "tools/hirewire/webhooks.hpp"
#include "tools/hirewire/wrong_words.hpp"

namespace {

using namespace hirewire;
using cli::Place;

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

// What the command line says after "topics"; filled in while it is parsed, so it outlives that.
struct TopicsVerbs {
    Place place{};
    cli::TopicsCommand command{.file = "proto/topics.toml"};
    bool as_json = false;
};

void add_topics(CLI::App& app, TopicsVerbs& topics, std::function<int()>& chosen) {
    auto* group = app.add_subcommand("topics", "The topics on the broker, as proto/topics.toml lists them");
    group->require_subcommand(1);
    // What is said of the group is said of its verbs, too.
    group->footer(
        "  hirewire topics apply --config /etc/hirewire/hirewire.toml --topics proto/topics.toml\n"
        "  hirewire topics list --json");
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
                topics.command.kafka = settings_at(topics.place);
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
    auto* verb = app.add_subcommand("snapshot", "Hand the present state of everything to one destination");
    verb->footer(
        "The state of every opportunity, and of every posting for one that is told of those. For a destination that\n"
        "has missed changes, or was switched on again. It comes after all that is live, what\n"
        "was told before is not sent again, and no candidate is asked anything.\n\n"
        "  hirewire snapshot --to clara");
    add_place(*verb, snapshot.place);
    verb->add_option("--to", snapshot.command.destination, "The destination: clara, cluster, cleary, ...")
        ->required();
    verb->add_flag("--json", snapshot.command.as_json, "For programs");
    verb->callback([&snapshot, &chosen] {
        chosen = [&snapshot] {
            snapshot.command.kafka = settings_at(snapshot.place);
            snapshot.command.config_file = cli::or_usual(snapshot.place.config_file);
            return cli::take_snapshot(snapshot.command);
        };
    });
}

struct ReplayVerbs {
    Place place{};
    cli::ReplayCommand command{};
};

void add_replay_start(CLI::App& verb, cli::ReplayCommand& command) {
    auto& words = command.words;
    verb.add_option("--to", command.destination, "The destination: clara, cluster, cleary, clinch")->required();
    verb.add_option("--from", words.from, "Changes written since: 2026-03-02, 2026-03-02T15:04:05Z, or 2h, 3d ago");
    verb.add_option("--until", words.until, "Changes written before");
    verb.add_option("--opportunity", words.opportunity, "Changes of this one alone");
    verb.add_option("--kind", words.kind, "Changes of this kind alone: hired, archived, stage_changed, ...");
    verb.add_option("--posting", words.posting, "Candidates of this posting alone");
    verb.add_option("--rate", words.rate, "At most so many: 50/s, or 600/m")->capture_default_str();
    verb.add_flag(
        "--snapshot", words.snapshot, "From hiring.opportunities: also what hiring.changes keeps no longer");
    verb.add_flag("--postings", words.postings, "From hiring.postings: the postings, those that are gone included");
    verb.add_flag("--force", words.force, "Tell it again, though it was told before; asks first");
    verb.add_flag("--yes", command.yes, "Do not ask");
    verb.add_flag(
        "--dry-run", command.dry_run, "Say what would change there, by the rules of --config; send nothing");
    verb.add_flag(
        "--ask", command.ask, "With --dry-run: ask what its rules would ask, of lever-source and of the destination");
    verb.add_flag("--all", command.all, "With --dry-run: a line for each opportunity; --json has them always");
    verb.add_option(
        "--vocabulary",
        command.vocabulary_file,
        "With --dry-run: a saved answer of GET /internal/vocabulary, in place of asking lever-source for it");
    verb.footer(
        "Tells the latest state of each opportunity of which a change is wanted, behind all that is live, and "
        "nobody\n"
        "is notified because of it. The ledger decides: what was told before is not sent again, unless --force.\n\n"
        "  hirewire replay start --to clara --from 2h --dry-run\n"
        "  hirewire replay start --to clara --from 2h\n"
        "  hirewire replay start --to cleary --kind hired --rate 5/s --force");
}

void add_replay(CLI::App& app, ReplayVerbs& replay, std::function<int()>& chosen) {
    auto* group = app.add_subcommand("replay", "Tell one destination of the past once more");
    group->require_subcommand(1);
    group->footer(
        "  hirewire replay start --to clara --from 2h\n"
        "  hirewire replay list\n"
        "  hirewire replay pause 5c764fff");
    const auto add = [&](const char* name, const char* help, int (*run)(const cli::ReplayCommand&)) {
        auto* verb = group->add_subcommand(name, help);
        add_place(*verb, replay.place);
        verb->add_flag("--json", replay.command.as_json, "For programs");
        verb->callback([&replay, &chosen, run] {
            chosen = [&replay, run] {
                replay.command.kafka = settings_at(replay.place);
                replay.command.config_file = cli::or_usual(replay.place.config_file);
                return run(replay.command);
            };
        });
        return verb;
    };
    add_replay_start(*add("start", "Ask for one, and look on until it ends", &cli::start_replay), replay.command);
    add("list", "Show all that are known", &cli::list_replays);
    const auto add_about = [&](const char* name, const char* help, int (*run)(const cli::ReplayCommand&)) {
        add(name, help, run)->add_option("id", replay.command.id, "Its id, or the beginning of it");
    };
    add_about("status", "Show one, without an id the last", &cli::show_replay);
    add_about("pause", "Write no more of one, until resume; it holds across restarts", &cli::pause_replay);
    add_about("resume", "Have a paused one go on", &cli::resume_replay);
    add_about("cancel", "End one for good", &cli::cancel_replay);
}

struct PauseVerb {
    Place place{};
    cli::PauseCommand command{};
};

void add_pause(CLI::App& app, PauseVerb& pause, std::function<int()>& chosen) {
    const auto add = [&](const char* name, const char* help, int (*run)(const cli::PauseCommand&)) {
        auto* verb = app.add_subcommand(name, help);
        verb->footer(std::string{"  hirewire "} + name + " --dest clara");
        add_place(*verb, pause.place);
        verb->add_option("--dest", pause.command.destination, "The destination: clara, cluster, cleary, ...")
            ->required();
        verb->add_flag("--json", pause.command.as_json, "For programs");
        verb->callback([&pause, &chosen, run] {
            chosen = [&pause, run] {
                pause.command.kafka = settings_at(pause.place);
                return run(pause.command);
            };
        });
    };
    add("pause", "Send nothing more to one destination, until resume; it holds across restarts", &cli::pause);
    add("resume", "Have a destination that was paused go on; ends a hold, too", &cli::resume);
}

struct RunVerb {
    Place place{};
    cli::RunCommand command{};
    cli::ClearyCsvCommand csv{};
};

void add_run(CLI::App& app, RunVerb& run, std::function<int()>& chosen) {
    auto* verb = app.add_subcommand("run", "Have a run done now, and show its report");
    verb->footer(
        "  hirewire run sweep\n"
        "  hirewire run theorg --force\n"
        "  hirewire run cleary --csv hires.csv");
    add_place(*verb, run.place);
    verb->add_option(
            "kind",
            run.command.kind,
            "sweep: look at all in Lever that no webhook told of; postings: list all of them; theorg: tell The Org "
            "of "
            "its jobs; cleary: compare all who are hired; cluster: mark who is in Lever already")
        ->required()
        ->check(CLI::IsMember({"sweep", "postings", "theorg", "cleary", "cluster"}));
    verb->add_flag(
        "--force", run.command.force, "postings, theorg: also when more than half of them are gone; asks first");
    verb->add_flag("--yes", run.command.yes, "Do not ask");
    verb->add_option("--csv", run.csv.file, "cleary: write them to this file for User Imports, and send nothing");
    verb->add_flag("--json", run.command.as_json, "For programs");
    verb->callback([&run, &chosen] {
        chosen = [&run] {
            cli::check_flags(run.command.kind, run.command.force, !run.csv.file.empty());
            if (!run.csv.file.empty()) {
                run.csv.kafka = settings_at(run.place);
                run.csv.config_file = cli::or_usual(run.place.config_file);
                run.csv.as_json = run.command.as_json;
                return cli::write_cleary_csv(run.csv);
            }
            run.command.kafka = settings_at(run.place);
            return cli::ask_for_run(run.command);
        };
    });
}

void add_webhooks(CLI::App& app, cli::WebhooksCommand& command, std::function<int()>& chosen) {
    auto* group = app.add_subcommand("webhooks", "Lever's webhook subscriptions, as [lever.webhooks] has them");
    group->require_subcommand(1);
    group->footer(
        "  hirewire webhooks list\n"
        "  hirewire webhooks register --dry-run\n"
        "  hirewire webhooks register --receiver-pid 4711\n"
        "  hirewire webhooks verify");
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
                command.config_file = cli::or_usual(command.config_file);
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

struct ConfigVerbs {
    cli::CheckCommand check{};
    cli::ExplainCommand explain{};
    cli::TestCommand test{};
};

void add_config_check(CLI::App& group, cli::CheckCommand& command, std::function<int()>& chosen) {
    auto* verb = group.add_subcommand("check", "Hold the configuration against the programs and Lever's own lists");
    verb->add_option("--config", command.config_file, "The configuration (default: $HIREWIRE_CONFIG)");
    verb->add_option(
        "--vocabulary", command.vocabulary_file, "A saved answer of GET /internal/vocabulary, in place of asking");
    verb->add_flag("--json", command.as_json, "For programs");
    verb->callback([&command, &chosen] {
        chosen = [&command] {
            command.config_file = cli::or_usual(command.config_file);
            return cli::check_config(command);
        };
    });
}

void add_config_explain(CLI::App& group, cli::ExplainCommand& command, std::function<int()>& chosen) {
    auto* verb = group.add_subcommand("explain", "What a key means, its default, and what is in force");
    verb->add_option("key", command.key, "Such as clara.follow_up_statuses, or a whole section: clara")->required();
    verb->add_option(
        "--config", command.config_file, "The configuration (default: $HIREWIRE_CONFIG, if that is set)");
    verb->add_flag("--json", command.as_json, "For programs");
    verb->callback([&command, &chosen] {
        chosen = [&command] {
            command.config_file = cli::or_usual(command.config_file);
            return cli::explain_config(command);
        };
    });
}

void add_config_test(CLI::App& group, cli::TestCommand& command, std::function<int()>& chosen) {
    auto* verb = group.add_subcommand("test", "Try mapping cases on the destinations' own rules; nothing is sent");
    verb->add_option("file", command.cases_file, "The cases, such as deploy/config/mapping-cases.toml")->required();
    verb->add_option("--config", command.config_file, "The configuration (default: $HIREWIRE_CONFIG)");
    verb->add_option(
        "--vocabulary", command.vocabulary_file, "A saved answer of GET /internal/vocabulary: cases get Lever's ids");
    verb->add_flag("--json", command.as_json, "For programs");
    verb->callback([&command, &chosen] {
        chosen = [&command] {
            command.config_file = cli::or_usual(command.config_file);
            return cli::test_config(command);
        };
    });
}

void add_config(CLI::App& app, ConfigVerbs& verbs, std::function<int()>& chosen) {
    auto* group =
        app.add_subcommand("config", "The configuration: what is wrong with it, what it means, what it does");
    group->require_subcommand(1);
    group->footer(
        "  hirewire config check --config /etc/hirewire/hirewire.toml\n"
        "  hirewire config explain clara.status_map\n"
        "  hirewire config test deploy/config/mapping-cases.toml --config deploy/config/hirewire.toml");
    add_config_check(*group, verbs.check, chosen);
    add_config_explain(*group, verbs.explain, chosen);
    add_config_test(*group, verbs.test, chosen);
}

// The names of what is below it.
std::vector<std::string> verbs_of(const CLI::App& app) {
    std::vector<std::string> names;
    const auto any = [](const CLI::App*) { return true; };
    for (const auto* verb : app.get_subcommands(any)) names.push_back(verb->get_name());
    return names;
}

cli::VerbNames all_verbs_of(const CLI::App& app) {
    cli::VerbNames verbs;
    for (const auto& name : verbs_of(app)) verbs[name] = verbs_of(*app.get_subcommand_ptr(name));
    return verbs;
}

// An option that was given without a word, as when a script's variable is empty: nobody means by it that all are
// meant.
std::string empty_option_of(const CLI::App& app) {
    for (const auto* verb : app.get_subcommands()) {
        if (auto name = empty_option_of(*verb); !name.empty()) return name;
    }
    for (const auto* option : app.get_options()) {
        const auto& words = option->results();
        if (std::any_of(words.begin(), words.end(), [](const auto& word) { return word.empty(); })) {
            return option->get_name();
        }
    }
    return {};
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
    ReplayVerbs replay;
    add_replay(app, replay, chosen);
    PauseVerb pause;
    add_pause(app, pause, chosen);
    RunVerb run;
    add_run(app, run, chosen);
    cli::WebhooksCommand webhooks;
    add_webhooks(app, webhooks, chosen);
    ConfigVerbs config_verbs;
    add_config(app, config_verbs, chosen);
    cli::LookVerbs look;
    cli::add_look(app, look, chosen);
    // Last, for verbs take over what is there when they are added.
    app.footer(
        "Each verb has --help with examples. Exit codes: 0 done; 1 failed, or there is something to see to; 2 used\n"
        "wrongly, or the configuration cannot be used. Colours and bars are for terminals; NO_COLOR does without.\n"
        "deploy/runbook.md has the questions that are asked at night.\n\n"
        "  hirewire status\n"
        "  hirewire timeline 6f0c2b1e-3a77-4f5e-9d2c-8b1f4a6e0c11\n"
        "  hirewire pause --dest clara");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        const bool asks_for_help = e.get_exit_code() == 0;
        const auto wrong = cli::wrong_word({argv + 1, argv + argc}, all_verbs_of(app));
        if (asks_for_help || !wrong) return app.exit(e) == 0 ? 0 : exit_usage;
        std::fprintf(stderr, "hirewire: %s\n", wrong->c_str());
        return exit_usage;
    }
    if (const auto name = empty_option_of(app); !name.empty()) {
        std::fprintf(
            stderr, "hirewire: %s is given without a word; leave it out, or say what is meant\n", name.c_str());
        return exit_usage;
    }
    try {
        const int code = chosen();
        // Half of an answer is none: a full disk, or who read it has gone.
        if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
        std::fprintf(stderr, "hirewire: not all of the output could be written\n");
        return exit_failed;
    } catch (const config::Error& e) {
        std::fprintf(stderr, "hirewire: %s\n", e.what());
        return exit_usage;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "hirewire: %s\n", e.what());
        return exit_failed;
    }
}
