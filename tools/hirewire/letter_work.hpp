#pragma once
// Writes what becomes of dead letters, many at a time and at a rate; for hirewire dlq. Blocking.
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/core/time.hpp"
#include "common/kafka/producer.hpp"
#include "common/kafka/settings.hpp"
#include "tools/hirewire/letter.hpp"

namespace hirewire::cli {

class LetterWork {
public:
    // `done` is called after each batch, with the number that is finished so far.
    LetterWork(const kafka::Settings& settings, LetterTask task, std::function<void(std::int64_t)> done);
    ~LetterWork();
    // Throws std::runtime_error when Kafka does not take what is written. A letter counts once its word is
    // acknowledged, and the word is written after the letter: what is broken off in between is redriven once more
    // later, which the destination's ledger notices; what is forced is then told twice, as by two forced replays.
    void add(const kafka::Record& record, const Letter& letter);
    // The rest of the last batch. False when the operator has asked to end: then nothing more is written.
    bool finish();
    // Whether the operator has asked to end; add() does nothing any more.
    [[nodiscard]] bool stopped() const { return stopped_; }
    [[nodiscard]] std::int64_t count() const { return count_; }

private:
    void write_batch();
    void write_all(std::vector<kafka::Message> messages);
    void keep_pace();

    LetterTask task_;
    std::function<void(std::int64_t)> done_;
    SystemClock clock_;
    boost::asio::io_context context_{1};
    std::unique_ptr<kafka::Producer> producer_;
    std::size_t batch_size_;
    std::vector<kafka::Message> letters_;
    std::vector<kafka::Message> words_;
    std::int64_t count_ = 0;
    Instant began_;
    bool stopped_ = false;
};

}  // namespace hirewire::cli
