#include "tests/support/personal_data.hpp"

#include <algorithm>
#include <cctype>

namespace hirewire::testing {
namespace {

std::string lower(std::string_view text) {
    std::string result{text};
    std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return result;
}

std::string digits_of(std::string_view text) {
    std::string result;
    std::copy_if(
        text.begin(), text.end(), std::back_inserter(result), [](unsigned char c) { return std::isdigit(c); });
    return result;
}

}  // namespace

void PersonalData::add(const Person& person) {
    std::string_view rest{person.name};
    while (!rest.empty()) {
        const auto end = std::min(rest.find(' '), rest.size());
        needles_.push_back(lower(rest.substr(0, end)));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (!person.email.empty()) {
        needles_.push_back(lower(person.email));
        needles_.push_back(lower(person.email.substr(0, person.email.find('@'))));
    }
    if (!person.phone.empty()) {
        needles_.push_back(lower(person.phone));
        needles_.push_back(digits_of(person.phone));
    }
}

void PersonalData::add_secret(std::string_view secret) {
    needles_.push_back(lower(secret));
}

std::string PersonalData::found_in(std::string_view bytes) const {
    const auto text = lower(bytes);
    for (const auto& needle : needles_) {
        if (!needle.empty() && text.find(needle) != std::string::npos) return needle;
    }
    return {};
}

}  // namespace hirewire::testing
