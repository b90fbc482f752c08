#include <cstdlib>
#include <utility>

#include "common/redis/store.hpp"

namespace hirewire::redis {
namespace {

// One hash a token, one field a body: "done", or "<owner>:<end of the lease in ms>".
const std::string claim_source = R"lua(
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local held = redis.call('HGET', KEYS[1], ARGV[1])
if held == 'done' then return 1 end
if held then
  if tonumber(string.match(held, ':(%d+)$')) > now then return 2 end
elseif redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then
  return 3
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ':' .. string.format('%.0f', now + ARGV[3]))
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

const std::string open_ledger_source = R"lua(
local t = redis.call('TIME')
redis.call('SET', KEYS[1], string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000)), 'NX')
return 0
)lua";

// KEYS: entry, birth of the ledger. Fields: v = applied version, o and x = owner and end of a running lease.
const std::string begin_source = R"lua(
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('SET', KEYS[2], string.format('%.0f', now), 'NX')
local since = redis.call('GET', KEYS[2])
local e = redis.call('HMGET', KEYS[1], 'v', 'o', 'x')
local version = tonumber(ARGV[1])
local applied = e[1] or '0'
if tonumber(applied) == version then return {1, since, applied} end
if tonumber(applied) > version then return {2, since, applied} end
if e[2] and e[2] ~= ARGV[2] and tonumber(e[3]) > now then return {3, since, applied} end
redis.call('HSET', KEYS[1], 'o', ARGV[2], 'x', string.format('%.0f', now + ARGV[3]))
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return {0, since, applied}
)lua";

const std::string finish_source = R"lua(
local e = redis.call('HMGET', KEYS[1], 'v', 'o')
if not e[1] or tonumber(e[1]) < tonumber(ARGV[1]) then redis.call('HSET', KEYS[1], 'v', ARGV[1]) end
if e[2] == ARGV[2] then redis.call('HDEL', KEYS[1], 'o', 'x') end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 0
)lua";

const std::string abandon_source = R"lua(
if redis.call('HGET', KEYS[1], 'o') == ARGV[1] then redis.call('HDEL', KEYS[1], 'o', 'x') end
return 0
)lua";

constexpr std::chrono::hours ledger_memory{24 * 120};

class HiredisStore final : public Store {
public:
    HiredisStore(boost::asio::any_io_executor executor, Settings settings)
        : prefix_{settings.prefix}, connection_{std::move(executor), std::move(settings)} {}

    Answer<Claim> claim(Delivery delivery, std::string owner, ClaimTerms terms) override {
        Command call = claim_.call(1, 4);
        call.add(delivery_key(delivery)).add(delivery.fingerprint).add(owner);
        call.add(terms.lease.count()).add(terms.bodies_per_token);
        const auto reply = co_await connection_.run(claim_, std::move(call));
        if (!reply) co_return reply.error();
        co_return static_cast<Claim>(reply->integer);
    }

    Answer<void> confirm(Delivery delivery, Milliseconds remember) override {
        Command call = confirm_.call(1, 2);
        call.add(delivery_key(delivery)).add(delivery.fingerprint).add(remember.count());
        co_return done(co_await connection_.run(confirm_, std::move(call)));
    }

    Answer<void> release(Delivery delivery, std::string owner) override {
        Command call = release_.call(1, 2);
        call.add(delivery_key(delivery)).add(delivery.fingerprint).add(owner);
        co_return done(co_await connection_.run(release_, std::move(call)));
    }

    Answer<Remembered> last_change(std::string opportunity) override {
        Command command{3};
        command.add("MGET").add(whole_key()).add(change_key(opportunity));
        auto reply = co_await connection_.send(std::move(command));
        if (!reply) co_return reply.error();
        if (reply->list.size() != 2) co_return make_error_code(Errc::refused);
        Remembered remembered;
        remembered.trustworthy = reply->list[0].type == Reply::Type::text;
        if (reply->list[1].type == Reply::Type::text) remembered.change = std::move(reply->list[1].text);
        co_return remembered;
    }

    Answer<void> remember_change(std::string opportunity, std::string change) override {
        Command command{3};
        command.add("SET").add(change_key(opportunity)).add(change);
        co_return done(co_await connection_.send(std::move(command)));
    }

    Answer<void> vouch_for_changes() override {
        Command command{3};
        command.add("SET").add(whole_key()).add("1");
        co_return done(co_await connection_.send(std::move(command)));
    }

    Answer<void> open_ledger(std::string destination) override {
        Command call = open_ledger_.call(1, 0);
        call.add(ledger_since_key(destination));
        co_return done(co_await connection_.run(open_ledger_, std::move(call)));
    }

    Answer<Begun> begin(LedgerKey key, std::int64_t version, std::string owner, Milliseconds lease) override {
        Command call = begin_.call(2, 3);
        call.add(ledger_key(key)).add(ledger_since_key(key.destination));
        call.add(version).add(owner).add(lease.count());
        const auto reply = co_await connection_.run(begin_, std::move(call));
        if (!reply) co_return reply.error();
        if (reply->list.size() != 3) co_return make_error_code(Errc::refused);
        Begun begun;
        begun.permission = static_cast<Permission>(reply->list[0].integer);
        begun.ledger_since = from_ms(std::strtoll(reply->list[1].text.c_str(), nullptr, 10));
        begun.applied_version = std::strtoll(reply->list[2].text.c_str(), nullptr, 10);
        co_return begun;
    }

    Answer<void> finish(LedgerKey key, std::int64_t version, std::string owner) override {
        Command call = finish_.call(1, 3);
        call.add(ledger_key(key)).add(version).add(owner).add(Milliseconds{ledger_memory}.count());
        co_return done(co_await connection_.run(finish_, std::move(call)));
    }

    Answer<void> abandon(LedgerKey key, std::string owner) override {
        Command call = abandon_.call(1, 1);
        call.add(ledger_key(key)).add(owner);
        co_return done(co_await connection_.run(abandon_, std::move(call)));
    }

    Answer<std::string> eviction_policy() override {
        // INFO and not CONFIG GET: managed Redis servers forbid the latter.
        Command command{2};
        command.add("INFO").add("memory");
        const auto reply = co_await connection_.send(std::move(command));
        if (!reply) co_return reply.error();
        constexpr std::string_view name = "maxmemory_policy:";
        const auto begin = reply->text.find(name);
        if (begin == std::string::npos) co_return make_error_code(Errc::refused);
        const auto end = reply->text.find_first_of("\r\n", begin);
        co_return reply->text.substr(begin + name.size(), end - begin - name.size());
    }

    [[nodiscard]] bool connected() const override { return connection_.connected(); }

private:
    static Result<void> done(const Result<Reply>& reply) {
        if (!reply) return reply.error();
        return {};
    }

    [[nodiscard]] std::string delivery_key(const Delivery& d) const { return prefix_ + "delivery:" + d.token; }
    [[nodiscard]] std::string change_key(const std::string& id) const { return prefix_ + "opportunity:" + id; }
    [[nodiscard]] std::string whole_key() const { return prefix_ + "opportunities-whole"; }
    [[nodiscard]] std::string ledger_since_key(const std::string& destination) const {
        return prefix_ + "ledger-since:" + destination;
    }
    [[nodiscard]] std::string ledger_key(const LedgerKey& key) const {
        return prefix_ + "ledger:" + key.destination + ":" + key.resource;
    }

    std::string prefix_;
    Connection connection_;
    Script claim_{claim_source};
    Script confirm_{confirm_source};
    Script release_{release_source};
    Script open_ledger_{open_ledger_source};
    Script begin_{begin_source};
    Script finish_{finish_source};
    Script abandon_{abandon_source};
};

}  // namespace

std::unique_ptr<Store> make_store(boost::asio::any_io_executor executor, Settings settings) {
    return std::make_unique<HiredisStore>(std::move(executor), std::move(settings));
}

}  // namespace hirewire::redis
