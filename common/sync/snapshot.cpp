#include "common/sync/snapshot.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <semaphore>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "common/core/uuid.hpp"
#include "common/kafka/reader.hpp"
#include "common/pipeline/history.hpp"
#include "hirewire/v1/change.pb.h"

namespace hirewire::sync {
namespace {

namespace asio = boost::asio;

constexpr std::ptrdiff_t most_under_way = 256;
// More than lever-source has under way at once: a change is written to hiring.changes before its opportunity's state
// is written to hiring.opportunities.
constexpr std::int64_t last_changes = 5'000;

struct Latest {
    std::int64_t version = 0;
    kafka::Record record{};
};

// The same change for backfill: nobody is notified because of it.
kafka::Message replayed(const kafka::Record& record, v1::Change change, std::string topic, const std::string& run) {
    change.set_live(false);
    kafka::Message message;
    message.topic = std::move(topic);
    message.key = record.key;
    message.value = change.SerializeAsString();
    message.partition = record.partition.number;
    message.headers = record.headers;
    message.headers.push_back({"hirewire-replay", run});
    pipeline::put_origin(message.headers, pipeline::read_origin(record));
    return message;
}

}  // namespace

// Between the thread that reads and the one that writes.
struct Snapshot::Flow {
    std::counting_semaphore<most_under_way> room{most_under_way};
    std::atomic<bool> failed{false};
    std::shared_ptr<std::atomic<bool>> stopped{};
    std::function<void(const kafka::Record&, v1::Change)> hand_over{};

    void acquire() {
        while (!room.try_acquire_for(std::chrono::milliseconds{200})) {
            if (*stopped) throw std::runtime_error{"the process is ending"};
        }
        if (failed) throw std::runtime_error{"kafka does not take the snapshot's records"};
    }
};

Snapshot::Snapshot(
    asio::any_io_executor executor, kafka::Settings kafka, kafka::Producer& producer, std::string destination)
    : executor_{std::move(executor)},
      kafka_{std::move(kafka)},
      producer_{producer},
      topic_{"sync." + destination + ".replay"} {}

Snapshot::~Snapshot() {
    *stopped_ = true;
    reading_.stop();
    reading_.join();
}

asio::awaitable<void> Snapshot::write(std::shared_ptr<Flow> flow, kafka::Message message) {
    const auto written = co_await producer_.write(std::move(message));
    if (!written) flow->failed = true;
    flow->room.release();
}

// Blocks the thread that it is spawned on. Compaction comes late, so the first reading finds where each opportunity's
// last state is and the second one hands it over.
asio::awaitable<std::int64_t> Snapshot::read(
    std::shared_ptr<Flow> flow, kafka::Settings kafka, std::optional<std::int32_t> partition) {
    std::int64_t taken = 0;
    std::unordered_map<std::string, Latest> just_changed;
    kafka::ReadTerms terms;
    terms.partition = partition;
    terms.last = last_changes;
    const auto keep_newest = [&](const kafka::Record& record) {
        v1::Change change;
        if (!record.value || !change.ParseFromString(*record.value)) return;
        auto& latest = just_changed[record.key];
        if (change.version() <= latest.version) return;
        latest.version = change.version();
        latest.record = record;
    };
    kafka::read_all(kafka, "hiring.changes", keep_newest, terms);

    terms.last.reset();
    std::unordered_map<std::string, kafka::Offset> last;
    const auto find = [&](const kafka::Record& record) { last[record.key] = record.offset; };
    kafka::read_all(kafka, "hiring.opportunities", find, terms);

    const auto hand_over = [&](const kafka::Record& record, v1::Change change) {
        flow->acquire();
        ++taken;
        flow->hand_over(record, std::move(change));
    };
    const auto take_last = [&](const kafka::Record& record) {
        const auto at = last.find(record.key);
        v1::Change change;
        if (at == last.end() || at->second != record.offset) return;
        if (!record.value || !change.ParseFromString(*record.value)) return;
        const auto newer = just_changed.find(record.key);
        if (newer != just_changed.end() && newer->second.version <= change.version()) just_changed.erase(newer);
        hand_over(record, std::move(change));
    };
    kafka::read_all(kafka, "hiring.opportunities", take_last, terms);
    for (const auto& [opportunity, latest] : just_changed) {
        v1::Change change;
        if (change.ParseFromString(*latest.record.value)) hand_over(latest.record, std::move(change));
    }
    for (std::ptrdiff_t i = 0; i < most_under_way; ++i) flow->acquire();
    co_return taken;
}

asio::awaitable<std::int64_t> Snapshot::take(std::optional<std::int32_t> partition) {
    const auto flow = std::make_shared<Flow>();
    const std::string run = "snapshot-" + random_uuid();
    flow->stopped = stopped_;
    // Weak, or it would hold itself; it lives while its reader does.
    flow->hand_over = [this, run, weak = std::weak_ptr{flow}](const kafka::Record& record, v1::Change change) {
        kafka::Message message = replayed(record, std::move(change), topic_, run);
        asio::post(executor_, [this, alive = weak.lock(), m = std::move(message)]() mutable {
            asio::co_spawn(executor_, write(std::move(alive), std::move(m)), asio::detached);
        });
    };
    co_return co_await asio::co_spawn(reading_, read(flow, kafka_, partition), asio::use_awaitable);
}

}  // namespace hirewire::sync
