// hirewire-devbroker: the embedded broker in a process of its own. Runs until SIGTERM or SIGINT; what it held is gone
// then.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <stdexcept>

#include "common/kafka/topics.hpp"
#include "common/log/log.hpp"
#include "tools/devbroker/mock_cluster.hpp"

namespace {

sigset_t ending_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

}  // namespace

int main(int argc, char** argv) {
    using namespace hirewire;
    CLI::App app{
        "Hirewire's embedded broker: librdkafka's mock cluster, with the topics of topics.toml.",
        "hirewire-devbroker"};
    std::string file = "proto/topics.toml";
    std::string prefix;
    int partitions = 3;
    app.add_option("--topics", file, "The list of topics")->capture_default_str();
    app.add_option("--partitions", partitions, "Partitions of a topic that names no number of its own")
        ->capture_default_str()
        ->check(CLI::Range(1, 64));
    app.add_option("--prefix", prefix, "Put before every topic");
    app.set_version_flag("--version", "hirewire-devbroker " HIREWIRE_VERSION);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : 2;
    }

    // Before the first thread, so that all of them inherit it and only sigwait() below takes the signals.
    const sigset_t signals = ending_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    log::set_up("devbroker", log::Level::info, log::Format::json);
    try {
        const auto topics = kafka::load_topics(file, {.partitions = partitions});
        const devbroker::MockCluster cluster{topics, prefix};
        const std::string brokers = cluster.brokers();
        log::info("service.started", {{"brokers", brokers}, {"topics", topics.size()}, {"partitions", partitions}});
        int signal = 0;
        sigwait(&signals, &signal);
        log::info("service.stopped");
        return 0;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "hirewire-devbroker: %s\n", e.what());
        return 2;
    }
}
