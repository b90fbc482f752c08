#pragma once
// A replay: what Kafka holds of the past, told to one destination once more. It is written to sync.<dest>.replay,
// which the destination's own daemon works off behind all that is live and through its ledger, and it is over when
// every record has its outcome. Nobody is notified because of it.
//
// What was written is found again in the topics themselves, so a run that a process leaves unfinished is taken up by
// the next one where it was left. It keeps some 150 bytes for each opportunity that it tells of, and another 100 for
// each of those that were told of before it was taken up.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/core/time.hpp"
#include "common/kafka/producer.hpp"
#include "common/kafka/settings.hpp"
#include "common/sync/replay_tally.hpp"
#include "common/sync/replay_terms.hpp"
#include "common/sync/replay_writer.hpp"

namespace hirewire::sync {

// What ReplayTask has a replay done by.
class Replaying {
public:
    using Tell = std::function<boost::asio::awaitable<void>(ReplayProgress)>;

    virtual ~Replaying() = default;
    // As Replay has them.
    virtual boost::asio::awaitable<ReplayProgress> run(ReplayTerms terms, Tell tell) = 0;
    virtual void stop() = 0;
};

class Replay final : public Replaying {
public:
    Replay(
        boost::asio::any_io_executor executor,
        kafka::Settings kafka,
        kafka::Producer& producer,
        const Clock& clock,
        std::string destination);
    ~Replay() override;
    // Writes what is wanted to sync.<dest>.replay and waits until each record has an outcome; what is set aside in a
    // retry topic counts as one. `tell` is called about once a second and at the end. One at a time. Answers with
    // `done` false after stop(). Throws std::runtime_error when Kafka does not answer or take it: the same run may
    // then be called again with the last checkpoint. What `tell` throws ends it in the same way.
    boost::asio::awaitable<ReplayProgress> run(ReplayTerms terms, Tell tell) override;
    // Of the one that is under way: writes nothing more until resume().
    void pause();
    void resume();
    // Ends the one that is under way; what is written stays written.
    void stop() override;

private:
    struct Course;
    // Both block the thread that they are called on.
    static void read_past(Course& course, const kafka::Settings& kafka, Timestamp since);
    static void listen(const std::shared_ptr<Course>& course, const boost::asio::any_io_executor& executor);
    boost::asio::awaitable<void> write(std::shared_ptr<Course> course, ReplayTerms terms);
    boost::asio::awaitable<void> accompany(std::shared_ptr<Course> course, Tell tell);

    boost::asio::any_io_executor executor_;
    kafka::Settings kafka_;
    const Clock& clock_;
    std::string destination_;
    ReplayWriter writer_;
    std::weak_ptr<Course> current_{};
    bool paused_ = false;
    boost::asio::thread_pool listening_{1};  // reading Kafka whole blocks
};

// Where a run stands that began then: what it wrote since tells the rest. `trouble` is why it was interrupted, if it
// was, for those who look on.
std::string replay_checkpoint(Timestamp began, const std::string& trouble = {});
std::optional<Timestamp> read_replay_checkpoint(const std::string& checkpoint);
std::string trouble_in(const std::string& checkpoint);

// How many records may be written and unanswered. At a rate of its own it is what is due in two seconds, so that what
// a standstill of the destination has kept back does not come all at once.
std::int64_t most_open_at(double per_second);

// How many of the open ones count there. What failed and is repeated at once does not, so that at a low rate a few
// that the destination cannot take hold up none of the others; but in all there are never more than without a rate.
std::int64_t counted_open(std::int64_t open, std::int64_t retrying);

}  // namespace hirewire::sync
