#include "common/sync/person.hpp"

#include <string_view>
#include <vector>

#include "common/json/value.hpp"

namespace hirewire::sync {

std::optional<Person> read_person(const std::string& body) {
    const auto document = json::Document::parse(body);
    if (!document || !document->root().is_object()) return std::nullopt;
    const auto texts = [&](std::string_view member) {
        std::vector<std::string> result;
        for (const auto& item : (*document)[member].items()) result.emplace_back(item.string());
        return result;
    };
    Person person;
    person.name = (*document)["name"].string();
    person.emails = texts("emails");
    person.phones = texts("phones");
    person.location = (*document)["location"].string();
    person.headline = (*document)["headline"].string();
    person.start_date = (*document)["start_date"].string();
    return person;
}

}  // namespace hirewire::sync
