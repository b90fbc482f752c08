#include "common/runtime/runs_listener.hpp"

#include <atomic>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "common/kafka/reader.hpp"
#include "common/log/log.hpp"

namespace hirewire::runtime {
namespace {

namespace asio = boost::asio;

constexpr Milliseconds wait_for_record{200};
constexpr Milliseconds after_failure{1'000};
// Records that were read and not heard yet; the reading waits at that.
constexpr std::size_t most_waiting = 256;

}  // namespace

bool HeardOnce::is_new(const kafka::Record& record) {
    auto& next = next_[record.partition];
    if (record.offset < next) return false;
    next = record.offset + 1;
    return true;
}

// Shared with the thread and with what it has posted, either of which may outlast the listener by a moment.
struct RunsListener::State : std::enable_shared_from_this<RunsListener::State> {
    State(asio::any_io_executor e, kafka::Settings k, Listener l)
        : executor{std::move(e)}, kafka{std::move(k)}, listener{std::move(l)} {}

    void listen();
    void read();
    void hand_over(const kafka::Record& record);
    void hear(const v1::Run& run);

    asio::any_io_executor executor;
    kafka::Settings kafka;
    Listener listener;
    std::atomic<bool> stopping{false};
    bool caught_up = false;  // on the executor alone
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t waiting = 0;  // by the mutex
    // On the thread alone.
    HeardOnce once{};
    bool told_caught_up = false;
    bool said = false;
};

void RunsListener::State::listen() {
    while (!stopping) {
        std::string failure;
        try {
            read();
        } catch (const std::exception& e) {
            failure = e.what();
        }
        if (stopping) return;
        if (!std::exchange(said, true)) {
            log::warning("runs.not_read", {{"reason", failure}, {"consequence", "it is tried again every second"}});
        }
        std::unique_lock lock{mutex};
        changed.wait_for(lock, after_failure, [this] { return stopping.load(); });
    }
}

void RunsListener::State::read() {
    const std::vector<std::string> topics(1, "hiring.runs");
    kafka::Tail tail{kafka, topics, kafka::Tail::From::beginning, &stopping};
    said = false;
    while (!stopping) {
        const auto record = tail.next(wait_for_record);
        if (record && once.is_new(*record)) hand_over(*record);
        if (told_caught_up || !tail.caught_up()) continue;
        told_caught_up = true;
        asio::post(executor, [self = shared_from_this()] {
            if (self->stopping) return;
            self->caught_up = true;
            if (self->listener.caught_up) self->listener.caught_up();
        });
    }
}

void RunsListener::State::hand_over(const kafka::Record& record) {
    v1::Run run;
    if (!record.value || !run.ParseFromString(*record.value)) return;
    {
        std::unique_lock lock{mutex};
        changed.wait(lock, [this] { return stopping || waiting < most_waiting; });
        if (stopping) return;
        ++waiting;
    }
    asio::post(executor, [self = shared_from_this(), run = std::move(run)] { self->hear(run); });
}

void RunsListener::State::hear(const v1::Run& run) {
    {
        const std::lock_guard lock{mutex};
        --waiting;
    }
    changed.notify_one();
    if (!stopping) listener.heard(run);
}

RunsListener::RunsListener(asio::any_io_executor executor, kafka::Settings kafka, Listener listener)
    : state_{std::make_shared<State>(std::move(executor), std::move(kafka), std::move(listener))} {}

RunsListener::~RunsListener() {
    stop();
    if (thread_.joinable()) thread_.join();
}

void RunsListener::start() {
    thread_ = std::thread{[state = state_] { state->listen(); }};
}

void RunsListener::stop() {
    {
        const std::lock_guard lock{state_->mutex};
        state_->stopping = true;
    }
    state_->changed.notify_all();
}

bool RunsListener::caught_up() const {
    return state_->caught_up;
}

}  // namespace hirewire::runtime
