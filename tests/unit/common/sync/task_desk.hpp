#pragma once
// All that a leader task works with, over fakes.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <string>
#include <utility>

#include "common/sync/leader_task.hpp"
#include "tests/support/fake_client.hpp"
#include "tests/support/fake_producer.hpp"
#include "tests/support/fake_store.hpp"
#include "tests/support/manual_clock.hpp"

namespace hirewire::testing {

struct TaskDesk {
    explicit TaskDesk(std::string name) : destination{std::move(name)} {}
    // What is ready to go on, does.
    void poll() {
        context.restart();
        context.poll();
    }

    std::string destination;
    ManualClock clock{};
    FakeClient client{};
    FakeStore store{clock};
    FakeProducer producer{};
    metrics::Registry metrics{};
    boost::asio::io_context context{1};
    runtime::RunBook runs{"main", producer, clock};
    sync::InternalApi lever_source{client, "token", Milliseconds{1'000}};
    sync::Courier courier{
        sync::CourierSettings{},
        [](http::Request&) {},
        client,
        store,
        clock,
        metrics,
        [] { return 0.5; },
        [](Milliseconds) -> boost::asio::awaitable<void> { co_return; }};
    sync::TaskTools tools{
        .executor = context.get_executor(),
        .account = "main",
        .destination = destination,
        .kafka = {},
        .producer = producer,
        .runs = runs,
        .courier = courier,
        .lever_source = lever_source,
        .clock = clock,
        .metrics = metrics};
};

}  // namespace hirewire::testing
