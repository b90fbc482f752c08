#pragma once
// Reads one JSON object as strictly as a contract is meant: each member is asked for by name and type, and finish()
// reports everything else. What is wrong is collected as sentences; nothing throws.
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/value.hpp"

namespace hirewire::sandbox {

using Wrongs = std::vector<std::string>;

class StrictObject {
public:
    // `where` names the object in sentences, "" being the body itself.
    StrictObject(json::Value value, std::string where, Wrongs& wrongs);

    // A required member. A text may not be empty.
    std::string text(std::string_view name);
    bool boolean(std::string_view name);
    std::string one_of(std::string_view name, std::initializer_list<std::string_view> words);
    std::string date(std::string_view name);  // 2026-12-01
    std::string time(std::string_view name);  // 2026-12-01T10:00:00.000Z
    // A required object or array, to be looked into by another reader.
    json::Value object(std::string_view name);
    json::Value array(std::string_view name);

    // A member that may be absent or null.
    std::optional<std::string> optional_text(std::string_view name);
    std::optional<bool> optional_boolean(std::string_view name);
    std::optional<std::int64_t> optional_integer(std::string_view name);
    std::optional<double> optional_ratio(std::string_view name);  // 0 to 1
    std::optional<std::string> optional_date(std::string_view name);
    json::Value optional_object(std::string_view name);
    [[nodiscard]] bool has(std::string_view name) const;  // there, and not null

    void wrong(std::string_view name, std::string_view what);
    // Members that nobody asked for, and members that came twice.
    void finish();

private:
    json::Value take(std::string_view name);
    json::Value take_required(std::string_view name);
    [[nodiscard]] std::string path(std::string_view name) const;

    json::Value value_;
    std::string where_;
    Wrongs& wrongs_;
    std::vector<std::string> known_;
};

// All sentences in one.
std::string joined(const Wrongs& wrongs);

}  // namespace hirewire::sandbox
