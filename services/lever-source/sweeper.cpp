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

}  // namespace

Sweeper::Sweeper(
    asio::any_io_executor executor,
    SweepSettings settings,
    Past past,
    lever::Api& api,
    Library& library,
    Reader& reader,
    RunBook& book,
    kafka::Producer& producer,
    const Clock& clock,
    metrics::Registry& metrics)
    : settings_{std::move(settings)},
      past_{std::move(past)},
      api_{api},
      library_{library},
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
    const std::function<asio::awaitable<void>()> one = [this] { return round(); };
    co_await rounds_.run(one, settings_.interval, "sweep.failed");
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
    }
    const auto asked = rounds_.take_asked();
    // Who asks wants all of it, and takes it that no webhook has had its time.
    const auto until = asked.empty() ? now - settings_.leave_alone.count() : to_ms(clock_.now());
    std::vector<v1::Run> runs;
    for (const auto& one : asked) runs.push_back(book_.begin(sweep_kind, one.run_id()));
    if (runs.empty()) runs.push_back(book_.begin(sweep_kind));
    std::string failure;
    try {
        co_await sweep(runs, until);
    } catch (const std::exception& e) {
        failure = e.what();
    }
    if (!failure.empty()) {
        if (asked.empty()) throw std::runtime_error{failure};
        const Counts none;
        for (const auto& run : runs) co_await book_.tell(run, v1::RUN_STATE_FAILED, none);
        throw std::runtime_error{failure};
    }
    if (now - so_far_.hires_read_at_ms > settings_.hires_interval.count()) co_await read_hires_again();
}

asio::awaitable<void> Sweeper::sweep(const std::vector<v1::Run>& runs, std::int64_t until_ms) {
    v1::Run run = runs.front();
    const auto since = std::max<std::int64_t>(1, so_far_.covered_until_ms - settings_.overlap.count());
    lever::Window window;
    window.updated_since_ms = since;
    window.updated_until_ms = until_ms;
    Counts counts{{"deleted", 0}, {"opportunities", 0}, {"pages", 0}, {"unreadable", 0}};
    co_await hint_deleted(run, since, lever::Priority::sweep, counts);
    co_await cover(run, std::move(window), lever::Priority::sweep, counts);
    for (auto one : runs) {
        one.set_checkpoint(std::to_string(until_ms));
        co_await finish(std::move(one), counts);
    }
}

asio::awaitable<void> Sweeper::walk() {
    const bool goes_on = !so_far_.walk_id.empty();
    v1::Run run = book_.begin(walk_kind, so_far_.walk_id);
    lever::Window window;
    Counts counts{{"deleted", 0}, {"opportunities", 0}, {"pages", 0}, {"unreadable", 0}};
    if (goes_on) {
        run.set_began_ms(so_far_.walk_began_ms);
        window.offset = so_far_.walk_offset;
    } else {
        co_await book_.tell(run, v1::RUN_STATE_STARTED, counts);
    }
    // It lists what is there: what went since the last sweep has to be asked for, too.
    if (so_far_.covered_until_ms != 0) {
        const auto since = so_far_.covered_until_ms - settings_.overlap.count();
        co_await hint_deleted(run, since, lever::Priority::walk, counts);
    }
    co_await cover(run, std::move(window), lever::Priority::walk, counts);
    // What changed since it began is the next sweep's.
    run.set_checkpoint(std::to_string(run.began_ms() - settings_.leave_alone.count()));
    co_await finish(std::move(run), std::move(counts));
}

asio::awaitable<void> Sweeper::hint_deleted(
    const v1::Run& run, std::int64_t since_ms, lever::Priority priority, Counts& counts) {
    const auto deleted = co_await library_.deleted_since(from_ms(since_ms), priority);
    if (!deleted) throw std::runtime_error{deleted.error().message()};
    for (const auto& [id, at] : *deleted) {
        std::string opportunity = id;
        reader_.forget(opportunity);  // it was still there when it was read
        co_await hint(std::move(opportunity), run);
        ++counts["deleted"];
    }
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
}

// Told, and remembered as whoever reads hiring.runs would.
asio::awaitable<void> Sweeper::finish(v1::Run run, Counts counts) {
    const auto told = co_await book_.tell(std::move(run), v1::RUN_STATE_FINISHED, std::move(counts));
    add_run(so_far_, told);
    metrics_.counter(metrics::sweeps, {{"kind", told.kind()}}).add();
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
            so_far_.walk_id.clear();
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
        const auto told = co_await book_.tell(run, v1::RUN_STATE_CHECKPOINT, counts);
        add_run(so_far_, told);
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
