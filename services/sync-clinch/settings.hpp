#pragma once
// What the customer says of Clinch, under [clinch].
#include <string>

namespace hirewire::clinch {

struct Settings {
    // In the form of states.hpp; no entry is in both.
    std::string success_states{};
    std::string failure_states{};
    // The query parameter by which Clinch finds a candidate by e-mail.
    std::string email_filter = "filter[email]";
    // Whether a record's id is ours. Else it is Clinch's, and only the Idempotency-Key tells a repeat.
    bool client_ids = true;
    // Whether Clinch is told of jobs, and the customer's name in the URLs of Lever's job site.
    bool jobs = true;
    std::string company_code{};
    // "method_first" or "without_method".
    std::string signature = "method_first";
    bool content_md5 = true;
};

}  // namespace hirewire::clinch
