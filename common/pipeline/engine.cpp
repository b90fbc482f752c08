#include "common/pipeline/engine.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <random>
#include <stdexcept>
#include <utility>

#include "common/core/overloaded.hpp"
#include "common/core/sleep.hpp"
#include "common/log/log.hpp"
#include "common/pipeline/history.hpp"

namespace hirewire::pipeline {
namespace {

namespace asio = boost::asio;

// How many records are taken in before the loop lets others work.
constexpr int turn = 64;
constexpr Milliseconds insist_pause{5'000};

// However the reading ends, who waits for its end must see it.
struct Reading {
    explicit Reading(bool& r) : reading{r} {}
    ~Reading() { reading = false; }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    bool& reading;
};

std::function<double()> random_numbers() {
    return [engine = std::mt19937{std::random_device{}()}]() mutable {
        return std::uniform_real_distribution<double>{0.0, 1.0}(engine);
    };
}

}  // namespace

Engine::Engine(
    asio::any_io_executor executor,
    kafka::Consumer& consumer,
    Handler& handler,
    const Clock& clock,
    CoreSettings settings)
    : executor_{executor},
      consumer_{consumer},
      handler_{handler},
      clock_{clock},
      core_{settings, random_numbers()},
      alarm_{executor} {}

asio::awaitable<void> Engine::run() {
    reading_ = true;
    const Reading reading{reading_};
    while (!stopping_) {
        int taken = 0;
        while (taken < turn && !stopping_) {
            auto event = consumer_.poll();
            if (!event) break;
            ++taken;
            take(std::move(*event));
        }
        if (!fatal_.empty()) break;
        perform();
        if (taken == turn) {
            co_await asio::post(executor_, asio::use_awaitable);
        } else if (!stopping_) {
            co_await consumer_.ready();
        }
    }
    if (!fatal_.empty()) throw std::runtime_error("Kafka is lost for good: " + fatal_);
}

void Engine::take(kafka::Event event) {
    std::visit(
        overloaded{
            [this](kafka::Record& record) {
                Place place = handler_.place(record);
                const History history = read_history(record.headers);
                const Past past = to_past(history, clock_.now(), clock_.monotonic());
                // No retention threatens it, and what was written a year ago may be read for the first time.
                if (place.kept) record.timestamp_ms = to_ms(clock_.now());
                // What was set aside is as old as its failing.
                if (history.failing_since) {
                    record.timestamp_ms = std::min(record.timestamp_ms, to_ms(*history.failing_since));
                }
                core_.on_record(std::move(record), std::move(place), past);
            },
            [this](const kafka::Assigned& assigned) { core_.on_assigned(assigned.partitions); },
            [this](const kafka::Revoked& revoked) {
                // What was finished and does not arrive in time comes again, and the ledger knows it.
                for (const auto& [partition, next] : core_.on_revoked(revoked.partitions)) {
                    consumer_.commit(partition, next);
                }
            },
            [this](const kafka::Begun& begun) {
                core_.on_begun(begun.partition, begun.at, to_ms(clock_.now()));
                asio::co_spawn(executor_, run_begun(begun), asio::detached);
            },
            [this](const kafka::Expired& expired) {
                asio::co_spawn(executor_, run_expired(expired), asio::detached);
            },
            [this](const kafka::Trouble& trouble) {
                log::warning("kafka.trouble", {{"reason", trouble.what}, {"fatal", trouble.fatal}});
                if (trouble.fatal) fatal_ = trouble.what;
            }},
        event);
}

void Engine::perform() {
    if (!consuming_) return;
    for (auto& action : core_.next(clock_.monotonic())) {
        std::visit(
            overloaded{
                [this](const Start& a) { asio::co_spawn(executor_, run_job(a.job), asio::detached); },
                [this](const GiveUp& a) { asio::co_spawn(executor_, run_set_aside(a.job, a), asio::detached); },
                [this](const Park& a) { asio::co_spawn(executor_, run_set_aside(a.job, a), asio::detached); },
                [this](const Commit& a) { consumer_.commit(a.partition, a.next); },
                [this](const Pause& a) { consumer_.pause(a.partition); },
                [this](const Resume& a) { consumer_.resume(a.partition); }},
            action);
    }
    set_alarm();
}

// One that goes off too early costs a look at the core, one that is set anew after each job costs more than the job.
void Engine::set_alarm() {
    const auto wake = core_.wake_at();
    if (!wake || (alarm_at_ && *alarm_at_ <= *wake)) return;
    alarm_at_ = wake;
    alarm_.expires_at(*wake);
    // An alarm that has gone off already cannot be cancelled: it may come when the consumer is closed, or all is
    // gone.
    alarm_.async_wait([this, consuming = std::weak_ptr{consuming_}](boost::system::error_code e) {
        if (e || consuming.expired()) return;
        alarm_at_.reset();
        perform();
    });
}

asio::awaitable<void> Engine::run_job(JobId id) {
    // Jobs that end at once would otherwise nest, each inside the one before it.
    co_await asio::post(executor_, asio::use_awaitable);
    // Spends attempts: what fails so each time must not hold up its offset for ever.
    Attempted attempted = Retry{.reason = "unexpected failure"};
    try {
        attempted = co_await handler_.attempt(core_.job(id));
    } catch (const std::exception& e) {
        // A defect must not take the other lanes down with it; the record stays, visibly.
        log::error("attempt.threw", {{"reason", e.what()}, {"lane", core_.job(id).place.lane}});
    }
    core_.on_verdict(id, attempted, clock_.monotonic());
    tell_of_circuit();
    perform();
}

void Engine::tell_of_circuit() {
    if (core_.circuit_open() == std::exchange(circuit_was_open_, core_.circuit_open())) return;
    if (circuit_was_open_) {
        log::error(
            "circuit.opened", {{"consequence", "nothing is sent but a probe now and then; Kafka keeps the rest"}});
    } else {
        log::info("circuit.closed", {{"consequence", "all goes on"}});
    }
}

asio::awaitable<void> Engine::run_set_aside(JobId id, std::variant<GiveUp, Park> how) {
    auto* const park = std::get_if<Park>(&how);
    bool written = false;
    try {
        if (park != nullptr) {
            written = co_await handler_.park(core_.job(id), std::move(*park));
        } else {
            written = co_await handler_.give_up(core_.job(id), std::move(std::get<GiveUp>(how).reason));
        }
    } catch (const std::exception& e) {
        const char* event = park != nullptr ? "park.threw" : "give_up.threw";
        log::error(event, {{"reason", e.what()}, {"lane", core_.job(id).place.lane}});
    }
    core_.on_set_aside(id, written, clock_.monotonic());
    perform();
}

asio::awaitable<bool> Engine::insist(kafka::Partition partition, std::function<asio::awaitable<void>()> ask) {
    const std::weak_ptr consuming{consuming_};
    const auto epoch = core_.epoch_of(partition);
    const auto ours = [&] { return !consuming.expired() && epoch && core_.epoch_of(partition) == epoch; };
    while (ours()) {
        std::string failure;
        try {
            co_await ask();
            co_return ours();
        } catch (const std::exception& e) {
            failure = e.what();
        }
        if (!ours()) break;
        log::warning("partition.waits", {{"topic", partition.topic}, {"reason", failure}});
        co_await sleep_for(insist_pause);
    }
    co_return false;
}

asio::awaitable<void> Engine::run_begun(kafka::Begun begun) {
    const auto ask = [this, begun] { return handler_.make_up_for_the_past(begun); };
    if (!co_await insist(begun.partition, ask)) co_return;
    core_.on_made_up(begun.partition);
    perform();
}

asio::awaitable<void> Engine::run_expired(kafka::Expired expired) {
    // It may be told more than once.
    const auto epoch = core_.epoch_of(expired.partition);
    auto& waits = expired_[expired.partition];
    if (!epoch || waits == *epoch) co_return;
    waits = *epoch;
    const auto ask = [this, expired] { return handler_.await_permission(expired); };
    if (co_await insist(expired.partition, ask)) consumer_.begin_anew();
}

asio::awaitable<bool> Handler::park(const Job&, Park) {
    co_return false;
}

asio::awaitable<void> Handler::make_up_for_the_past(kafka::Begun) {
    co_return;
}

asio::awaitable<void> Handler::await_permission(kafka::Expired) {
    co_return;
}

asio::awaitable<void> Engine::stop(Milliseconds patience) {
    stopping_ = true;
    core_.stop();
    const Instant until = clock_.monotonic() + patience;
    while (reading_ || (core_.running() > 0 && clock_.monotonic() < until)) co_await sleep_for(Milliseconds{10});
    consuming_.reset();
    alarm_.cancel();
    consumer_.commit_now(core_.take_committable());
    consumer_.close();
}

void Engine::release_hold() {
    core_.release_hold();
    perform();
}

void Engine::suspend() {
    core_.suspend();
    perform();
}

void Engine::resume() {
    core_.resume();
    perform();
}

}  // namespace hirewire::pipeline
