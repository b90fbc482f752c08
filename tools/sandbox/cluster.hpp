#pragma once
// The stand-in for Cluster: the status of an opportunity, put to the job and candidate of Cluster's own link; the
// candidates of its jobs, to be looked up and marked "Already in ATS"; postings imported as drafts of jobs; and the
// removal of all that came from Lever when a job is disconnected. Every job is connected until it is disconnected.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tools/sandbox/status_destination.hpp"

namespace hirewire::sandbox {

class Cluster final : public StatusDestination {
public:
    Cluster(std::string token, Dice& dice);

private:
    struct Candidate {
        std::vector<std::string> emails{};
        std::string opportunity{};  // "" = not marked "Already in ATS"
        std::int64_t effects = 0;   // how often a mark changed something
    };
    // The six members of a posting.
    struct Facts {
        std::string title{};
        std::string department{};
        std::string location{};
        std::string state{};
        std::string url{};
        std::string description{};

        friend bool operator==(const Facts&, const Facts&) = default;
    };
    struct Draft {
        Facts facts{};
        bool draft = true;  // until one of Cluster's users publishes it
        std::int64_t effects = 0;
    };
    using Answer = http::Reply (Cluster::*)(const DestinationCall&);
    using Control = http::Reply (Cluster::*)(const http::Incoming&);

    void serve_job(http::Method method, std::string path, Access access, Answer answer);
    void control(std::string path, Control answer);

    http::Reply put_status(const DestinationCall& call);
    http::Reply list_candidates(const DestinationCall& call);
    http::Reply put_presence(const DestinationCall& call);
    http::Reply put_posting(const DestinationCall& call);
    http::Reply delete_link(const DestinationCall& call);
    // All that Lever told of the job's candidates.
    void purge(const std::string& job);

    http::Reply add_candidate(const http::Incoming& request);
    http::Reply set_connected(const http::Incoming& request);
    http::Reply set_page_size(const http::Incoming& request);
    http::Reply publish(const http::Incoming& request);

    void write_own(json::Writer& out, const std::string& opportunity) const override;
    void write_more(json::Writer& out) const override;
    void write_candidates(json::Writer& out) const;
    void write_drafts(json::Writer& out) const;

    std::map<std::string, ClusterLink> links_;                            // by opportunity
    std::map<std::string, std::map<std::string, Candidate>> candidates_;  // by job, by candidate
    std::map<std::string, Draft> drafts_;                                 // by posting
    std::set<std::string> disconnected_;                                  // jobs
    std::map<std::string, std::int64_t> purges_;                          // of each job, by a DELETE
    VersionGuard presence_;                                               // by job and candidate
    VersionGuard imports_;                                                // by posting
    std::int64_t page_size_ = 50;
};

}  // namespace hirewire::sandbox
