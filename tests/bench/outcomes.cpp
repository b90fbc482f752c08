// hirewire-bench-outcomes: writes outcomes to sync.outcomes, as sync daemons write them, for hirewire timeline to
// find one opportunity's among them. Prints that opportunity's id.
#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>

#include "common/core/time.hpp"
#include "common/core/uuid.hpp"
#include "common/kafka/producer.hpp"
#include "hirewire/v1/outcome.pb.h"
#include "tests/bench/writing.hpp"

namespace {

using namespace hirewire;
namespace asio = boost::asio;

class Outcomes {
public:
    Outcomes(std::int64_t count, std::int64_t opportunities)
        : count_{count},
          opportunities_{opportunities},
          first_ms_{to_ms(SystemClock{}.now()) - count},
          run_{random_uuid()} {}

    [[nodiscard]] std::int64_t size() const { return count_; }
    // The same number gives the same id, in this run and in no other.
    [[nodiscard]] std::string opportunity(std::int64_t number) const {
        return uuid_v5({run_, std::to_string(number % opportunities_)});
    }
    [[nodiscard]] kafka::Message message(std::int64_t number) const {
        v1::Outcome outcome;
        outcome.set_destination("clara");
        outcome.set_opportunity_id(opportunity(number));
        outcome.set_resource(outcome.opportunity_id());
        outcome.set_change_id(uuid_v5({run_, "change", std::to_string(number)}));
        outcome.set_decided_at_ms(first_ms_ + number);
        outcome.set_version(outcome.decided_at_ms() * 16 + 3);
        outcome.set_kind(v1::CHANGE_KIND_STAGE_CHANGED);
        outcome.set_outcome(v1::OUTCOME_KIND_APPLIED);
        outcome.set_attempts(1);
        outcome.set_http_status(200);
        outcome.set_latency_ms(900);
        kafka::Message message;
        message.topic = "sync.outcomes";
        message.key = outcome.opportunity_id();
        message.value = outcome.SerializeAsString();
        message.headers = kafka::cloud_event(
            outcome.change_id(),
            "hirewire:bench/sync-clara",
            "hirewire.outcome.applied",
            iso_time(from_ms(outcome.decided_at_ms())),
            "application/protobuf",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        return message;
    }

private:
    std::int64_t count_;
    std::int64_t opportunities_;
    std::int64_t first_ms_;
    std::string run_;
};

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Writes outcomes for hirewire timeline to find some among them.", "hirewire-bench-outcomes"};
    kafka::Settings settings;
    std::int64_t outcomes = 1'000'000;
    std::int64_t opportunities = 100'000;
    app.add_option("--brokers", settings.brokers, "host:port, comma separated")->required();
    app.add_option("--outcomes", outcomes, "How many")->capture_default_str()->check(CLI::Range(1, 1'000'000'000));
    app.add_option("--opportunities", opportunities, "Spread over so many")
        ->capture_default_str()
        ->check(CLI::Range(1, 1'000'000'000));
    CLI11_PARSE(app, argc, argv);
    settings.client_id = "hirewire-bench-outcomes";
    try {
        asio::io_context context{1};
        const auto producer = kafka::make_producer(context.get_executor(), settings);
        const Outcomes all{outcomes, opportunities};
        bench::Writing<Outcomes> writing{context, *producer, all};
        writing.run();
        std::printf("%s\n", all.opportunity(0).c_str());
    } catch (const std::exception& e) {
        std::fprintf(stderr, "hirewire-bench-outcomes: %s\n", e.what());
        return 1;
    }
    return 0;
}
