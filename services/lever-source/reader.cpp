#include "services/lever-source/reader.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "common/log/log.hpp"

namespace hirewire::source {
namespace {

namespace asio = boost::asio;

constexpr Milliseconds pages_rest{5'000};
constexpr int most_poor_pages = 3;  // one may be so by chance
constexpr Milliseconds clocks_differ{200};
constexpr std::chrono::minutes keep_forgotten{10};
constexpr std::size_t most_forgotten = 1'000;

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
    // Whose clocks these are, they may differ a little.
    const auto margin = told_ms != 0 ? clocks_differ.count() : 0;
    return to_ms(found->second.read.read_at) > told_ms + margin ? &found->second.read : nullptr;
}

void Reader::offer(const lever::Read& read) {
    const auto& id = read.opportunity.id;
    const auto before = kept_.find(id);
    if (before != kept_.end() && before->second.read.read_at > read.read_at) return;
    const auto forgotten = forgotten_.find(id);
    if (forgotten != forgotten_.end() && read.read_at <= forgotten->second) return;
    purge();
    if (kept_in_order_.size() >= settings_.most_kept) drop_oldest();
    const Instant until = clock_.monotonic() + settings_.keep;
    kept_in_order_.emplace_back(until, id);
    kept_.insert_or_assign(id, Kept{.read = read, .until = until});
}

void Reader::forget(const std::string& id) {
    kept_.erase(id);
    forgotten_.insert_or_assign(id, clock_.now());
}

void Reader::drop_oldest() {
    const auto& [until, id] = kept_in_order_.front();
    const auto found = kept_.find(id);
    if (found != kept_.end() && found->second.until == until) kept_.erase(found);
    kept_in_order_.pop_front();
}

void Reader::purge() {
    while (!kept_in_order_.empty() && kept_in_order_.front().first <= clock_.monotonic()) drop_oldest();
    if (forgotten_.size() < most_forgotten) return;
    std::erase_if(forgotten_, [this](const auto& entry) { return entry.second <= clock_.now() - keep_forgotten; });
}

std::shared_ptr<Reader::Wanted> Reader::take(const std::string& id) {
    const auto at = wanted_.find(id);
    auto wanted = std::move(at->second.wanted);
    line_.erase(at->second.ticket);
    wanted_.erase(at);
    return wanted;
}

Reader::Class Reader::next_class() const {
    return line_.begin()->first.first == lever::Priority::webhook ? Class::webhook : Class::other;
}

void Reader::start_workers() {
    if (paging_ || line_.empty()) return;
    const auto kind = next_class();
    auto& working = working_[kind];
    if (working >= settings_.workers) return;
    ++working;
    asio::co_spawn(executor_, work(kind), asio::detached);
}

bool Reader::pages_pay() const {
    return !paging_ && line_.size() > settings_.page && clock_.monotonic() >= pages_again_ &&
           pageable().count > settings_.page;
}

Reader::Pageable Reader::pageable() const {
    Pageable found;
    for (const auto& [id, entry] : wanted_) {
        const auto since = entry.wanted->since_ms;
        if (since == 0) continue;
        if (found.count++ == 0 || since < found.oldest_ms) found.oldest_ms = since;
    }
    return found;
}

asio::awaitable<void> Reader::work(Class kind) {
    co_await asio::post(executor_, asio::use_awaitable);
    while (!line_.empty() && !paging_ && next_class() == kind) {
        if (pages_pay()) {
            paging_ = true;
            try {
                co_await read_pages();
            } catch (const std::exception& e) {
                pages_again_ = clock_.monotonic() + pages_rest;
                log::warning("reader.failed", {{"reason", e.what()}});
            }
            paging_ = false;
            continue;
        }
        const auto priority = line_.begin()->first.first;
        const std::string id = line_.begin()->second;
        const auto wanted = take(id);
        start_workers();  // the next one in line may be of the other class
        try {
            wanted->result = co_await api_.opportunity(id, priority);
            if (*wanted->result) offer(**wanted->result);
        } catch (const std::exception& e) {
            wanted->result = lever::make_error_code(lever::Errc::unavailable);
            log::warning("reader.failed", {{"reason", e.what()}});
        }
        wanted->told.cancel();
    }
    --working_[kind];
    start_workers();
}

void Reader::give(const lever::Page& page, std::uint64_t asked_before) {
    for (const auto& read : page.reads) {
        offer(read);
        const auto at = wanted_.find(read.opportunity.id);
        if (at == wanted_.end()) continue;
        // Who came after the page was asked for may have been told of something that is not in it.
        const bool came_before = at->second.ticket.second < asked_before;
        if (!came_before && kept(read.opportunity.id, at->second.wanted->told_ms) == nullptr) continue;
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
    window.updated_since_ms = pageable().oldest_ms - settings_.overlap.count();
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
