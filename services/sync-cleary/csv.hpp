#pragma once
// The people of a run as a CSV file (RFC 4180), for Cleary's User Imports: the one way in that Cleary documents.
// Pure. Cleary's own header template is not public; these columns are this project's.
#include <optional>
#include <string>
#include <variant>

#include "common/sync/plan.hpp"
#include "services/sync-cleary/hires.hpp"
#include "services/sync-cleary/report.hpp"

namespace hirewire::cleary {

// first_name, last_name, personal_email, title, department, start_date, lever_opportunity_id, bucket; with the line's
// end.
std::string csv_header();

struct CsvRow {
    std::string text{};  // with the line's end
};
// Why somebody has no row; tells nothing of the person.
struct CsvGap {
    std::string reason{};
};
// `person`: as Lever shows it, or nothing.
std::variant<CsvRow, CsvGap> csv_row(const Hire& hire, const std::optional<sync::Person>& person, const Days& days);

// As it stands between two commas. What a spreadsheet would take for a formula gets an apostrophe in front; what has
// a comma, a quote or a line's end in it stands in quotes.
std::string csv_cell(const std::string& text);

}  // namespace hirewire::cleary
