#include "tests/support/fake_store.hpp"

#include <algorithm>
#include <cmath>

namespace hirewire::testing {
namespace {

Error unavailable() {
    return redis::make_error_code(redis::Errc::unavailable);
}

}  // namespace

bool FakeStore::reached(std::string_view operation) {
    if (watch) watch(operation);
    return !away;
}

FakeStore::Answer<redis::Claim> FakeStore::claim(
    const redis::Delivery& delivery, const std::string& owner, const redis::ClaimTerms& terms) {
    if (!reached("claim")) co_return unavailable();
    const auto now = clock_.now();
    auto token = tokens_.find(delivery.token);
    if (token != tokens_.end() && token->second.until <= now) {
        tokens_.erase(token);
        token = tokens_.end();
    }
    if (token == tokens_.end()) token = tokens_.emplace(delivery.token, Token{}).first;
    auto& bodies = token->second.bodies;
    const auto body = bodies.find(delivery.fingerprint);
    if (body != bodies.end()) {
        if (body->second.done) co_return redis::Claim::accepted_before;
        if (body->second.until > now) co_return redis::Claim::being_stored;
    } else if (bodies.size() >= static_cast<std::size_t>(terms.bodies_per_token)) {
        co_return redis::Claim::exhausted;
    }
    Body claimed;
    claimed.owner = owner;
    claimed.until = now + terms.lease;
    token->second.until = std::max(token->second.until, claimed.until);
    bodies[delivery.fingerprint] = std::move(claimed);
    co_return redis::Claim::granted;
}

void FakeStore::confirm(const redis::Delivery& delivery, Milliseconds remember, Done done) {
    if (!reached("confirm")) {
        done(unavailable());
        return;
    }
    auto& token = tokens_[delivery.token];
    token.bodies[delivery.fingerprint].done = true;
    token.until = clock_.now() + remember;
    done(Result<void>{});
}

FakeStore::Answer<void> FakeStore::release(redis::Delivery delivery, std::string owner) {
    if (!reached("release")) co_return unavailable();
    auto& bodies = tokens_[delivery.token].bodies;
    const auto body = bodies.find(delivery.fingerprint);
    if (body != bodies.end() && !body->second.done && body->second.owner == owner) bodies.erase(body);
    co_return Result<void>{};
}

FakeStore::Answer<redis::Remembered> FakeStore::last_change(std::string opportunity) {
    if (!reached("last_change")) co_return unavailable();
    redis::Remembered remembered;
    remembered.trustworthy = whole_;
    const auto found = changes_.find(opportunity);
    if (found != changes_.end()) remembered.change = found->second;
    co_return remembered;
}

FakeStore::Answer<void> FakeStore::remember_change(std::string opportunity, std::string change) {
    if (!reached("remember_change")) co_return unavailable();
    changes_[opportunity] = std::move(change);
    co_return Result<void>{};
}

FakeStore::Answer<void> FakeStore::prepare_changes(std::string restoration) {
    if (!reached("prepare_changes")) co_return unavailable();
    restoration_ = std::move(restoration);
    co_return Result<void>{};
}

FakeStore::Answer<void> FakeStore::restore_change(std::string opportunity, std::string change) {
    if (!reached("restore_change")) co_return unavailable();
    changes_.try_emplace(std::move(opportunity), std::move(change));
    co_return Result<void>{};
}

FakeStore::Answer<redis::Opening> FakeStore::vouch_for_changes(std::string restoration) {
    if (!reached("vouch_for_changes")) co_return unavailable();
    if (restoration_ != restoration) co_return redis::Opening::refused;
    restoration_.reset();
    whole_ = true;
    co_return redis::Opening::opened;
}

FakeStore::Answer<void> FakeStore::prepare_ledger(
    std::string destination, std::int32_t partition, std::string rebuild) {
    if (!reached("prepare_ledger")) co_return unavailable();
    rebuilds_[destination + ":" + std::to_string(partition)] = std::move(rebuild);
    co_return Result<void>{};
}

FakeStore::Answer<redis::Opening> FakeStore::open_ledger(
    std::string destination, std::int32_t partition, std::string rebuild) {
    if (!reached("open_ledger")) co_return unavailable();
    const auto name = destination + ":" + std::to_string(partition);
    const auto prepared = rebuilds_.find(name);
    if (prepared == rebuilds_.end() || prepared->second != rebuild) co_return redis::Opening::refused;
    rebuilds_.erase(prepared);
    ledgers_.emplace(name, clock_.now());
    co_return redis::Opening::opened;
}

FakeStore::Answer<void> FakeStore::disconnect(redis::LedgerKey key, Milliseconds span) {
    if (!reached("disconnect")) co_return unavailable();
    entries_[name_of(key)].disconnected_until = clock_.now() + span;
    co_return Result<void>{};
}

FakeStore::Answer<redis::Turn> FakeStore::take_turn(std::string destination, redis::Pace pace) {
    if (!reached("take_turn")) co_return unavailable();
    const auto now = static_cast<double>(to_ms(clock_.now()));
    const double token = 1'000.0 / pace.per_second;
    auto& full = full_at_[destination];
    full = std::max(full, now);
    redis::Turn turn;
    turn.in =
        Milliseconds{static_cast<std::int64_t>(std::ceil(std::max(0.0, full + token - token * pace.burst - now)))};
    turn.taken = turn.in <= pace.patience;
    if (turn.taken) full += token;
    co_return turn;
}

FakeStore::Answer<redis::Begun> FakeStore::begin(
    redis::LedgerKey key, std::int64_t version, std::string owner, Milliseconds span, redis::Again again) {
    if (!reached("begin")) co_return unavailable();
    const auto now = clock_.now();
    redis::Begun begun;
    const auto ledger = ledgers_.find(key.destination + ":" + std::to_string(key.partition));
    if (ledger == ledgers_.end()) {
        begun.permission = redis::Permission::no_ledger;
        co_return begun;
    }
    begun.ledger_since = ledger->second;
    auto& entry = entries_[name_of(key)];
    auto& lease = leases_[lane_of(key)];
    begun.dead = entry.dead;
    begun.applied_version = entry.version.value_or(0);
    if (entry.version == version && again == redis::Again::no) {
        begun.permission = redis::Permission::applied_before;
    } else if (entry.version && *entry.version > version) {
        begun.permission = redis::Permission::superseded;
    } else if (lease.until > now && lease.owner != owner) {
        begun.permission = redis::Permission::busy;
    } else if (entry.disconnected_until > now && again == redis::Again::no) {
        begun.permission = redis::Permission::disconnected;
    } else {
        begun.permission = redis::Permission::go;
        entry.disconnected_until = {};
        lease.owner = std::move(owner);
        lease.until = now + span;
    }
    co_return begun;
}

FakeStore::Answer<void> FakeStore::finish(redis::LedgerKey key, std::int64_t version, std::string owner) {
    if (!reached("finish")) co_return unavailable();
    auto& entry = entries_[name_of(key)];
    if (!entry.version || *entry.version < version) entry.version = version;
    end_lease(key, owner);
    std::erase_if(entry.dead, [version](const auto& dead) { return dead.version <= version; });
    co_return Result<void>{};
}

void FakeStore::end_lease(const redis::LedgerKey& key, const std::string& owner) {
    const auto found = leases_.find(lane_of(key));
    if (found != leases_.end() && found->second.owner == owner) leases_.erase(found);
}

FakeStore::Answer<void> FakeStore::abandon(redis::LedgerKey key, std::string owner) {
    if (!reached("abandon")) co_return unavailable();
    end_lease(key, owner);
    co_return Result<void>{};
}

FakeStore::Answer<void> FakeStore::mark_dead(redis::LedgerKey key, redis::DeadLetter dead) {
    if (!reached("mark_dead")) co_return unavailable();
    auto& entry = entries_[name_of(key)];
    if (entry.version && *entry.version >= dead.version) co_return Result<void>{};
    std::erase_if(entry.dead, [&dead](const auto& other) { return other.change_id == dead.change_id; });
    entry.dead.push_back(std::move(dead));
    co_return Result<void>{};
}

FakeStore::Answer<std::string> FakeStore::eviction_policy() {
    if (!reached("eviction_policy")) co_return unavailable();
    co_return std::string{"noeviction"};
}

void FakeStore::empty() {
    tokens_.clear();
    changes_.clear();
    whole_ = false;
    restoration_.reset();
    ledgers_.clear();
    rebuilds_.clear();
    full_at_.clear();
    entries_.clear();
    leases_.clear();
}

std::optional<std::int64_t> FakeStore::applied_version(const redis::LedgerKey& key) const {
    const auto found = entries_.find(name_of(key));
    return found != entries_.end() ? found->second.version : std::nullopt;
}

bool FakeStore::leased(const redis::LedgerKey& key) const {
    const auto found = leases_.find(lane_of(key));
    return found != leases_.end() && found->second.until > clock_.now();
}

}  // namespace hirewire::testing
