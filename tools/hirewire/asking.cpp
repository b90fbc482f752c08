#include "tools/hirewire/asking.hpp"

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <exception>
#include <string_view>
#include <thread>
#include <utility>

#include "common/config/schema.hpp"
#include "common/runtime/service.hpp"
#include "common/sync/delivery.hpp"
#include "common/sync/person.hpp"
#include "services/sync-cleary/csv.hpp"

namespace hirewire::cli {
namespace {

namespace asio = boost::asio;

// Of a destination whose section sets no limit.
constexpr Milliseconds usual_pause{100};

std::string upper_case(std::string_view name) {
    std::string result;
    for (const char c : name) result += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return result;
}

// The daemon keeps half of the pace at least.
Milliseconds pause_of(int requests_per_second) {
    return requests_per_second > 0 ? std::max(Milliseconds{1}, Milliseconds{2'000 / requests_per_second})
                                   : usual_pause;
}

// All three outlive it.
asio::awaitable<void> send_one(
    http::Client* client, http::Request request, Milliseconds patience, std::optional<sync::Answer>* answer) {
    *answer = co_await client->send(std::move(request), patience);
}

}  // namespace

Asking::Asking(
    const sync::Destination& destination, const sync::DaemonSettings& settings, const std::string& config_file)
    : destination_{destination},
      base_path_{sync::path_of_url(settings.base_url)},
      patience_{settings.delivery.request_timeout},
      pause_{pause_of(settings.delivery.requests_per_second)} {
    const std::string name{destination.name()};
    const std::string variable = upper_case(name);
    const auto optional = config::Need::optional;
    runtime::Common common;
    config::Schema schema;
    runtime::declare_common(schema, common);
    schema.section("internal", "").open().secret("token", internal_token_, "HIREWIRE_INTERNAL_TOKEN", "", optional);
    auto& section = schema.section(name, "").open();
    const bool signs = destination.proof() == sync::Proof::signature;
    if (signs) {
        section.secret("access_id", credential_.access_id, variable + "_ACCESS_ID", "", optional)
            .secret("secret_key", credential_.secret, variable + "_SECRET_KEY", "", optional);
    } else {
        section.secret("token", credential_.secret, variable + "_TOKEN", "", optional);
    }
    schema.load(config_file);
    if (credential_.secret.empty() || (signs && credential_.access_id.empty())) {
        throw config::Error{
            "--ask: " + name + "'s credential is not there: set the variables that " +
            (signs ? name + ".access_id_env and " + name + ".secret_key_env" : name + ".token_env") +
            " name, or leave --ask out"};
    }
    http::ClientSettings client;
    client.base_url = settings.base_url;
    client_ = http::make_client(context_.get_executor(), client);
    http::ClientSettings internal;
    internal.base_url = settings.internal_url;
    internal_ = http::make_client(context_.get_executor(), internal);
}

Asking::~Asking() = default;

sync::Answer Asking::send(http::Client& client, http::Request request) {
    std::optional<sync::Answer> answer;
    std::exception_ptr failure;
    bool done = false;
    asio::co_spawn(context_, send_one(&client, std::move(request), patience_, &answer), [&](std::exception_ptr f) {
        failure = f;
        done = true;
    });
    context_.restart();
    // The clients keep connections open, so there may be work left when the answer is there.
    while (!done) context_.run_one();
    if (failure) std::rethrow_exception(failure);
    return std::move(answer.value());
}

Asking::Asked Asking::ask(http::Request request, bool remember) {
    const std::string target = request.target;
    const auto known = remembered_.find(target);
    if (remember && known != remembered_.end()) return {.answer = known->second, .sent = false};
    std::this_thread::sleep_until(next_);
    request.headers.push_back({"Accept", std::string{destination_.media_type()}});
    destination_.authorize(request, credential_, base_path_, clock_.now());
    Asked asked;
    asked.answer = send(*client_, std::move(request));
    next_ = clock_.monotonic() + pause_;
    if (remember && asked.answer && asked.answer->status == 200) remembered_[target] = *asked.answer;
    return asked;
}

sync::Plan Asking::ask_person(const sync::AskPerson& ask, const std::string& opportunity) {
    http::Request request;
    request.target = "/internal/opportunities/" + http::percent_encode(opportunity) + "/person";
    request.headers.push_back({"Authorization", "Bearer " + internal_token_});
    const auto answer = send(*internal_, std::move(request));
    const auto wait = [](std::string reason) {
        return sync::Plan{sync::Fail{.verdict = pipeline::Wait{.reason = std::move(reason)}}};
    };
    if (!answer) return wait("lever-source: " + answer.error().message());
    if (answer->status == 404) return ask.then(std::nullopt);
    if (answer->status != 200) return wait("lever-source answered " + std::to_string(answer->status));
    const auto person = sync::read_person(answer->body);
    if (!person) return wait("lever-source's answer cannot be read");
    return ask.then(person);
}

std::optional<sync::Vocabulary> Asking::vocabulary() {
    http::Request request;
    request.target = "/internal/vocabulary";
    request.headers.push_back({"Authorization", "Bearer " + internal_token_});
    const auto answer = send(*internal_, std::move(request));
    if (!answer || answer->status != 200) return std::nullopt;
    return sync::read_vocabulary(answer->body);
}

}  // namespace hirewire::cli
