#include "services/sync-cleary/buckets.hpp"

#include "common/core/time.hpp"

namespace hirewire::cleary {

bool is_date(const std::string& text) {
    return text.size() == 10 && parse_iso(text).has_value();
}

// Dates of four-digit years compare as texts.
Place place_of(const std::string& start_date, const std::string& today, Bucket on_the_day) {
    if (!is_date(start_date)) return {.bucket = Bucket::action_needed, .not_a_date = !start_date.empty()};
    if (start_date == today) return {.bucket = on_the_day};
    return {.bucket = start_date > today ? Bucket::new_hires_preboarding : Bucket::action_needed};
}

bool has_passed(
    const std::string& start_date, const std::string& previous_day, const std::string& today, Bucket on_the_day) {
    if (!is_date(previous_day)) return false;
    return place_of(start_date, previous_day, on_the_day).bucket == Bucket::new_hires_preboarding &&
           place_of(start_date, today, on_the_day).bucket == Bucket::action_needed;
}

std::string name_of(Bucket bucket) {
    return bucket == Bucket::new_hires_preboarding ? "new_hires_preboarding" : "action_needed";
}

}  // namespace hirewire::cleary
