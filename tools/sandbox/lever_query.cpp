#include "tools/sandbox/lever_query.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace hirewire::sandbox {
namespace {

constexpr std::int64_t largest_page = 100;

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number < 0) return std::nullopt;
    return number;
}

std::vector<std::string> names_in(std::string_view target) {
    std::vector<std::string> names;
    const auto mark = target.find('?');
    std::string_view rest = mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
    while (!rest.empty()) {
        const auto pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        if (!pair.empty()) names.push_back(http::percent_decode(pair.substr(0, pair.find('='))));
    }
    return names;
}

}  // namespace

http::Reply lever_error(int status, std::string_view code, std::string_view message) {
    json::Writer out;
    out.begin_object().member("code", code).member("message", message).end_object();
    return http::json_reply(status, out.text());
}

http::Reply lever_not_found(std::string_view collection, std::string_view id) {
    return lever_error(404, "ResourceNotFound", std::string{collection} + " " + std::string{id} + " was not found");
}

LeverQuery::LeverQuery(std::string_view target, std::initializer_list<std::string_view> allowed) : target_{target} {
    for (const auto& name : names_in(target)) {
        const bool known =
            name == "limit" || name == "offset" || std::find(allowed.begin(), allowed.end(), name) != allowed.end();
        if (!known) refuse("The sandbox does not know the parameter '" + name + "' here.");
    }
    for (const auto name : allowed) {
        if (!name.ends_with("_start")) continue;
        const std::string stem{name.substr(0, name.size() - std::string_view{"_start"}.size())};
        ranges_.push_back(
            {.name = stem,
             .asked = value(stem + "_start") || value(stem + "_end"),
             .start = bound(stem + "_start", 0),
             .end = bound(stem + "_end", std::numeric_limits<Moment>::max())});
    }
}

void LeverQuery::refuse(std::string_view message) {
    if (!refusal_) refusal_ = lever_error(400, "BadRequestError", message);
}

Moment LeverQuery::bound(const std::string& name, Moment otherwise) {
    const auto text = value(name);
    if (!text) return otherwise;
    const auto number = whole_number(*text);
    if (!number) refuse(name + " must be a time in epoch milliseconds");
    return number.value_or(otherwise);
}

std::optional<std::string> LeverQuery::value(std::string_view name) const {
    return http::query_value(target_, name);
}

bool LeverQuery::admits(std::string_view name, std::string_view wanted) const {
    const auto values = http::query_values(target_, name);
    return values.empty() || std::find(values.begin(), values.end(), wanted) != values.end();
}

bool LeverQuery::in_range(std::string_view name, std::optional<Moment> moment) const {
    for (const auto& range : ranges_) {
        if (range.name != name) continue;
        return moment ? *moment >= range.start && *moment <= range.end : !range.asked;
    }
    return true;
}

Expand LeverQuery::expand() {
    Expand expand;
    for (const auto& value : http::query_values(target_, "expand")) {
        std::string_view rest = value;
        while (!rest.empty()) {
            const auto word = rest.substr(0, rest.find(','));
            rest.remove_prefix(std::min(rest.size(), word.size() + 1));
            if (word == "applications")
                expand.applications = true;
            else if (word == "stage")
                expand.stage = true;
            else if (word == "contact")
                expand.contact = true;
            else
                refuse("The sandbox cannot expand '" + std::string{word} + "'.");
        }
    }
    return expand;
}

std::size_t LeverQuery::limit() {
    const auto text = value("limit");
    if (!text) return largest_page;
    const auto number = whole_number(*text);
    if (!number || *number < 1 || *number > largest_page) {
        refuse("limit must be between 1 and 100");
        return largest_page;
    }
    return static_cast<std::size_t>(*number);
}

LeverQuery::Start LeverQuery::start() {
    const auto token = value("offset");
    if (!token) return {};
    std::string_view text = *token;
    if (text.starts_with("0.")) {
        text.remove_prefix(2);
        const auto dot = text.find('.');
        const auto index = whole_number(text.substr(0, dot));
        if (index && dot != std::string_view::npos) {
            return {.index = static_cast<std::size_t>(*index) + 1, .after = std::string{text.substr(dot + 1)}};
        }
    }
    refuse("Invalid offset token: " + *token);
    return {};
}

std::string offset_token(std::size_t index, std::string_view id) {
    std::string digits = std::to_string(index);
    digits.insert(0, digits.size() < 13 ? 13 - digits.size() : 0, '0');
    return "0." + digits + "." + std::string{id};
}

}  // namespace hirewire::sandbox
