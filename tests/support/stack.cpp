#include "tests/support/stack.hpp"

#include <signal.h>

#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <set>
#include <stdexcept>

#include "common/core/uuid.hpp"
#include "common/crypto/hash.hpp"
#include "common/kafka/topics.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/http_call.hpp"

namespace hirewire::testing {
namespace {

constexpr Milliseconds start_patience{60'000};
constexpr Milliseconds stop_patience{15'000};

std::string random_hex(std::size_t length) {
    return crypto::hex(crypto::sha256(random_uuid())).substr(0, length);
}

std::string url(int port, const std::string& path = {}) {
    return "http://127.0.0.1:" + std::to_string(port) + path;
}

// No other stack of this test gets it, not even one that another thread makes meanwhile.
int own_port() {
    static std::mutex mutex;
    static std::set<int> given;
    const std::lock_guard lock{mutex};
    int port = free_port();
    while (!given.insert(port).second) port = free_port();
    return port;
}

// Each with a posting of its own: `[{id = "job-1", posting = "posting-of-job-1"}, ...]`.
std::string connected_jobs() {
    std::string list;
    for (const auto job : cluster_jobs) {
        const std::string id{job};
        if (!list.empty()) list += ", ";
        list += "{id = " + in_quotes(id) + ", posting = " + in_quotes("posting-of-" + id) + "}";
    }
    return "[" + list + "]";
}

bool has_public_port(Service service) {
    return service == Service::receiver || service == Service::lever_source;
}

json::Document parsed(const http::Reply& reply, const std::string& what) {
    if (reply.status < 200 || reply.status > 299) {
        throw std::runtime_error(what + " answered " + std::to_string(reply.status) + ": " + reply.body);
    }
    auto document = json::Document::parse(reply.body.empty() ? "null" : reply.body);
    if (!document) throw std::runtime_error(what + " did not answer JSON: " + reply.body);
    return std::move(*document);
}

}  // namespace

std::string name_of(Service service) {
    switch (service) {
        case Service::receiver:
            return "receiver";
        case Service::lever_source:
            return "lever-source";
        case Service::sync_clara:
            return "sync-clara";
        case Service::sync_cluster:
            return "sync-cluster";
        case Service::sync_cleary:
            return "sync-cleary";
        case Service::sync_clinch:
            return "sync-clinch";
        case Service::sync_theorg:
            return "sync-theorg";
    }
    return {};
}

std::string program(const std::string& name) {
    const char* elsewhere = std::getenv("HIREWIRE_TEST_BIN_DIR");
    const std::string directory = elsewhere != nullptr ? elsewhere : HIREWIRE_BIN_DIR;
    return directory + (name.empty() ? "/hirewire" : "/hirewire-" + name);
}

std::string in_quotes(std::string_view text) {
    return "\"" + std::string{text} + "\"";
}

std::string toml_text(const std::vector<Setting>& settings) {
    // By section; keys of no section come first, or they would belong to one.
    std::map<std::string, std::map<std::string, std::string>> sections;
    for (const auto& setting : settings) sections[setting.section][setting.key] = setting.value;
    std::string text;
    for (const auto& [section, keys] : sections) {
        if (!section.empty()) text += "\n[" + section + "]\n";
        for (const auto& [key, value] : keys) text += key + " = " + value + "\n";
    }
    return text;
}

Stack::Stack(StackOptions options)
    : topic_prefix_{"test-" + random_hex(8) + "."}, settings_{std::move(options.settings)} {
    signature_tokens_ = {random_hex(48), random_hex(48), random_hex(48)};
    secrets_ = {
        {"LEVER_API_KEY", "lever-key-" + random_hex(24)},
        {"LEVER_SIGNATURE_TOKENS", signature_tokens_[0] + "," + signature_tokens_[1] + "," + signature_tokens_[2]},
        {"HIREWIRE_INTERNAL_TOKEN", "internal-" + random_hex(24)},
        {"CLARA_TOKEN", "clara-" + random_hex(24)},
        {"CLUSTER_TOKEN", "cluster-" + random_hex(24)},
        {"CLEARY_TOKEN", "cleary-" + random_hex(24)},
        {"THEORG_API_KEY", "theorg-" + random_hex(24)},
        {"CLINCH_ACCESS_ID", "clinch-id-" + random_hex(8)},
        {"CLINCH_SECRET_KEY", "clinch-" + random_hex(24)},
    };
    redis_port_ = own_port();
    redis_ = start_redis(redis_port_, path("redis.log"));
    for (const auto service : {Service::receiver, Service::lever_source}) ports_[service] = own_port();
    own_topics_ = !options.topics.empty();
    if (own_topics_) write("topics.toml", options.topics);
    start_broker();
    if (options.sandbox) start_sandbox(options.sandbox_arguments);
    if (options.beforehand) options.beforehand(*this);

    for (const auto service : options.services) {
        auto& instance = instances_[service];
        instance.service = service;
        begin(instance, {});
    }
    for (auto& [service, instance] : instances_) await_started(instance);
    await_ready();
}

std::string Stack::topics_file() const {
    return own_topics_ ? path("topics.toml") : std::string{HIREWIRE_SOURCE_DIR} + "/proto/topics.toml";
}

void Stack::start_broker() {
    if (const char* brokers = std::getenv("HIREWIRE_TEST_BROKERS"); brokers != nullptr && *brokers != '\0') {
        brokers_ = brokers;
        make_topics();
        return;
    }
    const std::vector<std::string> arguments{
        "--topics", topics_file(), "--partitions", "3", "--prefix", topic_prefix_};
    broker_ = std::make_unique<Process>(Command{
        .program = program("devbroker"),
        .arguments = arguments,
        .environment = {},
        .log_file = path("devbroker.log")});
    brokers_ = std::string{broker_->await_event("service.started", start_patience)["brokers"].string()};
}

void Stack::make_topics() {
    const auto file = write("topics-apply.toml", toml_text(configuration()));
    const std::vector<std::string> arguments{
        "topics",
        "apply",
        "--config",
        file,
        "--topics",
        topics_file(),
        "--partitions",
        "3",
        "--replication",
        "1",
        "--min-insync",
        "1"};
    const Command command{
        .program = program(""),
        .arguments = arguments,
        .environment = secrets_,
        .log_file = path("topics-apply.log")};
    const auto ended = run(command, start_patience);
    if (ended.exit_code != 0) throw std::runtime_error("hirewire topics apply: " + ended.output + ended.log);
}

void Stack::start_sandbox(const std::vector<std::string>& arguments) {
    std::vector<std::string> all{
        "--lever-port",
        "0",
        "--destinations-port",
        "0",
        "--receiver-url",
        url(ports_[Service::receiver], "/webhooks/lever"),
        "--retry-first",
        "1s"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    sandbox_ = std::make_unique<Process>(Command{
        .program = program("sandbox"), .arguments = all, .environment = secrets_, .log_file = path("sandbox.log")});
    const auto started = sandbox_->await_event("service.started", start_patience);
    lever_port_ = static_cast<int>(started["lever_port"].integer());
    destinations_port_ = static_cast<int>(started["destinations_port"].integer());
}

std::vector<Setting> Stack::configuration(const std::vector<Setting>& overrides) const {
    // Without a sandbox, addresses that nobody is at.
    const int lever = lever_port_ != 0 ? lever_port_ : 9;
    const int destinations = destinations_port_ != 0 ? destinations_port_ : 9;
    const int receiver_port = ports_.at(Service::receiver);
    const int internal_port = ports_.at(Service::lever_source);
    std::vector<Setting> all{
        {"account", "name", in_quotes("test")},
        {"kafka", "brokers", in_quotes(brokers_)},
        {"kafka", "topic_prefix", in_quotes(topic_prefix_)},
        {"kafka", "fetch_wait", in_quotes("10ms")},
        {"kafka", "session_timeout", in_quotes("6s")},
        {"redis", "host", in_quotes("127.0.0.1")},
        {"redis", "port", std::to_string(redis_port_)},
        {"receiver", "port", std::to_string(receiver_port)},
        {"receiver", "admin_port", "0"},
        {"receiver", "threads", "1"},
        {"lever", "base_url", in_quotes(url(lever, "/v1"))},
        {"lever-source", "port", std::to_string(internal_port)},
        {"lever-source", "admin_port", "0"},
        {"internal", "url", in_quotes(url(internal_port))},
        {"sync", "backoff_first", in_quotes("100ms")},
        {"clara", "base_url", in_quotes(url(destinations, "/clara"))},
        {"clara", "admin_port", "0"},
        {"cluster", "base_url", in_quotes(url(destinations, "/cluster"))},
        {"cluster", "admin_port", "0"},
        {"cluster", "job", connected_jobs()},
        {"cleary", "base_url", in_quotes(url(destinations, "/cleary/scim/v2"))},
        {"cleary", "admin_port", "0"},
        {"cleary", "hired_since", in_quotes("2020-01-01")},
        {"cleary", "time_zone", in_quotes("Europe/Berlin")},
        {"clinch", "base_url", in_quotes(url(destinations, "/clinch/v2"))},
        {"clinch", "admin_port", "0"},
        {"clinch", "success_states", std::string{clinch_success_states}},
        {"clinch", "failure_states", std::string{clinch_failure_states}},
        {"clinch", "company_code", in_quotes("sandbox")},
        {"theorg", "base_url", in_quotes(url(destinations, "/theorg"))},
        {"theorg", "admin_port", "0"},
        {"theorg", "company", in_quotes("acme")},
    };
    all.insert(all.end(), settings_.begin(), settings_.end());
    all.insert(all.end(), overrides.begin(), overrides.end());
    return all;
}

std::string Stack::write(const std::string& name, std::string_view text) const {
    write_file(path(name), text);
    return path(name);
}

std::string Stack::next_log(const std::string& name) {
    std::filesystem::create_directories(path("logs"));
    return path("logs/" + name + "-" + std::to_string(++logs_) + ".log");
}

void Stack::begin(Instance& instance, const std::vector<Setting>& overrides) {
    const auto name = name_of(instance.service);
    const auto log = next_log(name);
    const auto file = log + ".toml";
    write_file(file, toml_text(configuration(overrides)));
    instance.process = std::make_unique<Process>(
        Command{.program = program(name), .arguments = {"--config", file}, .environment = secrets_, .log_file = log});
}

void Stack::await_started(Instance& instance) {
    const auto started = instance.process->await_event("service.started", start_patience);
    instance.admin_port = static_cast<int>(started["admin_port"].integer());
    if (has_public_port(instance.service)) instance.port = static_cast<int>(started["port"].integer());
}

Instance& Stack::operator[](Service service) {
    return instances_.at(service);
}

Instance Stack::launch(Service service, const std::vector<Setting>& overrides) {
    auto all = overrides;
    if (has_public_port(service)) all.push_back(Setting{name_of(service), "port", "0"});
    Instance instance{.service = service};
    begin(instance, all);
    await_started(instance);
    return instance;
}

void Stack::start(Service service, const std::vector<Setting>& overrides) {
    begin(instances_.at(service), overrides);
    await_started(instances_.at(service));
}

void Stack::kill9(Service service) {
    instances_.at(service).process->kill();
}

void Stack::restart(Service service, const std::vector<Setting>& overrides) {
    auto& process = *instances_.at(service).process;
    process.send(SIGTERM);
    const auto code = process.wait(stop_patience);
    if (code != 0) {
        const auto state = code ? "exit code " + std::to_string(*code) : std::string{"still running"};
        throw std::runtime_error(name_of(service) + " did not stop cleanly: " + state);
    }
    start(service, overrides);
}

void Stack::await_ready(Milliseconds patience) {
    for (auto& entry : instances_) {
        auto& one = entry.second;
        const auto wrong = [&one]() -> std::string {
            if (!one.process->running()) {
                throw std::runtime_error(name_of(one.service) + " ended:\n" + one.process->log());
            }
            const auto reply = get(one.admin_port, "/readyz");
            return reply.status == 200 ? "" : reply.body;
        };
        eventually(name_of(one.service) + " is ready", wrong, patience);
    }
}

json::Document Stack::control(http::Method method, const std::string& path, const std::string& body) const {
    http::Request request{.method = method, .target = path, .headers = {}, .body = body};
    if (!body.empty()) request.headers.push_back(http::Header{"Content-Type", "application/json"});
    return parsed(call(lever_port_, request), path);
}

json::Document Stack::lever(const std::string& path) const {
    const auto credentials = crypto::base64(secrets_.at("LEVER_API_KEY") + ":");
    const http::Request request{
        .method = http::Method::get, .target = path, .headers = {{"Authorization", "Basic " + credentials}}};
    return parsed(call(lever_port_, request), path);
}

Ended Stack::cli(std::vector<std::string> arguments, Milliseconds patience) {
    arguments.insert(arguments.end(), {"--brokers", brokers_, "--topic-prefix", topic_prefix_});
    Command command;
    command.program = program("");
    command.arguments = std::move(arguments);
    command.log_file = path("cli-" + std::to_string(++logs_) + ".log");
    return run(std::move(command), patience);
}

kafka::Settings Stack::kafka() const {
    kafka::Settings settings;
    settings.brokers = brokers_;
    settings.topic_prefix = topic_prefix_;
    settings.client_id = "hirewire-test";
    settings.fetch_wait = Milliseconds{10};
    return settings;
}

std::vector<std::string> Stack::topics() const {
    std::vector<std::string> names;
    for (const auto& topic : kafka::load_topics(topics_file())) {
        names.push_back(topic.name);
    }
    return names;
}

std::map<std::string, std::string> Stack::service_logs() const {
    std::map<std::string, std::string> logs;
    for (const auto& entry : std::filesystem::directory_iterator{path("logs")}) {
        const auto file = entry.path().string();
        if (file.find(".toml") == std::string::npos) logs[file] = read_file(file);
    }
    return logs;
}

std::unique_ptr<Process> start_redis(
    int port, const std::string& log_file, const std::vector<std::string>& arguments) {
    std::vector<std::string> all{
        "--port",
        std::to_string(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
        "--maxmemory-policy",
        "noeviction"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    auto process = std::make_unique<Process>(
        Command{.program = "redis-server", .arguments = all, .environment = {}, .log_file = log_file});
    const auto wrong = [port]() -> std::string {
        try {
            return redis_command(port, "PING") == "+PONG" ? "" : "no PONG";
        } catch (const std::runtime_error& e) {
            return e.what();
        }
    };
    eventually("redis-server answers", wrong);
    return process;
}

std::string redis_command(int port, const std::string& command) {
    Connection connection{port};
    connection.send(command + "\r\n");
    return connection.read_line(Milliseconds{5'000});
}

}  // namespace hirewire::testing
