// The way in and the way out of every service: what it says about a wrong configuration, what it shows of a right
// one, how it ends.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/eventually.hpp"
#include "tests/support/http_call.hpp"
#include "tests/support/stack.hpp"

using namespace hirewire;
using namespace hirewire::testing;

namespace {

struct Subject {
    Service service = Service::receiver;
    std::string section{};
    std::vector<std::string> secrets{};   // all that it may need
    std::vector<std::string> required{};  // keys without a default
};

const std::vector<Subject>& subjects() {
    static const std::vector<Subject> all{
        {.service = Service::receiver, .section = "receiver", .secrets = {"LEVER_SIGNATURE_TOKENS"}, .required = {}},
        {.service = Service::lever_source,
         .section = "lever-source",
         .secrets = {"LEVER_API_KEY", "HIREWIRE_INTERNAL_TOKEN"},
         .required = {}},
        {.service = Service::sync_clara, .section = "clara", .secrets = {"CLARA_TOKEN"}, .required = {"base_url"}},
        {.service = Service::sync_cluster,
         .section = "cluster",
         .secrets = {"CLUSTER_TOKEN", "HIREWIRE_INTERNAL_TOKEN"},
         .required = {"base_url"}},
        {.service = Service::sync_cleary,
         .section = "cleary",
         .secrets = {"CLEARY_TOKEN", "HIREWIRE_INTERNAL_TOKEN"},
         .required = {"base_url", "hired_since", "time_zone"}},
        {.service = Service::sync_clinch,
         .section = "clinch",
         .secrets = {"CLINCH_ACCESS_ID", "CLINCH_SECRET_KEY", "HIREWIRE_INTERNAL_TOKEN"},
         .required = {"base_url", "company_code"}},
        {.service = Service::sync_theorg,
         .section = "theorg",
         .secrets = {"THEORG_API_KEY"},
         .required = {"base_url", "company"}},
    };
    return all;
}

const Subject& subject_of(Service service) {
    const auto& all = subjects();
    return *std::find_if(all.begin(), all.end(), [&](const Subject& subject) { return subject.service == service; });
}

// A right value of a key that has no default, as TOML writes it.
std::string right_value(const std::string& key) {
    if (key == "base_url") return in_quotes("http://127.0.0.1:9");
    if (key == "hired_since") return in_quotes("2026-01-01");
    if (key == "time_zone") return in_quotes("Europe/Berlin");
    return in_quotes("acme");
}

// All of them, running, on one installation.
Stack& stack() {
    static Stack one{StackOptions{.services = {std::begin(all_services), std::end(all_services)}, .sandbox = true}};
    return one;
}

// An installation that nobody has started: a file and secrets.
class Papers {
public:
    Papers() {
        for (const auto& subject : subjects()) {
            for (const auto& name : subject.secrets) secrets_[name] = "secret-of-" + name;
        }
    }

    [[nodiscard]] static std::vector<Setting> good() {
        std::vector<Setting> all{
            {"", "shutdown_grace", "\"10s\""},
            {"kafka", "brokers", "\"127.0.0.1:9\""},
            {"redis", "port", "6399"},
            {"receiver", "admin_port", "0"},
            {"lever-source", "admin_port", "0"},
        };
        for (const auto& subject : subjects()) {
            for (const auto& key : subject.required) all.push_back({subject.section, key, right_value(key)});
        }
        return all;
    }

    // Starts the service on this file, or only lets it look at the file.
    Ended start(const Subject& subject, std::string_view text, bool check_only) {
        std::vector<std::string> arguments{"--config", file()};
        write_file(file(), text);
        if (check_only) arguments.emplace_back("--check-config");
        return run_with(subject, std::move(arguments));
    }

    Ended run_with(const Subject& subject, std::vector<std::string> arguments) {
        const Command command{
            .program = program(name_of(subject.service)),
            .arguments = std::move(arguments),
            .environment = secrets_,
            .log_file = directory_.path() + "/" + std::to_string(++runs_) + ".log"};
        return run(command);
    }

    [[nodiscard]] std::string file() const { return directory_.path() + "/hirewire.toml"; }
    std::map<std::string, std::string>& secrets() { return secrets_; }

private:
    TemporaryDirectory directory_;
    std::map<std::string, std::string> secrets_;
    int runs_ = 0;
};

int line_of(const std::string& text, const std::string& line_start) {
    const auto lines = text.rfind(line_start, 0) == 0 ? 0 : text.find("\n" + line_start);
    REQUIRE(lines != std::string::npos);
    return 1 +
           static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(lines) + 1, '\n'));
}

// Exit code 2 and exactly one sentence, with all of `names` in it.
void check_refusal(const Ended& ended, const std::vector<std::string>& names) {
    CHECK(ended.exit_code == 2);
    CAPTURE(ended.log);
    CHECK(lines_of(ended.log).size() == 1);
    for (const auto& name : names) {
        CAPTURE(name);
        CHECK(ended.log.find(name) != std::string::npos);
    }
    CHECK(ended.log.find("secret-of-") == std::string::npos);
}

}  // namespace

TEST_CASE("config: a mistake in the file is one sentence with file, line and key, and exit code 2") {
    Papers papers;
    for (const auto& subject : subjects()) {
        struct Mistake {
            Setting setting{};
            std::string key{};
        };
        const auto& section = subject.section;
        const std::vector<Mistake> mistakes{
            {{section, "prot", "8080"}, section + ".prot"},
            {{section, "token", "\"x\""}, section + ".token"},
            {{section, "admin_port", "\"9100\""}, section + ".admin_port"},
            {{section, "admin_port", "70000"}, section + ".admin_port"},
            {{section, "admin_port", "-1"}, section + ".admin_port"},
            {{section, "admin_port", "true"}, section + ".admin_port"},
            {{"", "shutdown_grace", "10"}, "shutdown_grace"},
            {{"", "shutdown_grace", "\"10 parsecs\""}, "shutdown_grace"},
            {{"", "grace", "\"10s\""}, "grace"},
            {{"kafka", "broker", "\"x\""}, "kafka.broker"},
            {{"kafka", "brokers", "9092"}, "kafka.brokers"},
            {{"redis", "port", "\"6379\""}, "redis.port"},
            {{"log", "format", "\"xml\""}, "log.format"},
            {{"reciever", "port", "8080"}, "reciever"},
        };
        for (const auto& mistake : mistakes) {
            auto settings = Papers::good();
            settings.push_back(mistake.setting);
            const auto text = toml_text(settings);
            const auto& setting = mistake.setting;
            const bool whole_section = setting.section == mistake.key;
            const auto line = whole_section ? "[" + setting.section + "]" : setting.key + " = " + setting.value;
            const auto place = papers.file() + ":" + std::to_string(line_of(text, line));
            for (const bool check_only : {true, false}) {
                CAPTURE(name_of(subject.service));
                CAPTURE(text);
                check_refusal(papers.start(subject, text, check_only), {place, mistake.key});
            }
        }
    }
}

TEST_CASE("config: a file that is no TOML, or is not there, is one sentence") {
    Papers papers;
    for (const auto& subject : subjects()) {
        CAPTURE(name_of(subject.service));
        const auto text = toml_text(Papers::good()) + "port = = 1\n";
        const auto place = papers.file() + ":" + std::to_string(line_of(text, "port = ="));
        check_refusal(papers.start(subject, text, true), {place});
        const auto nowhere = papers.file() + ".nowhere";
        check_refusal(papers.run_with(subject, {"--config", nowhere}), {nowhere});
    }
}

TEST_CASE("config: a key without a default that is left out is named") {
    Papers papers;
    for (const auto& subject : subjects()) {
        for (const auto& key : subject.required) {
            CAPTURE(name_of(subject.service));
            auto settings = Papers::good();
            const auto end = std::remove_if(settings.begin(), settings.end(), [&](const Setting& setting) {
                return setting.section == subject.section && setting.key == key;
            });
            settings.erase(end, settings.end());
            check_refusal(
                papers.start(subject, toml_text(settings), true), {papers.file(), subject.section + "." + key});
        }
    }
}

TEST_CASE("config: a value that cannot be meant is named with its place") {
    Papers papers;
    struct Nonsense {
        Service service = Service::receiver;
        Setting setting{};
    };
    const std::vector<Nonsense> all{
        {Service::sync_cleary, {"cleary", "hired_since", in_quotes("yesterday")}},
        {Service::sync_cleary, {"cleary", "time_zone", in_quotes("Middle-earth/Bree")}},
        {Service::sync_clinch, {"clinch", "signature", in_quotes("by hand")}},
        {Service::sync_clinch, {"clinch", "failure_states", in_quotes("id:")}},
        {Service::sync_theorg, {"theorg", "requests_per_second", "16"}},
        {Service::sync_cluster, {"cluster", "presence_interval", in_quotes("now and then")}},
    };
    for (const auto& nonsense : all) {
        const auto& setting = nonsense.setting;
        const auto key = setting.section + "." + setting.key;
        CAPTURE(key);
        auto settings = Papers::good();
        settings.push_back(setting);
        const auto text = toml_text(settings);
        const auto place = papers.file() + ":" + std::to_string(line_of(text, setting.key));
        check_refusal(papers.start(subject_of(nonsense.service), text, true), {place, key});
    }
}

TEST_CASE("config: a job of Cluster's without a posting, or connected twice, is named with its place") {
    Papers papers;
    const auto& cluster = subject_of(Service::sync_cluster);
    const auto start = [&](const std::string& rows) {
        return papers.start(cluster, toml_text(Papers::good()) + rows, true);
    };
    const std::string whole = "\n[[cluster.job]]\nid = \"j\"\nposting = \"p\"\n";
    CHECK(start(whole).exit_code == 0);
    check_refusal(start("\n[[cluster.job]]\nid = \"j\"\n"), {papers.file() + ":", "posting"});
    check_refusal(start(whole + whole), {papers.file() + ":", "connected twice"});
}

TEST_CASE("config: a missing secret is named by its variable and its setting") {
    for (const auto& subject : subjects()) {
        for (const auto& name : subject.secrets) {
            for (const bool check_only : {true, false}) {
                CAPTURE(name_of(subject.service));
                CAPTURE(name);
                Papers papers;
                papers.secrets().erase(name);
                check_refusal(
                    papers.start(subject, toml_text(Papers::good()), check_only), {papers.file(), name, "_env"});
                papers.secrets()[name] = "";
                check_refusal(papers.start(subject, toml_text(Papers::good()), check_only), {papers.file(), name});
            }
        }
    }
}

TEST_CASE("config: a secret's file that cannot be read is named") {
    Papers papers;
    const auto nowhere = papers.file() + ".secret";
    auto settings = Papers::good();
    settings.push_back(Setting{"clara", "token_file", in_quotes(nowhere)});
    check_refusal(
        papers.start(subject_of(Service::sync_clara), toml_text(settings), true),
        {papers.file(), "clara.token_file", nowhere});
}

TEST_CASE("config: each service starts out with its own secrets alone") {
    for (const auto& subject : subjects()) {
        CAPTURE(name_of(subject.service));
        Papers papers;
        papers.secrets().clear();
        for (const auto& name : subject.secrets) papers.secrets()[name] = "secret-of-" + name;
        const auto ended = papers.start(subject, toml_text(Papers::good()), true);
        CAPTURE(ended.log);
        CHECK(ended.exit_code == 0);
    }
}

TEST_CASE("config: the commented reference file is accepted, once what has no default is filled in") {
    Papers papers;
    auto text = read_file(HIREWIRE_SOURCE_DIR "/deploy/config/hirewire.toml");
    REQUIRE(!text.empty());
    for (const auto& subject : subjects()) {
        for (const auto& key : subject.required) {
            const auto section = text.find("\n[" + subject.section + "]");
            REQUIRE(section != std::string::npos);
            const auto line = text.find("\n" + key + " = ", section);
            REQUIRE(line != std::string::npos);
            text.replace(line, text.find('\n', line + 1) - line, "\n" + key + " = " + right_value(key));
        }
    }
    for (const auto& subject : subjects()) {
        CAPTURE(name_of(subject.service));
        const auto ended = papers.start(subject, text, true);
        CAPTURE(ended.log);
        CHECK(ended.exit_code == 0);
    }
}

TEST_CASE("config: --version and --help answer on standard output and exit with 0") {
    Papers papers;
    for (const auto& subject : subjects()) {
        CAPTURE(name_of(subject.service));
        const auto version = papers.run_with(subject, {"--version"});
        CHECK(version.exit_code == 0);
        CHECK(version.output.find_first_of("0123456789") != std::string::npos);
        const auto help = papers.run_with(subject, {"--help"});
        CHECK(help.exit_code == 0);
        for (const auto* option : {"--config", "--check-config", "--version", "--help"}) {
            CHECK(help.output.find(option) != std::string::npos);
        }
    }
}

TEST_CASE("config: no service starts on a Redis that evicts") {
    const auto port = free_port();
    const auto redis = start_redis(
        port, stack().path("evicting-redis.log"), {"--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"});
    for (const auto& subject : subjects()) {
        CAPTURE(name_of(subject.service));
        const auto file = stack().write(
            "evicting.toml",
            toml_text(stack().configuration({
                {"redis", "port", std::to_string(port)},
                {"receiver", "port", "0"},
                {"lever-source", "port", "0"},
            })));
        const Command command{
            .program = program(name_of(subject.service)),
            .arguments = {"--config", file},
            .environment = stack().secrets(),
            .log_file = stack().path("evicting-" + name_of(subject.service) + ".log")};
        check_refusal(run(command), {"maxmemory-policy", "allkeys-lru", "noeviction"});
    }
}

TEST_CASE("config: /config shows every setting and no secret") {
    for (const auto& subject : subjects()) {
        CAPTURE(name_of(subject.service));
        const auto reply = get(stack()[subject.service].admin_port, "/config");
        CHECK(reply.status == 200);
        const auto document = json::Document::parse(reply.body);
        REQUIRE(document.has_value());
        CHECK((*document)["kafka"]["brokers"].string() == stack().kafka().brokers);
        CHECK(reply.body.find("\"set\"") != std::string::npos);
        for (const auto& [name, secret] : stack().secrets()) CHECK(reply.body.find(secret) == std::string::npos);
        for (const auto& token : stack().signature_tokens()) CHECK(reply.body.find(token) == std::string::npos);
    }
}

TEST_CASE("config: the admin pages answer, and unknown ones are 404") {
    for (const auto& subject : subjects()) {
        CAPTURE(name_of(subject.service));
        const auto port = stack()[subject.service].admin_port;
        CHECK(get(port, "/healthz").status == 200);
        CHECK(get(port, "/readyz").status == 200);
        CHECK(get(port, "/metrics").status == 200);
        CHECK(get(port, "/secrets").status == 404);
    }
}

TEST_CASE("config: a bad file at SIGHUP changes nothing") {
    auto other = stack().launch(Service::receiver);
    const auto file = other.process->log_file() + ".toml";
    const auto good = read_file(file);
    write_file(file, good + "\n[reciever]\nport = 1\n");
    other.process->send(SIGHUP);
    const auto wrong = [&]() -> std::string {
        return other.process->log().find("reciever") != std::string::npos ? "" : "nothing said yet";
    };
    eventually("the refusal is logged", wrong);
    CHECK(other.process->running());
    CHECK(get(other.admin_port, "/readyz").status == 200);
}

TEST_CASE("config: values that do not go together are refused at SIGHUP, too, and the ones before stay in force") {
    auto other = stack().launch(Service::sync_clinch);
    const auto file = other.process->log_file() + ".toml";
    std::string text = read_file(file);
    const std::string key = "company_code";
    const auto at = text.find(key);
    REQUIRE(at != std::string::npos);
    const auto end = text.find('\n', at);
    text.replace(at, end - at, key + " = \"\"");
    write_file(file, text);
    other.process->send(SIGHUP);
    const auto wrong = [&]() -> std::string {
        return other.process->log().find("config.refused") != std::string::npos ? "" : "nothing said yet";
    };
    eventually("the refusal is logged", wrong);
    CHECK(other.process->log().find("clinch.company_code: must be set") != std::string::npos);
    const auto shown = get(other.admin_port, "/config").body;
    CHECK(shown.find("\"company_code\":\"\"") == std::string::npos);
    CHECK(other.process->running());
}

// The last one: it ends the shared services.
TEST_CASE("config: SIGTERM ends each running service with 0 within its grace") {
    for (const auto& subject : subjects()) {
        CAPTURE(name_of(subject.service));
        auto& process = *stack()[subject.service].process;
        REQUIRE(process.running());
        process.send(SIGTERM);
        const auto code = process.wait(Milliseconds{10'500});
        REQUIRE(code.has_value());
        CHECK(*code == 0);
        CHECK(process.log().find("service.cut_off") == std::string::npos);
    }
}
