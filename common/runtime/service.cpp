#include "common/runtime/service.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "common/core/sleep.hpp"
#include "common/http/routes.hpp"
#include "common/http/server.hpp"
#include "common/json/writer.hpp"
#include "common/log/log.hpp"

namespace hirewire::runtime {
namespace {

namespace asio = boost::asio;

// All programs read one file; each reads its own sections and knows that the others exist.
const std::vector<std::string> all_sections{
    "account",
    "log",
    "kafka",
    "redis",
    "receiver",
    "lever",
    "lever-source",
    "internal",
    "sync",
    "clara",
    "cluster",
    "cleary",
    "theorg",
    "clinch",
    "console"};

constexpr int exit_done = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

log::Level level_of(const std::string& word) {
    if (word == "debug") return log::Level::debug;
    if (word == "warning") return log::Level::warning;
    if (word == "error") return log::Level::error;
    return log::Level::info;
}

std::string default_config_file() {
    const char* named = std::getenv("HIREWIRE_CONFIG");
    return named != nullptr ? named : "/etc/hirewire/hirewire.toml";
}

void say(const std::string& program, const std::string& sentence) {
    std::fprintf(stderr, "%s: %s\n", program.c_str(), sentence.c_str());
}

http::Reply text_reply(std::string body, const char* type) {
    return {.status = 200, .headers = {{"Content-Type", type}}, .body = std::move(body)};
}

std::vector<http::Route> admin_routes(Runtime& runtime, const config::Schema& schema) {
    std::vector<http::Route> routes;
    routes.push_back({http::Method::get, "/healthz", http::answer([](const auto&, const auto&) {
                          return http::json_reply(200, R"({"status":"alive"})");
                      })});
    routes.push_back({http::Method::get, "/readyz", http::answer([&runtime](const auto&, const auto&) {
                          const auto problems = runtime.problems();
                          json::Writer out;
                          out.begin_object().member("status", problems.empty() ? "ready" : "not ready");
                          out.key("waiting_for").begin_array();
                          for (const auto& problem : problems) out.string(problem);
                          out.end_array().end_object();
                          return http::json_reply(problems.empty() ? 200 : 503, out.text());
                      })});
    routes.push_back({http::Method::get, "/metrics", http::answer([&runtime](const auto&, const auto&) {
                          runtime.refresh();
                          return text_reply(runtime.metrics().text(), "text/plain; version=0.0.4");
                      })});
    routes.push_back({http::Method::get, "/config", http::answer([&schema](const auto&, const auto&) {
                          return http::json_reply(200, schema.describe());
                      })});
    return routes;
}

// One process from its start to its end.
class Process {
public:
    Process(
        asio::io_context& context,
        std::string program,
        std::string file,
        Service& service,
        config::Schema& schema,
        const Common& common)
        : context_{context},
          program_{std::move(program)},
          file_{std::move(file)},
          service_{service},
          schema_{schema},
          runtime_{context_, common},
          signals_{context_, SIGTERM, SIGINT, SIGHUP},
          grace_{common.shutdown_grace} {}

    int run() {
        runtime_.on_failure = [this](std::string sentence) {
            say(program_, sentence);
            exit_code_ = exit_failed;
            begin_stop();
        };
        wait_for_signal();
        asio::co_spawn(context_, start(), asio::detached);
        context_.run();
        return exit_code_;
    }

private:
    asio::awaitable<void> start() {
        try {
            const Endpoint admin = service_.admin();
            http::ServerSettings settings;
            settings.address = admin.address;
            settings.port = admin.port;
            settings.max_connections = 64;
            admin_ = std::make_unique<http::Server>(
                context_, settings, http::make_handler(admin_routes(runtime_, schema_)));
            co_await service_.start(runtime_);
            runtime_.mark_started();
            log_start();
        } catch (const config::Error& e) {
            give_up(exit_usage, e.what());
        } catch (const std::exception& e) {
            give_up(exit_failed, e.what());
        }
    }

    void log_start() const {
        const log::Field admin{"admin_port", static_cast<int>(admin_->port())};
        const log::Field version{"version", HIREWIRE_VERSION};
        const log::Field config{"config", file_};
        if (const auto port = service_.port()) {
            log::info("service.started", {{"port", static_cast<int>(*port)}, admin, version, config});
        } else {
            log::info("service.started", {admin, version, config});
        }
    }

    void give_up(int code, const std::string& sentence) {
        if (stopping_) return;
        say(program_, sentence);
        exit_code_ = code;
        context_.stop();
    }

    void wait_for_signal() {
        signals_.async_wait([this](boost::system::error_code e, int signal) {
            if (e) return;
            if (signal == SIGHUP) {
                reload();
                wait_for_signal();
            } else {
                begin_stop();
            }
        });
    }

    void reload() {
        try {
            schema_.load(file_, config::Secrets::read, [this] { return service_.fault(); });
            service_.reload();
            log::info("config.reloaded", {{"config", file_}});
        } catch (const std::exception& e) {
            // The old settings stay in force.
            log::error("config.refused", {{"reason", e.what()}});
        }
    }

    void begin_stop() {
        if (stopping_) return;
        stopping_ = true;
        deadline_.expires_after(grace_);
        deadline_.async_wait([this](boost::system::error_code e) {
            if (e) return;
            log::warning("service.cut_off", {{"grace_ms", static_cast<std::int64_t>(grace_.count())}});
            context_.stop();
        });
        asio::co_spawn(context_, stop(), asio::detached);
    }

    asio::awaitable<void> stop() {
        try {
            co_await service_.stop();
        } catch (const std::exception& e) {
            log::error("service.stop_failed", {{"reason", e.what()}});
        }
        log::info("service.stopped", {});
        context_.stop();
    }

    asio::io_context& context_;
    std::string program_;
    std::string file_;
    Service& service_;
    config::Schema& schema_;
    Runtime runtime_;
    asio::signal_set signals_;
    asio::steady_timer deadline_{context_};
    Milliseconds grace_;
    std::unique_ptr<http::Server> admin_;
    bool stopping_ = false;
    int exit_code_ = exit_done;
};

}  // namespace

std::vector<std::string> Runtime::problems() const {
    std::vector<std::string> found;
    if (!started_) found.emplace_back("starting");
    for (const auto& check : checks_) {
        if (auto problem = check()) found.push_back(std::move(*problem));
    }
    return found;
}

void Runtime::refresh() const {
    for (const auto& function : refresh_) function();
}

void declare_common(config::Schema& schema, Common& common) {
    schema.accept(all_sections);
    schema.section("", "Hirewire's configuration: every key with its default. All services read this one file.")
        .duration("shutdown_grace", common.shutdown_grace, "How long SIGTERM waits for what is under way.");
    schema.section("account", "The Lever account that this installation serves.")
        .text(
            "name",
            common.account,
            "Part of every change id and idempotency key: never rename it once records exist.",
            {},
            config::Need::required);
    schema.section("log", "JSON lines on stderr; text for people.")
        .text(
            "level",
            common.log_level,
            "debug, info, warning or error.",
            config::one_of({"debug", "info", "warning", "error"}))
        .text("format", common.log_format, "json or text.", config::one_of({"json", "text"}));
    auto& kafka = common.kafka;
    schema.section("kafka", "The brokers. TLS, SASL and anything else that librdkafka knows goes into options.")
        .text("brokers", kafka.brokers, "host:port, comma separated.", {}, config::Need::required)
        .text("topic_prefix", kafka.topic_prefix, "Put before every topic and consumer group.")
        .text("client_id", kafka.client_id, "What the brokers see in their logs and quotas.")
        .secret("password", kafka.password, "", "The SASL password, if there is one.", config::Need::optional)
        .text(
            "instance_id", kafka.instance_id, "Static group membership; must differ in every process. Empty = none.")
        .duration(
            "fetch_wait", kafka.fetch_wait, "How long the broker may hold a fetch. 10ms for the embedded broker.")
        .duration("session_timeout", kafka.session_timeout, "A process that is silent for so long has died.")
        .duration("max_poll_interval", kafka.max_poll_interval, "A process that reads nothing for so long has hung.")
        .duration("linger", kafka.linger, "How long a record waits for company.")
        .duration("message_timeout", kafka.message_timeout, "A record not acknowledged by then was not stored.")
        .flag("idempotent_producer", kafka.idempotent_producer, "Off only for brokers that cannot.")
        .table("options", kafka.options, "Any librdkafka property, such as \"security.protocol\" = \"SASL_SSL\".");
    auto& redis = common.redis;
    schema.section("redis", "De-duplication, caches, ledgers. Must run with maxmemory-policy noeviction.")
        .text("host", redis.host, "Host name or address.", {}, config::Need::required)
        .integer("port", redis.port, "TCP port.", 1, 65535)
        .secret("password", redis.password, "", "The password, if Redis asks for one.", config::Need::optional)
        .text("prefix", redis.prefix, "Put before every key.");
}

int run(int argc, char** argv, const std::string& name, std::unique_ptr<Service> handed_over) {
    const std::string program = "hirewire-" + name;
    CLI::App app{"Part of Hirewire, which carries hiring decisions out of Lever.", program};
    std::string file = default_config_file();
    bool check_only = false;
    bool print_reference = false;
    app.add_option(
        "--config", file, "The configuration file (default: $HIREWIRE_CONFIG, then /etc/hirewire/hirewire.toml)");
    app.add_flag("--check-config", check_only, "Say what is wrong with the configuration, if anything, and end");
    app.add_flag(
        "--print-reference", print_reference, "Print every key that this program reads, with its default, and end");
    app.set_version_flag("--version", program + " " HIREWIRE_VERSION);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? exit_done : exit_usage;
    }

    std::signal(SIGPIPE, SIG_IGN);
    asio::io_context context{1};
    const auto owned = std::move(handed_over);
    Service& service = *owned;
    Common common;
    config::Schema schema;
    declare_common(schema, common);
    service.declare(schema);
    if (print_reference) {
        std::printf("%s", schema.reference().c_str());
        return exit_done;
    }
    try {
        schema.load(file);
        if (const auto fault = kafka::fault_of(common.kafka); !fault.empty())
            throw config::Error{file + ": " + fault};
        if (const auto fault = service.fault(); !fault.empty()) throw config::Error{file + ": " + fault};
    } catch (const config::Error& e) {
        say(program, e.what());
        return exit_usage;
    }
    if (check_only) {
        std::printf("%s: nothing wrong for %s\n", file.c_str(), program.c_str());
        return exit_done;
    }
    log::set_up(
        name, level_of(common.log_level), common.log_format == "json" ? log::Format::json : log::Format::text);
    Process process{context, program, file, service, schema, common};
    const int code = process.run();
    // What was under way has been finished or given up in stop(). Taking the rest apart in the right order would be
    // work for nothing: the kernel does it better.
    std::fflush(nullptr);
    std::_Exit(code);
}

asio::awaitable<bool> check_redis(redis::Store& store, const redis::Settings& settings, Patience patience) {
    const std::string where = settings.host + ":" + std::to_string(settings.port);
    for (int attempt = 0;; ++attempt) {
        const auto policy = co_await store.eviction_policy();
        if (policy) {
            if (*policy == "noeviction") co_return true;
            throw config::Error{
                "Redis at " + where + ": maxmemory-policy is " + *policy +
                ", under which it may throw our keys away. Set it to noeviction."};
        }
        if (patience == Patience::brief && attempt >= 20) co_return false;
        if (attempt == 20) log::warning("redis.waiting", {{"at", where}, {"reason", policy.error().message()}});
        co_await sleep_for(Milliseconds{100});
    }
}

}  // namespace hirewire::runtime
