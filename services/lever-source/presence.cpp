#include "services/lever-source/presence.hpp"

#include <algorithm>

#include "common/json/value.hpp"
#include "common/json/writer.hpp"

namespace hirewire::source {
namespace {

constexpr std::size_t addresses_per_request = 20;  // in a query: they must fit into a request line

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view space = " \t\r\n";
    const auto first = text.find_first_not_of(space);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(space) - first + 1);
}

}  // namespace

std::string folded(std::string_view email) {
    const auto bare = trimmed(email);
    const auto at = bare.find('@');
    if (at == 0 || at == std::string_view::npos || at + 1 == bare.size()) return {};
    std::string result{bare};
    // Only ASCII: what else is in an address is compared as it is.
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return result;
}

std::optional<PresenceQuestion> read_presence_question(std::string_view body) {
    const auto document = json::Document::parse(body);
    if (!document) return std::nullopt;
    const auto list = (*document)["emails"];
    const auto confidential = (*document)["confidential"];
    if (!list.is_array() || list.size() > most_emails) return std::nullopt;
    if (confidential.exists() && !confidential.is_bool()) return std::nullopt;
    PresenceQuestion question;
    question.confidential = confidential.is_bool() && confidential.boolean();
    for (const auto& item : list.items()) {
        std::string key = folded(item.string());
        if (!key.empty()) question.emails.emplace(std::move(key), std::string{trimmed(item.string())});
    }
    return question;
}

std::vector<std::vector<std::string>> batches(const Emails& emails) {
    std::vector<std::vector<std::string>> all;
    for (const auto& [key, written] : emails) {
        if (all.empty() || all.back().size() + 2 > addresses_per_request) all.emplace_back();
        all.back().push_back(key);
        if (written != key) all.back().push_back(written);
    }
    return all;
}

void add_presence(Presence& found, const Emails& asked, const lever::Read& read) {
    if (read.opportunity.anonymized) return;
    for (const auto& email : read.person.emails) {
        const auto key = folded(email);
        if (asked.contains(key)) found[key].insert(read.opportunity.id);
    }
}

std::string presence_text(const Presence& found, Timestamp read_at) {
    json::Writer out;
    out.begin_object().key("known").begin_array();
    for (const auto& [email, opportunities] : found) {
        out.begin_object().member("email", email).key("opportunities").begin_array();
        for (const auto& id : opportunities) out.string(id);
        out.end_array().end_object();
    }
    return out.end_array().member("read_at", iso_time(read_at)).end_object().text();
}

}  // namespace hirewire::source
