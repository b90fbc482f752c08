// The operator's command line through its binary: on a pseudo-terminal, where it draws and asks, and without one,
// where it prints plain lines and JSON; and what it says when something is wrong.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/e2e/installation.hpp"
#include "tests/e2e/on_terminal.hpp"

using namespace hirewire;
using namespace hirewire::testing;

namespace {

using Words = std::vector<std::string>;

constexpr std::size_t dead_ones = 3;

std::string joined(const Words& words) {
    std::string text;
    for (const auto& word : words) text += " " + word;
    return text;
}

// Where nobody has told it anything, and nobody listens.
Ended alone(Words words) {
    static const TemporaryDirectory directory;
    static int commands = 0;
    Command command;
    command.program = program("");
    command.arguments = std::move(words);
    command.log_file = directory.path() + "/" + std::to_string(++commands) + ".log";
    return run(command, Milliseconds{30'000});
}

struct Operator {
    Installation the{{Service::receiver, Service::lever_source, Service::sync_clara}, {}};
    std::string config = the.stack.write("cli.toml", toml_text(the.stack.configuration()));
    int commands = 0;

    Ended run_cli(Words words, const std::map<std::string, std::string>& more = {}) {
        Command command;
        command.program = program("");
        command.arguments = std::move(words);
        command.arguments.insert(command.arguments.end(), {"--config", config});
        command.environment = the.stack.secrets();
        for (const auto& [name, value] : more) command.environment[name] = value;
        command.log_file = the.stack.path("operator-" + std::to_string(++commands) + ".log");
        return run(std::move(command), Milliseconds{60'000});
    }
    OnTerminal on_terminal(Words words, const std::map<std::string, std::string>& more = {}) {
        words.insert(words.end(), {"--config", config});
        auto environment = the.stack.secrets();
        environment["TERM"] = "xterm";
        environment["USER"] = "ann";
        for (const auto& [name, value] : more) environment[name] = value;
        return OnTerminal{program(""), std::move(words), environment};
    }
    json::Document json_of(Words words, int exit_code = 0) {
        words.push_back("--json");
        const auto ended = run_cli(words);
        INFO(joined(words), ended.output, ended.log);
        CHECK(ended.exit_code == exit_code);
        auto document = json::Document::parse(ended.output);
        REQUIRE(document.has_value());
        return std::move(*document);
    }
    std::int64_t dead() { return json_of({"dlq", "list", "--dest", "clara"})["count"].integer(-1); }
    void await_dead(std::int64_t count) {
        const auto wrong = [&]() -> std::string {
            const auto now = dead();
            return now == count ? "" : std::to_string(now);
        };
        eventually(std::to_string(count) + " open dead letters", wrong, Milliseconds{60'000}, Milliseconds{300});
    }
    // CLARA refuses what it is told of these, for good.
    std::vector<std::string> let_die() {
        auto everybody = the.add(static_cast<int>(dead_ones));
        the.all_become_right();
        for (const auto& one : everybody) the.set("refused", one);
        the.move(everybody, "Recruiter screen");
        await_dead(static_cast<std::int64_t>(dead_ones));
        return everybody;
    }
    void mend(const std::vector<std::string>& everybody) {
        for (const auto& one : everybody) the.unset("refused", one);
    }
};

}  // namespace

TEST_CASE("hirewire: every verb's wrong use is one helpful sentence and exit code 2") {
    const std::vector<Words> wrong{
        {},
        {"nothing-like-it"},
        {"topics"},
        {"topics", "list", "--partitions", "0"},
        {"snapshot"},
        {"replay"},
        {"replay", "start"},
        {"pause"},
        {"resume"},
        {"run"},
        {"run", "nothing-like-it"},
        {"webhooks"},
        {"webhooks", "list"},
        {"config"},
        {"config", "explain"},
        {"dlq"},
        {"dlq", "list"},
        {"dlq", "list", "--dest", "clara"},
        {"dlq", "redrive", "--dest", "clara", "--status", "12"},
        {"timeline"},
        {"timeline", "opportunity-1"},
        {"status", "--no-such-flag"},
        {"status"},
        {"tail"},
        {"tail", "sync.outcomes", "--count", "0"},
        {"send"},
        {"send", "noSuchEvent"}};
    for (const auto& words : wrong) {
        const auto ended = alone(words);
        INFO("hirewire", joined(words), "\n", ended.output, ended.log);
        CHECK(ended.exit_code == 2);
        CHECK(ended.output.empty());
        const auto lines = lines_of(ended.log);
        CHECK(lines.size() >= 1);
        CHECK(lines.size() <= 2);  // the second one says that there is --help
    }
}

TEST_CASE("hirewire: without a broker, one sentence within five seconds and exit code 1") {
    const std::vector<Words> verbs{
        {"status"},
        {"dlq", "list", "--dest", "clara"},
        {"timeline", "opportunity-1"},
        {"tail", "sync.outcomes"},
        {"topics", "list", "--topics", std::string{HIREWIRE_SOURCE_DIR} + "/proto/topics.toml"},
        {"replay", "list"},
        {"snapshot", "--to", "clara"},
        {"pause", "--dest", "clara"},
        {"run", "sweep"}};
    for (auto words : verbs) {
        words.insert(words.end(), {"--brokers", "127.0.0.1:1"});
        const auto began = std::chrono::steady_clock::now();
        const auto ended = alone(words);
        INFO(joined(words), ended.output, ended.log);
        CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds{5});
        CHECK(ended.exit_code == 1);
        CHECK(lines_of(ended.log).size() == 1);
        CHECK(ended.log.find("kafka at 127.0.0.1:1 does not answer") != std::string::npos);
    }
}

TEST_CASE("hirewire: help has an example for each verb that looks or mends") {
    for (const auto& words : std::vector<Words>{
             {"dlq", "list"},
             {"dlq", "redrive"},
             {"timeline"},
             {"status"},
             {"tail"},
             {"send"},
             {"replay", "start"}}) {
        auto help = words;
        help.push_back("--help");
        const auto ended = alone(help);
        CHECK(ended.exit_code == 0);
        INFO(ended.output);
        CHECK(ended.output.find("  hirewire " + words.front()) != std::string::npos);
    }
}

TEST_CASE("dlq: what died is counted, redriven once its cause is mended, applied, and none of it twice") {
    Operator ann;
    auto& the = ann.the;
    const auto everybody = ann.let_die();
    const auto listed = ann.json_of({"dlq", "list", "--dest", "clara"});
    CHECK(listed["groups"].size() >= 1);
    CHECK(listed["letters"].size() == dead_ones);
    CHECK(ann.json_of({"status"}, 1)["needs"].size() >= 1);

    // Nobody is there who could be asked, or says what is meant.
    CHECK(ann.run_cli({"dlq", "redrive", "--dest", "clara", "--all"}).exit_code == 2);
    CHECK(ann.run_cli({"dlq", "redrive", "--dest", "clara", "--yes"}).exit_code == 2);
    CHECK(ann.run_cli({"dlq", "list", "--dest", "klara"}).exit_code == 2);
    CHECK(ann.dead() == static_cast<std::int64_t>(dead_ones));

    ann.mend(everybody);
    const auto before = the.calls();
    {
        auto refused = ann.on_terminal({"dlq", "redrive", "--dest", "clara", "--all"});
        refused.await("[y/N]");
        refused.type("n\n");
        CHECK(refused.wait() == 1);
        CHECK(ann.dead() == static_cast<std::int64_t>(dead_ones));
    }
    auto agreed = ann.on_terminal({"dlq", "redrive", "--dest", "clara", "--all"});
    agreed.await("3 dead letters of clara");
    agreed.await("[y/N]");
    agreed.type("y\n");
    CHECK(agreed.wait() == 0);
    CHECK(agreed.shown().find("[====") != std::string::npos);
    CHECK(agreed.shown().find("by ann@") != std::string::npos);

    ann.await_dead(0);
    the.all_become_right();
    CHECK(the.calls() == before + dead_ones);
    // A second time there is nothing to do, and nothing is done.
    CHECK(ann.run_cli({"dlq", "redrive", "--dest", "clara", "--all", "--yes"}).exit_code == 0);
    CHECK(the.calls() == before + dead_ones);
    CHECK(the.oracle.violations() == "");

    const auto life = ann.json_of({"timeline", everybody.front()});
    std::set<std::string> happened;
    for (const auto& moment : life["moments"].items()) happened.emplace(moment["what"].string());
    for (const auto* what : {"dead letter", "dead", "redriven", "replayed", "emitted stage_changed"}) {
        CAPTURE(what);
        CHECK(happened.contains(what));
    }
}

TEST_CASE("dlq: a newer change resolves a letter, and what is discarded is remembered with who said so") {
    Operator ann;
    auto& the = ann.the;
    const auto everybody = ann.let_die();
    the.unset("refused", everybody[0]);
    the.move(everybody[0], "On-site interview");
    ann.await_dead(static_cast<std::int64_t>(dead_ones) - 1);

    const auto ended =
        ann.run_cli({"dlq", "discard", "--dest", "clara", "--opportunity", everybody[1], "--yes"}, {{"USER", "bob"}});
    CHECK(ended.exit_code == 0);
    ann.await_dead(static_cast<std::int64_t>(dead_ones) - 2);
    bool remembered = false;
    const auto outcomes = the.outcomes();
    for (const auto& outcome : outcomes.at(everybody[1])) {
        if (outcome.outcome() != v1::OUTCOME_KIND_DISCARDED) continue;
        remembered = outcome.reason().find('@') != std::string::npos;
    }
    CHECK(remembered);
    // CLARA is not believed to know it: the next change is sent.
    the.unset("refused", everybody[1]);
    the.move(everybody[1], "On-site interview");
    the.all_become_right({everybody[2]});
    // All of them, whatever has become of them.
    const auto all = ann.run_cli({"dlq", "list", "--dest", "clara", "--all", "--json"});
    CHECK(lines_of(all.output).size() == dead_ones);
}

TEST_CASE(
    "hirewire: colours on a terminal, none with NO_COLOR, none in a pipe; send, tail and status do their work") {
    Operator ann;
    auto& the = ann.the;
    const auto one = the.add();
    the.all_become_right();

    auto coloured = ann.on_terminal({"timeline", one});
    CHECK(coloured.wait() == 0);
    CHECK(coloured.shown().find("\033[32m") != std::string::npos);
    auto plain = ann.on_terminal({"timeline", one}, {{"NO_COLOR", "1"}});
    CHECK(plain.wait() == 0);
    CHECK(plain.shown().find("\033[") == std::string::npos);
    const auto piped = ann.run_cli({"timeline", one}, {{"TERM", "xterm"}});
    CHECK(piped.exit_code == 0);
    CHECK(piped.output.find('\033') == std::string::npos);
    CHECK(ann.run_cli({"timeline", "nobody-at-all"}).exit_code == 1);

    const std::string samples = std::string{HIREWIRE_SOURCE_DIR} + "/proto/samples";
    const auto sent = ann.run_cli({"send", "candidateHired", "--samples", samples});
    INFO(sent.output, sent.log);
    CHECK(sent.exit_code == 0);
    CHECK(sent.output.find("accepted") != std::string::npos);
    const auto forged =
        ann.run_cli({"send", "candidateHired", "--samples", samples}, {{"LEVER_SIGNATURE_TOKENS", "not-the-token"}});
    CHECK(forged.exit_code == 1);
    CHECK(forged.output.starts_with("401 "));

    const auto outcomes = ann.run_cli({"tail", "sync.outcomes", "--to-end", "--json"});
    CHECK(outcomes.exit_code == 0);
    const auto lines = lines_of(outcomes.output);
    CHECK(lines.size() >= 1);
    for (const auto& line : lines) {
        const auto document = json::Document::parse(line);
        REQUIRE(document.has_value());
        CHECK((*document)["value"]["destination"].string() == "clara");
    }
    const auto hired = ann.run_cli({"tail", "lever.hires", "--from", "1h", "--count", "1"});
    CHECK(hired.output.find("candidateHired") != std::string::npos);
    const auto missing = ann.run_cli({"tail", "no.such.topic"});
    CHECK(missing.exit_code == 1);
    CHECK(missing.log.find("there is no topic no.such.topic") != std::string::npos);

    CHECK(ann.run_cli({"status"}).output.find("clara") != std::string::npos);
    auto watched = ann.on_terminal({"status", "--watch"});
    watched.await("DESTINATION");
    watched.type("\003");
    CHECK(watched.wait(Milliseconds{20'000}) == 0);
}
