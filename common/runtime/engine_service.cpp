#include "common/runtime/engine_service.hpp"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

namespace hirewire::runtime {

namespace asio = boost::asio;

void run_engine(
    Runtime& runtime,
    pipeline::Engine& engine,
    kafka::Consumer& consumer,
    const std::string& destination,
    std::function<bool()> held_too) {
    runtime.ready_when([&engine]() -> std::optional<std::string> {
        if (engine.core().has_partitions()) return std::nullopt;
        return "kafka: no partition assigned yet";
    });
    const metrics::Labels labels{{"destination", destination}};
    auto& metrics = runtime.metrics();
    const auto in_flight = metrics.gauge(metrics::in_flight, labels);
    const auto circuit = metrics.gauge(metrics::circuit_open, labels);
    const auto parked = metrics.gauge(metrics::parked, labels);
    const auto held = metrics.gauge(metrics::held, labels);
    const auto oldest = metrics.gauge(metrics::oldest_unapplied, labels);
    const auto open = metrics.gauge(metrics::open_records, labels);
    const auto bytes = metrics.gauge(metrics::open_bytes, labels);
    const auto lanes = metrics.gauge(metrics::lanes, labels);
    std::map<pipeline::Cap, metrics::Gauge> paused;
    for (const auto cap : pipeline::all_caps) {
        const metrics::Labels by_cap{{"destination", destination}, {"cap", std::string{name_of(cap)}}};
        paused.emplace(cap, metrics.gauge(metrics::paused_partitions, by_cap));
    }
    runtime.before_metrics([&runtime,
                            &engine,
                            &consumer,
                            held_too = std::move(held_too),
                            in_flight,
                            circuit,
                            parked,
                            held,
                            oldest,
                            open,
                            bytes,
                            lanes,
                            paused] {
        const auto& core = engine.core();
        in_flight.set(static_cast<double>(core.running()));
        circuit.set(core.circuit_open() ? 1 : 0);
        parked.set(static_cast<double>(core.parked()));
        held.set(core.held() || held_too() ? 1 : 0);
        open.set(static_cast<double>(core.open()));
        bytes.set(static_cast<double>(core.open_bytes()));
        lanes.set(static_cast<double>(core.lanes()));
        for (const auto& [cap, gauge] : paused) gauge.set(static_cast<double>(core.paused(cap)));
        const auto since = core.oldest_open();
        oldest.set(since ? static_cast<double>(to_ms(runtime.clock().now()) - *since) / 1'000 : 0);
        for (const auto& [partition, lag] : consumer.lag()) {
            const metrics::Labels place{{"topic", partition.topic}, {"partition", std::to_string(partition.number)}};
            runtime.metrics().gauge(metrics::consumer_lag, place).set(static_cast<double>(lag));
        }
    });
    asio::co_spawn(runtime.context(), engine.run(), [&runtime](std::exception_ptr failure) {
        if (!failure) return;
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& e) {
            runtime.fail(e.what());
        }
    });
}

}  // namespace hirewire::runtime
