#include "tests/support/fake_lever.hpp"

#include <algorithm>

#include "common/core/sleep.hpp"

namespace hirewire::testing {

std::optional<Error> FakeLever::reached(const std::string& call, lever::Priority priority) {
    calls.push_back(call);
    priorities.push_back(priority);
    if (watch) watch(call);
    const auto found = trouble.find(call);
    if (found == trouble.end()) return std::nullopt;
    return lever::make_error_code(found->second);
}

FakeLever::Answer<lever::Read> FakeLever::opportunity(std::string id, lever::Priority priority) {
    if (const auto error = reached("opportunity", priority)) co_return *error;
    if (hold) co_await hold(priority);
    const auto found = opportunities.find(id);
    if (found == opportunities.end()) co_return lever::make_error_code(lever::Errc::not_found);
    lever::Read read;
    read.opportunity = found->second;
    read.person = people[id];
    read.read_at = clock_.now();
    co_return read;
}

// The offset is the id of the last one of the page before.
FakeLever::Answer<lever::Page> FakeLever::page(lever::Window window, lever::Priority priority) {
    if (const auto error = reached("page", priority)) co_return *error;
    lever::Page result;
    for (auto at = opportunities.upper_bound(window.offset); at != opportunities.end(); ++at) {
        const auto updated = at->second.updated_at_ms;
        if (updated < window.updated_since_ms) continue;
        if (window.updated_until_ms != 0 && updated > window.updated_until_ms) continue;
        if (result.reads.size() == page_size) {
            result.next = result.reads.back().opportunity.id;
            break;
        }
        lever::Read read;
        read.opportunity = at->second;
        read.person = people[at->first];
        read.read_at = clock_.now();
        result.reads.push_back(std::move(read));
    }
    co_return result;
}

FakeLever::Answer<std::map<std::string, Timestamp>> FakeLever::deleted_since(
    Timestamp since, lever::Priority priority) {
    if (const auto error = reached("deleted_since", priority)) co_return *error;
    std::map<std::string, Timestamp> found;
    for (const auto& [id, at] : deleted) {
        if (at >= since) found.emplace(id, at);
    }
    co_return found;
}

FakeLever::Answer<std::vector<std::string>> FakeLever::opportunities_of(
    std::string contact_id, lever::Priority priority) {
    if (const auto error = reached("opportunities_of", priority)) co_return *error;
    co_return contacts[contact_id];
}

FakeLever::Answer<lever::Vocabulary> FakeLever::vocabulary(lever::Priority priority) {
    const auto error = reached("vocabulary", priority);
    if (pause.count() > 0) co_await sleep_for(pause);
    if (error) co_return *error;
    co_return words;
}

FakeLever::Answer<lever::StagePlaces> FakeLever::stage_places(lever::Priority priority) {
    if (const auto error = reached("stage_places", priority)) co_return *error;
    co_return places;
}

FakeLever::Answer<lever::Posting> FakeLever::posting(std::string id, lever::Priority priority) {
    const auto error = reached("posting", priority);
    if (pause.count() > 0) co_await sleep_for(pause);
    if (error) co_return *error;
    const auto found = shown_postings.find(id);
    if (found == shown_postings.end()) co_return lever::make_error_code(lever::Errc::not_found);
    co_return found->second;
}

FakeLever::Answer<lever::PostingPage> FakeLever::postings(lever::Window window, lever::Priority priority) {
    if (const auto error = reached("postings", priority)) co_return *error;
    lever::PostingPage result;
    for (auto at = adverts.upper_bound(window.offset); at != adverts.end(); ++at) {
        if (at->second.updated_at_ms < window.updated_since_ms) continue;
        if (result.adverts.size() == page_size) {
            result.next = result.adverts.back().posting.id;
            break;
        }
        result.adverts.push_back(at->second);
    }
    co_return result;
}

FakeLever::Answer<std::map<std::string, Timestamp>> FakeLever::deleted_postings_since(
    Timestamp since, lever::Priority priority) {
    if (const auto error = reached("deleted_postings_since", priority)) co_return *error;
    std::map<std::string, Timestamp> found;
    for (const auto& [id, at] : deleted_postings) {
        if (at >= since) found.emplace(id, at);
    }
    co_return found;
}

FakeLever::Answer<std::vector<lever::Read>> FakeLever::with_emails(
    std::vector<std::string> emails, lever::Priority priority) {
    if (const auto error = reached("with_emails", priority)) co_return *error;
    std::vector<lever::Read> found;
    for (const auto& [id, opportunity] : opportunities) {
        const auto& theirs = people[id].emails;
        const bool asked_for = std::any_of(theirs.begin(), theirs.end(), [&](const std::string& email) {
            return std::find(emails.begin(), emails.end(), email) != emails.end();
        });
        if (!asked_for) continue;
        lever::Read read;
        read.opportunity = opportunity;
        read.person = people[id];
        read.read_at = clock_.now();
        found.push_back(std::move(read));
    }
    co_return found;
}

FakeLever::Answer<std::vector<lever::Subscription>> FakeLever::subscriptions(lever::Priority priority) {
    if (const auto error = reached("subscriptions", priority)) co_return *error;
    co_return webhooks;
}

FakeLever::Answer<std::vector<lever::Offer>> FakeLever::offers(std::string opportunity_id, lever::Priority priority) {
    if (const auto error = reached("offers", priority)) co_return *error;
    co_return offered[opportunity_id];
}

}  // namespace hirewire::testing
