#include "services/lever-source/library.hpp"

namespace hirewire::source {
namespace {

namespace asio = boost::asio;

constexpr std::size_t most_entries = 10'000;

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

asio::awaitable<Result<const lever::Vocabulary*>> Library::vocabulary(lever::Priority priority, Freshness freshness) {
    if (!vocabulary_ || freshness == Freshness::fetched_anew) {
        auto words = co_await api_.vocabulary(priority);
        if (!words) co_return words.error();
        vocabulary_ = std::move(*words);
    }
    const lever::Vocabulary* known = &*vocabulary_;
    co_return known;
}

asio::awaitable<Result<std::optional<lever::Posting>>> Library::posting(std::string id, lever::Priority priority) {
    const auto found = postings_.find(id);
    if (found != postings_.end() && found->second.until > clock_.monotonic()) co_return found->second.posting;
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
