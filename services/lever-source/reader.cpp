#include "services/lever-source/reader.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace hirewire::source {
namespace {

namespace asio = boost::asio;

constexpr Milliseconds pages_rest{5'000};

}  // namespace

Reader::Reader(asio::any_io_executor executor, lever::Api& api, const Clock& clock, Settings settings)
    : executor_{std::move(executor)}, api_{api}, clock_{clock}, settings_{settings} {}

asio::awaitable<Result<lever::Read>> Reader::read(
    std::string id, lever::Priority priority, std::int64_t since_ms, std::int64_t told_ms) {
    const auto offered = offered_.find(id);
    if (offered != offered_.end()) {
        lever::Read read = std::move(offered->second.read);
        const bool good = offered->second.until > clock_.monotonic() && to_ms(read.read_at) > told_ms;
        offered_.erase(offered);
        if (good) co_return read;
    }
    // Two lanes that ask for the same one at once: each gets an answer of its own.
    if (wanted_.contains(id)) co_return co_await api_.opportunity(id, priority);
    const auto wanted = std::make_shared<Wanted>(executor_);
    wanted->since_ms = since_ms;
    const Ticket ticket{priority, next_ticket_++};
    line_.emplace(ticket, id);
    InLine in_line;
    in_line.ticket = ticket;
    in_line.wanted = wanted;
    wanted_.emplace(id, std::move(in_line));
    start_workers();
    while (!wanted->result) {
        boost::system::error_code ignored;
        co_await wanted->told.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    co_return std::move(*wanted->result);
}

void Reader::offer(lever::Read read) {
    const Instant now = clock_.monotonic();
    if (offered_.size() >= settings_.most_offered) {
        std::erase_if(offered_, [now](const auto& entry) { return entry.second.until <= now; });
        if (offered_.size() >= settings_.most_offered) return;  // it is read once more, that is all
    }
    std::string id = read.opportunity.id;
    Offered offered;
    offered.until = now + settings_.keep_offered;
    offered.read = std::move(read);
    offered_.insert_or_assign(std::move(id), std::move(offered));
}

std::shared_ptr<Reader::Wanted> Reader::take(const std::string& id) {
    const auto at = wanted_.find(id);
    auto wanted = std::move(at->second.wanted);
    line_.erase(at->second.ticket);
    wanted_.erase(at);
    return wanted;
}

void Reader::start_workers() {
    while (!paging_ && working_ < std::min(settings_.workers, line_.size())) {
        ++working_;
        asio::co_spawn(executor_, work(), asio::detached);
    }
}

bool Reader::pages_pay() const {
    return !paging_ && line_.size() > settings_.page && clock_.monotonic() >= pages_again_ && oldest_wanted();
}

std::optional<std::int64_t> Reader::oldest_wanted() const {
    std::optional<std::int64_t> oldest;
    for (const auto& [id, entry] : wanted_) {
        const auto since = entry.wanted->since_ms;
        if (since != 0 && (!oldest || since < *oldest)) oldest = since;
    }
    return oldest;
}

asio::awaitable<void> Reader::work() {
    co_await asio::post(executor_, asio::use_awaitable);
    while (!line_.empty() && !paging_) {
        if (pages_pay()) {
            paging_ = true;
            co_await read_pages();
            paging_ = false;
            start_workers();
            continue;
        }
        const auto priority = line_.begin()->first.first;
        const std::string id = line_.begin()->second;
        const auto wanted = take(id);
        wanted->result = co_await api_.opportunity(id, priority);
        wanted->told.cancel();
    }
    --working_;
}

std::size_t Reader::give(std::vector<lever::Read>& page, std::uint64_t asked_before) {
    std::size_t given = 0;
    for (auto& read : page) {
        // Who came after the page was asked for may know of something that is not in it.
        const auto at = wanted_.find(read.opportunity.id);
        if (at == wanted_.end() || at->second.ticket.second >= asked_before) continue;
        ++given;
        const auto wanted = take(read.opportunity.id);
        wanted->result = std::move(read);
        wanted->told.cancel();
    }
    return given;
}

// What is left over afterwards is read singly: hidden from lists, or without an updatedAt.
asio::awaitable<void> Reader::read_pages() {
    lever::Window window;
    window.updated_since_ms = *oldest_wanted() - settings_.overlap.count();
    std::size_t given = 0;
    while (true) {
        const auto asked_before = next_ticket_;
        auto page = co_await api_.page(window, lever::Priority::webhook);
        if (!page) break;
        const std::size_t wanted_here = give(page->reads, asked_before);
        given += wanted_here;
        // Under a tenth of a page is cheaper by single reads.
        if (page->next.empty() || wanted_here < settings_.page / 10) break;
        window.offset = page->next;
    }
    if (given < settings_.page / 10) pages_again_ = clock_.monotonic() + pages_rest;
}

}  // namespace hirewire::source
