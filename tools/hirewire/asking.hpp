#pragma once
// A destination and lever-source as a command line may ask them: questions only, never a write, and behind the live
// traffic of the destination's own daemon. Blocking.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <string>

#include "common/core/result.hpp"
#include "common/core/time.hpp"
#include "common/http/client.hpp"
#include "common/redis/store.hpp"
#include "common/sync/destination.hpp"
#include "common/sync/effect_inquiry.hpp"
#include "common/sync/settings.hpp"
#include "common/sync/vocabulary.hpp"

namespace hirewire::cli {

// One thing after the other, each to its end.
class Blocking {
public:
    // Throws what the work throws.
    void finish(boost::asio::awaitable<void> work);
    [[nodiscard]] boost::asio::any_io_executor executor() { return context_.get_executor(); }

private:
    boost::asio::io_context context_;
};

class AskingDestination {
public:
    // The credentials are those that the configuration points to. Throws config::Error when the destination's is not
    // there. The destination outlives this.
    AskingDestination(
        const sync::Destination& destination, const sync::DaemonSettings& settings, const std::string& config_file);
    AskingDestination(const AskingDestination&) = delete;
    AskingDestination& operator=(const AskingDestination&) = delete;
    ~AskingDestination();
    // A good answer that may be remembered holds for as long as this lives.
    sync::Inquiry::Heard ask(const sync::Send& question);

private:
    // In the destination's pace, which its daemon keeps with us in Redis, and of that half at most.
    void await_turn();

    const sync::Destination& destination_;
    sync::Credential credential_{};
    std::string base_path_;
    Milliseconds patience_;
    Milliseconds pause_;  // between two questions
    redis::Pace pace_{};
    SystemClock clock_;
    Instant next_{};
    std::map<std::string, http::Reply> remembered_{};  // by target
    Blocking loop_;
    std::unique_ptr<http::Client> client_;
    std::unique_ptr<redis::Store> store_;  // null: no pace is shared
};

class AskingLeverSource {
public:
    // The token is the one that the configuration points to. Throws config::Error when that cannot be read.
    AskingLeverSource(const sync::DaemonSettings& settings, const std::string& config_file);
    AskingLeverSource(const AskingLeverSource&) = delete;
    AskingLeverSource& operator=(const AskingLeverSource&) = delete;
    ~AskingLeverSource();
    // Without a token it answers nothing.
    [[nodiscard]] bool has_token() const { return !token_.empty(); }
    // The step after the question, or, when lever-source does not answer, that this has to wait. Twice a second at
    // most: each costs a request of Lever's budget, which is for live traffic.
    sync::Plan ask_person(const sync::AskPerson& ask, const std::string& opportunity);
    Result<sync::Vocabulary> vocabulary();

private:
    std::string token_{};
    Milliseconds patience_;
    SystemClock clock_;
    Instant next_{};
    Blocking loop_;
    std::unique_ptr<http::Client> client_;
};

}  // namespace hirewire::cli
