#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdlib>
#include <utility>

#include "common/redis/store.hpp"

namespace hirewire::redis {
namespace {

// One hash a token, one field a body: "done", or "<owner>:<end of the lease in ms>".
const std::string claim_source = R"lua(
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local mine = ARGV[2] .. ':' .. string.format('%.0f', now + ARGV[3])
if redis.call('HSETNX', KEYS[1], ARGV[1], mine) == 1 then
  local bodies = redis.call('HLEN', KEYS[1])
  if bodies > tonumber(ARGV[4]) then
    redis.call('HDEL', KEYS[1], ARGV[1])
    return 3
  end
  if bodies == 1 then
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
    return 0
  end
else
  local held = redis.call('HGET', KEYS[1], ARGV[1])
  if held == 'done' then return 1 end
  if tonumber(string.match(held, ':(%d+)$')) > now then return 2 end
  redis.call('HSET', KEYS[1], ARGV[1], mine)
end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return 0
)lua";

const std::string confirm_source = R"lua(
redis.call('HSET', KEYS[1], ARGV[1], 'done')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 0
)lua";

const std::string release_source = R"lua(
local held = redis.call('HGET', KEYS[1], ARGV[1])
if held and string.sub(held, 1, #ARGV[2] + 1) == ARGV[2] .. ':' then redis.call('HDEL', KEYS[1], ARGV[1]) end
return 0
)lua";

// KEYS: birth of what is rebuilt, the rebuild under way.
const std::string open_source = R"lua(
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
local t = redis.call('TIME')
redis.call('SET', KEYS[1], string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000)), 'NX')
return 1
)lua";

// KEYS: entry, birth of the ledger's partition, lease. Fields of the entry: v = applied version, d =
// "<version>:<change>" of each dead letter, joined by ';', g = until when it is disconnected. The lease is its
// owner's name, and runs out.
const std::string begin_source = R"lua(
local since = redis.call('GET', KEYS[2])
if not since then return {4, '0', '0', ''} end
local e = redis.call('HMGET', KEYS[1], 'v', 'd', 'g')
if e[1] then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
local version = tonumber(ARGV[1])
local applied = e[1] or '0'
local dead = e[2] or ''
if tonumber(applied) == version and ARGV[5] ~= '1' then return {1, since, applied, dead} end
if tonumber(applied) > version then return {2, since, applied, dead} end
local owner = redis.call('GET', KEYS[3])
if owner and owner ~= ARGV[2] then return {3, since, applied, dead} end
if e[3] and ARGV[5] == '1' then
  redis.call('HDEL', KEYS[1], 'g')
elseif e[3] then
  local t = redis.call('TIME')
  if tonumber(e[3]) > t[1] * 1000 + math.floor(t[2] / 1000) then return {5, since, applied, dead} end
end
redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3])
return {0, since, applied, dead}
)lua";

// KEYS: entry, lease.
const std::string finish_source = R"lua(
local e = redis.call('HMGET', KEYS[1], 'v', 'd')
if not e[1] or tonumber(e[1]) < tonumber(ARGV[1]) then redis.call('HSET', KEYS[1], 'v', ARGV[1]) end
if redis.call('GET', KEYS[2]) == ARGV[2] then redis.call('DEL', KEYS[2]) end
if e[2] then
  local left = {}
  for letter in string.gmatch(e[2], '[^;]+') do
    if tonumber(string.match(letter, '^%d+')) > tonumber(ARGV[1]) then left[#left + 1] = letter end
  end
  if #left == 0 then redis.call('HDEL', KEYS[1], 'd') else redis.call('HSET', KEYS[1], 'd', table.concat(left, ';')) end
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 0
)lua";

const std::string mark_dead_source = R"lua(
local e = redis.call('HMGET', KEYS[1], 'v', 'd')
if e[1] and tonumber(e[1]) >= tonumber(ARGV[1]) then return 0 end
local mine = ARGV[1] .. ':' .. ARGV[2]
local letters = {}
for letter in string.gmatch(e[2] or '', '[^;]+') do
  if letter ~= mine then letters[#letters + 1] = letter end
end
letters[#letters + 1] = mine
if #letters > 100 then table.remove(letters, 1) end
redis.call('HSET', KEYS[1], 'd', table.concat(letters, ';'))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 0
)lua";

// KEYS: lease.
const std::string abandon_source = R"lua(
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0
)lua";

const std::string disconnect_source = R"lua(
local t = redis.call('TIME')
redis.call('HSET', KEYS[1], 'g', string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000) + ARGV[1]))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 0
)lua";

// The generic cell rate algorithm: the key holds the microsecond at which the bucket is full again.
const std::string take_turn_source = R"lua(
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local token = 1000000 / ARGV[1]
local wait = math.max(0, full + token - token * ARGV[2] - now)
local ms = math.ceil(wait / 1000)
if ms > tonumber(ARGV[3]) then return {0, ms} end
full = full + token
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000) + 1000)
return {1, ms}
)lua";

constexpr std::chrono::hours ledger_memory{24 * 120};
constexpr std::chrono::hours rebuild_patience{24};
constexpr std::string_view opportunities_rebuild = "opportunities-rebuild";

// A reply, read as what the caller asked for.
template <typename T>
using Read = Result<T> (*)(Reply& reply);

template <typename T, typename Done>
struct Reading final : Completion {
    Reading(Read<T> r, Done d) : read{r}, done{std::move(d)} {}
    void finish(Result<Reply> reply) override {
        Result<T> answer = reply ? read(*reply) : Result<T>{reply.error()};
        done(std::move(answer));
    }
    Read<T> read;
    Done done;
};

Result<void> nothing(Reply&) {
    return {};
}

Result<Claim> as_claim(Reply& reply) {
    return static_cast<Claim>(reply.integer);
}

Result<Remembered> as_remembered(Reply& reply) {
    if (reply.list.size() != 2) return make_error_code(Errc::refused);
    Remembered remembered;
    remembered.trustworthy = reply.list[0].type == Reply::Type::text;
    if (reply.list[1].type == Reply::Type::text) remembered.change = std::move(reply.list[1].text);
    return remembered;
}

Result<Begun> as_begun(Reply& reply) {
    if (reply.list.size() != 4) return make_error_code(Errc::refused);
    Begun begun;
    begun.permission = static_cast<Permission>(reply.list[0].integer);
    begun.ledger_since = from_ms(std::strtoll(reply.list[1].text.c_str(), nullptr, 10));
    begun.applied_version = std::strtoll(reply.list[2].text.c_str(), nullptr, 10);
    std::string_view letters = reply.list[3].text;
    while (!letters.empty()) {
        const std::string letter{letters.substr(0, letters.find(';'))};
        letters.remove_prefix(std::min(letters.size(), letter.size() + 1));
        DeadLetter dead;
        dead.version = std::strtoll(letter.c_str(), nullptr, 10);
        dead.change_id = letter.substr(letter.find(':') + 1);
        begun.dead.push_back(std::move(dead));
    }
    return begun;
}

Result<Opening> as_opening(Reply& reply) {
    return static_cast<Opening>(reply.integer);
}

Result<Turn> as_turn(Reply& reply) {
    if (reply.list.size() != 2) return make_error_code(Errc::refused);
    return Turn{.taken = reply.list[0].integer != 0, .in = Milliseconds{reply.list[1].integer}};
}

Result<std::string> as_policy(Reply& reply) {
    constexpr std::string_view name = "maxmemory_policy:";
    const auto begin = reply.text.find(name);
    if (begin == std::string::npos) return make_error_code(Errc::refused);
    const auto end = reply.text.find_first_of("\r\n", begin);
    return reply.text.substr(begin + name.size(), end - begin - name.size());
}

class HiredisStore final : public Store {
public:
    HiredisStore(boost::asio::any_io_executor executor, Settings settings)
        : prefix_{settings.prefix}, connection_{std::move(executor), std::move(settings)} {}

    Answer<Claim> claim(const Delivery& delivery, const std::string& owner, const ClaimTerms& terms) override {
        Command call = claim_.call(1, 4);
        call.add(delivery_key(delivery)).add(delivery.fingerprint).add(owner);
        call.add(terms.lease.count()).add(terms.bodies_per_token);
        return ask(&claim_, std::move(call), &as_claim);
    }

    void confirm(const Delivery& delivery, Milliseconds remember, Done done) override {
        Command call = confirm_.call(1, 2);
        call.add(delivery_key(delivery)).add(delivery.fingerprint).add(remember.count());
        connection_.start(
            confirm_, std::move(call), std::make_unique<Reading<void, Done>>(&nothing, std::move(done)));
    }

    Answer<void> release(Delivery delivery, std::string owner) override {
        Command call = release_.call(1, 2);
        call.add(delivery_key(delivery)).add(delivery.fingerprint).add(owner);
        return ask(&release_, std::move(call), &nothing);
    }

    Answer<Remembered> last_change(std::string opportunity) override {
        Command command{3};
        command.add("MGET").add(whole_key()).add(change_key(opportunity));
        return ask(nullptr, std::move(command), &as_remembered);
    }

    Answer<void> remember_change(std::string opportunity, std::string change) override {
        Command command{3};
        command.add("SET").add(change_key(opportunity)).add(change);
        return ask(nullptr, std::move(command), &nothing);
    }

    Answer<void> prepare_changes(std::string restoration) override {
        return prepare(key(opportunities_rebuild, {}), restoration);
    }

    Answer<void> restore_change(std::string opportunity, std::string change) override {
        Command command{4};
        command.add("SET").add(change_key(opportunity)).add(change).add("NX");
        return ask(nullptr, std::move(command), &nothing);
    }

    Answer<Opening> vouch_for_changes(std::string restoration) override {
        Command call = open_.call(2, 1);
        call.add(whole_key()).add(key(opportunities_rebuild, {})).add(restoration);
        return ask(&open_, std::move(call), &as_opening);
    }

    Answer<void> prepare_ledger(std::string destination, std::int32_t partition, std::string rebuild) override {
        return prepare(rebuild_key(destination, partition), rebuild);
    }

    Answer<Opening> open_ledger(std::string destination, std::int32_t partition, std::string rebuild) override {
        Command call = open_.call(2, 1);
        call.add(ledger_since_key(destination, partition)).add(rebuild_key(destination, partition)).add(rebuild);
        return ask(&open_, std::move(call), &as_opening);
    }

    using Store::begin;
    Answer<Begun> begin(
        LedgerKey key, std::int64_t version, std::string owner, Milliseconds lease, Again again) override {
        Command call = begin_.call(3, 5);
        call.add(ledger_key(key)).add(ledger_since_key(key.destination, key.partition)).add(lease_key(key));
        call.add(version).add(owner).add(lease.count()).add(Milliseconds{ledger_memory}.count());
        call.add(again == Again::yes ? 1 : 0);
        return ask(&begin_, std::move(call), &as_begun);
    }

    Answer<void> finish(LedgerKey key, std::int64_t version, std::string owner) override {
        Command call = finish_.call(2, 3);
        call.add(ledger_key(key))
            .add(lease_key(key))
            .add(version)
            .add(owner)
            .add(Milliseconds{ledger_memory}.count());
        return ask(&finish_, std::move(call), &nothing);
    }

    Answer<void> abandon(LedgerKey key, std::string owner) override {
        Command call = abandon_.call(1, 1);
        call.add(lease_key(key)).add(owner);
        return ask(&abandon_, std::move(call), &nothing);
    }

    Answer<void> disconnect(LedgerKey key, Milliseconds span) override {
        Command call = disconnect_.call(1, 2);
        call.add(ledger_key(key)).add(span.count()).add(Milliseconds{ledger_memory}.count());
        return ask(&disconnect_, std::move(call), &nothing);
    }

    Answer<Turn> take_turn(std::string destination, Pace pace) override {
        Command call = take_turn_.call(1, 3);
        call.add(key("pace:", destination)).add(pace.per_second).add(pace.burst).add(pace.patience.count());
        return ask(&take_turn_, std::move(call), &as_turn);
    }

    Answer<void> mark_dead(LedgerKey key, DeadLetter dead) override {
        Command call = mark_dead_.call(1, 3);
        call.add(ledger_key(key)).add(dead.version).add(dead.change_id).add(Milliseconds{ledger_memory}.count());
        return ask(&mark_dead_, std::move(call), &nothing);
    }

    Answer<std::string> eviction_policy() override {
        // INFO and not CONFIG GET: managed Redis servers forbid the latter.
        Command command{2};
        command.add("INFO").add("memory");
        return ask(nullptr, std::move(command), &as_policy);
    }

    [[nodiscard]] bool connected() const override { return connection_.connected(); }

private:
    Answer<void> prepare(const std::string& where, const std::string& rebuild) {
        Command command{5};
        command.add("SET").add(where).add(rebuild).add("PX").add(Milliseconds{rebuild_patience}.count());
        return ask(nullptr, std::move(command), &nothing);
    }

    // `script` is null for a plain command.
    template <typename T>
    Answer<T> ask(const Script* script, Command command, Read<T> read) {
        auto initiate = [this](auto handler, const Script* by, Command c, Read<T> as) {
            auto completion = std::make_unique<Reading<T, decltype(handler)>>(as, std::move(handler));
            if (by != nullptr) {
                connection_.start(*by, std::move(c), std::move(completion));
            } else {
                connection_.start(std::move(c), std::move(completion));
            }
        };
        return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(Result<T>)>(
            std::move(initiate), boost::asio::use_awaitable, script, std::move(command), read);
    }

    [[nodiscard]] std::string key(std::string_view kind, std::string_view name) const {
        std::string text;
        text.reserve(prefix_.size() + kind.size() + name.size());
        text.append(prefix_).append(kind).append(name);
        return text;
    }
    [[nodiscard]] std::string delivery_key(const Delivery& d) const { return key("delivery:", d.token); }
    [[nodiscard]] std::string change_key(std::string_view id) const { return key("opportunity:", id); }
    [[nodiscard]] std::string whole_key() const { return key("opportunities-whole", {}); }
    [[nodiscard]] std::string ledger_since_key(const std::string& destination, std::int32_t partition) const {
        return key("ledger-since:", destination + ":" + std::to_string(partition));
    }
    [[nodiscard]] std::string rebuild_key(const std::string& destination, std::int32_t partition) const {
        return key("ledger-rebuild:", destination + ":" + std::to_string(partition));
    }
    [[nodiscard]] std::string ledger_key(const LedgerKey& k) const {
        return key("ledger:", k.destination + ":" + k.resource);
    }

    [[nodiscard]] std::string lease_key(const LedgerKey& k) const {
        return key("lease:", k.destination + ":" + (k.lane.empty() ? k.resource : k.lane));
    }

    std::string prefix_;
    Connection connection_;
    Script claim_{claim_source};
    Script confirm_{confirm_source};
    Script release_{release_source};
    Script open_{open_source};
    Script begin_{begin_source};
    Script finish_{finish_source};
    Script abandon_{abandon_source};
    Script disconnect_{disconnect_source};
    Script take_turn_{take_turn_source};
    Script mark_dead_{mark_dead_source};
};

}  // namespace

std::unique_ptr<Store> make_store(boost::asio::any_io_executor executor, Settings settings) {
    return std::make_unique<HiredisStore>(std::move(executor), std::move(settings));
}

}  // namespace hirewire::redis
