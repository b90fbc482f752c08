#pragma once
// A destination: its own settings, what it keeps in order, and a pure function from a change to a plan. All five sync
// daemons are one of these over the same daemon.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/schema.hpp"
#include "common/core/time.hpp"
#include "common/sync/plan.hpp"
#include "common/sync/status_names.hpp"
#include "hirewire/v1/posting.pb.h"

namespace hirewire::sync {

class LeaderTask;

// How the runs' ids begin that redrive dead letters: what has died of a 404 must not be passed over because of one.
inline constexpr std::string_view redrive_prefix = "redrive-";

// What the rules may know beside the change itself.
struct Situation {
    // Not announced by a webhook in time: a first sync, a sweep, a replay. Nobody may be notified because of it.
    bool backfill = false;
    // A snapshot, or what was there when this installation began: who the destination does not know is no matter.
    bool first_sync = false;
    // Too old to bother a person, or older than our memory of what was done.
    bool late = false;
    // The last version that the destination was told of or that a newer one overtook; 0 = none that is remembered.
    std::int64_t applied_version = 0;
    // The changes that this one speaks for, in order: none of them is settled, though a request may have arrived.
    std::vector<v1::Change> older{};
    // The runs that asked for this change to be told; none for live traffic.
    std::vector<std::string> run_ids{};
};

// What hiring.postings says of one of Lever's postings: as it is now, or nothing when it is gone.
struct PostingNews {
    std::string id{};
    std::optional<v1::Posting> posting{};
};

// How the destination knows who asks: by `token` of its section, or by `access_id` and `secret_key`.
enum class Proof { bearer_token, signature };

struct Credential {
    std::string access_id{};  // names the key that signs
    std::string secret{};     // that key, or the bearer token
};

class Destination {
public:
    virtual ~Destination() = default;
    [[nodiscard]] virtual std::string_view name() const = 0;
    // Where its daemon's admin pages are unless configured otherwise.
    [[nodiscard]] virtual std::uint16_t default_admin_port() const = 0;
    // Its keys in the section of its name, beside the shared base_url, token, admin_port and confidential.
    virtual void declare(config::Section& section) = 0;
    // What is wrong with its settings that no single key shows, in one sentence; "" when nothing is.
    [[nodiscard]] virtual std::string fault() const { return {}; }
    // What is kept in order; one request at a time for each.
    [[nodiscard]] virtual std::string resource(const v1::Change& change) const { return change.opportunity_id(); }
    [[nodiscard]] virtual Plan plan(const v1::Change& change, const Situation& situation) const = 0;
    // Whether it is told of Lever's postings, each of them a resource of its own. Asked once, when the configuration
    // has been read.
    [[nodiscard]] virtual bool wants_postings() const { return false; }
    // What is confidential comes as gone, unless `confidential` of its section says otherwise. Nobody may be notified
    // because of a posting: its situation is that of a backfill, and late.
    [[nodiscard]] virtual Plan plan_posting(
        [[maybe_unused]] const PostingNews& news, [[maybe_unused]] const Situation& situation) const {
        return {Settle{.outcome = v1::OUTCOME_KIND_SKIPPED, .reason = "postings are not told here"}};
    }
    // Whether its plans ask who somebody is. Without that, it is not given the token that tells.
    [[nodiscard]] virtual bool asks_for_people() const { return false; }
    // Whether its plans or its tasks ask anything of lever-source. Without that, its daemon needs no internal token.
    [[nodiscard]] virtual bool asks_lever_source() const { return asks_for_people(); }
    // Work beside the changes (leader_task.hpp). Asked once, when the configuration has been read; the tasks may keep
    // references to this destination's settings, which outlive them.
    [[nodiscard]] virtual std::vector<std::unique_ptr<LeaderTask>> tasks();
    // The lists and maps of its section that name stages and archive reasons, as they are now.
    [[nodiscard]] virtual std::vector<NamedStatuses> names() const { return {}; }
    // What the entries under a key of names() are known to mean by Lever's lists. Comes at the start and now and
    // then.
    virtual void learn([[maybe_unused]] std::string_view key, [[maybe_unused]] const StatusNames& known) {}
    // Why its own settings have it told nothing at all, whatever its mode is; "" = it is told. What it missed until
    // then comes to it as backfill once this changes.
    [[nodiscard]] virtual std::string switched_off() const { return {}; }
    [[nodiscard]] virtual Proof proof() const { return Proof::bearer_token; }
    // Puts the credential on a request that lacks nothing else, anew for every attempt. The server sees `base_path`
    // before the target.
    virtual void authorize(
        http::Request& request,
        const Credential& credential,
        [[maybe_unused]] std::string_view base_path,
        [[maybe_unused]] Timestamp now) const {
        request.headers.push_back({"Authorization", "Bearer " + credential.secret});
    }
    // What an answer that refuses the credential tells of the cause, for the reason of the hold; "" = nothing.
    [[nodiscard]] virtual std::string why_refused(
        [[maybe_unused]] const http::Reply& reply, [[maybe_unused]] Timestamp now) const {
        return {};
    }
    // Whether the change is told although `newer` is on its way: it takes back what the newer one knows nothing of.
    [[nodiscard]] virtual bool must_be_told(
        [[maybe_unused]] const v1::Change& change, [[maybe_unused]] const v1::Change& newer) const {
        return false;
    }
    // Media type of what is sent and taken.
    [[nodiscard]] virtual std::string_view media_type() const { return "application/json"; }
};

// The rules' first step, by the posting's own record when the change is one of a posting. `confidential`: whether
// confidential postings are sent; else such a one comes as gone.
Plan first_step(
    const Destination& destination,
    const v1::Change& change,
    std::optional<PostingNews> posting,
    const Situation& situation,
    bool confidential);

}  // namespace hirewire::sync
