#pragma once
// A webhook out of a sample: Lever's JSON with a token of its own, the present time and a signature. Pure.
#include <cstdint>
#include <string>
#include <string_view>

namespace hirewire::cli {

struct SampleTerms {
    std::string signature_token{};
    std::string token{};  // of this delivery
    std::int64_t triggered_at_ms = 0;
    std::string opportunity{};  // in place of the sample's; "" = as it is
};

// Everything but what the terms say is as in the sample. Throws config::Error, which names `source`, for what is no
// JSON object with an event.
std::string signed_sample(std::string_view sample, const std::string& source, const SampleTerms& terms);

}  // namespace hirewire::cli
