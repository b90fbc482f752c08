// hirewire-bench-backlog: writes a backlog to hiring.changes, as lever-source writes it. Every opportunity goes
// through the same five transitions, and all go through one before any goes through the next, so that its changes lie
// far apart.
#include <CLI/CLI.hpp>
#include <array>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "common/core/time.hpp"
#include "common/core/uuid.hpp"
#include "common/kafka/producer.hpp"
#include "hirewire/v1/change.pb.h"
#include "tests/bench/writing.hpp"

namespace {

using namespace hirewire;
namespace asio = boost::asio;

constexpr std::int64_t postings = 200;

struct Step {
    v1::ChangeKind kind = v1::CHANGE_KIND_UNSPECIFIED;
    const char* event = "";
    std::int64_t rank = 0;  // the low bits of the version
    v1::StatusKind status_kind = v1::STATUS_KIND_UNSPECIFIED;
    const char* status_id = "";
    const char* status_name = "";
};

constexpr std::array<Step, 5> steps{{
    {v1::CHANGE_KIND_APPLIED, "applied", 2, v1::STATUS_KIND_STAGE, "applicant-new", "New applicant"},
    {v1::CHANGE_KIND_STAGE_CHANGED,
     "stage_changed",
     3,
     v1::STATUS_KIND_STAGE,
     "00922a60-7c15-422b-b086-f62000824fd7",
     "Recruiter screen"},
    {v1::CHANGE_KIND_STAGE_CHANGED,
     "stage_changed",
     3,
     v1::STATUS_KIND_STAGE,
     "fff60592-31dd-4ebe-ba8e-e7a397c30f8e",
     "On-site interview"},
    {v1::CHANGE_KIND_STAGE_CHANGED,
     "stage_changed",
     3,
     v1::STATUS_KIND_STAGE,
     "3ed33aac-7a47-4f5e-8a8c-6bb8a2d7ff0c",
     "Reference check"},
    {v1::CHANGE_KIND_ARCHIVED,
     "archived",
     4,
     v1::STATUS_KIND_ARCHIVE_REASON,
     "63dd55b2-a99f-4e7b-985f-22c7bf80ab42",
     "Underqualified"},
}};

void set_status(v1::Status& status, const Step& step) {
    status.set_kind(step.status_kind);
    status.set_id(step.status_id);
    status.set_name(step.status_name);
}

class Backlog {
public:
    Backlog(std::int64_t changes, std::int64_t opportunities)
        : changes_{changes},
          opportunities_{opportunities},
          first_ms_{to_ms(SystemClock{}.now()) - changes},
          run_{random_uuid()} {}

    [[nodiscard]] std::int64_t size() const { return changes_; }

    [[nodiscard]] kafka::Message message(std::int64_t number) const {
        const v1::Change change = change_of(number);
        kafka::Message message;
        message.topic = "hiring.changes";
        message.key = change.opportunity_id();
        message.value = change.SerializeAsString();
        message.headers = kafka::cloud_event(
            change.change_id(),
            "hirewire:" + change.account(),
            std::string{"hirewire.change."} + step_of(round_of(number)).event,
            iso_time(from_ms(change.occurred_at_ms())),
            "application/protobuf",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        return message;
    }

private:
    static const Step& step_of(std::size_t round) { return steps[round % steps.size()]; }
    [[nodiscard]] std::size_t round_of(std::int64_t number) const {
        return static_cast<std::size_t>(number / opportunities_);
    }
    // The same number gives the same id, in this backlog and in no other.
    [[nodiscard]] std::string id(const char* what, std::int64_t number) const {
        return uuid_v5({run_, what, std::to_string(number)});
    }

    // A millisecond after the one before it, so that versions grow.
    [[nodiscard]] v1::Change change_of(std::int64_t number) const {
        const std::size_t round = round_of(number);
        const Step& step = step_of(round);
        const std::int64_t opportunity = number % opportunities_;
        v1::Change change;
        change.set_kind(step.kind);
        change.set_occurred_at_ms(first_ms_ + number);
        change.set_version(change.occurred_at_ms() * 16 + step.rank);
        change.set_account("bench");
        change.set_change_id(id("change", number));
        change.set_opportunity_id(id("opportunity", opportunity));
        change.set_contact_id(id("contact", opportunity));
        change.set_origin("applied");
        change.set_live(true);
        set_status(*change.mutable_status(), step);
        if (round > 0) set_status(*change.mutable_previous_status(), step_of(round - 1));
        auto& posting = *change.mutable_posting();
        posting.set_id(id("posting", opportunity % postings));
        posting.set_title("Staff Engineer, Payments");
        posting.set_department("Engineering");
        posting.set_location("Berlin");
        posting.set_state("published");
        posting.set_external(true);
        change.mutable_cause()->set_kind("webhook");
        change.mutable_cause()->set_id(id("webhook", number));
        auto& mark = *change.mutable_mark();
        mark.set_application_id(id("application", opportunity));
        if (step.kind == v1::CHANGE_KIND_ARCHIVED) {
            mark.set_archived_at_ms(change.occurred_at_ms());
            mark.set_archive_reason_id(step.status_id);
        } else {
            mark.set_stage_id(step.status_id);
            mark.set_stage_changed_at_ms(change.occurred_at_ms());
            mark.add_stages_at_that_moment(step.status_id);
        }
        return change;
    }

    std::int64_t changes_;
    std::int64_t opportunities_;
    std::int64_t first_ms_;
    std::string run_;
};

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Writes a backlog of changes for a sync daemon.", "hirewire-bench-backlog"};
    kafka::Settings settings;
    std::int64_t changes = 1'000'000;
    std::int64_t opportunities = 200'000;
    app.add_option("--brokers", settings.brokers, "host:port, comma separated")->required();
    app.add_option("--changes", changes, "How many")->capture_default_str()->check(CLI::Range(1, 1'000'000'000));
    app.add_option("--opportunities", opportunities, "Spread over so many")
        ->capture_default_str()
        ->check(CLI::Range(1, 1'000'000'000));
    CLI11_PARSE(app, argc, argv);
    settings.client_id = "hirewire-bench-backlog";
    try {
        asio::io_context context{1};
        const auto producer = kafka::make_producer(context.get_executor(), settings);
        const Backlog backlog{changes, opportunities};
        bench::Writing<Backlog> writing{context, *producer, backlog};
        writing.run();
    } catch (const std::exception& e) {
        std::fprintf(stderr, "hirewire-bench-backlog: %s\n", e.what());
        return 1;
    }
    return 0;
}
