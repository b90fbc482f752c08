#pragma once
// The seam to Lever's Data API (v1, read only). Every call waits for the request budget, repeats what is worth
// repeating (429, 5xx, no answer), and answers with values.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/core/result.hpp"
#include "common/core/time.hpp"
#include "common/http/client.hpp"
#include "common/lever/budget.hpp"
#include "common/lever/model.hpp"
#include "common/lever/subscription.hpp"
#include "common/metrics/registry.hpp"

namespace hirewire::lever {

enum class Errc {
    not_found = 1,  // 404: deleted, never there, or hidden from this key
    forbidden,      // 403: confidential, or the key lacks the grant
    unauthorized,   // 401: the key is wrong
    unavailable,    // 429, 5xx or silence, several times over; for a person look-up also a spent budget
    bad_answer,     // an answer that is not what Lever documents
    bad_offset,     // a list has to be begun anew
};
Error make_error_code(Errc e);

// One read of an opportunity serves the diff and, on request, the person.
struct Read {
    Opportunity opportunity{};
    Person person{};
    Timestamp read_at{};  // when Lever was asked: nothing in it is younger for certain
};

// Which opportunities or postings a list is of; epoch ms, both ends included, 0 = open.
struct Window {
    std::int64_t updated_since_ms = 0;
    std::int64_t updated_until_ms = 0;
    std::string offset{};  // opaque, of the page before, of the same window
};
struct Page {
    std::vector<Read> reads{};
    std::vector<std::string> unreadable{};  // ids of those that are not of the documented form
    std::string next{};                     // the next page's offset; empty on the last one
};

struct PostingPage {
    std::vector<Advert> adverts{};
    std::string next{};  // the next page's offset; empty on the last one
};

class Api {
public:
    template <typename T>
    using Answer = boost::asio::awaitable<Result<T>>;

    virtual ~Api() = default;
    virtual Answer<Read> opportunity(std::string id, Priority priority) = 0;
    // A page of up to a hundred, confidential ones too where the key may see them. A stale offset is bad_offset.
    virtual Answer<Page> page(Window window, Priority priority) = 0;
    // Ids and times of what was deleted since (at most 30 days ago).
    virtual Answer<std::map<std::string, Timestamp>> deleted_since(Timestamp since, Priority priority) = 0;
    virtual Answer<std::vector<std::string>> opportunities_of(std::string contact_id, Priority priority) = 0;
    virtual Answer<Vocabulary> vocabulary(Priority priority) = 0;
    virtual Answer<StagePlaces> stage_places(Priority priority) = 0;
    virtual Answer<Posting> posting(std::string id, Priority priority) = 0;
    // A page of up to a hundred postings in whatever state; otherwise as page(). A posting without an id is
    // bad_answer: what is listed must be known exactly.
    virtual Answer<PostingPage> postings(Window window, Priority priority) = 0;
    virtual Answer<std::map<std::string, Timestamp>> deleted_postings_since(Timestamp since, Priority priority) = 0;
    // Those of the people who have one of these addresses, with the addresses that Lever has of them.
    virtual Answer<std::vector<Read>> with_emails(std::vector<std::string> emails, Priority priority) = 0;
    // Which webhooks this key's account has.
    virtual Answer<std::vector<Subscription>> subscriptions(Priority priority) = 0;
    // From the next request on.
    virtual void use_key(const std::string& key) = 0;
    virtual Answer<std::vector<Offer>> offers(std::string opportunity_id, Priority priority) = 0;
};

struct ApiSettings {
    std::string base_url = "https://api.lever.co/v1";
    std::string key{};
    double requests_per_second = 10;
    double burst = 18;  // Lever's is 20; what is sent evenly does not arrive evenly
    Milliseconds timeout{10'000};
    int attempts = 5;
    Milliseconds first_backoff{250};
    Milliseconds person_patience{5'000};  // how long a person look-up waits for the budget
};

std::unique_ptr<Api> make_api(
    boost::asio::any_io_executor executor, ApiSettings settings, const Clock& clock, metrics::Registry& metrics);
// Over a client that is there already; settings.base_url is not used then.
std::unique_ptr<Api> make_api(
    std::unique_ptr<http::Client> client, ApiSettings settings, const Clock& clock, metrics::Registry& metrics);

}  // namespace hirewire::lever

template <>
struct boost::system::is_error_code_enum<hirewire::lever::Errc> : std::true_type {};
