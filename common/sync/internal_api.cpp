#include "common/sync/internal_api.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>

#include "common/json/value.hpp"
#include "common/json/writer.hpp"

namespace hirewire::sync {
namespace {

namespace asio = boost::asio;

// lever-source takes 500, and asks Lever once for every ten or twenty of them: so many are answered within a
// time-out.
constexpr std::size_t emails_per_question = 100;

struct Category final : boost::system::error_category {
    [[nodiscard]] const char* name() const noexcept override { return "lever-source"; }
    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<InternalErrc>(value)) {
            case InternalErrc::silent:
                return "lever-source does not answer; is it running, and is internal.url right?";
            case InternalErrc::refused:
                return "lever-source refuses the token; is internal.token the same for both?";
            case InternalErrc::unavailable:
                return "lever-source cannot ask Lever at the moment";
            case InternalErrc::unexpected:
                return "lever-source's answer is not the expected one; is internal.url right?";
            case InternalErrc::unreadable:
                return "lever-source's answer cannot be read; is it of the same version?";
        }
        return "unknown";
    }
};

std::string question_of(const std::vector<std::string>& emails, std::size_t first, Confidential confidential) {
    const auto last = std::min(emails.size(), first + emails_per_question);
    json::Writer out;
    out.begin_object().key("emails").begin_array();
    for (std::size_t i = first; i < last; ++i) out.string(emails[i]);
    out.end_array();
    if (confidential == Confidential::told) out.member("confidential", true);
    return out.end_object().text();
}

std::optional<std::vector<KnownPerson>> read_presence(const std::string& body) {
    const auto document = json::Document::parse(body);
    if (!document || !(*document)["known"].is_array()) return std::nullopt;
    std::vector<KnownPerson> all;
    for (const auto& item : (*document)["known"].items()) {
        KnownPerson person;
        person.email = item["email"].string();
        for (const auto& id : item["opportunities"].items()) person.opportunities.emplace_back(id.string());
        if (person.email.empty()) return std::nullopt;
        all.push_back(std::move(person));
    }
    return all;
}

}  // namespace

Error make_error_code(InternalErrc e) {
    static const Category category;
    return {static_cast<int>(e), category};
}

asio::awaitable<Result<std::string>> InternalApi::ask(http::Request request) {
    request.headers.push_back({"Authorization", "Bearer " + token_});
    request.headers.push_back({"Accept", "application/json"});
    auto answer = co_await client_.send(std::move(request), request_timeout_);
    if (!answer) co_return make_error_code(InternalErrc::silent);
    if (answer->status == 401) co_return make_error_code(InternalErrc::refused);
    if (answer->status == 503) co_return make_error_code(InternalErrc::unavailable);
    if (answer->status != 200) co_return make_error_code(InternalErrc::unexpected);
    co_return std::move(answer->body);
}

asio::awaitable<Result<std::vector<KnownPerson>>> InternalApi::presence(
    std::vector<std::string> emails, Confidential confidential) {
    std::vector<KnownPerson> known;
    std::set<std::string> seen;  // what is asked twice is answered once
    for (std::size_t first = 0; first < emails.size(); first += emails_per_question) {
        http::Request request;
        request.method = http::Method::post;
        request.target = "/internal/presence";
        request.headers.push_back({"Content-Type", "application/json"});
        request.body = question_of(emails, first, confidential);
        const auto body = co_await ask(std::move(request));
        if (!body) co_return body.error();
        auto found = read_presence(*body);
        if (!found) co_return make_error_code(InternalErrc::unreadable);
        for (auto& person : *found) {
            if (seen.insert(person.email).second) known.push_back(std::move(person));
        }
    }
    co_return known;
}

asio::awaitable<Result<Vocabulary>> InternalApi::vocabulary() {
    http::Request request;
    request.target = "/internal/vocabulary";
    const auto body = co_await ask(std::move(request));
    if (!body) co_return body.error();
    auto words = read_vocabulary(*body);
    if (!words) co_return make_error_code(InternalErrc::unreadable);
    co_return std::move(*words);
}

}  // namespace hirewire::sync
