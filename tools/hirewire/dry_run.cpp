#include "tools/hirewire/dry_run.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <utility>

#include "common/config/schema.hpp"
#include "common/core/time.hpp"
#include "common/kafka/reader.hpp"
#include "common/runtime/service.hpp"
#include "common/sync/effect.hpp"
#include "common/sync/effect_inquiry.hpp"
#include "common/sync/effect_tally.hpp"
#include "common/sync/mode_task.hpp"
#include "common/sync/names_watch.hpp"
#include "common/sync/posting_change.hpp"
#include "common/sync/replay_reading.hpp"
#include "common/sync/settings.hpp"
#include "hirewire/v1/run.pb.h"
#include "tools/hirewire/asking.hpp"
#include "tools/hirewire/config_declared.hpp"
#include "tools/hirewire/effect_view.hpp"
#include "tools/hirewire/terminal.hpp"
#include "tools/hirewire/vocabulary_file.hpp"

namespace hirewire::cli {
namespace {

constexpr std::size_t most_rows = 50;
constexpr const char* set_the_token = "its token is not set; set the variable that internal.token_env names";

// The destination as its daemon has it, but for the secrets.
struct Configured {
    std::shared_ptr<sync::Destination> destination{};
    sync::DaemonSettings settings{};
};

std::shared_ptr<sync::Destination> find_destination(const std::string& name) {
    std::string all;
    for (auto& destination : destinations()) {
        if (destination->name() == name) return destination;
        all += (all.empty() ? "" : ", ") + std::string{destination->name()};
    }
    throw config::Error{"--dry-run: this command line has no rules of \"" + name + "\"; it has those of " + all};
}

// A section that is not there is not one that lacks its keys.
void need_section(const DryRunCommand& command) {
    const auto sections = sections_of(command.config_file);
    if (std::find(sections.begin(), sections.end(), command.destination) != sections.end()) return;
    throw config::Error{
        "--dry-run: " + command.config_file + " has no section [" + command.destination +
        "], and the destination's rules are in it; give the --config that sync-" + command.destination + " has"};
}

std::unique_ptr<Configured> configure(const DryRunCommand& command) {
    if (command.config_file.empty()) {
        throw config::Error{
            "--dry-run: by which configuration? The destination's rules are in it: give --config, or set "
            "HIREWIRE_CONFIG"};
    }
    auto configured = std::make_unique<Configured>();
    configured->destination = find_destination(command.destination);
    need_section(command);
    configured->settings = sync::standard_settings(*configured->destination);
    runtime::Common common;
    config::Schema schema;
    runtime::declare_common(schema, common);
    sync::declare(schema, *configured->destination, configured->settings);
    schema.load(command.config_file, config::Secrets::left_alone);
    const auto fault = configured->destination->fault();
    if (!fault.empty()) throw config::Error{command.config_file + ": " + fault};
    return configured;
}

// What hiring.runs says of the destination as a whole.
struct Standing {
    sync::PauseBook pauses;
    std::string mode{};  // in the words of mode.hpp; "" = its daemon has never said
};

Standing read_standing(const DryRunCommand& command) {
    Standing standing{.pauses = sync::PauseBook{command.destination}};
    const std::string key = std::string{sync::mode_kind} + "." + command.destination;
    const auto hear = [&](const kafka::Record& record) {
        v1::Run run;
        if (!record.value || !run.ParseFromString(*record.value)) return;
        standing.pauses.add(run);
        if (run.kind() == sync::mode_kind && run.run_id() == key) standing.mode = run.checkpoint();
    };
    kafka::read_all(command.kafka, "hiring.runs", hear);
    return standing;
}

sync::LedgerView read_ledger(const DryRunCommand& command) {
    sync::LedgerView ledger{command.destination};
    const auto hear = [&ledger](const kafka::Record& record) {
        v1::Outcome outcome;
        if (record.value && outcome.ParseFromString(*record.value)) ledger.hear(outcome);
    };
    kafka::read_all(command.kafka, "sync.outcomes", hear);
    const auto learn = [&ledger](const kafka::Record& record) {
        if (const auto change = sync::read_change(record)) ledger.learn(*change);
    };
    kafka::ReadTerms terms;
    terms.key = command.spec.opportunity;
    kafka::read_all(command.kafka, "hiring.changes", learn, terms);
    kafka::read_all(command.kafka, "hiring.opportunities", learn, terms);
    return ledger;
}

// Who may be asked, as far as there is a credential for it.
struct Askable {
    std::unique_ptr<AskingDestination> destination{};  // with --ask alone
    std::unique_ptr<AskingLeverSource> lever_source{};
    std::string no_lever_source{};  // why it is not there
};

Askable askable_by(const DryRunCommand& command, const Configured& configured) {
    Askable askable;
    if (command.ask) {
        askable.destination =
            std::make_unique<AskingDestination>(*configured.destination, configured.settings, command.config_file);
    }
    // Without it less is known, and the report says so: a secret that cannot be read ends nothing.
    try {
        askable.lever_source = std::make_unique<AskingLeverSource>(configured.settings, command.config_file);
        if (askable.lever_source->has_token()) return askable;
        askable.no_lever_source = set_the_token;
    } catch (const config::Error& e) {
        askable.no_lever_source = e.what();
        if (askable.no_lever_source.ends_with('.')) askable.no_lever_source.pop_back();
    }
    askable.lever_source.reset();
    return askable;
}

// What the names in the configuration mean by Lever's own lists, as its daemon knows it. Answers why that is not
// known; "" = it is, or there are no names.
std::string learn_names(const DryRunCommand& command, sync::Destination& destination, const Askable& askable) {
    const auto named = destination.names();
    const auto is_empty = [](const sync::NamedStatuses& one) { return one.entries.empty(); };
    sync::NamesBook book;
    if (!command.vocabulary_file.empty()) {
        book.resolve(destination, read_vocabulary_file(command.vocabulary_file));
        return {};
    }
    if (std::all_of(named.begin(), named.end(), is_empty)) return {};
    if (!askable.lever_source) return "lever-source is not asked: " + askable.no_lever_source;
    const auto vocabulary = askable.lever_source->vocabulary();
    if (!vocabulary) return vocabulary.error().message();
    book.resolve(destination, *vocabulary);
    return {};
}

// The askable outlives it. In shadow the daemon asks who somebody is and sends nothing, not even a question; while it
// waits it does neither, and a hold is not to be tried by us.
sync::Inquiry inquiry_of(const DryRunCommand& command, const Askable& askable, const sync::EffectTerms& terms) {
    sync::Inquiry::Neighbours whom;
    if (!command.ask) return {command.destination, std::move(whom)};
    if (!terms.waits.empty()) {
        const std::string why = "nobody is asked while " + command.destination + " is told nothing";
        whom.why_not_destination = why;
        whom.why_not_lever_source = why;
        return {command.destination, std::move(whom)};
    }
    if (terms.mode == sync::Mode::live) {
        whom.destination = [asking = askable.destination.get()](const sync::Send& question) {
            return asking->ask(question);
        };
    }
    if (askable.lever_source) {
        whom.lever_source = [asking = askable.lever_source.get()](
                                const sync::AskPerson& question, const std::string& opportunity) {
            return asking->ask_person(question, opportunity);
        };
    } else {
        whom.why_not_lever_source = "lever-source is not asked who somebody is: " + askable.no_lever_source;
    }
    return {command.destination, std::move(whom)};
}

// Shows one effect after the other as they are found, and in the end what they come to.
class Report {
public:
    Report(const DryRunCommand& command, DryRun run)
        : as_json_{command.as_json}, all_{command.all}, run_{std::move(run)} {}
    void found(std::int64_t wanted, std::int64_t overtaken) { tally_.found(wanted, overtaken); }
    void show(const sync::Effect& effect) {
        tally_.add(effect);
        if (as_json_) {
            std::printf("%s\n", json_of(effect).c_str());
        } else if (all_) {
            std::printf("%s\n", line_of(effect).c_str());
        } else {
            rows_.add(effect);
        }
    }
    [[nodiscard]] std::int64_t count() const { return tally_.resources(); }
    void end(std::string unasked) {
        run_.unasked = std::move(unasked);
        if (as_json_) {
            std::printf("%s\n", json_of(run_, tally_).c_str());
            return;
        }
        const auto shown = rows_.shown();
        std::printf("%s", table_of(shown).c_str());
        const auto left = tally_.resources() - static_cast<std::int64_t>(shown.size());
        if (!all_ && left > 0) std::printf("and %s more; --all shows them\n", grouped(left).c_str());
        if (tally_.resources() > 0) std::printf("\n");
        std::printf("%s", summary_of(run_, tally_).c_str());
    }

private:
    bool as_json_;
    bool all_;
    DryRun run_;
    EffectRows rows_{most_rows};
    sync::EffectTally tally_{};
};

DryRun head_of(
    const DryRunCommand& command, const Configured& configured, const std::string& waits, std::string names) {
    DryRun run;
    run.destination = command.destination;
    run.what = sync::words_of(command.spec);
    run.forced = command.spec.forced;
    run.asked = command.ask;
    run.per_second = command.spec.per_second;
    run.requests_per_second = configured.settings.delivery.requests_per_second;
    run.waits = waits;
    run.unresolved_names = std::move(names);
    return run;
}

}  // namespace

int dry_run(const DryRunCommand& command) {
    const auto configured = configure(command);
    auto& destination = *configured->destination;
    const auto askable = askable_by(command, *configured);
    const auto unresolved_names = learn_names(command, destination, askable);

    Progress progress{command.as_json};
    progress.show({}, "reading what " + command.destination + " was told");
    const auto standing = read_standing(command);
    const auto ledger = read_ledger(command);
    const std::string configured_mode =
        sync::standing_of(sync::mode_of(configured->settings.mode), destination.switched_off());
    const std::string mode = standing.mode.empty() ? configured_mode : standing.mode;
    sync::EffectTerms terms;
    terms.forced = command.spec.forced;
    terms.confidential = configured->settings.delivery.confidential;
    terms.mode = sync::mode_of(mode);
    terms.waits = sync::waits_of(standing.pauses, mode, ledger.held_since_ms());
    terms.now_ms = to_ms(SystemClock{}.now());
    auto inquiry = inquiry_of(command, askable, terms);

    Report report{command, head_of(command, *configured, terms.waits, unresolved_names)};
    sync::ReplayReading reading;
    reading.found = [&](std::int64_t wanted, std::int64_t overtaken) { report.found(wanted, overtaken); };
    reading.take = [&](const kafka::Record& record) {
        auto change = sync::read_change(record);
        if (!change) return;
        change->set_live(false);  // as a replay tells it
        const auto known = ledger.of(change->opportunity_id());
        auto effect = sync::decided_before(*change, known, terms);
        if (!effect) {
            const auto situation = sync::replayed_situation(known);
            auto plan =
                sync::first_step(destination, *change, sync::read_posting(record), situation, terms.confidential);
            const auto course = inquiry.follow(std::move(plan), change->opportunity_id());
            effect = sync::foresee(*change, known, course, terms);
        }
        if (command.all) progress.clear();  // a line of its own for each
        report.show(*effect);
        if (command.ask) progress.show({}, grouped(report.count()) + " looked at");
    };
    sync::read_replay(command.kafka, sync::terms_of(command.spec, "dry-run", {}), {}, reading);
    progress.clear();
    report.end(inquiry.why_not());
    return 0;
}

}  // namespace hirewire::cli
