// The operator's command line through its binary: on a pseudo-terminal, where it draws and asks, and without one,
// where it prints plain lines and JSON; and what it says when something is wrong.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
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

// Words that mean nothing, and what has to be in the answer.
struct Wrong {
    Words words{};
    std::string telling{};
};

void is_refused(const Words& words, const std::string& telling) {
    const auto ended = alone(words);
    INFO("hirewire", joined(words), "\n", ended.output, ended.log);
    CHECK(ended.exit_code == 2);
    CHECK(ended.output.empty());
    const auto lines = lines_of(ended.log);
    REQUIRE(lines.size() >= 1);
    CHECK(lines.size() <= 2);  // the second one says that there is --help
    CHECK(lines.front().find(telling) != std::string::npos);
}

// Where the real Kafka asks for a password; the embedded broker never does.
std::string brokers_with_login() {
    const char* brokers = std::getenv("HIREWIRE_TEST_SASL_BROKERS");
    return brokers != nullptr ? brokers : "";
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

TEST_CASE("hirewire: every verb's wrong use is one sentence that says what is wrong, and exit code 2") {
    const std::string where = "where is Kafka?";
    const std::vector<Wrong> wrong{
        {{}, "hirewire --help lists the verbs"},
        {{"nothing-like-it"}, "there is no verb \"nothing-like-it\""},
        {{"--brokers", "127.0.0.1:1", "status"}, "--brokers comes behind the verb"},
        {{"topics"}, "topics apply or list"},
        {{"topics", "lst"}, "there is no \"topics lst\""},
        {{"topics", "list", "--partitions", "0"}, "--partitions"},
        {{"snapshot"}, "--to"},
        {{"replay"}, "start, list, status, pause, resume or cancel"},
        {{"replay", "strt", "--to", "clara"}, "there is no \"replay strt\""},
        {{"replay", "start"}, "--to"},
        {{"pause"}, "--dest"},
        {{"resume"}, "--dest"},
        {{"run"}, "kind"},
        {{"run", "nothing-like-it"}, "nothing-like-it"},
        {{"webhooks"}, "list, verify or register"},
        {{"webhooks", "foo"}, "there is no \"webhooks foo\""},
        {{"webhooks", "list"}, "HIREWIRE_CONFIG"},
        {{"config"}, "check, explain or test"},
        {{"config", "chekc"}, "there is no \"config chekc\""},
        {{"config", "explain"}, "key"},
        {{"dlq"}, "list, show, redrive or discard"},
        {{"dlq", "lst", "--dest", "clara"}, "there is no \"dlq lst\""},
        {{"dlq", "--dest", "clara", "list"}, "--dest comes behind the verb"},
        {{"dlq", "list"}, "--dest"},
        {{"dlq", "list", "--dest", "clara"}, where},
        {{"dlq", "redrive", "--dest", "clara", "--status", "12"}, "--status"},
        {{"timeline"}, "opportunity"},
        {{"timeline", "opportunity-1"}, where},
        {{"status", "--no-such-flag"}, "--no-such-flag"},
        {{"status"}, where},
        {{"tail"}, "topic"},
        {{"tail", "sync.outcomes", "--count", "0"}, "--count"},
        {{"send"}, "sample"},
        {{"send", "noSuchEvent"}, "--samples"}};
    for (const auto& [words, telling] : wrong) is_refused(words, telling);
}

// A Kafka that does not answer is no reason to keep quiet about the words, nor to wait for seconds with them.
TEST_CASE("hirewire: what cannot be meant is told without a broker, too") {
    const std::vector<Wrong> wrong{
        {{"topics", "list", "--topics", "no-such-list.toml"}, "--topics FILE"},
        {{"snapshot", "--to", "theorg"}, "hirewire run theorg"},
        {{"replay", "start", "--to", "theorg"}, "hirewire run theorg"},
        {{"replay", "start", "--to", "clara", "--from", "garbage"}, "--from: \"garbage\""},
        {{"replay", "start", "--to", "clara", "--rate", "foo"}, "--rate: \"foo\""},
        {{"replay", "start", "--to", "clara", "--ask"}, "--dry-run"},
        {{"run", "sweep", "--force", "--yes"}, "--force is for"},
        {{"run", "cleary", "--csv", "hires.csv", "--force"}, "--force is for"},
        {{"run", "sweep", "--csv", "hires.csv"}, "--csv is for"},
        {{"run", "theorg", "--force"}, "give --yes, too"},
        {{"run", "postings", "--force"}, "more than half"},
        {{"dlq", "redrive", "--dest", "clara"}, "which letters?"},
        {{"dlq", "redrive", "--dest", "clara", "--all", "--rate", "foo"}, "--rate: \"foo\""},
        {{"dlq", "discard", "--dest", "clara", "--yes"}, "which letters?"},
        {{"dlq", "list", "--dest", "clara", "--from", "garbage"}, "--from: \"garbage\""},
        {{"dlq", "show", "--dest", "clara", "newest"}, "3/1042"},
        {{"timeline", ""}, "opportunity is given without a word"},
        {{"replay", "start", "--to", "clara", "--opportunity", "", "--force", "--yes"},
         "--opportunity is given without"},
        {{"replay", "start", "--to", "clara", "--rate", ""}, "--rate is given without"},
        {{"dlq", "discard", "--dest", "clara", "--status", "422", "--opportunity", "", "--yes"},
         "--opportunity is given without"},
        {{"timeline", "opportunity-1", "--from", "garbage"}, "--from: \"garbage\""},
        {{"tail", "sync.outcomes", "--from", "garbage"}, "--from: \"garbage\""}};
    for (auto [words, telling] : wrong) {
        words.insert(words.end(), {"--brokers", "127.0.0.1:1"});
        const auto began = std::chrono::steady_clock::now();
        is_refused(words, telling);
        CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds{3});
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

TEST_CASE(
    "hirewire: wrong credentials are told in one sentence within five seconds, and the right ones work" *
    doctest::skip(brokers_with_login().empty())) {
    const TemporaryDirectory directory;
    const std::vector<Setting> settings{
        {"account", "name", in_quotes("test")},
        {"redis", "host", in_quotes("127.0.0.1")},
        {"kafka", "brokers", in_quotes(brokers_with_login())},
        {"kafka", "password_env", in_quotes("KAFKA_PASSWORD")},
        {"kafka",
         "options",
         R"({"security.protocol" = "SASL_PLAINTEXT", "sasl.mechanism" = "PLAIN", "sasl.username" = "hirewire"})"}};
    const std::string config = directory.path() + "/hirewire.toml";
    std::ofstream{config} << toml_text(settings);
    const auto with_password = [&](const std::string& password) {
        Command command;
        command.program = program("");
        command.arguments = {"replay", "list", "--config", config};
        command.environment["KAFKA_PASSWORD"] = password;
        command.log_file = directory.path() + "/" + password + ".log";
        return run(command, Milliseconds{30'000});
    };
    const auto began = std::chrono::steady_clock::now();
    const auto refused = with_password("guessed");
    INFO(refused.output, refused.log);
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds{5});
    CHECK(refused.exit_code == 1);
    CHECK(lines_of(refused.log).size() == 1);
    CHECK(refused.log.find("kafka at " + brokers_with_login() + " refuses the credentials") != std::string::npos);
    CHECK(refused.log.find("guessed") == std::string::npos);
    // Let in, it goes on to what there is: no topic of ours without a prefix.
    const auto admitted = with_password("local");
    INFO(admitted.output, admitted.log);
    CHECK(admitted.exit_code == 1);
    CHECK(admitted.log.find("hiring.runs") != std::string::npos);
    CHECK(admitted.log.find("refuses") == std::string::npos);
    CHECK(admitted.log.find("does not answer") == std::string::npos);
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
    CHECK(ann.json_of({"dlq", "redrive", "--dest", "clara", "--all", "--yes"})["redriven"].integer(-1) == 0);
    CHECK(the.calls() == before + dead_ones);
    // One that is named and cannot be redriven is a failure.
    CHECK(ann.run_cli({"dlq", "redrive", "--dest", "clara", "nonsense", "--yes"}).exit_code == 2);
    CHECK(ann.run_cli({"dlq", "redrive", "--dest", "clara", "0/999999", "--yes"}).exit_code == 1);
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
    const auto of_clara = ann.json_of({"timeline", one, "--dest", "clara", "--from", "1h"});
    CHECK(of_clara["moments"].size() >= 2);
    CHECK(ann.run_cli({"timeline", one, "--dest", "klara"}).exit_code == 2);

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
    // What came of it, and why, is not cut off at the edge.
    auto tailed = ann.on_terminal({"tail", "sync.outcomes", "--to-end"});
    CHECK(tailed.wait() == 0);
    CHECK(tailed.shown().find("decided_at") != std::string::npos);
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
