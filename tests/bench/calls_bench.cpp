// hirewire-bench-calls: what the engine and the HTTP client cost. A PUT for each record, as sync-clara sends it, and
// beside it, in turn, a bare Boost.Beast client that makes the same requests over as many connections.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>

#include "common/http/client.hpp"
#include "common/json/writer.hpp"
#include "tests/bench/engine_run.hpp"
#include "tools/loadgen/sender.hpp"

namespace {

using namespace hirewire;
namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using bench::Microseconds;

constexpr std::size_t connections = 32;
constexpr std::size_t warm_up = 10'000;
constexpr std::size_t counted = 100'000;
constexpr Milliseconds patience{10'000};

constexpr const char* authorization = "Bearer 9b1f0c6e2d47a85390e4b7c1f62a08d53e9c74b16f20ad8b";
constexpr const char* status_body =
    R"({"status":{"kind":"stage","id":"fff60592-31dd-4ebe-ba8e-e7a397c30f8e","name":"On-site interview"},)"
    R"("previous_status":{"kind":"stage","id":"applicant-new","name":"New applicant"},)"
    R"("contact_id":"7f23e772-f2cb-4ebb-b33f-54b872999992","posting_id":"413e3661-6ba9-4a5e-8e6b-6a8a8c1b2f60",)"
    R"("occurred_at":"2026-03-02T15:04:05.123Z","hired":false,"follow_up":true,"backfill":false})";

// What differs from request to request.
struct Call {
    std::string target{};
    std::string idempotency_key{};
    std::string source_version{};
};

Call call_of(std::size_t number) {
    const std::string digits = std::to_string(100'000'000'000U + number);
    Call call;
    call.target = "/integrations/lever/opportunities/0c1f7a52-94be-4d13-8a60-" + digits + "/status";
    call.idempotency_key = "\"6d0e35c8-1f7b-5a94-b2d1-" + digits + "\"";
    call.source_version = "28" + digits;
    return call;
}

struct Measured {
    double rate = 0;    // requests a second
    double cpu_us = 0;  // of this process, user and system, for one request
};

// From the last answer of the warm-up to the last one of all.
class Meter {
public:
    void on_answer(bool good) {
        if (!good) ++bad_;
        ++answers_;
        if (answers_ == warm_up) begin_ = now();
        if (finished()) end_ = now();
    }
    [[nodiscard]] bool finished() const { return answers_ == warm_up + counted; }

    [[nodiscard]] Measured measured() const {
        if (!finished() || bad_ > 0) throw std::runtime_error{"not every request was answered with 200"};
        const std::chrono::duration<double> took = end_.at - begin_.at;
        const std::chrono::duration<double, std::micro> worked = end_.cpu - begin_.cpu;
        const auto requests = static_cast<double>(counted);
        return {.rate = requests / took.count(), .cpu_us = worked.count() / requests};
    }

private:
    struct Moment {
        Instant at{};
        Microseconds cpu{0};
    };

    static Moment now() {
        rusage usage{};
        ::getrusage(RUSAGE_SELF, &usage);
        const auto length = [](const timeval& t) { return std::chrono::seconds{t.tv_sec} + Microseconds{t.tv_usec}; };
        Moment moment;
        moment.at = std::chrono::steady_clock::now();
        moment.cpu = length(usage.ru_utime) + length(usage.ru_stime);
        return moment;
    }

    std::size_t answers_ = 0;
    std::size_t bad_ = 0;
    Moment begin_{};
    Moment end_{};
};

class Caller final : public bench::StreamHandler {
public:
    Caller(bench::EngineRun& run, http::Client& client, Meter& meter) : run_{run}, client_{client}, meter_{meter} {}

    asio::awaitable<pipeline::Attempted> attempt(const pipeline::Job& job) override {
        http::Request request = request_of(call_of(index_of(job)));
        const auto reply = co_await client_.send(std::move(request), patience);
        meter_.on_answer(reply && reply->status == 200);
        if (meter_.finished()) run_.end();
        pipeline::Verdict verdict = pipeline::Done{};
        co_return pipeline::Attempted{std::move(verdict), true};
    }

private:
    static http::Request request_of(Call call) {
        http::Request request;
        request.method = http::Method::put;
        request.target = std::move(call.target);
        request.headers.push_back({"Authorization", authorization});
        request.headers.push_back({"Content-Type", "application/json"});
        request.headers.push_back({"Idempotency-Key", std::move(call.idempotency_key)});
        request.headers.push_back({"Source-Version", std::move(call.source_version)});
        request.body = status_body;
        return request;
    }

    bench::EngineRun& run_;
    http::Client& client_;
    Meter& meter_;
};

Measured with_engine(const std::string& server) {
    bench::Stream stream;
    for (std::size_t i = 0; i < warm_up + counted; ++i) stream.keys.push_back("opportunity-" + std::to_string(i));
    bench::EngineRun run{stream};
    http::ClientSettings to_server;
    to_server.base_url = server;
    const auto client = http::make_client(run.executor(), to_server);
    Meter meter;
    Caller caller{run, *client, meter};
    pipeline::CoreSettings settings;
    settings.slots = connections;
    run.run(caller, settings);
    return meter.measured();
}

class BareClient {
public:
    BareClient(loadgen::Target server, Meter& meter) : server_{std::move(server)}, meter_{meter} {
        while (server_.path.ends_with('/')) server_.path.pop_back();
    }

    void run() {
        asio::io_context context{1};
        tcp::resolver resolver{context};
        endpoint_ = resolver.resolve(server_.host, server_.port).begin()->endpoint();
        for (std::size_t i = 0; i < connections; ++i) {
            asio::co_spawn(context, call_on(), [](std::exception_ptr failure) {
                if (failure) std::rethrow_exception(failure);
            });
        }
        context.run();
    }

private:
    using Message = beast::http::request<beast::http::string_body>;

    asio::awaitable<void> call_on() {
        tcp::socket socket{co_await asio::this_coro::executor};
        co_await socket.async_connect(endpoint_, asio::use_awaitable);
        socket.set_option(tcp::no_delay{true});
        beast::flat_buffer buffer;
        while (next_ < warm_up + counted) {
            const Message message = message_of(call_of(next_++));
            co_await beast::http::async_write(socket, message, asio::use_awaitable);
            beast::http::response<beast::http::string_body> reply;
            co_await beast::http::async_read(socket, buffer, reply, asio::use_awaitable);
            meter_.on_answer(reply.result_int() == 200);
        }
    }

    [[nodiscard]] Message message_of(const Call& call) const {
        Message message{beast::http::verb::put, server_.path + call.target, 11};
        message.set(beast::http::field::host, server_.host + ":" + server_.port);
        message.set(beast::http::field::user_agent, "hirewire/" HIREWIRE_VERSION);
        message.set(beast::http::field::authorization, authorization);
        message.set(beast::http::field::content_type, "application/json");
        message.set("Idempotency-Key", call.idempotency_key);
        message.set("Source-Version", call.source_version);
        message.body() = status_body;
        message.prepare_payload();
        return message;
    }

    loadgen::Target server_;
    Meter& meter_;
    tcp::endpoint endpoint_{};
    std::size_t next_ = 0;
};

Measured without_engine(const std::string& server) {
    Meter meter;
    BareClient client{loadgen::parse_url(server), meter};
    client.run();
    return meter.measured();
}

void write_measured(json::Writer& out, const char* name, const Measured& measured) {
    out.key(name).begin_object().key("rate").number(measured.rate);
    out.key("cpu_us").number(measured.cpu_us).end_object();
}

void compare(const std::string& server, int pairs, const std::string& file) {
    json::Writer out;
    out.begin_object().member("connections", static_cast<std::int64_t>(connections));
    out.member("requests", static_cast<std::int64_t>(counted)).key("pairs").begin_array();
    for (int i = 0; i < pairs; ++i) {
        const Measured engine = with_engine(server);
        const Measured bare = without_engine(server);
        std::printf(
            "  engine %6.0f/s, %5.1f us CPU a request; bare client %6.0f/s, %5.1f us\n",
            engine.rate,
            engine.cpu_us,
            bare.rate,
            bare.cpu_us);
        std::fflush(stdout);
        out.begin_object();
        write_measured(out, "engine", engine);
        write_measured(out, "bare", bare);
        out.end_object();
    }
    out.end_array().end_object();
    std::ofstream{file} << out.text() << "\n";
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{
        "The engine and its HTTP client beside a bare client, the same requests of both.", "hirewire-bench-calls"};
    std::string server;
    std::string file;
    int pairs = 5;
    app.add_option("--server", server, "Whom to call: http://host:port[/path]")->required();
    app.add_option("--json", file, "Where the figures go")->required();
    app.add_option("--pairs", pairs, "How often each has its turn")->check(CLI::Range(1, 1000));
    CLI11_PARSE(app, argc, argv);
    try {
        compare(server, pairs, file);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "hirewire-bench-calls: %s\n", e.what());
        return 1;
    }
    return 0;
}
