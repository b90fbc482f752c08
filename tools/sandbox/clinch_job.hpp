#pragma once
// A job at Clinch's stand-in: how a write must speak of one, and how one is shown.
#include <string>

#include "common/json/value.hpp"
#include "common/json/writer.hpp"
#include "tools/sandbox/strict_object.hpp"

namespace hirewire::sandbox {

struct ClinchJob {
    std::string title{};
    std::string description{};
    std::string department{};
    std::string location{};
    std::string url{};
    std::string page_status{};

    friend bool operator==(const ClinchJob&, const ClinchJob&) = default;
};

// The body of a write.
struct ClinchJobWrite {
    std::string type{};
    std::string id{};
    // Whether it is nothing but the end of the job's page; else it says all.
    bool hides = false;
    ClinchJob job{};
};
ClinchJobWrite read_clinch_job(json::Value body, Wrongs& wrongs);

// The members of an object.
void write_clinch_job(json::Writer& out, const ClinchJob& job);

}  // namespace hirewire::sandbox
