#include "tools/hirewire/asking.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <csignal>
#include <exception>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "common/config/schema.hpp"
#include "common/core/sleep.hpp"
#include "common/runtime/service.hpp"
#include "common/sync/delivery.hpp"
#include "common/sync/internal_api.hpp"
#include "common/sync/person.hpp"
#include "tools/hirewire/config_declared.hpp"

namespace hirewire::cli {
namespace {

namespace asio = boost::asio;

// Of a destination whose section sets no limit.
constexpr Milliseconds usual_pause{100};
constexpr Milliseconds between_people{500};
// Who asks stands behind live traffic as a replay does: for about one turn, and at least so long.
constexpr Milliseconds least_patience{50};
// For the first connection to Redis.
constexpr int most_looks = 20;
constexpr Milliseconds look{50};

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

redis::Pace pace_of(const sync::DeliverySettings& settings) {
    redis::Pace pace;
    pace.per_second = settings.requests_per_second;
    pace.burst = settings.burst;
    if (pace.per_second > 0) pace.patience = std::max(Milliseconds{1'000 / pace.per_second}, least_patience);
    return pace;
}

// What the pointers of these point to outlives them.
asio::awaitable<void> send_one(
    http::Client* client, http::Request request, Milliseconds patience, std::optional<sync::Answer>* answer) {
    *answer = co_await client->send(std::move(request), patience);
}

asio::awaitable<void> take_one(
    redis::Store* store, std::string name, redis::Pace pace, std::optional<Result<redis::Turn>>* turn) {
    for (int i = 0; i < most_looks && !store->connected(); ++i) co_await sleep_for(look);
    *turn = co_await store->take_turn(std::move(name), pace);
}

asio::awaitable<void> read_words(sync::InternalApi* api, std::optional<Result<sync::Vocabulary>>* words) {
    *words = co_await api->vocabulary();
}

}  // namespace

void Blocking::finish(asio::awaitable<void> work) {
    std::exception_ptr failure;
    bool done = false;
    asio::co_spawn(context_, std::move(work), [&](std::exception_ptr f) {
        failure = f;
        done = true;
    });
    context_.restart();
    // A connection that the other side has closed ends the question and not us; a reader of ours who goes still does.
    auto* const before = std::signal(SIGPIPE, SIG_IGN);
    // The clients keep connections open, so there may be work left when the answer is there.
    while (!done) context_.run_one();
    std::signal(SIGPIPE, before);
    if (failure) std::rethrow_exception(failure);
}

AskingDestination::AskingDestination(
    const sync::Destination& destination, const sync::DaemonSettings& settings, const std::string& config_file)
    : destination_{destination},
      base_path_{sync::path_of_url(settings.base_url)},
      patience_{settings.delivery.request_timeout},
      pause_{pause_of(settings.delivery.requests_per_second)},
      pace_{pace_of(settings.delivery)} {
    const std::string name{destination.name()};
    const std::string variable = upper_case(name);
    const auto optional = config::Need::optional;
    runtime::Common common;
    config::Schema schema;
    runtime::declare_common(schema, common);
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
    client_ = http::make_client(loop_.executor(), client);
    if (pace_.per_second > 0) store_ = redis::make_store(loop_.executor(), common.redis);
}

AskingDestination::~AskingDestination() = default;

void AskingDestination::await_turn() {
    std::this_thread::sleep_until(next_);
    while (store_) {
        std::optional<Result<redis::Turn>> asked;
        loop_.finish(take_one(store_.get(), std::string{destination_.name()}, pace_, &asked));
        const auto& turn = asked.value();
        if (!turn) {
            // Half of the pace by our own clock is all that is left then.
            store_.reset();
            return;
        }
        std::this_thread::sleep_for(turn->in);
        if (turn->taken) return;
    }
}

sync::Inquiry::Heard AskingDestination::ask(const sync::Send& question) {
    const std::string target = question.request.target;
    const bool remember = question.remember.has_value();
    sync::Inquiry::Heard heard;
    if (const auto known = remembered_.find(target); remember && known != remembered_.end()) {
        heard.answer = known->second;
        heard.sent = false;
        return heard;
    }
    await_turn();
    http::Request request = question.request;
    request.headers.push_back({"Accept", std::string{destination_.media_type()}});
    destination_.authorize(request, credential_, base_path_, clock_.now());
    std::optional<sync::Answer> answer;
    loop_.finish(send_one(client_.get(), std::move(request), patience_, &answer));
    heard.answer = std::move(answer.value());
    next_ = clock_.monotonic() + pause_;
    if (remember && heard.answer && heard.answer->status == 200) remembered_[target] = *heard.answer;
    return heard;
}

AskingLeverSource::AskingLeverSource(const sync::DaemonSettings& settings, const std::string& config_file)
    : patience_{settings.delivery.request_timeout} {
    // No other secret is read: whoever looks ahead need not have them.
    Milliseconds unread{0};
    config::Schema schema;
    schema.accept(sections_of(config_file));
    schema.section("", "").duration("shutdown_grace", unread, "");
    schema.section("internal", "")
        .open()
        .secret("token", token_, "HIREWIRE_INTERNAL_TOKEN", "", config::Need::optional);
    schema.load(config_file);
    if (token_.empty()) return;
    http::ClientSettings client;
    client.base_url = settings.internal_url;
    client_ = http::make_client(loop_.executor(), client);
}

AskingLeverSource::~AskingLeverSource() = default;

sync::Plan AskingLeverSource::ask_person(const sync::AskPerson& ask, const std::string& opportunity) {
    std::this_thread::sleep_until(next_);
    next_ = clock_.monotonic() + between_people;
    http::Request request = sync::person_request(opportunity, token_, true);
    std::optional<sync::Answer> asked;
    loop_.finish(send_one(client_.get(), std::move(request), patience_, &asked));
    auto told = sync::read_person_answer(asked.value());
    if (told.trouble.empty()) return ask.then(told.person);
    return sync::Plan{sync::Fail{.verdict = pipeline::Wait{.reason = std::move(told.trouble)}}};
}

Result<sync::Vocabulary> AskingLeverSource::vocabulary() {
    sync::InternalApi api{*client_, token_, patience_};
    std::optional<Result<sync::Vocabulary>> words;
    loop_.finish(read_words(&api, &words));
    return std::move(words.value());
}

}  // namespace hirewire::cli
