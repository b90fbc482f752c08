#pragma once
// What Cluster's tasks work with, in memory: Cluster, lever-source, Kafka, Redis and time. Time goes on only in rests
// of the courier.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "common/sync/leader_task.hpp"
#include "services/sync-cluster/rules.hpp"
#include "tests/support/fake_client.hpp"
#include "tests/support/fake_producer.hpp"
#include "tests/support/fake_store.hpp"
#include "tests/support/manual_clock.hpp"

namespace hirewire::cluster {

struct Bench {
    // `other` is asked in place of the client in memory.
    explicit Bench(http::Client* other = nullptr, bool sends = true)
        : courier{
              courier_settings(sends),
              [](http::Request& request) {
                  request.headers.push_back({"Authorization", "Bearer a-token"});
              },
              other != nullptr ? *other : cluster,
              store,
              clock,
              metrics,
              [] { return 0.5; },
              [this](Milliseconds pause) { return rest(pause); }} {}
    ~Bench() { end(); }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    void connect(const std::vector<std::string>& jobs) {
        settings.jobs.clear();
        for (const auto& job : jobs) settings.jobs.push_back(JobLink{.id = job, .posting = "posting of " + job});
    }
    // The task hears what hiring.runs has kept, and leads.
    void start(std::unique_ptr<sync::LeaderTask> one) {
        task = std::move(one);
        heard = 0;
        hear_all();
        boost::asio::co_spawn(context, task->run(tools), boost::asio::detached);
        context.restart();
    }
    void hear_all() {
        const auto messages = producer.of("hiring.runs");
        for (; heard < messages.size(); ++heard) {
            v1::Run run;
            REQUIRE(run.ParseFromString(*messages[heard].value));
            task->hear(run);
        }
    }
    void end() {
        if (!task) return;
        task->stop();
        while (context.run_one_for(Milliseconds{20}) != 0) {
        }
        task.reset();
    }
    void run_until(const std::function<bool()>& done) {
        for (int i = 0; i < 2'000 && !done(); ++i) step();
        REQUIRE(done());
    }
    // So many looks at the clock, in which nothing may happen.
    void rest_for_a_while() {
        for (int i = 0; i < 20; ++i) step();
    }
    // What is written comes back as it does from Kafka.
    void step() {
        context.run_one_for(Milliseconds{20});
        hear_all();
    }

    [[nodiscard]] std::vector<v1::Run> runs(std::string_view kind, v1::RunState state) const {
        std::vector<v1::Run> all;
        for (const auto& message : producer.of("hiring.runs")) {
            v1::Run run;
            REQUIRE(run.ParseFromString(*message.value));
            if (run.kind() == kind && run.state() == state) all.push_back(run);
        }
        return all;
    }
    [[nodiscard]] std::vector<http::Request> requests(http::Method method) const {
        std::vector<http::Request> found;
        for (const auto& request : cluster.requests) {
            if (request.method == method) found.push_back(request);
        }
        return found;
    }

    boost::asio::awaitable<void> rest(Milliseconds pause) {
        clock.advance(pause);
        if (while_resting) std::exchange(while_resting, {})();
        co_return;
    }
    static sync::CourierSettings courier_settings(bool sends) {
        sync::CourierSettings settings;
        settings.destination = "cluster";
        settings.retry.max_attempts = 2;
        settings.sends = sends;
        return settings;
    }

    testing::ManualClock clock;
    testing::FakeClient cluster;
    testing::FakeClient lever;
    testing::FakeStore store{clock};
    testing::FakeProducer producer;
    metrics::Registry metrics;
    boost::asio::io_context context{1};
    runtime::RunBook book{"main", producer, clock};
    Settings settings{};
    sync::Courier courier;
    sync::InternalApi lever_source{lever, "internal-token", Milliseconds{10'000}};
    sync::TaskTools tools{
        context.get_executor(), "main", "cluster", {}, producer, book, courier, lever_source, clock, metrics};
    std::unique_ptr<sync::LeaderTask> task;
    std::size_t heard = 0;
    std::function<void()> while_resting{};  // once
};

inline std::string header(const http::Request& request, std::string_view name) {
    return std::string{http::header(request.headers, name)};
}

}  // namespace hirewire::cluster
