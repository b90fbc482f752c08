#include "services/lever-source/sweeper.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <utility>

#include "common/core/offload.hpp"
#include "common/core/uuid.hpp"
#include "common/kafka/reader.hpp"
#include "common/log/log.hpp"
#include "hirewire/v1/hint.pb.h"
#include "services/lever-source/hint_message.hpp"

namespace hirewire::source {
namespace {

namespace asio = boost::asio;

constexpr Milliseconds after_failure{15'000};

}  // namespace

void add_run(RunsSoFar& so_far, const v1::Run& run) {
    const bool walk = run.kind() == walk_kind;
    if (!walk && run.kind() != sweep_kind) return;
    const auto checkpoint = run.checkpoint();
    switch (run.state()) {
        case v1::RUN_STATE_FINISHED:
            so_far.covered_until_ms =
                std::max<std::int64_t>(so_far.covered_until_ms, std::strtoll(checkpoint.c_str(), nullptr, 10));
            if (walk) {
                so_far.walked_at_ms = std::max<std::int64_t>(so_far.walked_at_ms, run.began_ms());
                if (run.run_id() == so_far.walk_id) so_far.walk_id.clear();
            }
            break;
        case v1::RUN_STATE_CHECKPOINT:
            so_far.walk_id = run.run_id();
            so_far.walk_offset = checkpoint;
            so_far.walk_began_ms = run.began_ms();
            break;
        case v1::RUN_STATE_FAILED:
            if (run.run_id() == so_far.walk_id) so_far.walk_id.clear();
            break;
        default:
            break;
    }
}

RunsSoFar read_runs(const kafka::Settings& settings) {
    RunsSoFar so_far;
    const auto add = [&so_far](const kafka::Record& record) {
        v1::Run run;
        if (record.value && run.ParseFromString(*record.value)) add_run(so_far, run);
    };
    kafka::read_all(settings, "hiring.runs", add);
    return so_far;
}

Sweeper::Sweeper(
    asio::any_io_executor executor,
    SweepSettings settings,
    std::function<RunsSoFar()> read_runs,
    lever::Api& api,
    Reader& reader,
    kafka::Producer& producer,
    const Clock& clock,
    metrics::Registry& metrics)
    : settings_{std::move(settings)},
      read_runs_{std::move(read_runs)},
      api_{api},
      reader_{reader},
      producer_{producer},
      clock_{clock},
      metrics_{metrics},
      woken_{executor} {}

Sweeper::~Sweeper() {
    reading_.stop();
    reading_.join();
}

void Sweeper::ask(std::string run_id) {
    asked_ = std::move(run_id);
    woken_.cancel();
}

void Sweeper::stop() {
    stopping_ = true;
    woken_.cancel();
}

asio::awaitable<void> Sweeper::rest(Milliseconds most) {
    if (stopping_ || asked_) co_return;
    woken_.expires_after(most);
    boost::system::error_code ignored;
    co_await woken_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<void> Sweeper::run() {
    bool known = false;
    while (!stopping_) {
        std::string failure;
        try {
            if (!known) {
                so_far_ = co_await offload(reading_, read_runs_);
                known = true;
            }
            const auto now = to_ms(clock_.now());
            const bool first = so_far_.covered_until_ms == 0;
            if (first || !so_far_.walk_id.empty() || now - so_far_.walked_at_ms > settings_.walk_interval.count()) {
                co_await walk();
            } else {
                const auto asked = std::exchange(asked_, std::nullopt);
                // Who asks wants all of it, and takes it that no webhook has had its time.
                const auto until = asked ? now : now - settings_.leave_alone.count();
                std::string run_id = asked ? *asked : random_uuid();
                co_await sweep(std::move(run_id), until);
            }
        } catch (const std::exception& e) {
            failure = e.what();
        }
        if (stopping_) break;
        if (!failure.empty()) log::warning("sweep.failed", {{"reason", failure}});
        co_await rest(failure.empty() ? settings_.interval : std::min(settings_.interval, after_failure));
    }
}

asio::awaitable<void> Sweeper::sweep(std::string run_id, std::int64_t until_ms) {
    v1::Run run;
    run.set_run_id(std::move(run_id));
    run.set_kind(std::string{sweep_kind});
    run.set_began_ms(to_ms(clock_.now()));
    const auto since = std::max<std::int64_t>(1, so_far_.covered_until_ms - settings_.overlap.count());
    lever::Window window;
    window.updated_since_ms = since;
    window.updated_until_ms = until_ms;
    Counts counts;
    co_await cover(run, window, lever::Priority::sweep, counts);
    const auto deleted = co_await api_.deleted_since(from_ms(since), lever::Priority::sweep);
    if (!deleted) throw std::runtime_error{deleted.error().message()};
    for (const auto& [id, at] : *deleted) {
        std::string opportunity = id;
        reader_.forget(opportunity);  // it was still there when it was read
        co_await hint(std::move(opportunity), run);
        ++counts.deleted;
    }
    run.set_checkpoint(std::to_string(until_ms));
    co_await record(run, v1::RUN_STATE_FINISHED, counts);
    so_far_.covered_until_ms = std::max(so_far_.covered_until_ms, until_ms);
}

asio::awaitable<void> Sweeper::walk() {
    v1::Run run;
    run.set_kind(std::string{walk_kind});
    lever::Window window;
    if (so_far_.walk_id.empty()) {
        run.set_run_id(random_uuid());
        run.set_began_ms(to_ms(clock_.now()));
    } else {
        run.set_run_id(so_far_.walk_id);
        run.set_began_ms(so_far_.walk_began_ms);
        window.offset = so_far_.walk_offset;
    }
    so_far_.walk_id.clear();
    Counts counts;
    co_await record(run, v1::RUN_STATE_STARTED, counts);
    co_await cover(run, window, lever::Priority::walk, counts);
    // What changed since it began is the next sweep's.
    const auto until = run.began_ms() - settings_.leave_alone.count();
    run.set_checkpoint(std::to_string(until));
    co_await record(run, v1::RUN_STATE_FINISHED, counts);
    so_far_.covered_until_ms = std::max(so_far_.covered_until_ms, until);
    so_far_.walked_at_ms = run.began_ms();
}

asio::awaitable<void> Sweeper::cover(v1::Run& run, lever::Window window, lever::Priority priority, Counts& counts) {
    const bool walk = run.kind() == walk_kind;
    // A walk has no window that would leave alone what a webhook may still claim.
    const auto leave_alone_from =
        walk ? run.began_ms() - settings_.leave_alone.count() : std::numeric_limits<std::int64_t>::max();
    bool begun_anew = false;
    while (!stopping_) {
        auto page = co_await api_.page(window, priority);
        if (!page && page.error() == lever::Errc::bad_offset && !begun_anew) {
            begun_anew = true;
            window.offset.clear();
            continue;
        }
        if (!page) throw std::runtime_error{page.error().message()};
        ++counts.pages;
        for (const auto& read : page->reads) {
            std::string id = read.opportunity.id;
            if (read.opportunity.updated_at_ms > leave_alone_from) continue;
            reader_.offer(read);
            co_await hint(std::move(id), run);
            ++counts.opportunities;
        }
        for (const auto& id : page->unreadable) {
            ++counts.unreadable;
            log::warning("opportunity.unreadable", {{"opportunity", id}});
        }
        if (page->next.empty()) co_return;
        window.offset = page->next;
        if (!walk) continue;
        run.set_checkpoint(window.offset);
        co_await record(run, v1::RUN_STATE_CHECKPOINT, counts);
    }
    throw std::runtime_error{"the process is ending"};
}

asio::awaitable<void> Sweeper::hint(std::string opportunity, const v1::Run& run) {
    v1::Hint hint;
    hint.set_opportunity_id(std::move(opportunity));
    hint.set_reason(run.kind());
    hint.set_id(run.run_id());
    kafka::Message message = hint_message(hint, random_uuid(), settings_.account, clock_.now());
    const auto written = co_await producer_.write(std::move(message));
    if (!written) throw std::runtime_error{"lever.sweeps cannot be written: " + written.error().message()};
}

asio::awaitable<void> Sweeper::record(v1::Run run, v1::RunState state, Counts counts) {
    run.set_state(state);
    run.set_at_ms(to_ms(clock_.now()));
    auto& out = *run.mutable_counts();
    out["opportunities"] = counts.opportunities;
    out["deleted"] = counts.deleted;
    out["unreadable"] = counts.unreadable;
    out["pages"] = counts.pages;
    if (state != v1::RUN_STATE_STARTED) {
        const bool finished = state == v1::RUN_STATE_FINISHED;
        log::info(
            finished ? "sweep.finished" : "sweep.goes_on",
            {{"kind", run.kind()},
             {"opportunities", counts.opportunities},
             {"deleted", counts.deleted},
             {"pages", counts.pages},
             {"took_ms", run.at_ms() - run.began_ms()}});
        if (finished) metrics_.counter(metrics::sweeps, {{"kind", run.kind()}}).add();
    }
    kafka::Message message;
    message.topic = "hiring.runs";
    message.key = run.run_id();
    message.value = run.SerializeAsString();
    message.headers = kafka::cloud_event(
        random_uuid(),
        "hirewire:" + settings_.account,
        "hirewire.run." + run.kind(),
        iso_time(clock_.now()),
        "application/protobuf");
    const auto written = co_await producer_.write(std::move(message));
    if (!written) throw std::runtime_error{"hiring.runs cannot be written: " + written.error().message()};
}

}  // namespace hirewire::source
