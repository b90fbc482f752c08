#pragma once
// The Org, pure: which jobs to put, to leave alone and to delete, how that is said, and what an answer means. The
// contract is this project's own (README.md beside this).
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/core/time.hpp"
#include "common/http/message.hpp"
#include "common/sync/judgement.hpp"
#include "common/sync/plan.hpp"
#include "hirewire/v1/posting.pb.h"

namespace hirewire::theorg {

struct Settings {
    std::string company{};          // as The Org names it in its URLs
    bool include_internal = false;  // whether postings that are open inside the company only are told, too
};

// What hiring.postings says of one posting.
struct Seen {
    std::optional<v1::Posting> posting{};  // nothing: it is gone
    std::int64_t written_ms = 0;
    bool readable = true;
    bool gone_for_certain = false;  // Lever has said so; else it is only not listed any more
};
using Postings = std::map<std::string, Seen>;

// A job that The Org may have of us.
struct Job {
    std::string fingerprint{};       // of what it was told last; "" = nobody knows what came of that
    std::int64_t owed_since_ms = 0;  // since when it ought to be deleted; 0 = it is to stay
};
using Jobs = std::map<std::string, Job>;

struct Put {
    std::string id{};
    std::string body{};
    std::string fingerprint{};
    std::int64_t written_ms = 0;
};
// A posting that cannot be told, and why. Lever's own to mend, unless its record cannot be read.
struct Unfit {
    std::string id{};
    std::string reason{};
};

enum class Guard { on, off };

struct Decision {
    std::vector<Put> puts{};
    std::vector<std::string> deletes{};
    std::vector<Unfit> unfit{};
    std::size_t unreadable = 0;  // of `unfit`: what they say nobody knows
    std::size_t unchanged = 0;
    std::size_t withheld = 0;  // deletions that the guard holds back
    // More than three jobs, and more than half of what The Org has, are not in hiring.postings any more, or nothing
    // is there: rather our fault than the truth. They are not deleted. What Lever says is closed, confidential or
    // deleted is, whatever its number.
    bool implausible = false;
    // What The Org may have once the first request is on its way; to be remembered before that.
    Jobs jobs{};
};
Decision decide(
    const Postings& postings, const Jobs& sent, const Settings& settings, std::int64_t now_ms, Guard guard);

// Since when the oldest deletion is owed; 0 = none is.
std::int64_t owed_since(const Jobs& jobs);

// What is reported at the end of a run. seen = upserted + unchanged + those of `failed` that are open. Postings that
// Lever has to mend first are in none of them.
struct Tally {
    bool complete = false;
    std::int64_t seen = 0;
    std::int64_t upserted = 0;
    std::int64_t unchanged = 0;
    std::int64_t deleted = 0;
    std::int64_t failed = 0;
};

http::Request put_job(const Settings& settings, const Put& put, const std::string& run_id);
http::Request delete_job(const Settings& settings, const std::string& id, const std::string& run_id);
http::Request report_import(const Settings& settings, const Tally& tally, const std::string& run_id);

using sync::Judgement;
using sync::Next;
Judgement judge(http::Method method, const sync::Answer& answer);

}  // namespace hirewire::theorg
