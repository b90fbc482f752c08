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
constexpr int most_poor_pages = 3;  // one may be so by chance

}  // namespace

Reader::Reader(asio::any_io_executor executor, lever::Api& api, const Clock& clock, Settings settings)
    : executor_{std::move(executor)}, api_{api}, clock_{clock}, settings_{settings} {}

asio::awaitable<Result<lever::Read>> Reader::read(
    std::string id, lever::Priority priority, std::int64_t since_ms, std::int64_t told_ms) {
    if (const auto* before = kept(id, told_ms)) {
        if (told_ms != 0) ++used_;  // what a sweep hints at comes from its own page
        co_return *before;
    }
    // Two lanes that ask for the same one at once: each gets an answer of its own.
    if (wanted_.contains(id)) co_return co_await api_.opportunity(id, priority);
    const auto wanted = std::make_shared<Wanted>(executor_);
    wanted->since_ms = since_ms;
    wanted->told_ms = told_ms;
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

const lever::Read* Reader::kept(const std::string& id, std::int64_t told_ms) const {
    const auto found = kept_.find(id);
    if (found == kept_.end() || found->second.until <= clock_.monotonic()) return nullptr;
    return to_ms(found->second.read.read_at) > told_ms ? &found->second.read : nullptr;
}

void Reader::offer(const lever::Read& read) {
    if (kept(read.opportunity.id, to_ms(read.read_at)) != nullptr) return;  // a newer one
    const Instant now = clock_.monotonic();
    while (!kept_in_order_.empty() &&
           (kept_in_order_.front().first <= now || kept_in_order_.size() >= settings_.most_kept)) {
        const auto& [until, id] = kept_in_order_.front();
        const auto found = kept_.find(id);
        if (found != kept_.end() && found->second.until == until) kept_.erase(found);
        kept_in_order_.pop_front();
    }
    const Instant until = now + settings_.keep;
    kept_in_order_.emplace_back(until, read.opportunity.id);
    kept_.insert_or_assign(read.opportunity.id, Kept{.read = read, .until = until});
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
        if (*wanted->result) offer(**wanted->result);
        wanted->told.cancel();
    }
    --working_;
}

void Reader::give(const lever::Page& page, std::uint64_t asked_before) {
    for (const auto& read : page.reads) {
        offer(read);
        const auto at = wanted_.find(read.opportunity.id);
        if (at == wanted_.end()) continue;
        // Who came after the page was asked for may have been told of something that is not in it.
        const bool came_before = at->second.ticket.second < asked_before;
        if (!came_before && to_ms(read.read_at) <= at->second.wanted->told_ms) continue;
        ++used_;
        const auto wanted = take(read.opportunity.id);
        wanted->result = read;
        wanted->told.cancel();
    }
}

// Under a tenth of a page is cheaper by single reads. Of those who have not asked yet, as many are taken to be in the
// page, in proportion, as of those who waited.
bool Reader::poor(std::size_t used, std::size_t waited) const {
    const std::size_t backlog = settings_.backlog ? settings_.backlog() : 0;
    return waited == 0 || used * (waited + backlog) < waited * settings_.page / 10;
}

// What is left over afterwards is read singly: hidden from lists, or without an updatedAt.
asio::awaitable<void> Reader::read_pages() {
    lever::Window window;
    window.updated_since_ms = *oldest_wanted() - settings_.overlap.count();
    const auto used_at_first = used_;
    int poor_pages = 0;
    bool broken_off = false;
    while (poor_pages < most_poor_pages) {
        const auto asked_before = next_ticket_;
        const auto waited = line_.size();
        const auto used_before = used_;
        const auto page = co_await api_.page(window, lever::Priority::webhook);
        broken_off = !page;
        if (broken_off) break;
        give(*page, asked_before);
        poor_pages = poor(used_ - used_before, waited) ? poor_pages + 1 : 0;
        if (page->next.empty()) break;
        window.offset = page->next;
    }
    const bool worth_it = used_ - used_at_first >= settings_.page / 10;
    if (broken_off || poor_pages == most_poor_pages || !worth_it) pages_again_ = clock_.monotonic() + pages_rest;
}

}  // namespace hirewire::source
