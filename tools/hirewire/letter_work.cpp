#include "tools/hirewire/letter_work.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

#include "common/core/uuid.hpp"
#include "common/sync/delivery.hpp"
#include "tools/hirewire/terminal.hpp"

namespace hirewire::cli {
namespace {

namespace asio = boost::asio;

constexpr std::size_t most_at_once = 256;
// Of a second's worth, so that Ctrl-C is heard and the bar moves.
constexpr double part_of_a_second = 0.2;
constexpr Milliseconds look{100};

std::size_t batch_for(double per_second) {
    if (per_second <= 0) return most_at_once;
    return std::clamp(static_cast<std::size_t>(per_second * part_of_a_second), std::size_t{1}, most_at_once);
}

kafka::Message message_of(const v1::Outcome& word, const std::string& key, Timestamp now) {
    kafka::Message message;
    message.topic = "sync.outcomes";
    message.key = key;
    message.value = word.SerializeAsString();
    message.headers = kafka::cloud_event(
        random_uuid(),
        "hirewire:cli",
        "hirewire.outcome." + std::string{sync::name_of(word.outcome())},
        iso_time(now),
        "application/protobuf");
    return message;
}

}  // namespace

LetterWork::LetterWork(const kafka::Settings& settings, LetterTask task, std::function<void(std::int64_t)> done)
    : task_{std::move(task)},
      done_{std::move(done)},
      producer_{kafka::make_producer(context_.get_executor(), settings)},
      batch_size_{batch_for(task_.per_second)},
      began_{clock_.monotonic()} {}

LetterWork::~LetterWork() = default;

void LetterWork::add(const kafka::Record& record, const Letter& letter) {
    if (stopped_) return;
    if (task_.word == v1::OUTCOME_KIND_REDRIVEN) {
        letters_.push_back(redriven(record, task_.destination, task_.run_id));
    }
    const auto now = clock_.now();
    auto word = word_on(letter, task_.destination, task_.word, task_.why, to_ms(now));
    // The letter may die again before this word is written; by the run it is then known to be the older of the two.
    if (task_.word == v1::OUTCOME_KIND_REDRIVEN) word.add_run_ids(task_.run_id);
    words_.push_back(message_of(word, record.key, now));
    if (words_.size() >= batch_size_) write_batch();
}

bool LetterWork::finish() {
    if (!stopped_) write_batch();
    return !stopped_;
}

void LetterWork::write_batch() {
    if (interrupted()) stopped_ = true;
    if (stopped_ || words_.empty()) return;
    const auto written = static_cast<std::int64_t>(words_.size());
    write_all(std::exchange(letters_, {}));
    write_all(std::exchange(words_, {}));
    count_ += written;
    done_(count_);
    keep_pace();
}

void LetterWork::write_all(std::vector<kafka::Message> messages) {
    std::size_t open = messages.size();
    if (open == 0) return;
    std::exception_ptr failure;
    std::string fault;
    context_.restart();
    for (auto& message : messages) {
        asio::co_spawn(
            context_,
            producer_->write(std::move(message)),
            [&](std::exception_ptr f, Result<kafka::Written> written) {
                if (f) failure = f;
                if (!f && !written) fault = written.error().message();
                if (--open == 0) context_.stop();
            });
    }
    context_.run();
    if (failure) std::rethrow_exception(failure);
    if (!fault.empty()) {
        throw std::runtime_error{
            "kafka did not take all of it: " + fault + "; " + std::to_string(count_) +
            " letters are done, and the same command goes on with the others"};
    }
}

void LetterWork::keep_pace() {
    if (task_.per_second <= 0) return;
    const auto due = began_ + std::chrono::duration_cast<Instant::duration>(
                                  std::chrono::duration<double>(static_cast<double>(count_) / task_.per_second));
    while (clock_.monotonic() < due && !interrupted()) {
        const auto left = due - clock_.monotonic();
        std::this_thread::sleep_for(std::min<Instant::duration>(left, look));
    }
}

}  // namespace hirewire::cli
