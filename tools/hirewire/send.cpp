#include "tools/hirewire/send.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "common/config/schema.hpp"
#include "common/core/time.hpp"
#include "common/core/uuid.hpp"
#include "common/http/client.hpp"
#include "common/json/writer.hpp"
#include "common/lever/signature.hpp"
#include "common/runtime/service.hpp"
#include "tools/hirewire/sample.hpp"
#include "tools/hirewire/terminal.hpp"

namespace hirewire::cli {
namespace {

namespace asio = boost::asio;

constexpr Milliseconds patience{10'000};
constexpr const char* path = "/webhooks/lever";

// What [receiver] says; the defaults are the receiver's own.
struct Receiver {
    std::string address = "127.0.0.1";
    int port = 8080;
    std::string tokens_variable = "LEVER_SIGNATURE_TOKENS";
    std::string tokens_file{};
};

Receiver read_receiver(const std::string& file) {
    Receiver receiver;
    if (file.empty()) return receiver;
    runtime::Common common;
    config::Schema schema;
    runtime::declare_common(schema, common);
    schema.section("receiver", "")
        .open()
        .text("address", receiver.address, "")
        .integer("port", receiver.port, "", 0, 65'535)
        .text("signature_tokens_env", receiver.tokens_variable, "")
        .text("signature_tokens_file", receiver.tokens_file, "");
    schema.load(file, config::Secrets::left_alone);
    return receiver;
}

std::optional<std::string> content_of(const std::string& file) {
    std::error_code ignored;
    if (std::filesystem::is_directory(file, ignored)) return std::nullopt;
    std::ifstream in{file, std::ios::binary};
    if (!in) return std::nullopt;
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

// The first of them: the receiver takes what any of its tokens has signed.
std::string token_of(const Receiver& receiver) {
    std::string text;
    if (!receiver.tokens_file.empty()) {
        const auto content = content_of(receiver.tokens_file);
        if (!content) {
            throw config::Error{"receiver.signature_tokens_file: cannot read the file " + receiver.tokens_file};
        }
        text = *content;
    } else if (const char* value = std::getenv(receiver.tokens_variable.c_str())) {
        text = value;
    }
    const auto tokens = lever::split_tokens(text);
    if (!tokens.empty()) return tokens.front();
    throw config::Error{
        "no signature token to sign with: put the receiver's into the environment variable " +
        receiver.tokens_variable + ", or name its file in receiver.signature_tokens_file and give --config"};
}

std::string url_of(const SendCommand& command, const Receiver& receiver) {
    if (!command.url.empty()) return command.url;
    if (receiver.port == 0) {
        throw config::Error{"receiver.port is 0, so its port is only in its log: give --url"};
    }
    const bool everywhere = receiver.address == "0.0.0.0" || receiver.address == "::";
    return "http://" + (everywhere ? std::string{"127.0.0.1"} : receiver.address) + ":" +
           std::to_string(receiver.port) + path;
}

// The sample's text and where it is from.
std::pair<std::string, std::string> sample_of(const SendCommand& command) {
    if (auto content = content_of(command.what)) return {std::move(*content), command.what};
    const auto file = command.samples + "/" + command.what + ".json";
    if (auto content = content_of(file)) return {std::move(*content), file};
    throw config::Error{
        "send: there is no file " + command.what + ", and no sample " + file +
        "; give a file, or an event such as candidateHired together with --samples DIR"};
}

// Splits "http://host:8080/webhooks/lever" into what a client is made for and the target of a request.
std::pair<std::string, std::string> split(const std::string& url) {
    const auto scheme = url.find("://");
    const auto slash = scheme == std::string::npos ? std::string::npos : url.find('/', scheme + 3);
    if (slash == std::string::npos) return {url, path};
    return {url.substr(0, slash), url.substr(slash)};
}

Result<http::Reply> post(const std::string& url, std::string body) {
    asio::io_context context{1};
    const auto [base, target] = split(url);
    http::ClientSettings settings;
    settings.base_url = base;
    std::unique_ptr<http::Client> client;
    try {
        client = http::make_client(context.get_executor(), settings);
    } catch (const std::invalid_argument& e) {
        throw config::Error{"--url: " + std::string{e.what()}};
    }
    http::Request request;
    request.method = http::Method::post;
    request.target = target;
    request.headers.push_back({"Content-Type", "application/json"});
    request.body = std::move(body);
    Result<http::Reply> answer = http::make_error_code(http::Errc::unreachable);
    std::exception_ptr failure;
    asio::co_spawn(
        context, client->send(std::move(request), patience), [&](std::exception_ptr f, Result<http::Reply> reply) {
            failure = f;
            answer = std::move(reply);
            context.stop();
        });
    context.run();
    if (failure) std::rethrow_exception(failure);
    return answer;
}

}  // namespace

int send_sample(const SendCommand& command) {
    const auto receiver = read_receiver(command.config_file);
    const auto [sample, source] = sample_of(command);
    SampleTerms terms;
    terms.signature_token = token_of(receiver);
    terms.token = random_uuid();
    terms.triggered_at_ms = to_ms(SystemClock{}.now());
    terms.opportunity = command.opportunity;
    const auto url = url_of(command, receiver);
    const auto answer = post(url, signed_sample(sample, source, terms));
    if (!answer) throw std::runtime_error{"the receiver at " + url + " does not answer: " + answer.error().message()};
    const bool accepted = answer->status >= 200 && answer->status < 300;
    if (command.as_json) {
        json::Writer out;
        out.begin_object().member("url", url).member("token", terms.token).member("status", answer->status);
        out.member("answer", answer->body).end_object();
        std::printf("%s\n", out.text().c_str());
    } else {
        std::printf("%d %s\n", answer->status, clipped(answer->body, 1'000).c_str());
    }
    return accepted ? 0 : 1;
}

}  // namespace hirewire::cli
