#pragma once
// The stand-in for The Org: jobs of one company, put and deleted by an ATS's runs, and a mail for each import that
// was complete. What its users add to a job, the manager, outlives every put.
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/sandbox/destination.hpp"
#include "tools/sandbox/strict_object.hpp"
#include "tools/sandbox/version_guard.hpp"

namespace hirewire::sandbox {

class Theorg final : public Destination {
public:
    // The one that it knows.
    static constexpr const char* company = "acme";

    Theorg(std::string api_key, Dice& dice);

private:
    // The seven members.
    struct Facts {
        std::string title{};
        std::string description{};
        std::string department{};
        std::string location{};
        std::string state{};
        std::string created_at{};
        std::string url{};

        friend bool operator==(const Facts&, const Facts&) = default;
    };
    struct Job {
        Facts facts{};
        std::string manager{};     // "" = nobody has placed it
        std::int64_t effects = 0;  // how often a put changed something
    };
    struct Run {
        std::int64_t puts = 0;
        std::int64_t deletes = 0;
        std::int64_t reports = 0;
        bool complete = false;
        std::int64_t seen = 0;
        std::int64_t upserted = 0;
        std::int64_t unchanged = 0;
        std::int64_t deleted = 0;
        std::int64_t failed = 0;
    };
    using Answer = http::Reply (Theorg::*)(const DestinationCall&);

    [[nodiscard]] std::string state() const override;
    [[nodiscard]] http::Reply error(int status, std::string_view code, std::string_view detail) const override;
    std::optional<http::Reply> check_credential(const http::Incoming& request) override;

    void serve_company(http::Method method, std::string path, Access access, Answer answer);
    // More than The Org takes in a second.
    bool is_too_fast();
    http::Reply put_job(const DestinationCall& call);
    http::Reply delete_job(const DestinationCall& call);
    http::Reply report_import(const DestinationCall& call);
    http::Reply place(const http::Incoming& request);

    std::string api_key_;
    std::deque<Moment> recent_;        // requests of the last second
    std::map<std::string, Job> jobs_;  // by posting
    std::map<std::string, Run> runs_;
    std::vector<std::string> mails_;  // of the runs that the import is done of
    VersionGuard versions_;           // by posting
};

}  // namespace hirewire::sandbox
