#pragma once
// Lever's Data API, in memory: what the test puts in is what is read.
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/lever/api.hpp"

namespace hirewire::testing {

class FakeLever final : public lever::Api {
public:
    explicit FakeLever(const Clock& clock) : clock_{clock} {}

    Answer<lever::Read> opportunity(std::string id, lever::Priority priority) override;
    Answer<lever::Page> page(lever::Window window, lever::Priority priority) override;
    Answer<std::map<std::string, Timestamp>> deleted_since(Timestamp since, lever::Priority priority) override;
    Answer<std::vector<std::string>> opportunities_of(std::string contact_id, lever::Priority priority) override;
    Answer<lever::Vocabulary> vocabulary(lever::Priority priority) override;
    Answer<lever::StagePlaces> stage_places(lever::Priority priority) override;
    Answer<lever::Posting> posting(std::string id, lever::Priority priority) override;
    Answer<lever::PostingPage> postings(lever::Window window, lever::Priority priority) override;
    Answer<std::map<std::string, Timestamp>> deleted_postings_since(
        Timestamp since, lever::Priority priority) override;
    Answer<std::vector<lever::Read>> with_emails(std::vector<std::string> emails, lever::Priority priority) override;
    Answer<std::vector<lever::Subscription>> subscriptions(lever::Priority priority) override;
    Answer<std::vector<lever::Offer>> offers(std::string opportunity_id, lever::Priority priority) override;
    void use_key(const std::string&) override {}

    std::map<std::string, lever::Opportunity> opportunities{};
    std::map<std::string, lever::Person> people{};
    std::map<std::string, std::vector<std::string>> contacts{};
    std::map<std::string, Timestamp> deleted{};
    lever::Vocabulary words{};
    lever::StagePlaces places{};
    std::map<std::string, lever::Posting> shown_postings{};
    std::map<std::string, lever::Advert> adverts{};
    std::map<std::string, Timestamp> deleted_postings{};
    std::vector<lever::Subscription> webhooks{};
    std::map<std::string, std::vector<lever::Offer>> offered{};
    // By the name of the call: answered with this in place of what is there.
    std::map<std::string, lever::Errc> trouble{};
    std::size_t page_size = 100;
    Milliseconds pause{0};  // before an answer of the vocabulary or a posting
    std::vector<std::string> calls{};
    std::vector<lever::Priority> priorities{};
    std::function<void(const std::string&)> watch{};
    // Waited for before an opportunity is answered.
    std::function<boost::asio::awaitable<void>(lever::Priority)> hold{};

private:
    [[nodiscard]] std::optional<Error> reached(const std::string& call, lever::Priority priority);
    const Clock& clock_;
};

}  // namespace hirewire::testing
