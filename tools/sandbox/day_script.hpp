#pragma once
// What happens in the hiring day: who applies, which job is advertised, and how each story goes on.
#include <string>
#include <vector>

#include "common/core/time.hpp"

namespace hirewire::sandbox {

// One transition, as the control call that makes it and the change that Hirewire should make of it.
struct Step {
    std::string kind{};    // applied, stage, archived, unarchived, hired, unhired; opened, changed, closed
    std::string status{};  // what the table says beside it
    std::string call{};    // behind /_sandbox/opportunities/{id}; empty: the application, or the posting itself
    std::string body{};
};

struct Candidate {
    std::string label{};
    std::string name{};
    bool at_cluster = false;  // carries Cluster's link
    std::vector<Step> steps{};
};

std::vector<Candidate> hiring_day(Timestamp now);

// A posting: the first step makes it.
struct Advert {
    std::string label{};
    std::vector<Step> steps{};
};

std::vector<Advert> adverts();

}  // namespace hirewire::sandbox
