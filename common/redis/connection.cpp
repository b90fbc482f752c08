#include "common/redis/connection.hpp"

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <openssl/sha.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <deque>
#include <optional>

#include "common/crypto/hash.hpp"

namespace hirewire::redis {
namespace {

namespace asio = boost::asio;

struct Category final : boost::system::error_category {
    [[nodiscard]] const char* name() const noexcept override { return "redis"; }
    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<Errc>(value)) {
            case Errc::unavailable:
                return "Redis cannot be reached";
            case Errc::no_answer:
                return "Redis did not answer";
            case Errc::refused:
                return "Redis refused the command";
        }
        return "unknown";
    }
};

Result<Reply> convert(const redisReply& r) {
    Reply reply;
    switch (r.type) {
        case REDIS_REPLY_ERROR:
            return make_error_code(Errc::refused);
        case REDIS_REPLY_INTEGER:
            reply.type = Reply::Type::integer;
            reply.integer = r.integer;
            break;
        case REDIS_REPLY_STRING:
        case REDIS_REPLY_STATUS:
            reply.type = Reply::Type::text;
            reply.text.assign(r.str, r.len);
            break;
        case REDIS_REPLY_ARRAY:
            reply.type = Reply::Type::list;
            for (std::size_t i = 0; i < r.elements; ++i) {
                auto item = convert(*r.element[i]);
                if (!item) return item.error();
                reply.list.push_back(std::move(*item));
            }
            break;
        default:
            break;
    }
    return reply;
}

bool is_noscript(const redisReply& r) {
    return r.type == REDIS_REPLY_ERROR && std::string_view{r.str, r.len}.starts_with("NOSCRIPT");
}

constexpr Milliseconds first_reconnect{20};
constexpr Milliseconds last_reconnect{500};
constexpr Milliseconds deadline_check{100};

}  // namespace

Error make_error_code(Errc e) {
    static const Category category;
    return {static_cast<int>(e), category};
}

namespace {

void append_header(std::string& wire, char kind, std::int64_t number) {
    std::array<char, 24> text{};
    text[0] = kind;
    char* end = std::to_chars(text.data() + 1, text.data() + text.size() - 2, number).ptr;
    *end++ = '\r';
    *end++ = '\n';
    wire.append(text.data(), end);
}

}  // namespace

Command::Command(std::size_t words) {
    wire_.reserve(320);
    append_header(wire_, '*', static_cast<std::int64_t>(words));
}

Command& Command::add(std::string_view word) {
    append_header(wire_, '$', static_cast<std::int64_t>(word.size()));
    wire_.append(word);
    wire_.append("\r\n", 2);
    return *this;
}

Command& Command::add(std::int64_t number) {
    std::array<char, 24> text{};
    const char* end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
    return add(std::string_view{text.data(), static_cast<std::size_t>(end - text.data())});
}

Command& Command::add_wire(std::string_view words) {
    wire_.append(words);
    return *this;
}

Script::Script(std::string source) : source_{std::move(source)} {
    unsigned char digest[SHA_DIGEST_LENGTH];
    SHA1(reinterpret_cast<const unsigned char*>(source_.data()), source_.size(), digest);
    const auto sha = crypto::hex(std::string_view{reinterpret_cast<const char*>(digest), sizeof digest});
    by_sha_ = "$7\r\nEVALSHA\r\n$40\r\n" + sha + "\r\n";
}

Command Script::call(std::size_t keys, std::size_t arguments) const {
    Command command{3 + keys + arguments};
    command.add_wire(by_sha_).add(static_cast<std::int64_t>(keys));
    return command;
}

std::string Script::spelled_out(const Command& call) const {
    const std::string& wire = call.wire();
    const auto head = wire.find("\r\n") + 2;
    std::string whole = wire.substr(0, head);
    whole += "$4\r\nEVAL\r\n$" + std::to_string(source_.size()) + "\r\n" + source_ + "\r\n";
    whole.append(wire, head + by_sha_.size());
    return whole;
}

// Adapts hiredis' event hooks. The rules it keeps: one deferred write for all commands of a turn; writability is
// waited for only while connecting or after a short write; the descriptor is released, not closed, since hiredis
// closes it.
struct Connection::State : std::enable_shared_from_this<Connection::State> {
    State(asio::any_io_executor e, Settings s)
        : executor{std::move(e)}, settings{std::move(s)}, reconnect_timer{executor}, deadline_timer{executor} {}

    asio::any_io_executor executor;
    Settings settings;
    asio::steady_timer reconnect_timer;
    asio::steady_timer deadline_timer;
    redisAsyncContext* context = nullptr;
    std::optional<asio::posix::stream_descriptor> descriptor;
    std::deque<Completion*> under_way;  // in the order of sending, which is the order of answering
    Milliseconds backoff = first_reconnect;
    bool established = false;
    bool closing = false;
    bool reading = false;
    bool write_posted = false;
    bool write_waiting = false;
    bool in_write = false;
    bool deadline_running = false;

    void connect() {
        if (closing) return;
        context = redisAsyncConnect(settings.host.c_str(), settings.port);
        if (context == nullptr || context->err != 0) {
            if (context != nullptr) redisAsyncFree(context);
            context = nullptr;
            reconnect_later();
            return;
        }
        context->data = this;
        context->ev.data = this;
        context->ev.addRead = [](void* self) { static_cast<State*>(self)->want_read(); };
        context->ev.delRead = [](void* self) { static_cast<State*>(self)->reading = false; };
        context->ev.addWrite = [](void* self) { static_cast<State*>(self)->want_write(); };
        context->ev.delWrite = [](void*) {};
        context->ev.cleanup = [](void* self) { static_cast<State*>(self)->cleanup(); };
        descriptor.emplace(executor, context->c.fd);
        redisAsyncSetConnectCallback(context, [](const redisAsyncContext* c, int status) {
            auto& self = *static_cast<State*>(c->data);
            self.established = status == REDIS_OK;
            if (self.established) self.backoff = first_reconnect;
            if (!self.established) self.lost();
        });
        redisAsyncSetDisconnectCallback(
            context, [](const redisAsyncContext* c, int) { static_cast<State*>(c->data)->lost(); });
        if (!settings.password.empty()) {
            const char* arguments[] = {"AUTH", settings.password.c_str()};
            redisAsyncCommandArgv(context, nullptr, nullptr, 2, arguments, nullptr);
        }
    }

    void reconnect_later() {
        if (closing) return;
        reconnect_timer.expires_after(backoff);
        backoff = std::min(backoff * 2, last_reconnect);
        reconnect_timer.async_wait([weak = weak_from_this()](boost::system::error_code e) {
            const auto self = weak.lock();
            if (self && !e) self->connect();
        });
    }

    // hiredis frees the context itself after this.
    void lost() {
        established = false;
        context = nullptr;
        reconnect_later();
    }

    void cleanup() {
        if (descriptor) {
            boost::system::error_code ignored;
            descriptor->cancel(ignored);
            descriptor->release();
            descriptor.reset();
        }
        reading = false;
        write_waiting = false;
    }

    void want_read() {
        if (reading || !descriptor) return;
        reading = true;
        wait_read();
    }

    void wait_read() {
        descriptor->async_wait(
            asio::posix::stream_descriptor::wait_read,
            [self = shared_from_this(), owner = context](boost::system::error_code e) {
                if (e || self->context != owner || !self->reading) return;
                redisAsyncHandleRead(owner);
                if (self->context == owner && self->descriptor && self->reading) self->wait_read();
            });
    }

    void want_write() {
        if (write_posted || write_waiting || !descriptor) return;
        if (!established || in_write) {
            wait_write();
            return;
        }
        write_posted = true;
        asio::post(executor, [self = shared_from_this(), owner = context] {
            self->write_posted = false;
            if (self->context == owner && owner != nullptr) self->write_now(owner);
        });
    }

    // What is left after a short write waits for the socket.
    void write_now(redisAsyncContext* owner) {
        in_write = true;
        redisAsyncHandleWrite(owner);
        in_write = false;
    }

    void wait_write() {
        write_waiting = true;
        descriptor->async_wait(
            asio::posix::stream_descriptor::wait_write,
            [self = shared_from_this(), owner = context](boost::system::error_code e) {
                self->write_waiting = false;
                if (!e && self->context == owner && owner != nullptr) self->write_now(owner);
            });
    }

    void send(std::unique_ptr<Completion> completion, const std::string& wire) {
        auto* const raw = completion.get();
        const bool sent =
            context != nullptr && established &&
            redisAsyncFormattedCommand(context, &State::on_reply, raw, wire.data(), wire.size()) == REDIS_OK;
        if (!sent) {
            // Not from inside the call that asks.
            asio::post(executor, [completion = std::move(completion)] {
                completion->finish(make_error_code(Errc::unavailable));
            });
            return;
        }
        completion->deadline_ = std::chrono::steady_clock::now() + settings.command_deadline;
        under_way.push_back(completion.release());
        watch_deadlines();
    }

    static void on_reply(redisAsyncContext* c, void* raw, void* completion_pointer) {
        auto& self = *static_cast<State*>(c->data);
        std::unique_ptr<Completion> completion{static_cast<Completion*>(completion_pointer)};
        // hiredis answers in the order of sending, also when it gives up on all of them.
        if (!self.under_way.empty() && self.under_way.front() == completion.get()) {
            self.under_way.pop_front();
        } else {
            std::erase(self.under_way, completion.get());
        }
        if (self.closing) return;
        const auto* reply = static_cast<const redisReply*>(raw);
        if (reply == nullptr) {
            completion->finish(make_error_code(Errc::no_answer));
            return;
        }
        if (completion->script_ != nullptr && is_noscript(*reply)) {
            const std::string whole = std::exchange(completion->script_, nullptr)->spelled_out(completion->call_);
            self.send(std::move(completion), whole);
            return;
        }
        completion->finish(convert(*reply));
    }

    // One coarse timer: when the oldest command waits too long, the connection is given up and all of them fail.
    void watch_deadlines() {
        if (deadline_running) return;
        deadline_running = true;
        deadline_timer.expires_after(deadline_check);
        deadline_timer.async_wait([weak = weak_from_this()](boost::system::error_code e) {
            const auto self = weak.lock();
            if (!self) return;
            self->deadline_running = false;
            if (e || self->under_way.empty()) return;
            if (self->context != nullptr && self->under_way.front()->deadline_ < std::chrono::steady_clock::now()) {
                auto* stuck = self->context;
                self->context = nullptr;
                self->established = false;
                redisAsyncFree(stuck);  // answers everything under way, then calls the disconnect hook
                return;
            }
            self->watch_deadlines();
        });
    }

    void close() {
        closing = true;
        reconnect_timer.cancel();
        deadline_timer.cancel();
        if (context != nullptr) {
            auto* c = context;
            context = nullptr;
            redisAsyncFree(c);
        }
    }
};

Connection::Connection(asio::any_io_executor executor, Settings settings)
    : state_{std::make_shared<State>(std::move(executor), std::move(settings))} {
    state_->connect();
}

Connection::~Connection() {
    state_->close();
}

bool Connection::connected() const {
    return state_->established;
}

void Connection::start(Command command, std::unique_ptr<Completion> completion) {
    state_->send(std::move(completion), command.wire());
}

void Connection::start(const Script& script, Command call, std::unique_ptr<Completion> completion) {
    auto& waiting = *completion;
    waiting.script_ = &script;
    waiting.call_ = std::move(call);
    state_->send(std::move(completion), waiting.call_.wire());
}

}  // namespace hirewire::redis
