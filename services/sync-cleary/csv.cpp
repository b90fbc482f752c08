#include "services/sync-cleary/csv.hpp"

#include <initializer_list>
#include <string_view>

#include "services/sync-cleary/buckets.hpp"
#include "services/sync-cleary/user.hpp"

namespace hirewire::cleary {
namespace {

std::string line_of(std::initializer_list<std::string> cells) {
    std::string line;
    bool first = true;
    for (const auto& cell : cells) {
        if (!first) line += ',';
        first = false;
        line += csv_cell(cell);
    }
    return line + "\r\n";
}

}  // namespace

std::string csv_header() {
    return line_of(
        {"first_name",
         "last_name",
         "personal_email",
         "title",
         "department",
         "start_date",
         "lever_opportunity_id",
         "bucket"});
}

std::variant<CsvRow, CsvGap> csv_row(const Hire& hire, const std::optional<sync::Person>& person, const Days& days) {
    if (!person) return CsvGap{"Lever does not show this person"};
    const auto name = split_name(person->name);
    if (name.given.empty()) return CsvGap{"no first and last name in Lever"};
    if (person->emails.empty() || person->emails.front().empty()) return CsvGap{"no personal e-mail in Lever"};
    const auto place = place_of(person->start_date, days.today, days.on_the_day);
    return CsvRow{line_of(
        {name.given,
         name.family,
         person->emails.front(),
         hire.title,
         hire.department,
         person->start_date,
         hire.opportunity_id,
         name_of(place.bucket)})};
}

std::string csv_cell(const std::string& text) {
    // Spreadsheets skip white space before a formula.
    const auto first = text.find_first_not_of(" \t\r\n");
    const bool is_formula =
        first != std::string::npos && std::string_view{"=+-@"}.find(text[first]) != std::string_view::npos;
    const bool begins_oddly = !text.empty() && (text[0] == '\t' || text[0] == '\r');
    const std::string safe = is_formula || begins_oddly ? "'" + text : text;
    if (safe.find_first_of(",\"\r\n") == std::string::npos) return safe;
    std::string quoted = "\"";
    for (const char c : safe) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + "\"";
}

}  // namespace hirewire::cleary
