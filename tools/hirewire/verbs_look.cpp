#include "tools/hirewire/verbs_look.hpp"

#include <CLI/CLI.hpp>
#include <cstdint>

namespace hirewire::cli {
namespace {

using Chosen = std::function<int()>;

void add_filters(CLI::App& verb, DlqCommand& command) {
    verb.add_option("letter", command.id, "This one alone, as dlq list names it: 3/1042");
    verb.add_option("--reason", command.reason, "Whose reason holds these words");
    verb.add_option("--status", command.status, "That the destination answered so: 422")->check(CLI::Range(100, 599));
    verb.add_option("--opportunity", command.opportunity, "Of this opportunity, or posting");
    verb.add_option("--from", command.from, "Dead since: 2026-03-02, 2026-03-02T15:04:05Z, or 2h, 3d ago");
    verb.add_option("--until", command.until, "Dead before");
}

void add_dlq(CLI::App& app, LookVerbs& verbs, Chosen& chosen) {
    auto* group = app.add_subcommand("dlq", "What a destination could not be told for good: its dead letters");
    group->require_subcommand(1);
    group->footer(
        "  hirewire dlq list --dest clara\n"
        "  hirewire dlq show --dest clara 3/1042\n"
        "  hirewire dlq redrive --dest clara --status 422");
    const auto add = [&](const char* name, const char* help, const char* all, int (*run)(const DlqCommand&)) {
        auto* verb = group->add_subcommand(name, help);
        add_place(*verb, verbs.place);
        verb->add_option("--dest", verbs.dlq.destination, "The destination: clara, cluster, cleary, ...")->required();
        add_filters(*verb, verbs.dlq);
        verb->add_flag("--all", verbs.dlq.all, all);
        verb->add_flag("--json", verbs.dlq.as_json, "For programs");
        verb->callback([&verbs, &chosen, run] {
            chosen = [&verbs, run] {
                verbs.dlq.kafka = settings_at(verbs.place);
                return run(verbs.dlq);
            };
        });
        return verb;
    };
    const char* each = "Every one, a line each; also those that need nobody any more";
    add("list", "Show how many there are by reason, and the newest", each, &list_letters)
        ->footer(
            "A letter is open until a newer change of its opportunity arrives, or it is redriven or discarded.\n\n"
            "  hirewire dlq list --dest clara\n"
            "  hirewire dlq list --dest clara --status 422 --from 2d\n"
            "  hirewire dlq list --dest clara --all --json | jq .reason");
    add("show", "Show one with all that is known of it", "All of them", &show_letters)
        ->footer("  hirewire dlq show --dest clara 3/1042");
    auto* redrive =
        add("redrive", "Have them tried once more, through the ledger; asks first", "All of them", &redrive_letters);
    redrive->add_option("--rate", verbs.dlq.rate, "At most so many: 50/s, or 600/m")->capture_default_str();
    redrive->add_flag("--yes", verbs.dlq.yes, "Do not ask");
    redrive->footer(
        "Behind all that is live, with a fresh number of attempts; the history stays in the record's headers. Only\n"
        "open ones are meant, and one that a newer change overtakes before its turn is not sent, but reported as\n"
        "superseded. What a forced replay could not tell is forced once more.\n\n"
        "  hirewire dlq redrive --dest clara --status 422\n"
        "  hirewire dlq redrive --dest cleary --all --rate 5/s --yes");
    auto* discard =
        add("discard", "Let them be for good, with a record of who; asks first", "All of them", &discard_letters);
    discard->add_flag("--yes", verbs.dlq.yes, "Do not ask");
    discard->footer("  hirewire dlq discard --dest clara --opportunity 6f0c2b1e-3a77-4f5e-9d2c-8b1f4a6e0c11");
}

void add_timeline(CLI::App& app, LookVerbs& verbs, Chosen& chosen) {
    auto* verb = app.add_subcommand("timeline", "All that happened to one opportunity, at Lever and everywhere");
    add_place(*verb, verbs.place);
    verb->add_option("opportunity", verbs.timeline.opportunity, "Its id in Lever")->required();
    verb->add_option("--from", verbs.timeline.from, "What happened since: 2026-03-02T15:04:05Z, or 10m, 2h, 3d ago");
    verb->add_option("--dest", verbs.timeline.destination, "Of the destinations this one alone");
    verb->add_flag("--json", verbs.timeline.as_json, "For programs");
    verb->footer(
        "Received, emitted, each attempt, applied, superseded, held, dead, replayed, with times and latencies.\n\n"
        "  hirewire timeline 6f0c2b1e-3a77-4f5e-9d2c-8b1f4a6e0c11\n"
        "  hirewire timeline 6f0c2b1e-3a77-4f5e-9d2c-8b1f4a6e0c11 --from 2d --dest clara");
    verb->callback([&verbs, &chosen] {
        chosen = [&verbs] {
            verbs.timeline.kafka = settings_at(verbs.place);
            return show_timeline(verbs.timeline);
        };
    });
}

void add_status(CLI::App& app, LookVerbs& verbs, Chosen& chosen) {
    auto* verb = app.add_subcommand("status", "How all destinations stand, on one screen; exits 1 when it needs you");
    add_place(*verb, verbs.place);
    verb->add_flag("--watch", verbs.status.watch, "Drawn anew every 2 s, until Ctrl-C");
    verb->add_flag("--json", verbs.status.as_json, "For programs");
    verb->footer(
        "Works without the daemons; with --config they are asked, too: circuits, holds, what is parked, webhooks.\n"
        "It needs you when a destination is held, has dead letters or has missed changes, when half of the\n"
        "retention is used up, a daemon does not answer, a webhook is not there, or the last run of a kind "
        "failed.\n\n"
        "  hirewire status --config /etc/hirewire/hirewire.toml --watch");
    verb->callback([&verbs, &chosen] {
        chosen = [&verbs] {
            verbs.status.kafka = settings_at(verbs.place);
            verbs.status.config_file = or_usual(verbs.place.config_file);
            return show_status(verbs.status);
        };
    });
}

void add_tail(CLI::App& app, LookVerbs& verbs, Chosen& chosen) {
    auto* verb = app.add_subcommand("tail", "What comes to a topic, decoded");
    add_place(*verb, verbs.place);
    verb->add_option("topic", verbs.tail.topic, "Such as hiring.changes or sync.outcomes, without the prefix")
        ->required();
    verb->add_option("--from", verbs.tail.from, "What was written since: 2026-03-02T15:04:05Z, or 10m, 2h ago");
    verb->add_option("--count", verbs.tail.count, "End after so many")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}));
    verb->add_flag("--to-end", verbs.tail.to_end, "End with what is there now, from the beginning or --from");
    verb->add_flag("--json", verbs.tail.as_json, "For programs: with headers, an object in each line");
    verb->footer(
        "  hirewire tail sync.outcomes --from 10m\n"
        "  hirewire tail hiring.changes --from 1d --to-end --json | jq .value.status.name");
    verb->callback([&verbs, &chosen] {
        chosen = [&verbs] {
            verbs.tail.kafka = settings_at(verbs.place);
            return tail_topic(verbs.tail);
        };
    });
}

void add_send(CLI::App& app, LookVerbs& verbs, Chosen& chosen) {
    auto* verb = app.add_subcommand("send", "Post a signed sample webhook to the receiver, as Lever would");
    verb->add_option("sample", verbs.send.what, "A file, or one of Lever's events: candidateHired")->required();
    verb->add_option(
        "--config", verbs.place.config_file, "The installation's configuration (default: $HIREWIRE_CONFIG)");
    verb->add_option("--url", verbs.send.url, "In place of the configured receiver's address");
    verb->add_option("--samples", verbs.send.samples, "Where the samples of the events are")->capture_default_str();
    verb->add_option("--opportunity", verbs.send.opportunity, "In place of the sample's");
    verb->add_flag("--json", verbs.send.as_json, "For programs");
    verb->footer(
        "Signs with the first of the receiver's tokens, from its environment variable or file, with a fresh token\n"
        "and the present time. Exits 1 unless the receiver accepts it.\n\n"
        "  hirewire send candidateHired --config /etc/hirewire/hirewire.toml\n"
        "  hirewire send my-webhook.json --url http://127.0.0.1:8080/webhooks/lever");
    verb->callback([&verbs, &chosen] {
        chosen = [&verbs] {
            verbs.send.config_file = or_usual(verbs.place.config_file);
            return send_sample(verbs.send);
        };
    });
}

}  // namespace

void add_look(CLI::App& app, LookVerbs& verbs, std::function<int()>& chosen) {
    add_dlq(app, verbs, chosen);
    add_timeline(app, verbs, chosen);
    add_status(app, verbs, chosen);
    add_tail(app, verbs, chosen);
    add_send(app, verbs, chosen);
}

}  // namespace hirewire::cli
