#pragma once
// Reading JSON. The only parser in the program: iterative (a deep document cannot overflow the stack), with limits on
// depth and size, over RapidJSON, which no other folder includes.
//
// A Value is a light handle into the Document (or Parser) that made it and dies with it. Asking a Value for something
// that is not there gives a null Value, so chains need no checks: v["data"]["opportunityId"].string().
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/result.hpp"

namespace hirewire::json {

enum class Errc {
    not_json = 1,
    too_deep,
    too_large,
};
Error make_error_code(Errc e);

struct Limits {
    std::size_t depth = 32;
    std::size_t bytes = 16U << 20U;
};

class Value {
public:
    Value() = default;
    explicit Value(const void* node) : node_{node} {}

    [[nodiscard]] bool exists() const { return node_ != nullptr; }
    [[nodiscard]] bool is_null() const;  // null, or not there at all
    [[nodiscard]] bool is_object() const;
    [[nodiscard]] bool is_array() const;
    [[nodiscard]] bool is_string() const;
    [[nodiscard]] bool is_integer() const;  // an integer literal that fits 64 bits; 1.78e12 is none
    [[nodiscard]] bool is_bool() const;

    [[nodiscard]] std::string_view string() const;  // "" when not a string
    [[nodiscard]] std::int64_t integer(std::int64_t otherwise = 0) const;
    [[nodiscard]] double number(double otherwise = 0) const;  // any number
    [[nodiscard]] bool boolean(bool otherwise = false) const;

    [[nodiscard]] Value operator[](std::string_view member) const;
    [[nodiscard]] std::size_t size() const;          // items of an array, members of an object; else 0
    [[nodiscard]] std::vector<Value> items() const;  // of an array; empty otherwise
    [[nodiscard]] std::vector<std::pair<std::string_view, Value>> members() const;

    // The value as compact JSON text.
    [[nodiscard]] std::string text() const;

private:
    const void* node_ = nullptr;
};

// One parsed text that owns its values.
class Document {
public:
    static Result<Document> parse(std::string_view text, Limits limits = {});
    Document(Document&&) noexcept;
    Document& operator=(Document&&) noexcept;
    ~Document();

    [[nodiscard]] Value root() const;
    [[nodiscard]] Value operator[](std::string_view member) const { return root()[member]; }

private:
    struct Impl;
    explicit Document(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// For the hot path: parses in place on a scratch copy and reuses its memory. Values live until the next parse().
class Parser {
public:
    explicit Parser(Limits limits = {});
    ~Parser();
    Parser(const Parser&) = delete;
    Parser& operator=(const Parser&) = delete;

    Result<Value> parse(std::string_view text);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace hirewire::json

template <>
struct boost::system::is_error_code_enum<hirewire::json::Errc> : std::true_type {};
