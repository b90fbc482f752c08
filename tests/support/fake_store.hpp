#pragma once
// Redis, in memory, with the same promises as the real store (tests/support/store_contract.hpp holds both to them).
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "common/core/time.hpp"
#include "common/redis/store.hpp"

namespace hirewire::testing {

class FakeStore final : public redis::Store {
public:
    explicit FakeStore(const Clock& clock) : clock_{clock} {}

    Answer<redis::Claim> claim(
        const redis::Delivery& delivery, const std::string& owner, const redis::ClaimTerms& terms) override;
    void confirm(const redis::Delivery& delivery, Milliseconds remember, Done done) override;
    Answer<void> release(redis::Delivery delivery, std::string owner) override;
    Answer<redis::Remembered> last_change(std::string opportunity) override;
    Answer<void> remember_change(std::string opportunity, std::string change) override;
    Answer<void> prepare_changes(std::string restoration) override;
    Answer<void> restore_change(std::string opportunity, std::string change) override;
    Answer<redis::Opening> vouch_for_changes(std::string restoration) override;
    Answer<void> prepare_ledger(std::string destination, std::int32_t partition, std::string rebuild) override;
    Answer<redis::Opening> open_ledger(std::string destination, std::int32_t partition, std::string rebuild) override;
    using Store::begin;
    Answer<redis::Begun> begin(
        redis::LedgerKey key,
        std::int64_t version,
        std::string owner,
        Milliseconds lease,
        redis::Again again) override;
    Answer<void> finish(redis::LedgerKey key, std::int64_t version, std::string owner) override;
    Answer<void> abandon(redis::LedgerKey key, std::string owner) override;
    Answer<void> disconnect(redis::LedgerKey key, Milliseconds span) override;
    Answer<redis::Turn> take_turn(std::string destination, redis::Pace pace) override;
    Answer<void> mark_dead(redis::LedgerKey key, redis::DeadLetter dead) override;
    Answer<std::string> eviction_policy() override;
    [[nodiscard]] bool connected() const override { return !away; }

    // Everything is lost, as after FLUSHALL.
    void empty();
    [[nodiscard]] std::optional<std::int64_t> applied_version(const redis::LedgerKey& key) const;
    [[nodiscard]] bool leased(const redis::LedgerKey& key) const;

    bool away = false;
    // Called with the name of each operation before it is carried out.
    std::function<void(std::string_view)> watch{};

private:
    struct Body {
        bool done = false;
        std::string owner{};
        Timestamp until{};
    };
    struct Token {
        std::map<std::string, Body> bodies{};
        Timestamp until{};
    };
    struct Entry {
        std::optional<std::int64_t> version{};
        std::vector<redis::DeadLetter> dead{};
        Timestamp disconnected_until{};
    };
    struct Lease {
        std::string owner{};
        Timestamp until{};
    };
    static std::string lane_of(const redis::LedgerKey& key) {
        return key.destination + "/" + (key.lane.empty() ? key.resource : key.lane);
    }
    void end_lease(const redis::LedgerKey& key, const std::string& owner);
    [[nodiscard]] bool reached(std::string_view operation);
    static std::string name_of(const redis::LedgerKey& key) { return key.destination + "/" + key.resource; }

    const Clock& clock_;
    std::map<std::string, Token> tokens_;
    std::map<std::string, std::string> changes_;
    bool whole_ = false;
    std::optional<std::string> restoration_;
    std::map<std::string, Timestamp> ledgers_;
    std::map<std::string, std::string> rebuilds_;
    std::map<std::string, double> full_at_;  // when each bucket is full again, ms
    std::map<std::string, Entry> entries_;
    std::map<std::string, Lease> leases_;
};

}  // namespace hirewire::testing
