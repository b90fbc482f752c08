#pragma once
// Reads opportunities for whoever asks: one by one while few are wanted, by pages of a hundred when more than a
// page's worth waits, and what a sweep has just read is not read again. At most `workers` calls are under way.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/core/time.hpp"
#include "common/lever/api.hpp"

namespace hirewire::source {

class Reader {
public:
    struct Settings {
        std::size_t workers = 8;
        std::size_t page = 100;        // as many as Lever gives at once
        Milliseconds overlap{60'000};  // Lever's updatedAt may lie so far before the webhook's time
        Milliseconds keep_offered{60'000};
        std::size_t most_offered = 20'000;
    };
    Reader(boost::asio::any_io_executor executor, lever::Api& api, const Clock& clock, Settings settings);

    // The opportunity as Lever has it now, or had it at some time after `told_ms`, when we were told to look (by our
    // clock, 0 = by nobody). `since_ms` is when it changed (by Lever's clock), for a page by updatedAt; 0 = unknown.
    boost::asio::awaitable<Result<lever::Read>> read(
        std::string id, lever::Priority priority, std::int64_t since_ms, std::int64_t told_ms);
    // What a sweep has read anyway: the next read() of it is answered with this.
    void offer(lever::Read read);

private:
    struct Wanted {
        explicit Wanted(const boost::asio::any_io_executor& executor) : told{executor, Instant::max()} {}
        boost::asio::steady_timer told;  // cancelled when there is a result
        std::optional<Result<lever::Read>> result{};
        std::int64_t since_ms = 0;
    };
    struct Offered {
        lever::Read read{};
        Instant until{};
    };
    using Ticket = std::pair<lever::Priority, std::uint64_t>;
    struct InLine {
        Ticket ticket{};
        std::shared_ptr<Wanted> wanted{};
    };

    void start_workers();
    boost::asio::awaitable<void> work();
    boost::asio::awaitable<void> read_pages();
    [[nodiscard]] bool pages_pay() const;
    // Those that a page can hold: Lever gives a page by its updatedAt.
    [[nodiscard]] std::optional<std::int64_t> oldest_wanted() const;
    std::shared_ptr<Wanted> take(const std::string& id);
    std::size_t give(std::vector<lever::Read>& page, std::uint64_t asked_before);

    boost::asio::any_io_executor executor_;
    lever::Api& api_;
    const Clock& clock_;
    Settings settings_;
    std::map<std::string, InLine> wanted_;  // by opportunity, no call of theirs under way
    std::map<Ticket, std::string> line_;    // the same, in order
    std::map<std::string, Offered> offered_;
    std::uint64_t next_ticket_ = 0;
    std::size_t working_ = 0;
    bool paging_ = false;
    Instant pages_again_{};  // after pages that held too little
};

}  // namespace hirewire::source
