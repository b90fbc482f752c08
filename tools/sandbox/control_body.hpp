#pragma once
// What control calls are asked with: a body of JSON or nothing, read strictly, and ?from=N to skip what one has seen.
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "common/http/message.hpp"
#include "common/json/value.hpp"
#include "tools/sandbox/strict_object.hpp"

namespace hirewire::sandbox {

class ControlBody {
public:
    // An empty body is an empty object.
    explicit ControlBody(std::string_view text)
        : document_{json::Document::parse(text.empty() ? std::string_view{"{}"} : text)},
          object_{document_ ? document_->root() : json::Value{}, "", wrongs_} {}
    ControlBody(const ControlBody&) = delete;
    ControlBody& operator=(const ControlBody&) = delete;

    StrictObject* operator->() { return &object_; }
    Wrongs& wrongs() { return wrongs_; }

    // The 422 that the body has earned, if any. Ask when every member has been read.
    std::optional<http::Reply> refusal() {
        object_.finish();
        if (wrongs_.empty()) return std::nullopt;
        return http::problem(422, "invalid-request", joined(wrongs_));
    }

private:
    Wrongs wrongs_;
    Result<json::Document> document_;
    StrictObject object_;
};

inline std::size_t from_of(std::string_view target) {
    const auto text = http::query_value(target, "from").value_or("");
    std::size_t from = 0;
    std::from_chars(text.data(), text.data() + text.size(), from);
    return from;
}

}  // namespace hirewire::sandbox
