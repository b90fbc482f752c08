#pragma once
// A whole installation of its own for one test: a directory, redis-server, a broker (the embedded one, or the Kafka
// that HIREWIRE_TEST_BROKERS names, under a random topic prefix), the sandbox, and any of our services as real
// processes on free ports. All of it ends with the object.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/message.hpp"
#include "common/json/value.hpp"
#include "common/kafka/settings.hpp"
#include "tests/support/process.hpp"

namespace hirewire::testing {

enum class Service { receiver, lever_source, sync_clara, sync_cluster, sync_cleary, sync_clinch, sync_theorg };
inline constexpr Service all_services[] = {
    Service::receiver,
    Service::lever_source,
    Service::sync_clara,
    Service::sync_cluster,
    Service::sync_cleary,
    Service::sync_clinch,
    Service::sync_theorg};
// Enough for tests of trouble: the destinations that hear of every candidate, of linked ones, of hires.
inline constexpr Service usual_services[] = {
    Service::receiver, Service::lever_source, Service::sync_clara, Service::sync_cluster, Service::sync_cleary};
std::string name_of(Service service);  // "sync-clara"

// One line of the configuration, the value as TOML writes it: {"receiver", "read_deadline", "\"1s\""}. A section of
// "" is the top of the file.
struct Setting {
    std::string section{};
    std::string key{};
    std::string value{};
};
// The lists that every stack's Clinch is configured with, as TOML writes them.
inline constexpr std::string_view clinch_success_states = "\"hired, offer\"";
inline constexpr std::string_view clinch_failure_states = "\"underqualified, position closed\"";
// Cluster's jobs that every stack is connected to.
inline constexpr std::string_view cluster_jobs[] = {"job-1", "job-7"};

// A later setting of the same key wins.
std::string toml_text(const std::vector<Setting>& settings);
std::string in_quotes(std::string_view text);

class Stack;

struct StackOptions {
    std::vector<Service> services{};
    bool sandbox = false;
    std::vector<std::string> sandbox_arguments{};
    std::vector<Setting> settings{};  // on top of what every test gets
    std::string topics{};             // a list of topics in place of proto/topics.toml, as TOML
    // Called when all neighbours are up and no service has been started.
    std::function<void(const Stack&)> beforehand{};
};

// One running service.
struct Instance {
    Service service = Service::receiver;
    std::unique_ptr<Process> process{};
    int port = 0;  // 0 for the sync daemons
    int admin_port = 0;
};

class Stack {
public:
    explicit Stack(StackOptions options);
    Stack(const Stack&) = delete;
    Stack& operator=(const Stack&) = delete;
    ~Stack() = default;

    Instance& operator[](Service service);
    // Whether it was asked for when the stack was made.
    [[nodiscard]] bool has(Service service) const { return instances_.contains(service); }
    // Ends it with SIGTERM (throws when it does not exit with 0) and starts it again on the same port, with other
    // settings if there are any.
    void restart(Service service, const std::vector<Setting>& overrides = {});
    // kill -9, nothing else.
    void kill9(Service service);
    void start(Service service, const std::vector<Setting>& overrides = {});
    // Waits until /readyz of all services says yes.
    void await_ready(Milliseconds patience = Milliseconds{90'000});

    // Another process of the same service beside the first one, on other ports and with other settings.
    Instance launch(Service service, const std::vector<Setting>& overrides = {});
    [[nodiscard]] std::vector<Setting> configuration(const std::vector<Setting>& overrides = {}) const;
    // Writes a file into the stack's directory and answers its path.
    std::string write(const std::string& name, std::string_view text) const;
    [[nodiscard]] std::string path(const std::string& name) const { return directory_.path() + "/" + name; }

    // POST, PATCH, ... /_sandbox/... with a JSON body. Throws unless the answer is 2xx.
    json::Document control(http::Method method, const std::string& path, const std::string& body = {}) const;
    json::Document control(const std::string& path) const { return control(http::Method::get, path); }
    // GET of Lever's API as a client with the API key: lever("/v1/stages").
    json::Document lever(const std::string& path) const;
    // `hirewire ARGUMENTS...` at this installation's Kafka, to its end.
    Ended cli(std::vector<std::string> arguments, Milliseconds patience = Milliseconds{120'000});
    [[nodiscard]] int sandbox_port() const { return lever_port_; }

    Process& redis() { return *redis_; }
    [[nodiscard]] int redis_port() const { return redis_port_; }
    // Nothing on a Kafka that is not ours.
    Process* broker() { return broker_.get(); }
    [[nodiscard]] kafka::Settings kafka() const;
    // Every topic of the installation, without the prefix.
    [[nodiscard]] std::vector<std::string> topics() const;

    // The secrets by the name of their environment variable.
    [[nodiscard]] const std::map<std::string, std::string>& secrets() const { return secrets_; }
    // The tokens that the receiver takes.
    [[nodiscard]] const std::vector<std::string>& signature_tokens() const { return signature_tokens_; }
    // What our services (not the neighbours) have logged so far, by file.
    [[nodiscard]] std::map<std::string, std::string> service_logs() const;

private:
    [[nodiscard]] std::string topics_file() const;
    void start_broker();
    void start_sandbox(const std::vector<std::string>& arguments);
    void make_topics();
    std::string next_log(const std::string& name);
    void begin(Instance& instance, const std::vector<Setting>& overrides);
    static void await_started(Instance& instance);

    TemporaryDirectory directory_;
    bool own_topics_ = false;
    std::string topic_prefix_;
    std::vector<std::string> signature_tokens_;
    std::map<std::string, std::string> secrets_;
    std::vector<Setting> settings_;
    std::string brokers_;
    int redis_port_ = 0;
    int lever_port_ = 0;
    int destinations_port_ = 0;
    std::map<Service, int> ports_;
    int logs_ = 0;
    std::unique_ptr<Process> redis_;
    std::unique_ptr<Process> broker_;
    std::unique_ptr<Process> sandbox_;
    std::map<Service, Instance> instances_;  // last: ended first
};

// redis-server without persistence, ready to be asked.
std::unique_ptr<Process> start_redis(
    int port, const std::string& log_file, const std::vector<std::string>& arguments = {});
// One command, one line of answer: redis_command(port, "PING").
std::string redis_command(int port, const std::string& command);

// "receiver" -> .../bin/hirewire-receiver, of this build or, to try another one, of HIREWIRE_TEST_BIN_DIR.
std::string program(const std::string& name);

}  // namespace hirewire::testing
