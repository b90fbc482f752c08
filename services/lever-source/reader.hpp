#pragma once
// Reads opportunities for whoever asks: one by one while few are wanted, by pages of a hundred when more than a
// page's worth waits. Whatever has been read answers all who were told to look before that. At most `workers` calls
// are under way for webhooks, and as many for all else.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "common/core/time.hpp"
#include "common/lever/api.hpp"

namespace hirewire::source {

class Reader {
public:
    struct Settings {
        std::size_t workers = 8;
        std::size_t page = 100;        // as many as Lever gives at once
        Milliseconds overlap{60'000};  // Lever's updatedAt may lie so far before the webhook's time
        Milliseconds keep{60'000};     // people are in it: soon forgotten
        std::size_t most_kept = 20'000;
        // How many more will ask, as far as is known: pages pay when they hold those too.
        std::function<std::size_t()> backlog{};
    };
    Reader(boost::asio::any_io_executor executor, lever::Api& api, const Clock& clock, Settings settings);

    // The opportunity as Lever had it at some time after `told_ms`, when we were told to look (by our clock, 0 = by
    // nobody). `since_ms` is when it changed (by Lever's clock), for a page by updatedAt; 0 = unknown.
    boost::asio::awaitable<Result<lever::Read>> read(
        std::string id, lever::Priority priority, std::int64_t since_ms, std::int64_t told_ms);
    // What a sweep has read anyway.
    void offer(const lever::Read& read);
    // It is gone: what was read before now is not kept.
    void forget(const std::string& id);
    // Drops what has run out. To be called every minute or so.
    void purge();

private:
    struct Wanted {
        explicit Wanted(const boost::asio::any_io_executor& executor) : told{executor, Instant::max()} {}
        boost::asio::steady_timer told;  // cancelled when there is a result
        std::optional<Result<lever::Read>> result{};
        std::int64_t since_ms = 0;
        std::int64_t told_ms = 0;
    };
    struct Kept {
        lever::Read read{};
        Instant until{};
    };
    using Ticket = std::pair<lever::Priority, std::uint64_t>;
    struct InLine {
        Ticket ticket{};
        std::shared_ptr<Wanted> wanted{};
    };

    [[nodiscard]] const lever::Read* kept(const std::string& id, std::int64_t told_ms) const;
    // Of the most urgent one in line: webhooks have calls of their own, so that they never wait for who waits for the
    // budget behind them.
    enum class Class { webhook, other };
    [[nodiscard]] Class next_class() const;
    void start_workers();
    boost::asio::awaitable<void> work(Class kind);
    boost::asio::awaitable<void> read_pages();
    // Those that a page can hold: Lever gives a page by its updatedAt.
    struct Pageable {
        std::size_t count = 0;
        std::int64_t oldest_ms = 0;
    };
    [[nodiscard]] Pageable pageable() const;
    [[nodiscard]] bool pages_pay() const;
    std::shared_ptr<Wanted> take(const std::string& id);
    void give(const lever::Page& page, std::uint64_t asked_before);
    void drop_oldest();
    [[nodiscard]] bool poor(std::size_t used, std::size_t waited) const;

    boost::asio::any_io_executor executor_;
    lever::Api& api_;
    const Clock& clock_;
    Settings settings_;
    std::map<std::string, InLine> wanted_;  // by opportunity, no call of theirs under way
    std::map<Ticket, std::string> line_;    // the same, in order
    std::unordered_map<std::string, Kept> kept_;
    std::deque<std::pair<Instant, std::string>> kept_in_order_;
    std::unordered_map<std::string, Timestamp> forgotten_;  // and when
    std::uint64_t next_ticket_ = 0;
    std::map<Class, std::size_t> working_;
    std::size_t used_ = 0;  // reads of pages and sweeps that somebody wanted
    bool paging_ = false;
    Instant pages_again_{};  // after pages that held too little
};

}  // namespace hirewire::source
