#include <algorithm>
#include <functional>
#include <random>
#include <set>

#include "common/core/sleep.hpp"
#include "common/crypto/hash.hpp"
#include "common/lever/api.hpp"
#include "common/log/log.hpp"

namespace hirewire::lever {
namespace {

namespace asio = boost::asio;

struct Category final : boost::system::error_category {
    [[nodiscard]] const char* name() const noexcept override { return "lever"; }
    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<Errc>(value)) {
            case Errc::not_found:
                return "Lever does not know it, or hides it from this key";
            case Errc::forbidden:
                return "Lever does not show it to this key";
            case Errc::unauthorized:
                return "Lever refuses the API key";
            case Errc::unavailable:
                return "Lever did not answer usefully, several times over";
            case Errc::bad_answer:
                return "Lever's answer is not of the documented form";
            case Errc::bad_offset:
                return "Lever does not know the page of this list any more";
        }
        return "unknown";
    }
};

constexpr std::chrono::hours deleted_window{24 * 30};
constexpr std::string_view expanded = "&expand=applications&expand=stage&expand=contact";

// Of a list's page; empty on the last one. get_page() has seen to it that there is one where there is more.
std::string next_of(const json::Document& document) {
    return document["hasNext"].boolean() ? std::string{document["next"].string()} : std::string{};
}

void add_reads(
    const json::Document& document, Timestamp asked, std::vector<Read>& reads, std::vector<std::string>* unreadable) {
    for (const auto& item : document["data"].items()) {
        auto opportunity = read_opportunity(item);
        if (!opportunity) {
            if (unreadable != nullptr) unreadable->emplace_back(item["id"].string());
            continue;
        }
        Read read;
        read.opportunity = std::move(*opportunity);
        read.person = read_person(item);
        read.read_at = asked;
        reads.push_back(std::move(read));
    }
}

class HttpApi final : public Api {
public:
    HttpApi(
        std::unique_ptr<http::Client> client, ApiSettings settings, const Clock& clock, metrics::Registry& metrics)
        : settings_{std::move(settings)},
          clock_{clock},
          metrics_{metrics},
          budget_wait_{metrics.histogram(metrics::lever_budget_wait)},
          bucket_{settings_.requests_per_second, settings_.burst, clock.monotonic()},
          client_{std::move(client)} {
        use_key(settings_.key);
    }

    void use_key(const std::string& key) override {
        authorization_ = "Basic " + crypto::base64(key + ":");
        may_see_confidential_ = true;  // until it is refused
    }

    Answer<Read> opportunity(std::string id, Priority priority) override {
        const std::string target =
            "/opportunities/" + http::percent_encode(id) + "?" + std::string{expanded.substr(1)};
        Read read;
        auto document = co_await get(target, priority, &read.read_at);
        if (!document) co_return document.error();
        const auto data = (*document)["data"];
        auto opportunity = read_opportunity(data);
        if (!opportunity) co_return make_error_code(Errc::bad_answer);
        read.opportunity = std::move(*opportunity);
        read.person = read_person(data);
        co_return read;
    }

    Answer<Page> page(Window window, Priority priority) override {
        Timestamp asked{};
        const std::string target = "/opportunities?limit=100" + std::string{expanded};
        const auto document = co_await get_page(target, std::move(window), priority, &asked);
        if (!document) co_return document.error();
        Page page;
        add_reads(*document, asked, page.reads, &page.unreadable);
        page.next = next_of(*document);
        co_return page;
    }

    Answer<PostingPage> postings(Window window, Priority priority) override {
        const std::string target = "/postings?limit=100";
        const auto document = co_await get_page(target, std::move(window), priority, nullptr);
        if (!document) co_return document.error();
        PostingPage page;
        for (const auto& item : (*document)["data"].items()) {
            auto advert = read_advert(item);
            if (!advert) co_return make_error_code(Errc::bad_answer);
            page.adverts.push_back(std::move(*advert));
        }
        page.next = next_of(*document);
        co_return page;
    }

    Answer<std::vector<Read>> with_emails(std::vector<std::string> emails, Priority priority) override {
        std::string target = "/opportunities?limit=100" + std::string{expanded};
        for (const auto& email : emails) target += "&email=" + http::percent_encode(email);
        std::vector<Read> found;
        const EachPage each = [&found](const json::Document& page, Timestamp asked) {
            add_reads(page, asked, found, nullptr);
        };
        const Error problem = co_await each_page(target, priority, each);
        if (problem) co_return problem;
        co_return found;
    }

    Answer<std::vector<Subscription>> subscriptions(Priority priority) override {
        std::vector<Subscription> found;
        const Each each = [&found](const json::Value& item) {
            if (auto subscription = read_subscription(item)) found.push_back(std::move(*subscription));
        };
        const Error problem = co_await each_item("/webhooks", priority, each);
        if (problem) co_return problem;
        co_return found;
    }

    Answer<std::map<std::string, Timestamp>> deleted_since(Timestamp since, Priority priority) override {
        return deleted("/opportunities/deleted", since, priority);
    }

    Answer<std::map<std::string, Timestamp>> deleted_postings_since(Timestamp since, Priority priority) override {
        return deleted("/postings/deleted", since, priority);
    }

    Answer<std::vector<std::string>> opportunities_of(std::string contact_id, Priority priority) override {
        const std::string target = "/opportunities?limit=100&contact_id=" + http::percent_encode(contact_id);
        std::vector<std::string> ids;
        const EachPage each = [&ids](const json::Document& page, Timestamp) {
            for (const auto& item : page["data"].items()) ids.emplace_back(item["id"].string());
        };
        const Error problem = co_await each_page(target, priority, each);
        if (problem) co_return problem;
        co_return ids;
    }

    Answer<Vocabulary> vocabulary(Priority priority) override {
        Vocabulary words;
        const Timestamp asked = clock_.now();
        const Each each_stage = [&words](const json::Value& item) {
            if (auto stage = read_stage(item)) words.stages[stage->id] = *stage;
        };
        Error problem = co_await each_item("/stages", priority, each_stage);
        if (problem) co_return problem;
        const Each each_reason = [&words](const json::Value& item) {
            if (auto reason = read_archive_reason(item)) words.archive_reasons[reason->id] = *reason;
        };
        problem = co_await each_item("/archive_reasons", priority, each_reason);
        if (problem) co_return problem;
        words.read_at = asked;
        co_return words;
    }

    Answer<StagePlaces> stage_places(Priority priority) override {
        const auto document = co_await get("/disposition_stages", priority);
        if (!document) co_return document.error();
        const auto data = (*document)["data"];
        co_return read_stage_places(data.is_object() ? data : document->root());
    }

    Answer<Posting> posting(std::string id, Priority priority) override {
        auto document = co_await get("/postings/" + http::percent_encode(id), priority);
        if (!document) co_return document.error();
        auto found = read_posting((*document)["data"]);
        if (!found) co_return make_error_code(Errc::bad_answer);
        co_return std::move(*found);
    }

    Answer<std::vector<Offer>> offers(std::string opportunity_id, Priority priority) override {
        std::vector<Offer> found;
        const std::string target = "/opportunities/" + http::percent_encode(opportunity_id) + "/offers";
        const Each each = [&found](const json::Value& item) {
            if (auto offer = read_offer(item)) found.push_back(std::move(*offer));
        };
        const Error problem = co_await each_item(target, priority, each);
        if (problem) co_return problem;
        co_return found;
    }

private:
    using Each = std::function<void(const json::Value&)>;
    using EachPage = std::function<void(const json::Document&, Timestamp asked)>;
    using Ticket = std::pair<Priority, std::uint64_t>;

    // A place in the line, given back also when the waiting is broken off.
    struct Place {
        std::shared_ptr<std::set<Ticket>> line;
        Ticket ticket;
        Place(std::shared_ptr<std::set<Ticket>> l, Ticket t) : line{std::move(l)}, ticket{t} { line->insert(ticket); }
        ~Place() { line->erase(ticket); }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
    };

    Answer<std::map<std::string, Timestamp>> deleted(std::string list, Timestamp since, Priority priority) {
        const Timestamp now = clock_.now();
        const Timestamp from = std::max(since, now - deleted_window);
        const std::string target = list + "?deleted_at_start=" + std::to_string(to_ms(from)) +
                                   "&deleted_at_end=" + std::to_string(to_ms(now + std::chrono::minutes{1}));
        std::map<std::string, Timestamp> found;
        const Each each = [&found](const json::Value& item) {
            found[std::string{item["id"].string()}] = from_ms(item["deletedAt"].integer());
        };
        const Error problem = co_await each_item(target, priority, each);
        if (problem) co_return problem;
        co_return found;
    }

    // A page of a list, confidential ones too where the key may see them.
    asio::awaitable<Result<json::Document>> get_page(
        std::string target, Window window, Priority priority, Timestamp* asked) {
        if (window.updated_since_ms != 0) target += "&updated_at_start=" + std::to_string(window.updated_since_ms);
        if (window.updated_until_ms != 0) target += "&updated_at_end=" + std::to_string(window.updated_until_ms);
        if (!window.offset.empty()) target += "&offset=" + http::percent_encode(window.offset);
        const bool all = may_see_confidential_;
        auto document = co_await get(target + (all ? "&confidentiality=all" : ""), priority, asked);
        if (!document && all && document.error() == Errc::forbidden) {
            document = co_await get(target, priority, asked);
            // The key lacks the grant: what it may see is all that there is for us.
            if (document) {
                may_see_confidential_ = false;
                log::warning(
                    "confidential.hidden",
                    {{"hint",
                      "the API key lacks the confidential grant: what is confidential comes by webhooks only"}});
            }
        }
        if (!document) {
            const bool stale = !window.offset.empty() && document.error() == Errc::bad_answer;
            co_return stale ? make_error_code(Errc::bad_offset) : document.error();
        }
        if ((*document)["hasNext"].boolean() && (*document)["next"].string().empty()) {
            co_return make_error_code(Errc::bad_answer);
        }
        co_return std::move(document);
    }

    // All pages of such a list.
    asio::awaitable<Error> each_page(std::string target, Priority priority, const EachPage& each) {
        Window window;
        do {
            Window here = window;
            Timestamp asked{};
            const auto document = co_await get_page(target, std::move(here), priority, &asked);
            if (!document) co_return document.error();
            each(*document, asked);
            window.offset = next_of(*document);
        } while (!window.offset.empty());
        co_return Error{};
    }

    // Walks a paged list. `next` is opaque and only good for the same list.
    asio::awaitable<Error> each_item(std::string target, Priority priority, const Each& each) {
        const char joint = target.find('?') == std::string::npos ? '?' : '&';
        std::string offset;
        while (true) {
            std::string page = target;
            if (!offset.empty()) page += joint + ("offset=" + http::percent_encode(offset));
            auto document = co_await get(page, priority);
            if (!document) co_return document.error();
            for (const auto& item : (*document)["data"].items()) each(item);
            if (!(*document)["hasNext"].boolean()) co_return Error{};
            offset = (*document)["next"].string();
            if (offset.empty()) co_return make_error_code(Errc::bad_answer);
        }
    }

    // `asked`, if given, is when the request that was answered went out.
    asio::awaitable<Result<json::Document>> get(std::string target, Priority priority, Timestamp* asked = nullptr) {
        Milliseconds backoff = settings_.first_backoff;
        for (int attempt = 1; attempt <= settings_.attempts; ++attempt) {
            if (!co_await wait_for_budget(priority)) co_return make_error_code(Errc::unavailable);
            http::Request request;
            request.target = target;
            request.headers.push_back({"Authorization", authorization_});
            request.headers.push_back({"Accept", "application/json"});
            if (asked != nullptr) *asked = clock_.now();
            const auto reply = co_await client_->send(std::move(request), settings_.timeout);
            count(reply ? reply->status : 0);
            if (reply && reply->status == 200) {
                auto document = json::Document::parse(reply->body);
                if (!document) {
                    if (attempt < settings_.attempts) co_await sleep_for(jittered(backoff));
                    backoff *= 2;
                    continue;
                }
                const auto data = (*document)["data"];
                const bool known_form = data.is_object() || data.is_array() || (*document)["stages"].is_array();
                if (!known_form) co_return make_error_code(Errc::bad_answer);
                co_return std::move(document);
            }
            if (reply && reply->status == 404) co_return make_error_code(Errc::not_found);
            if (reply && reply->status == 403) co_return make_error_code(Errc::forbidden);
            if (reply && reply->status == 401) co_return make_error_code(Errc::unauthorized);
            // A page of a proxy in place of an answer of Lever's is weather too.
            const bool lever_spoke = reply && json::Document::parse(reply->body).has_value();
            const bool weather = !lever_spoke || reply->status == 408 || reply->status == 429 || reply->status >= 500;
            if (!weather) co_return make_error_code(Errc::bad_answer);
            if (reply && reply->status == 429) bucket_.drain(clock_.monotonic());
            if (attempt < settings_.attempts) co_await sleep_for(jittered(backoff));
            backoff *= 2;
        }
        co_return make_error_code(Errc::unavailable);
    }

    // A ticket a waiter; the most urgent, then the oldest, goes first. Who asks for a person has somebody waiting at
    // the other end, and is told after a while that nothing is left for it.
    asio::awaitable<bool> wait_for_budget(Priority priority) {
        const Instant asked = clock_.monotonic();
        const Place place{waiting_, {priority, next_ticket_++}};
        const bool is_of_person = priority == Priority::person || priority == Priority::backfill;
        while (true) {
            const Instant now = clock_.monotonic();
            if (*waiting_->begin() == place.ticket && bucket_.take(now)) break;
            if (is_of_person && now - asked > settings_.person_patience) co_return false;
            const auto wait = std::chrono::ceil<Milliseconds>(bucket_.next(now) - now);
            co_await sleep_for(std::max(wait, Milliseconds{5}));
        }
        budget_wait_.observe(std::chrono::duration<double>(clock_.monotonic() - asked).count());
        co_return true;
    }

    Milliseconds jittered(Milliseconds backoff) {
        std::uniform_real_distribution<double> factor{0.5, 1.5};
        return Milliseconds{static_cast<std::int64_t>(static_cast<double>(backoff.count()) * factor(random_))};
    }

    void count(int status) { metrics_.counter(metrics::lever_requests, {{"code", std::to_string(status)}}).add(); }

    ApiSettings settings_;
    const Clock& clock_;
    metrics::Registry& metrics_;
    metrics::Histogram budget_wait_;
    std::string authorization_;
    bool may_see_confidential_ = true;
    TokenBucket bucket_;
    std::unique_ptr<http::Client> client_;
    std::shared_ptr<std::set<Ticket>> waiting_ = std::make_shared<std::set<Ticket>>();
    std::uint64_t next_ticket_ = 0;
    std::mt19937 random_{std::random_device{}()};
};

}  // namespace

Error make_error_code(Errc e) {
    static const Category category;
    return {static_cast<int>(e), category};
}

std::unique_ptr<Api> make_api(
    asio::any_io_executor executor, ApiSettings settings, const Clock& clock, metrics::Registry& metrics) {
    http::ClientSettings client;
    client.base_url = settings.base_url;
    return make_api(http::make_client(std::move(executor), std::move(client)), std::move(settings), clock, metrics);
}

std::unique_ptr<Api> make_api(
    std::unique_ptr<http::Client> client, ApiSettings settings, const Clock& clock, metrics::Registry& metrics) {
    return std::make_unique<HttpApi>(std::move(client), std::move(settings), clock, metrics);
}

}  // namespace hirewire::lever
