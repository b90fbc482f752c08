#pragma once
// Under which of Cleary's two tabs a new hire shows, pure. Cleary decides; this predicts it for the report. Dates are
// ISO dates of the company's time zone.
#include <string>

namespace hirewire::cleary {

enum class Bucket {
    new_hires_preboarding,  // the first day is still to come
    action_needed           // it has passed, or nobody has said when it is
};

struct Place {
    Bucket bucket = Bucket::action_needed;
    bool not_a_date = false;  // something stands there, but no date
};

bool is_date(const std::string& text);

// `on_the_day`: where somebody shows whose first day is today, of which Cleary's own words say nothing.
Place place_of(const std::string& start_date, const std::string& today, Bucket on_the_day);

// Whether somebody has moved from the one tab to the other by the passing of days alone since `previous_day`.
bool has_passed(
    const std::string& start_date, const std::string& previous_day, const std::string& today, Bucket on_the_day);

// "new_hires_preboarding" and "action_needed".
std::string name_of(Bucket bucket);

}  // namespace hirewire::cleary
