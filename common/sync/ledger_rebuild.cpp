#include "common/sync/ledger_rebuild.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <stdexcept>
#include <utility>

#include "common/core/sleep.hpp"
#include "common/core/uuid.hpp"
#include "common/kafka/reader.hpp"
#include "common/log/log.hpp"

namespace hirewire::sync {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::minutes patience{5};

// Blocks the thread that it is spawned on.
asio::awaitable<void> read_versions(
    kafka::Settings settings, std::int32_t partition, std::shared_ptr<AppliedVersions> versions) {
    const auto keep = [&versions](const kafka::Record& record) {
        if (record.value) versions->add(*record.value);
    };
    kafka::ReadTerms terms;
    terms.patience = patience;
    terms.partition = partition;
    kafka::read_all(settings, "sync.outcomes", keep, terms);
    co_return;
}

}  // namespace

bool is_state(v1::OutcomeKind outcome) {
    return outcome == v1::OUTCOME_KIND_APPLIED || outcome == v1::OUTCOME_KIND_UNCHANGED ||
           outcome == v1::OUTCOME_KIND_SUPERSEDED || outcome == v1::OUTCOME_KIND_HANDED_OVER ||
           outcome == v1::OUTCOME_KIND_DISABLED;
}

void AppliedVersions::add(const std::string& value) {
    v1::Outcome outcome;
    if (!outcome.ParseFromString(value)) return;
    if (outcome.destination() != destination_) return;
    if (outcome.outcome() == v1::OUTCOME_KIND_DEAD) {
        redis::DeadLetter dead;
        dead.version = outcome.version();
        dead.change_id = outcome.change_id();
        dead_[outcome.opportunity_id()].push_back(std::move(dead));
    }
    if (!is_state(outcome.outcome())) return;
    auto& version = versions_[outcome.opportunity_id()];
    version = std::max(version, outcome.version());
}

LedgerRebuild::LedgerRebuild(
    asio::any_io_executor executor,
    kafka::Settings kafka,
    redis::Store& store,
    std::string destination,
    Milliseconds lease)
    : executor_{std::move(executor)},
      kafka_{std::move(kafka)},
      store_{store},
      destination_{std::move(destination)},
      lease_{lease} {}

LedgerRebuild::~LedgerRebuild() {
    reading_.stop();
    reading_.join();
}

void LedgerRebuild::want(std::int32_t partition) {
    if (under_way_.insert(partition).second) asio::co_spawn(executor_, rebuild(partition), asio::detached);
}

asio::awaitable<void> LedgerRebuild::rebuild(std::int32_t partition) {
    std::string failure;
    try {
        const std::string rebuild = random_uuid();
        const auto prepared = co_await store_.prepare_ledger(destination_, partition, rebuild);
        if (!prepared) throw std::runtime_error{"ledger: " + prepared.error().message()};
        const auto versions = std::make_shared<AppliedVersions>(destination_);
        co_await asio::co_spawn(reading_, read_versions(kafka_, partition, versions), asio::use_awaitable);
        if (!versions->all().empty()) {
            // Read again afterwards: what was under way has said by then what came of it.
            co_await sleep_for(lease_);
            co_await asio::co_spawn(reading_, read_versions(kafka_, partition, versions), asio::use_awaitable);
        }
        co_await write(partition, versions, rebuild);
    } catch (const std::exception& e) {
        failure = e.what();
    }
    under_way_.erase(partition);
    if (!failure.empty()) {
        log::warning(
            "ledger.not_rebuilt",
            {{"destination", destination_}, {"partition", static_cast<int>(partition)}, {"reason", failure}});
    }
}

asio::awaitable<void> LedgerRebuild::write(
    std::int32_t partition, std::shared_ptr<const AppliedVersions> versions, std::string rebuild) {
    redis::LedgerKey key;
    key.destination = destination_;
    key.partition = partition;
    for (const auto& [opportunity, version] : versions->all()) {
        key.resource = opportunity;
        // Nobody's lease, and never lower than what is there by now.
        const auto written = co_await store_.finish(key, version, "rebuild");
        if (!written) throw std::runtime_error{"ledger: " + written.error().message()};
    }
    for (const auto& [opportunity, letters] : versions->dead()) {
        key.resource = opportunity;
        for (const auto& letter : letters) {
            // What a newer version has overtaken is not taken up again.
            const auto written = co_await store_.mark_dead(key, letter);
            if (!written) throw std::runtime_error{"ledger: " + written.error().message()};
        }
    }
    const auto opened = co_await store_.open_ledger(destination_, partition, rebuild);
    if (!opened) throw std::runtime_error{"ledger: " + opened.error().message()};
    if (*opened == redis::Opening::refused)
        throw std::runtime_error{"Redis was emptied again, or somebody else rebuilds it"};
    log::info(
        "ledger.rebuilt",
        {{"destination", destination_},
         {"partition", static_cast<int>(partition)},
         {"entries", static_cast<std::int64_t>(versions->all().size())}});
}

}  // namespace hirewire::sync
