#include "tools/loadgen/sender.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "tools/loadgen/reply_reader.hpp"

namespace hirewire::loadgen {
namespace {

using std::chrono::nanoseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr Milliseconds look_round{100};  // for time-outs, and before connecting again after a refusal

[[noreturn]] void fail(const char* call) {
    throw std::system_error{errno, std::generic_category(), call};
}

class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_{fd} {}
    Descriptor(Descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

Address resolve(const Target& target) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error = ::getaddrinfo(target.host.c_str(), target.port.c_str(), &hints, &found);
    if (error != 0) throw std::runtime_error{target.host + ":" + target.port + ": " + ::gai_strerror(error)};
    Address address;
    address.size = found->ai_addrlen;
    std::copy_n(
        reinterpret_cast<const char*>(found->ai_addr), found->ai_addrlen, reinterpret_cast<char*>(&address.storage));
    ::freeaddrinfo(found);
    return address;
}

// Connects while blocking, which on the machines that load is made on takes no time; nothing on failure.
Descriptor connect_to(const Address& address) {
    Descriptor socket{::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!socket) fail("socket");
    const timeval patience{.tv_sec = 2, .tv_usec = 0};
    const int on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0) return {};
    ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
    return socket;
}

struct Connection {
    Descriptor socket{};
    bool busy = false;
    std::uint64_t number = 0;         // of the webhook under way
    SteadyClock::time_point since{};  // when it was due
    SteadyClock::time_point sent_at{};
    std::string out{};
    std::array<char, 4096> in{};
    std::size_t in_size = 0;
};

class Run {
public:
    Run(const Load& load, Webhooks& webhooks)
        : load_{load},
          webhooks_{webhooks},
          address_{resolve(load.target)},
          epoll_{::epoll_create1(EPOLL_CLOEXEC)},
          timer_{::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)},
          connections_(load.connections) {
        if (!epoll_) fail("epoll_create1");
        if (!timer_) fail("timerfd_create");
        watch(timer_.get(), nullptr);
        for (auto& connection : connections_) idle_.push_back(&connection);
        // The last one is taken first: few connections stay warm instead of all being used in turn.
        std::reverse(idle_.begin(), idle_.end());
    }

    Sent run() {
        start_ = SteadyClock::now();
        const auto end = start_ + load_.duration;
        last_ = std::numeric_limits<std::uint64_t>::max();
        if (load_.count > 0) {
            last_ = load_.count;
        } else if (open_loop()) {
            last_ = static_cast<std::uint64_t>(load_.rate * std::chrono::duration<double>(load_.duration).count());
        }
        SteadyClock::time_point give_up = SteadyClock::time_point::max();
        while (true) {
            const auto now = SteadyClock::now();
            const bool timed_out = load_.count == 0 && now >= end;
            const bool sending = next_ < last_ && (open_loop() || !timed_out);
            if (!sending && under_way_ == 0) break;
            // An open loop sends what is overdue at its end, but not for ever.
            if (open_loop() && timed_out && give_up == SteadyClock::time_point::max()) give_up = now + load_.timeout;
            if (now >= give_up) break;
            if (sending) send_due(now);
            wait();
            drop_timed_out();
        }
        sent_.elapsed = SteadyClock::now() - start_;
        sent_.requests = next_;
        if (open_loop()) sent_.unsent = last_ - next_;
        for (auto& connection : connections_) {
            if (connection.busy) lose(connection);
        }
        return std::move(sent_);
    }

private:
    [[nodiscard]] bool open_loop() const { return load_.rate > 0; }

    [[nodiscard]] SteadyClock::time_point due(std::uint64_t number) const {
        return start_ + nanoseconds{std::llround(static_cast<double>(number) * 1e9 / load_.rate)};
    }

    void watch(int fd, Connection* connection) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = connection;
        if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
    }

    void send_due(SteadyClock::time_point now) {
        while (!idle_.empty() && next_ < last_) {
            if (open_loop()) {
                const auto when = due(next_);
                if (when > now) {
                    wake_at(when);
                    return;
                }
                send_one(when);
            } else {
                if (now < refused_until_) return;
                send_one(now);
            }
        }
    }

    void send_one(SteadyClock::time_point since) {
        Connection& connection = *idle_.back();
        idle_.pop_back();
        connection.number = next_++;
        connection.since = since;
        connection.sent_at = SteadyClock::now();
        connection.busy = true;
        ++under_way_;
        if (sent_.answers.size() <= connection.number) sent_.answers.resize(2 * connection.number + 1024);
        if (!connection.socket) {
            connection.socket = connect_to(address_);
            if (!connection.socket) {
                refused_until_ = connection.sent_at + look_round;
                lose(connection);
                return;
            }
            connection.in_size = 0;
            watch(connection.socket.get(), &connection);
        }
        webhooks_.request(connection.number, SystemClock{}.now(), connection.out);
        write_all(connection);
    }

    void write_all(Connection& connection) {
        std::string_view left = connection.out;
        while (!left.empty()) {
            const auto written = ::send(connection.socket.get(), left.data(), left.size(), MSG_NOSIGNAL);
            if (written >= 0) {
                left.remove_prefix(static_cast<std::size_t>(written));
            } else if (errno == EAGAIN) {
                pollfd writable{.fd = connection.socket.get(), .events = POLLOUT, .revents = 0};
                if (::poll(&writable, 1, 1000) <= 0) break;
            } else {
                break;
            }
        }
        if (!left.empty()) lose(connection);
    }

    void wake_at(SteadyClock::time_point when) {
        const auto since_epoch = std::chrono::duration_cast<nanoseconds>(when.time_since_epoch()).count();
        itimerspec spec{};
        spec.it_value.tv_sec = since_epoch / 1'000'000'000;
        spec.it_value.tv_nsec = since_epoch % 1'000'000'000;
        ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
    }

    void wait() {
        std::array<epoll_event, 256> events{};
        const int count = ::epoll_wait(
            epoll_.get(), events.data(), static_cast<int>(events.size()), static_cast<int>(look_round.count()));
        for (int i = 0; i < count; ++i) {
            auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
            if (connection != nullptr) {
                read_some(*connection);
            } else {
                std::uint64_t times = 0;
                [[maybe_unused]] const auto n = ::read(timer_.get(), &times, sizeof times);
            }
        }
    }

    void read_some(Connection& connection) {
        auto& in = connection.in;
        const auto got =
            ::recv(connection.socket.get(), in.data() + connection.in_size, in.size() - connection.in_size, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (got <= 0 || !connection.busy) {
            close(connection);
            return;
        }
        connection.in_size += static_cast<std::size_t>(got);
        const auto state = read_reply({in.data(), connection.in_size});
        if (const auto* reply = std::get_if<Complete>(&state)) {
            take(connection, *reply);
        } else if (std::holds_alternative<Malformed>(state) || connection.in_size == in.size()) {
            close(connection);
        }
    }

    void take(Connection& connection, const Complete& reply) {
        sent_.latency.add(SteadyClock::now() - connection.since);
        ++sent_.statuses[reply.status];
        const bool accepted = reply.status >= 200 && reply.status < 300;
        sent_.answers[connection.number] = accepted ? Answer::accepted : Answer::other;
        if (!reply.keep_alive) connection.socket = {};
        connection.in_size = 0;
        release(connection);
    }

    // A webhook without an answer: it may have been stored.
    void lose(Connection& connection) {
        ++sent_.unanswered;
        sent_.answers[connection.number] = Answer::other;
        connection.socket = {};
        release(connection);
    }

    void close(Connection& connection) {
        if (connection.busy) {
            lose(connection);
        } else {
            connection.socket = {};
        }
    }

    void release(Connection& connection) {
        connection.busy = false;
        --under_way_;
        idle_.push_back(&connection);
    }

    void drop_timed_out() {
        const auto now = SteadyClock::now();
        if (now < next_look_) return;
        next_look_ = now + look_round;
        for (auto& connection : connections_) {
            if (connection.busy && now - connection.sent_at > load_.timeout) lose(connection);
        }
    }

    const Load& load_;
    Webhooks& webhooks_;
    Address address_;
    Descriptor epoll_;
    Descriptor timer_;
    std::vector<Connection> connections_;
    std::vector<Connection*> idle_;
    std::uint64_t next_ = 0;
    std::uint64_t last_ = 0;
    std::size_t under_way_ = 0;
    SteadyClock::time_point start_{};
    SteadyClock::time_point refused_until_{};
    SteadyClock::time_point next_look_{};
    Sent sent_;
};

}  // namespace

Target parse_url(const std::string& url) {
    constexpr std::string_view scheme = "http://";
    if (!url.starts_with(scheme)) throw std::invalid_argument{"'" + url + "' is not an http:// address"};
    const std::string rest = url.substr(scheme.size());
    const auto slash = rest.find('/');
    const std::string authority = rest.substr(0, slash);
    Target target;
    if (slash != std::string::npos) target.path = rest.substr(slash);
    const auto colon = authority.rfind(':');
    target.host = authority.substr(0, colon);
    if (colon != std::string::npos) target.port = authority.substr(colon + 1);
    if (target.host.empty() || target.port.empty()) throw std::invalid_argument{"'" + url + "' names no host"};
    return target;
}

Sent send(const Load& load, Webhooks& webhooks) {
    webhooks.frame(load.target.host + ":" + load.target.port, load.target.path);
    return Run{load, webhooks}.run();
}

}  // namespace hirewire::loadgen
