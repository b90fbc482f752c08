#include "common/sync/replay_writer.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <semaphore>
#include <stdexcept>
#include <thread>
#include <utility>

#include "common/core/offload.hpp"
#include "common/core/time.hpp"
#include "common/pipeline/history.hpp"
#include "common/sync/batch.hpp"
#include "common/sync/posting_change.hpp"
#include "common/sync/replay_reading.hpp"

namespace hirewire::sync {
namespace {

namespace asio = boost::asio;

constexpr std::ptrdiff_t most_under_way = 256;
// How soon the reading thread hears of a stop, and of room.
constexpr Milliseconds look{200};
constexpr Milliseconds look_for_room{5};

asio::awaitable<bool> acknowledged(kafka::Producer& producer, kafka::Message message) {
    const auto written = co_await producer.write(std::move(message));
    co_return written.has_value();
}

}  // namespace

kafka::Message replayed(const kafka::Record& record, std::string topic, const ReplayTerms& terms) {
    const auto origin = pipeline::read_origin(record);
    kafka::Message message;
    message.topic = std::move(topic);
    message.key = record.key;
    message.value = record.value;
    message.partition = record.partition.number;
    message.headers = record.headers;
    Asked asked;
    asked.run_ids.push_back(terms.run_id);
    if (terms.forced) asked.epoch = terms.run_id;
    put_asked(message.headers, asked);
    pipeline::put_origin(message.headers, origin);
    if (origin.topic == postings_topic) {
        // Its version is the time at which it was written first.
        if (kafka::header(message.headers, "ce_time").empty()) {
            message.headers.push_back({"ce_time", iso_time(from_ms(record.timestamp_ms))});
        }
        return message;
    }
    // Nobody is notified because of it.
    v1::Change change;
    if (record.value && change.ParseFromString(*record.value)) {
        change.set_live(false);
        message.value = change.SerializeAsString();
    }
    return message;
}

// Between the thread that reads and the executor that writes.
struct ReplayWriter::Flow {
    std::counting_semaphore<most_under_way> room{most_under_way};
    std::atomic<bool> failed{false};
    std::atomic<std::int64_t> written{0};
    std::shared_ptr<std::atomic<bool>> ending{};
    std::shared_ptr<WritingControl> control{};
    WritingHooks hooks{};
    ReplayTerms terms{};
    std::optional<std::int32_t> partition{};
    std::string topic{};
    asio::any_io_executor executor{};
    kafka::Producer* producer = nullptr;
    std::chrono::steady_clock::time_point next{};

    void check() const {
        if (*ending || control->stopped) throw std::runtime_error{"the process is ending"};
        if (failed) throw std::runtime_error{"kafka does not take the records of " + topic};
    }

    void acquire() {
        while (!room.try_acquire_for(look)) check();
        check();
    }

    // Until the terms and who counts let one more go.
    void await_turn() {
        while (control->paused || control->open >= control->most_open) {
            check();
            std::this_thread::sleep_for(look_for_room);
        }
        if (terms.per_second <= 0) return;
        const auto now = std::chrono::steady_clock::now();
        const auto pause = std::chrono::duration_cast<std::chrono::steady_clock::duration>(
            std::chrono::duration<double>(1 / terms.per_second));
        next = std::max(next, now - pause) + pause;  // what was not used is not made up for
        while (std::chrono::steady_clock::now() < next) {
            check();
            const auto left = next - std::chrono::steady_clock::now();
            std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(left, look));
        }
    }

    static asio::awaitable<void> write(std::shared_ptr<Flow> flow, kafka::Message message) {
        const bool written = co_await acknowledged(*flow->producer, std::move(message));
        if (!written) flow->failed = true;
        if (written) ++flow->written;
        flow->room.release();
    }

    // On the executor.
    static void admit(const std::shared_ptr<Flow>& flow, kafka::Message message, std::int64_t version) {
        // What is handed over after the end is left to who goes on with it.
        const bool over = *flow->ending || flow->control->stopped;
        if (over || (flow->hooks.admit && !flow->hooks.admit(message.key, version))) {
            flow->room.release();
            return;
        }
        asio::co_spawn(flow->executor, write(flow, std::move(message)), asio::detached);
    }

    static void hand_over(const std::shared_ptr<Flow>& flow, const kafka::Record& record) {
        if (flow->hooks.known && flow->hooks.known(record.key)) return;
        const auto change = read_change(record);
        if (!change) return;
        flow->await_turn();
        flow->acquire();
        auto message = replayed(record, flow->topic, flow->terms);
        asio::post(flow->executor, [flow, m = std::move(message), version = change->version()]() mutable {
            admit(flow, std::move(m), version);
        });
    }

    // Blocks.
    static std::int64_t run(const std::shared_ptr<Flow>& flow, const kafka::Settings& kafka) {
        ReplayReading reading;
        reading.check = [&flow] { flow->check(); };
        reading.found = [&flow](std::int64_t found, std::int64_t overtaken) {
            asio::post(flow->executor, [flow, found, overtaken] {
                if (flow->hooks.found) flow->hooks.found(found, overtaken);
            });
        };
        reading.take = [&flow](const kafka::Record& record) { hand_over(flow, record); };
        read_replay(kafka, flow->terms, flow->partition, reading);
        for (std::ptrdiff_t i = 0; i < most_under_way; ++i) flow->acquire();
        return flow->written;
    }
};

ReplayWriter::ReplayWriter(
    asio::any_io_executor executor, kafka::Settings kafka, kafka::Producer& producer, const std::string& destination)
    : executor_{std::move(executor)},
      kafka_{std::move(kafka)},
      producer_{producer},
      topic_{"sync." + destination + ".replay"} {}

ReplayWriter::~ReplayWriter() {
    *ending_ = true;
    reading_.stop();
    reading_.join();
}

asio::awaitable<std::int64_t> ReplayWriter::write(
    ReplayTerms terms,
    WritingHooks hooks,
    std::shared_ptr<WritingControl> control,
    std::optional<std::int32_t> partition) {
    const auto flow = std::make_shared<Flow>();
    flow->ending = ending_;
    flow->control = std::move(control);
    flow->hooks = std::move(hooks);
    flow->terms = std::move(terms);
    flow->partition = partition;
    flow->topic = topic_;
    flow->executor = executor_;
    flow->producer = &producer_;
    const std::function<std::int64_t()> work = [flow, kafka = kafka_] { return Flow::run(flow, kafka); };
    co_return co_await offload(reading_, work);
}

}  // namespace hirewire::sync
