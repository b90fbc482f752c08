#include "services/lever-source/library.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "services/lever-source/diff.hpp"

namespace hirewire::source {
namespace {

namespace asio = boost::asio;

constexpr std::size_t most_entries = 10'000;

// Lets those go on who wait for the same.
class EndOfFetch {
public:
    EndOfFetch(std::map<std::string, std::shared_ptr<asio::steady_timer>>& all, std::string what)
        : all_{all}, what_{std::move(what)} {}
    ~EndOfFetch() {
        const auto found = all_.find(what_);
        found->second->cancel();
        all_.erase(found);
    }
    EndOfFetch(const EndOfFetch&) = delete;
    EndOfFetch& operator=(const EndOfFetch&) = delete;

private:
    std::map<std::string, std::shared_ptr<asio::steady_timer>>& all_;
    std::string what_;
};

// Drops what has run out; if that is not enough, everything: a cache may always be empty.
template <typename Map>
void make_room(Map& map, Instant now) {
    if (map.size() < most_entries) return;
    std::erase_if(map, [now](const auto& entry) { return entry.second.until <= now; });
    if (map.size() >= most_entries) map.clear();
}

}  // namespace

Library::Library(lever::Api& api, const Clock& clock, Lifetimes lifetimes, std::string start_date_field)
    : api_{api}, clock_{clock}, lifetimes_{lifetimes}, start_date_field_{std::move(start_date_field)} {}

asio::awaitable<bool> Library::begin_fetch(std::string what) {
    const auto found = fetching_.find(what);
    if (found == fetching_.end()) {
        const auto executor = co_await asio::this_coro::executor;
        fetching_.emplace(std::move(what), std::make_shared<asio::steady_timer>(executor, Instant::max()));
        co_return true;
    }
    const auto others = found->second;
    boost::system::error_code ignored;
    co_await others->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_return false;
}

asio::awaitable<Result<const lever::Vocabulary*>> Library::vocabulary_since(Instant since, lever::Priority priority) {
    while (!vocabulary_ || vocabulary_at_ < since) {
        if (!co_await begin_fetch("vocabulary")) continue;
        const EndOfFetch end{fetching_, "vocabulary"};
        const Instant asked = clock_.monotonic();
        auto words = co_await api_.vocabulary(priority);
        if (!words) co_return words.error();
        vocabulary_ = std::move(*words);
        vocabulary_at_ = std::max(asked, since);
    }
    const lever::Vocabulary* known = &*vocabulary_;
    co_return known;
}

asio::awaitable<Result<const lever::Vocabulary*>> Library::vocabulary(lever::Priority priority) {
    return vocabulary_since(clock_.monotonic() - lifetimes_.vocabulary, priority);
}

asio::awaitable<Result<const lever::Vocabulary*>> Library::vocabulary(
    const lever::Opportunity& opportunity, lever::Priority priority) {
    auto words = co_await vocabulary(priority);
    if (!words || vocabulary_covers(opportunity, **words)) co_return words;
    co_return co_await vocabulary_since(clock_.monotonic() - lifetimes_.unknown, priority);
}

asio::awaitable<Result<std::optional<lever::Posting>>> Library::posting(std::string id, lever::Priority priority) {
    const std::string fetch = "posting " + id;
    while (true) {
        const auto found = postings_.find(id);
        if (found != postings_.end() && found->second.until > clock_.monotonic()) co_return found->second.posting;
        if (co_await begin_fetch(fetch)) break;
    }
    const EndOfFetch end{fetching_, fetch};
    auto read = co_await api_.posting(id, priority);
    std::optional<lever::Posting> posting;
    if (read) {
        posting = std::move(*read);
    } else if (read.error() != lever::Errc::not_found && read.error() != lever::Errc::forbidden) {
        co_return read.error();
    }
    make_room(postings_, clock_.monotonic());
    CachedPosting cached;
    cached.posting = posting;
    cached.until = clock_.monotonic() + lifetimes_.posting;
    postings_[id] = std::move(cached);
    co_return posting;
}

asio::awaitable<Result<std::string>> Library::start_date(std::string opportunity_id, lever::Priority priority) {
    auto offers = co_await api_.offers(opportunity_id, priority);
    if (offers) co_return lever::start_date(*offers, start_date_field_);
    // A key without the permission to read offers: a hire without a start date, not a failure.
    if (offers.error() == lever::Errc::forbidden || offers.error() == lever::Errc::not_found) co_return std::string{};
    co_return offers.error();
}

void Library::remember(const std::string& opportunity_id, KnownPerson person) {
    make_room(people_, clock_.monotonic());
    CachedPerson cached;
    cached.person = std::move(person);
    cached.until = clock_.monotonic() + lifetimes_.person;
    people_[opportunity_id] = std::move(cached);
}

void Library::forget(const std::string& opportunity_id) {
    people_.erase(opportunity_id);
}

std::optional<KnownPerson> Library::person(const std::string& opportunity_id) const {
    const auto found = people_.find(opportunity_id);
    if (found == people_.end() || found->second.until <= clock_.monotonic()) return std::nullopt;
    return found->second.person;
}

}  // namespace hirewire::source
