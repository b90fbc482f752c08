#pragma once
// The stand-in for Clinch Talent: records of outcomes about candidates and jobs, and the jobs themselves, by
// JSON:API, with requests signed as the vendor documents it. It takes records about every candidate and every job
// unless it is told otherwise, and makes up an id for each address that it is asked for.
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tools/sandbox/clinch_job.hpp"
#include "tools/sandbox/destination.hpp"

namespace hirewire::sandbox {

class Clinch final : public Destination {
public:
    struct Key {
        std::string access_id{};
        std::string secret{};
    };
    Clinch(Key key, Dice& dice);

private:
    using Answer = http::Reply (Clinch::*)(const DestinationCall&);

    struct Record {
        std::string id{};
        std::string outcome{};
        std::string state{};
        std::string ats_status{};
        std::string occurred_at{};
        std::string candidate{};
        std::string job{};
    };
    // What is believed of a candidate for a job.
    struct Belief {
        std::string record{};
        std::int64_t version = 0;
        std::int64_t records = 0;
        std::int64_t effects = 0;  // how often a record changed something
    };

    // A job that was told of.
    struct Told {
        ClinchJob job{};
        std::int64_t version = 0;
        std::int64_t effects = 0;  // how often a write changed something
    };

    [[nodiscard]] std::string state() const override;
    [[nodiscard]] http::Reply error(int status, std::string_view code, std::string_view detail) const override;
    std::optional<http::Reply> check_credential(const http::Incoming& request) override;

    void serve_api(http::Method method, std::string path, Access access, Answer answer);
    http::Reply find(const DestinationCall& call);
    http::Reply read(const DestinationCall& call);
    http::Reply create(const DestinationCall& call);
    // Takes the record when the contract allows it now; else the error that it has earned.
    std::optional<http::Reply> take(const Record& record, std::int64_t version);
    http::Reply create_job(const DestinationCall& call);
    http::Reply replace_job(const DestinationCall& call);
    // The error that a write has earned whatever is known of the job.
    std::optional<http::Reply> check_job(const ClinchJobWrite& write, const std::vector<std::string>& wrongs);
    [[nodiscard]] http::Reply job_reply(int status, const std::string& id) const;
    http::Reply set_unknown(const http::Incoming& request);
    http::Reply set_clock(const http::Incoming& request);

    [[nodiscard]] Moment now() const { return wall_clock() + clock_ahead_; }
    [[nodiscard]] http::Reply reply(int status, std::string body) const;

    Key key_;
    Moment clock_ahead_ = 0;
    std::map<std::string, std::string> addresses_;  // by candidate
    std::map<std::string, Record> records_;         // by id
    std::map<std::string, Belief> beliefs_;         // by address and job
    std::map<std::string, Told> jobs_;              // by id
    std::set<std::string> unknown_;                 // addresses and jobs
};

}  // namespace hirewire::sandbox
