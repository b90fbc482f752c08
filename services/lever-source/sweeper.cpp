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

Sweeper::Sweeper(
    asio::any_io_executor executor,
    SweepSettings settings,
    Past past,
    lever::Api& api,
    Reader& reader,
    RunBook& book,
    kafka::Producer& producer,
    const Clock& clock,
    metrics::Registry& metrics)
    : settings_{std::move(settings)},
      past_{std::move(past)},
      api_{api},
      reader_{reader},
      book_{book},
      producer_{producer},
      clock_{clock},
      metrics_{metrics},
      rounds_{executor} {}

Sweeper::~Sweeper() {
    reading_.stop();
    reading_.join();
}

asio::awaitable<void> Sweeper::run() {
    while (!rounds_.stopping()) {
        std::string failure;
        try {
            co_await round();
        } catch (const std::exception& e) {
            failure = e.what();
        }
        if (rounds_.stopping()) break;
        if (!failure.empty()) log::warning("sweep.failed", {{"reason", failure}});
        co_await rounds_.rest(failure.empty() ? settings_.interval : std::min(settings_.interval, after_failure));
    }
}

asio::awaitable<void> Sweeper::round() {
    if (!known_) {
        so_far_ = co_await offload(reading_, past_.runs);
        known_ = true;
    }
    const auto now = to_ms(clock_.now());
    const bool first = so_far_.covered_until_ms == 0;
    if (first || !so_far_.walk_id.empty() || now - so_far_.walked_at_ms > settings_.walk_interval.count()) {
        co_await walk();
        co_return;
    }
    if (now - so_far_.hires_read_at_ms > settings_.hires_interval.count()) co_await read_hires_again();
    const auto asked = rounds_.take_asked();
    // Who asks wants all of it, and takes it that no webhook has had its time.
    const auto until = asked ? now : now - settings_.leave_alone.count();
    std::string run_id = asked ? asked->run_id() : std::string{};
    co_await sweep(std::move(run_id), until);
}

asio::awaitable<void> Sweeper::sweep(std::string run_id, std::int64_t until_ms) {
    v1::Run run = book_.begin(sweep_kind, std::move(run_id));
    const auto since = std::max<std::int64_t>(1, so_far_.covered_until_ms - settings_.overlap.count());
    lever::Window window;
    window.updated_since_ms = since;
    window.updated_until_ms = until_ms;
    Counts counts{{"deleted", 0}, {"opportunities", 0}, {"pages", 0}, {"unreadable", 0}};
    co_await cover(run, std::move(window), lever::Priority::sweep, counts);
    const auto deleted = co_await api_.deleted_since(from_ms(since), lever::Priority::sweep);
    if (!deleted) throw std::runtime_error{deleted.error().message()};
    for (const auto& [id, at] : *deleted) {
        std::string opportunity = id;
        reader_.forget(opportunity);  // it was still there when it was read
        co_await hint(std::move(opportunity), run);
        ++counts["deleted"];
    }
    run.set_checkpoint(std::to_string(until_ms));
    co_await finish(std::move(run), std::move(counts));
    so_far_.covered_until_ms = std::max(so_far_.covered_until_ms, until_ms);
}

asio::awaitable<void> Sweeper::walk() {
    v1::Run run = book_.begin(walk_kind, so_far_.walk_id);
    lever::Window window;
    if (!so_far_.walk_id.empty()) {
        run.set_began_ms(so_far_.walk_began_ms);
        window.offset = so_far_.walk_offset;
    }
    so_far_.walk_id.clear();
    Counts counts{{"opportunities", 0}, {"pages", 0}, {"unreadable", 0}};
    co_await book_.tell(run, v1::RUN_STATE_STARTED, counts);
    co_await cover(run, std::move(window), lever::Priority::walk, counts);
    // What changed since it began is the next sweep's.
    const auto until = run.began_ms() - settings_.leave_alone.count();
    const auto began = run.began_ms();
    run.set_checkpoint(std::to_string(until));
    co_await finish(std::move(run), std::move(counts));
    so_far_.covered_until_ms = std::max(so_far_.covered_until_ms, until);
    so_far_.walked_at_ms = began;
}

asio::awaitable<void> Sweeper::read_hires_again() {
    v1::Run run = book_.begin(hires_kind);
    const auto began = run.began_ms();
    const std::function<std::set<std::string>()> read = [this, began] { return past_.open_hires(began); };
    const auto open = co_await offload(reading_, read);
    for (const auto& id : open) {
        std::string opportunity = id;
        co_await hint(std::move(opportunity), run);
    }
    Counts counts{{"hires", static_cast<std::int64_t>(open.size())}};
    co_await finish(std::move(run), std::move(counts));
    so_far_.hires_read_at_ms = began;
}

asio::awaitable<void> Sweeper::finish(v1::Run run, Counts counts) {
    const std::string kind = run.kind();
    co_await book_.tell(std::move(run), v1::RUN_STATE_FINISHED, std::move(counts));
    metrics_.counter(metrics::sweeps, {{"kind", kind}}).add();
}

asio::awaitable<void> Sweeper::cover(v1::Run& run, lever::Window window, lever::Priority priority, Counts& counts) {
    const bool walk = run.kind() == walk_kind;
    // A walk has no window that would leave alone what a webhook may still claim.
    const auto leave_alone_from =
        walk ? run.began_ms() - settings_.leave_alone.count() : std::numeric_limits<std::int64_t>::max();
    bool begun_anew = false;
    while (!rounds_.stopping()) {
        auto page = co_await api_.page(window, priority);
        if (!page && page.error() == lever::Errc::bad_offset && !begun_anew) {
            begun_anew = true;
            window.offset.clear();
            continue;
        }
        if (!page) throw std::runtime_error{page.error().message()};
        ++counts["pages"];
        for (const auto& read : page->reads) {
            std::string id = read.opportunity.id;
            if (read.opportunity.updated_at_ms > leave_alone_from) continue;
            reader_.offer(read);
            co_await hint(std::move(id), run);
            ++counts["opportunities"];
        }
        for (const auto& id : page->unreadable) {
            ++counts["unreadable"];
            log::warning("opportunity.unreadable", {{"opportunity", id}});
        }
        if (page->next.empty()) co_return;
        window.offset = page->next;
        if (!walk) continue;
        run.set_checkpoint(window.offset);
        co_await book_.tell(run, v1::RUN_STATE_CHECKPOINT, counts);
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

}  // namespace hirewire::source
