#pragma once
// Names as people write them: case, white space and the way of writing an accent do not matter (Unicode's case
// folding and canonical equivalence, for the Latin, Greek, Cyrillic and Armenian letters; others are compared as they
// are).
#include <string>
#include <string_view>

namespace hirewire::clinch {

// In small letters, without blanks around it.
std::string lower_case(std::string_view text);

// Equal for names that are the same to people. For comparing only, not for showing.
std::string comparable(std::string_view text);

}  // namespace hirewire::clinch
