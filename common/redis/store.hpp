#pragma once
// The seam to Redis, in the program's own words. Everything kept here can be rebuilt; who may go on without it says
// so: the receiver's memory fails open (accept, downstream drops the repeat), the daemons' ledger fails closed.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/core/result.hpp"
#include "common/core/time.hpp"
#include "common/redis/connection.hpp"
#include "common/redis/settings.hpp"

namespace hirewire::redis {

// One webhook delivery: its token and the fingerprint of its body. The same token with another body is another
// delivery, since Lever's signature does not cover the body.
struct Delivery {
    std::string token{};
    std::string fingerprint{};
};

enum class Claim {
    granted,          // ours for the length of the lease: store it, then confirm or release
    accepted_before,  // confirmed within the memory's span
    being_stored,     // somebody else's lease is running
    exhausted,        // the token has carried too many bodies already
};

struct ClaimTerms {
    Milliseconds lease{10'000};
    Milliseconds remember{std::chrono::hours{24 * 8}};
    int bodies_per_token = 3;
};

// The last emitted change of an opportunity, as bytes.
struct Remembered {
    bool trustworthy = false;  // false: Redis has been emptied, absence means nothing; rebuild first
    std::optional<std::string> change{};
};

enum class Permission {
    go,              // apply it; the lease runs
    applied_before,  // this very version is applied
    superseded,      // a newer one is
    busy,            // somebody else holds the lane's lease
    no_ledger,       // Redis has been emptied, absence means nothing; rebuild first, then open_ledger()
    disconnected,    // the destination said so, and is not asked again yet
};

// Whether to go on when this very version is applied already.
enum class Again {
    no,
    yes,  // apply it once more, also when disconnected; a newer one that is applied supersedes it all the same
};

// A change that became a dead letter.
struct DeadLetter {
    std::int64_t version = 0;
    std::string change_id{};
};

struct Begun {
    Permission permission = Permission::busy;
    // What is applied so far; 0 = nothing that is remembered.
    std::int64_t applied_version = 0;
    // When this ledger was begun: what is older than the ledger may have been applied before it.
    Timestamp ledger_since{};
    // The dead letters that no newer change has overtaken.
    std::vector<DeadLetter> dead{};
};

enum class Opening {
    refused,  // Redis was emptied since it was prepared, or somebody else prepared it anew
    opened,
};

// A destination's pace, kept by all processes together.
struct Pace {
    int per_second = 0;
    int burst = 1;
    Milliseconds patience{0};  // a turn that comes later than this is not taken
};
struct Turn {
    bool taken = false;
    Milliseconds in{0};  // when it comes, or when to ask again
};

// What versions are counted along, and which partition of the ledger it is in: that of its records. `lane` is what
// only one may work on at a time, across partitions and processes; empty = the resource alone.
struct LedgerKey {
    std::string destination{};
    std::string resource{};
    std::int32_t partition = 0;
    std::string lane{};
};

class Store {
public:
    template <typename T>
    using Answer = boost::asio::awaitable<Result<T>>;
    using Done = std::function<void(Result<void>)>;

    virtual ~Store() = default;

    // The receiver's memory of deliveries. `owner` names the request that claims; all that is given to claim() must
    // live until it is answered.
    virtual Answer<Claim> claim(const Delivery& delivery, const std::string& owner, const ClaimTerms& terms) = 0;
    // Sent at once: a stored webhook is answered whether or not Redis notes it, so nobody waits. `done` is told, and
    // is dropped untold when the store goes first.
    virtual void confirm(const Delivery& delivery, Milliseconds remember, Done done) = 0;
    virtual Answer<void> release(Delivery delivery, std::string owner) = 0;

    // lever-source's cache of hiring.opportunities. It is trustworthy once it is known to be whole: prepared,
    // restored change by change, vouched for under the same name.
    virtual Answer<Remembered> last_change(std::string opportunity) = 0;
    virtual Answer<void> remember_change(std::string opportunity, std::string change) = 0;
    virtual Answer<void> prepare_changes(std::string restoration) = 0;
    // Unless something is remembered, which is newer.
    virtual Answer<void> restore_change(std::string opportunity, std::string change) = 0;
    virtual Answer<Opening> vouch_for_changes(std::string restoration) = 0;

    // The daemons' ledger: begin, apply, finish or abandon. A partition of it is opened once it is known to hold what
    // was applied so far: prepared, filled, opened under the same name. An
    // entry lives 120 days after it was last touched.
    virtual Answer<void> prepare_ledger(std::string destination, std::int32_t partition, std::string rebuild) = 0;
    virtual Answer<Opening> open_ledger(std::string destination, std::int32_t partition, std::string rebuild) = 0;
    virtual Answer<Begun> begin(
        LedgerKey key, std::int64_t version, std::string owner, Milliseconds lease, Again again) = 0;
    Answer<Begun> begin(LedgerKey key, std::int64_t version, std::string owner, Milliseconds lease) {
        return begin(std::move(key), version, std::move(owner), lease, Again::no);
    }
    virtual Answer<void> finish(LedgerKey key, std::int64_t version, std::string owner) = 0;
    virtual Answer<void> abandon(LedgerKey key, std::string owner) = 0;
    // Every begin() of a newer version answers `disconnected` for so long, or until one with Again::yes goes.
    virtual Answer<void> disconnect(LedgerKey key, Milliseconds span) = 0;
    // Remembered until this or a newer version is finished; the last hundred of them.
    virtual Answer<void> mark_dead(LedgerKey key, DeadLetter dead) = 0;

    // A place in the destination's pace (a token bucket): wait for `in`, then send.
    virtual Answer<Turn> take_turn(std::string destination, Pace pace) = 0;

    // "noeviction", or the policy under which Redis would throw our memory away.
    virtual Answer<std::string> eviction_policy() = 0;
    [[nodiscard]] virtual bool connected() const = 0;
};

std::unique_ptr<Store> make_store(boost::asio::any_io_executor executor, Settings settings);

}  // namespace hirewire::redis
