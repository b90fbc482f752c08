#include "tools/sandbox/strict_object.hpp"

#include <algorithm>

#include "common/core/time.hpp"

namespace hirewire::sandbox {

StrictObject::StrictObject(json::Value value, std::string where, Wrongs& wrongs)
    : value_{value}, where_{std::move(where)}, wrongs_{wrongs} {
    if (!value_.is_object()) wrongs_.push_back((where_.empty() ? "the body" : where_) + " must be an object");
}

std::string StrictObject::path(std::string_view name) const {
    return where_.empty() ? std::string{name} : where_ + "." + std::string{name};
}

void StrictObject::wrong(std::string_view name, std::string_view what) {
    wrongs_.push_back(path(name) + " " + std::string{what});
}

json::Value StrictObject::take(std::string_view name) {
    known_.emplace_back(name);
    return value_[name];
}

json::Value StrictObject::take_required(std::string_view name) {
    const auto value = take(name);
    if (value.is_null() && value_.is_object()) wrong(name, "is missing");
    return value;
}

bool StrictObject::has(std::string_view name) const {
    return !value_[name].is_null();
}

std::string StrictObject::text(std::string_view name) {
    const auto value = take_required(name);
    if (!value.is_null() && value.string().empty()) wrong(name, "must be a text that is not empty");
    return std::string{value.string()};
}

bool StrictObject::boolean(std::string_view name) {
    const auto value = take_required(name);
    if (!value.is_null() && !value.is_bool()) wrong(name, "must be true or false");
    return value.boolean();
}

std::string StrictObject::one_of(std::string_view name, std::initializer_list<std::string_view> words) {
    const auto value = take_required(name);
    if (!value.is_null() && std::find(words.begin(), words.end(), value.string()) == words.end()) {
        std::string list;
        for (const auto word : words) list += (list.empty() ? "" : ", ") + std::string{word};
        wrong(name, "must be one of " + list);
    }
    return std::string{value.string()};
}

std::string StrictObject::date(std::string_view name) {
    const auto value = take_required(name);
    if (!value.is_null() && (value.string().size() != 10 || !parse_iso(value.string()))) {
        wrong(name, "must be a date such as 2026-12-01");
    }
    return std::string{value.string()};
}

std::string StrictObject::time(std::string_view name) {
    const auto value = take_required(name);
    if (!value.is_null() && (value.string().size() <= 10 || !parse_iso(value.string()))) {
        wrong(name, "must be a time such as 2026-12-01T10:00:00.000Z");
    }
    return std::string{value.string()};
}

json::Value StrictObject::object(std::string_view name) {
    return take_required(name);
}

json::Value StrictObject::array(std::string_view name) {
    const auto value = take_required(name);
    if (!value.is_null() && !value.is_array()) wrong(name, "must be an array");
    return value;
}

std::optional<std::string> StrictObject::optional_text(std::string_view name) {
    if (!has(name)) {
        take(name);
        return std::nullopt;
    }
    return text(name);
}

std::optional<bool> StrictObject::optional_boolean(std::string_view name) {
    if (!has(name)) {
        take(name);
        return std::nullopt;
    }
    return boolean(name);
}

std::optional<std::int64_t> StrictObject::optional_integer(std::string_view name) {
    const auto value = take(name);
    if (value.is_null()) return std::nullopt;
    if (!value.is_integer() || value.integer() < 0) wrong(name, "must be a whole number, 0 or more");
    return value.integer();
}

std::optional<double> StrictObject::optional_ratio(std::string_view name) {
    const auto value = take(name);
    if (value.is_null()) return std::nullopt;
    const double ratio = value.number(-1);
    if (!(ratio >= 0 && ratio <= 1)) wrong(name, "must be a number from 0 to 1");
    return ratio;
}

std::optional<std::string> StrictObject::optional_date(std::string_view name) {
    if (!has(name)) {
        take(name);
        return std::nullopt;
    }
    return date(name);
}

json::Value StrictObject::optional_object(std::string_view name) {
    return take(name);
}

void StrictObject::finish() {
    std::vector<std::string_view> seen;
    for (const auto& member : value_.members()) {
        const auto name = member.first;
        if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
            wrong(name, "comes twice");
        } else if (std::find(known_.begin(), known_.end(), name) == known_.end()) {
            wrong(name, "is not part of the contract");
        }
        seen.push_back(name);
    }
}

std::string joined(const Wrongs& wrongs) {
    std::string text;
    for (const auto& wrong : wrongs) text += (text.empty() ? "" : "; ") + wrong;
    return text.empty() ? text : text + ".";
}

}  // namespace hirewire::sandbox
