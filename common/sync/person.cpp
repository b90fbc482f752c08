#include "common/sync/person.hpp"

#include <string_view>
#include <vector>

#include "common/json/value.hpp"

namespace hirewire::sync {

http::Request person_request(const std::string& opportunity, const std::string& token, bool has_time) {
    http::Request request;
    request.target = "/internal/opportunities/" + http::percent_encode(opportunity) + "/person";
    if (has_time) request.target += "?backfill=true";
    request.headers.push_back({"Authorization", "Bearer " + token});
    return request;
}

PersonAnswer read_person_answer(const Answer& answer) {
    PersonAnswer told;
    if (!answer) {
        told.trouble = "lever-source: " + answer.error().message();
    } else if (answer->status == 200) {
        told.person = read_person(answer->body);
        if (!told.person) told.trouble = "lever-source's answer cannot be read";
    } else if (answer->status != 404) {
        told.trouble = "lever-source answered " + std::to_string(answer->status);
    }
    return told;
}

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
