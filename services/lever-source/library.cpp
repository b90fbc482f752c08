#include "services/lever-source/library.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "common/log/log.hpp"
#include "services/lever-source/diff.hpp"

namespace hirewire::source {
namespace {

namespace asio = boost::asio;

constexpr std::size_t most_entries = 20'000;
constexpr std::chrono::hours deleted_window{24 * 29};  // Lever lists thirty days
constexpr std::chrono::minutes deleted_overlap{5};     // a deletion may come into the list late
constexpr Milliseconds keep_listed{60'000};            // the list of what was deleted, for who was told by nobody
constexpr std::chrono::minutes keep_forgotten{10};
constexpr std::chrono::minutes hidden_again{5};

// Drops what has run out; if that is not enough, everything: a cache may always be empty.
template <typename Map>
void make_room(Map& map, Instant now) {
    if (map.size() < most_entries) return;
    std::erase_if(map, [now](const auto& entry) { return entry.second.until <= now; });
    if (map.size() >= most_entries) map.clear();
}

bool hidden(const Error& error) {
    return error == lever::Errc::not_found || error == lever::Errc::forbidden;
}

}  // namespace

class Library::Turn {
public:
    Turn(Fetches& all, std::string what, std::shared_ptr<Fetching> own)
        : all_{all}, what_{std::move(what)}, own_{std::move(own)} {}
    ~Turn() {
        own_->over.cancel();
        const auto found = all_.find(what_);
        if (found != all_.end() && found->second == own_) all_.erase(found);
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    // Those who wait for it fail with it.
    Error fail(Error error) {
        own_->failure = error;
        return error;
    }

private:
    Fetches& all_;
    std::string what_;
    std::shared_ptr<Fetching> own_;
};

Library::Library(lever::Api& api, const Clock& clock, Lifetimes lifetimes, std::string start_date_field)
    : api_{api}, clock_{clock}, lifetimes_{lifetimes}, start_date_field_{std::move(start_date_field)} {}

asio::awaitable<Result<std::shared_ptr<Library::Fetching>>> Library::take_turn(
    std::string what, lever::Priority priority) {
    const auto found = fetches_.find(what);
    // Who is more urgent than the fetch under way does not wait for it.
    if (found == fetches_.end() || priority < found->second->priority) {
        auto own = std::make_shared<Fetching>(co_await asio::this_coro::executor, priority);
        fetches_.insert_or_assign(std::move(what), own);
        co_return own;
    }
    const auto others = found->second;
    boost::system::error_code ignored;
    co_await others->over.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (others->failure) co_return others->failure;
    co_return std::shared_ptr<Fetching>{};
}

asio::awaitable<Result<Library::Words>> Library::vocabulary_since(Instant since, lever::Priority priority) {
    const std::string what = "vocabulary";
    while (!vocabulary_ || vocabulary_at_ < since) {
        auto own = co_await take_turn(what, priority);
        if (!own) co_return own.error();
        if (!*own) continue;
        Turn turn{fetches_, what, std::move(*own)};
        const Instant asked = clock_.monotonic();
        auto words = co_await api_.vocabulary(priority);
        if (!words) co_return turn.fail(words.error());
        vocabulary_ = std::make_shared<const lever::Vocabulary>(std::move(*words));
        vocabulary_at_ = std::max(asked, since);
    }
    co_return vocabulary_;
}

asio::awaitable<Result<Library::Words>> Library::vocabulary(lever::Priority priority) {
    return vocabulary_since(clock_.monotonic() - lifetimes_.vocabulary, priority);
}

asio::awaitable<Result<Library::Words>> Library::vocabulary(
    const lever::Opportunity& opportunity, lever::Priority priority) {
    auto words = co_await vocabulary(priority);
    if (!words || vocabulary_covers(opportunity, **words)) co_return words;
    co_return co_await vocabulary_since(clock_.monotonic() - lifetimes_.unknown, priority);
}

asio::awaitable<Result<lever::StagePlaces>> Library::stage_places(lever::Priority priority) {
    if (places_until_ > clock_.monotonic()) co_return places_;
    auto found = co_await api_.stage_places(priority);
    if (!found && !hidden(found.error())) co_return found.error();
    places_ = found ? std::move(*found) : lever::StagePlaces{};
    places_until_ = clock_.monotonic() + lifetimes_.vocabulary;
    co_return places_;
}

asio::awaitable<Result<KnownPosting>> Library::posting(std::string id, lever::Priority priority) {
    const std::string what = "posting " + id;
    while (true) {
        const auto found = postings_.find(id);
        if (found != postings_.end() && found->second.until > clock_.monotonic()) co_return found->second.known;
        auto own = co_await take_turn(what, priority);
        if (!own) co_return own.error();
        if (!*own) continue;
        Turn turn{fetches_, what, std::move(*own)};
        CachedPosting cached;
        cached.known.read_at = clock_.now();
        cached.until = clock_.monotonic() + lifetimes_.posting;
        auto read = co_await api_.posting(id, priority);
        if (!read && !hidden(read.error())) co_return turn.fail(read.error());
        if (read) cached.known.posting = std::move(*read);
        make_room(postings_, clock_.monotonic());
        KnownPosting known = cached.known;
        postings_.insert_or_assign(std::move(id), std::move(cached));
        co_return known;
    }
}

void Library::keep(const lever::Posting& posting) {
    make_room(postings_, clock_.monotonic());
    CachedPosting cached;
    cached.known.posting = posting;
    cached.known.read_at = clock_.now();
    cached.until = clock_.monotonic() + lifetimes_.listed_posting;
    postings_.insert_or_assign(posting.id, std::move(cached));
}

asio::awaitable<Result<std::optional<std::string>>> Library::start_date(
    std::string opportunity_id, lever::Priority priority) {
    auto offers = co_await api_.offers(opportunity_id, priority);
    std::optional<std::string> date;
    if (offers) {
        date = lever::start_date(*offers, start_date_field_);
    } else if (!hidden(offers.error())) {
        co_return offers.error();
    }
    co_return date;
}

asio::awaitable<Result<std::map<std::string, Timestamp>>> Library::deleted_since(
    Timestamp since, lever::Priority priority) {
    const Timestamp asked = clock_.now();
    auto found = co_await api_.deleted_since(since, priority);
    if (!found && !hidden(found.error())) co_return found.error();
    if (!found && !deletions_hidden_) {
        log::warning(
            "deletions.hidden",
            {{"reason", found.error().message()},
             {"hint", "the API key may not list what was deleted, so no deletion is carried on"}});
    }
    deletions_hidden_ = !found;
    deletions_again_ = clock_.monotonic() + hidden_again;
    if (!found) co_return std::map<std::string, Timestamp>{};
    for (const auto& [id, at] : *found) deleted_.insert_or_assign(id, at);
    if (since <= deleted_until_ || since <= asked - deleted_window) deleted_until_ = std::max(deleted_until_, asked);
    co_return std::move(*found);
}

asio::awaitable<Result<std::optional<Timestamp>>> Library::deleted_at(
    std::string opportunity_id, std::int64_t told_ms, lever::Priority priority) {
    const std::string what = "deleted";
    while (true) {
        const auto known = known_as_deleted(opportunity_id);
        // What nobody told of is looked up as of a minute ago.
        const auto fresh = told_ms != 0 ? told_ms : to_ms(clock_.now()) - keep_listed.count();
        if (known || to_ms(deleted_until_) > fresh) co_return known;
        if (deletions_hidden_ && clock_.monotonic() < deletions_again_) co_return known;
        auto own = co_await take_turn(what, priority);
        if (!own) co_return own.error();
        if (!*own) continue;
        Turn turn{fetches_, what, std::move(*own)};
        const Timestamp since = std::max(deleted_until_ - deleted_overlap, clock_.now() - deleted_window);
        const auto found = co_await deleted_since(since, priority);
        if (!found) co_return turn.fail(found.error());
        if (deletions_hidden_) co_return std::optional<Timestamp>{};
        if (to_ms(deleted_until_) <= fresh) co_return known_as_deleted(opportunity_id);
    }
}

std::optional<Timestamp> Library::known_as_deleted(const std::string& opportunity_id) const {
    const auto found = deleted_.find(opportunity_id);
    if (found == deleted_.end()) return std::nullopt;
    return found->second;
}

void Library::remember(const std::string& opportunity_id, KnownPerson person) {
    const auto forgotten = forgotten_.find(opportunity_id);
    if (forgotten != forgotten_.end() && person.read_at <= forgotten->second) return;
    make_room(people_, clock_.monotonic());
    CachedPerson cached;
    cached.person = std::move(person);
    cached.until = clock_.monotonic() + lifetimes_.person;
    people_.insert_or_assign(opportunity_id, std::move(cached));
}

void Library::forget(const std::string& opportunity_id) {
    people_.erase(opportunity_id);
    forgotten_.insert_or_assign(opportunity_id, clock_.now());
}

std::optional<KnownPerson> Library::person(const std::string& opportunity_id) const {
    const auto found = people_.find(opportunity_id);
    if (found == people_.end() || found->second.until <= clock_.monotonic()) return std::nullopt;
    return found->second.person;
}

void Library::purge() {
    const Instant now = clock_.monotonic();
    const Timestamp today = clock_.now();
    const auto run_out = [now](const auto& entry) { return entry.second.until <= now; };
    std::erase_if(people_, run_out);
    std::erase_if(postings_, run_out);
    std::erase_if(forgotten_, [today](const auto& entry) { return entry.second <= today - keep_forgotten; });
    std::erase_if(deleted_, [today](const auto& entry) { return entry.second <= today - deleted_window; });
}

}  // namespace hirewire::source
