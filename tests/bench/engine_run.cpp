#include "tests/bench/engine_run.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace hirewire::bench {
namespace {

namespace asio = boost::asio;

const kafka::Partition the_partition{.topic = "bench", .number = 0};

}  // namespace

std::optional<kafka::Event> StreamConsumer::poll() {
    const Instant now = std::chrono::steady_clock::now();
    if (!begin_) {
        begin_ = now;
        kafka::Assigned assigned;
        assigned.partitions.push_back(the_partition);
        return assigned;
    }
    if (paused_ || next_ == stream_.keys.size() || arrival(next_) > now) return std::nullopt;
    kafka::Record record;
    record.partition = the_partition;
    record.offset = static_cast<kafka::Offset>(next_);
    record.key = stream_.keys[next_++];
    return record;
}

asio::awaitable<void> StreamConsumer::ready() {
    Instant until = std::chrono::steady_clock::now() + Milliseconds{500};
    if (!paused_ && next_ < stream_.keys.size()) until = std::min(until, arrival(next_));
    timer_.expires_at(until);
    boost::system::error_code ended;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ended));
}

void StreamConsumer::resume(const kafka::Partition&) {
    paused_ = false;
    wake();
}

void StreamConsumer::commit_now(const std::map<kafka::Partition, kafka::Offset>& next) {
    for (const auto& entry : next) committed_ = entry.second;
}

Instant StreamConsumer::arrival(std::size_t record) const {
    return begin_.value_or(Instant{}) + stream_.distance * static_cast<std::int64_t>(record);
}

pipeline::Place StreamHandler::place(const kafka::Record& record) {
    pipeline::Place place;
    place.lane = record.key;
    place.group = std::to_string(record.offset);
    return place;
}

asio::awaitable<bool> StreamHandler::give_up(const pipeline::Job&, std::string) {
    co_return true;
}

std::size_t StreamHandler::index_of(const pipeline::Job& job) {
    return static_cast<std::size_t>(job.records.front().record.offset);
}

void EngineRun::run(pipeline::Handler& handler, const pipeline::CoreSettings& settings) {
    engine_.emplace(context_.get_executor(), consumer_, handler, clock_, settings);
    asio::co_spawn(context_, engine_->run(), asio::detached);
    context_.run();
}

void EngineRun::end() {
    asio::co_spawn(context_, stop(), asio::detached);
    consumer_.wake();
}

asio::awaitable<void> EngineRun::stop() {
    co_await engine_->stop();
    context_.stop();
}

}  // namespace hirewire::bench
