#include "services/lever-source/postings.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "common/core/offload.hpp"
#include "common/core/uuid.hpp"
#include "common/kafka/reader.hpp"
#include "common/log/log.hpp"
#include "hirewire/v1/posting.pb.h"

namespace hirewire::source {
namespace {

namespace asio = boost::asio;

const std::string postings_topic = "hiring.postings";
constexpr std::chrono::minutes after_broken_listing{5};
constexpr std::chrono::hours deleted_window{24 * 29};  // Lever lists thirty days

v1::Posting record_of(const lever::Advert& advert, const std::string& account) {
    const auto& p = advert.posting;
    v1::Posting out;
    out.set_id(p.id);
    out.set_account(account);
    out.set_title(p.title);
    out.set_description_html(advert.description_html);
    out.set_department(p.department);
    out.set_location(p.location);
    out.set_state(p.state);
    out.set_url(advert.url);
    out.set_created_at_ms(advert.created_at_ms);
    out.set_updated_at_ms(advert.updated_at_ms);
    out.set_external(p.external);
    return out;
}

}  // namespace

PostingsSoFar read_postings(const kafka::Settings& settings) {
    PostingsSoFar so_far;
    so_far.runs = read_runs(settings);
    const auto keep = [&so_far](const kafka::Record& record) {
        if (record.value) {
            so_far.known[record.key] = crypto::sha256(*record.value);
        } else {
            so_far.known.erase(record.key);
        }
    };
    kafka::read_all(settings, postings_topic, keep);
    return so_far;
}

Postings::Postings(
    const asio::any_io_executor& executor,
    PostingsSettings settings,
    std::function<PostingsSoFar()> read_so_far,
    lever::Api& api,
    Library& library,
    RunBook& book,
    kafka::Producer& producer,
    const Clock& clock,
    metrics::Registry& metrics)
    : settings_{std::move(settings)},
      read_so_far_{std::move(read_so_far)},
      api_{api},
      library_{library},
      book_{book},
      producer_{producer},
      clock_{clock},
      implausible_{metrics.gauge(metrics::postings_implausible)},
      rounds_{executor} {}

Postings::~Postings() {
    reading_.stop();
    reading_.join();
}

asio::awaitable<void> Postings::run() {
    const std::function<asio::awaitable<void>()> one = [this] { return round(); };
    co_await rounds_.run(one, settings_.interval, "postings.failed");
}

asio::awaitable<void> Postings::round() {
    if (!read_) {
        so_far_ = co_await offload(reading_, read_so_far_);
        followed_until_ms_ = so_far_.runs.listed_at_ms;
        next_listing_ms_ = so_far_.runs.listed_at_ms + settings_.complete_interval.count();
        read_ = true;
    }
    const auto asked = rounds_.take_asked();
    for (const auto& one : asked) {
        v1::Run run = book_.begin(postings_kind, one.run_id());
        const Guard guard = one.force() ? Guard::off : Guard::on;
        co_await list_all(std::move(run), guard);
    }
    if (asked.empty() && to_ms(clock_.now()) >= next_listing_ms_) {
        v1::Run run = book_.begin(postings_kind, std::exchange(failed_run_, {}));
        co_await list_all(std::move(run), Guard::on);
    }
    if (so_far_.runs.listed_at_ms != 0) co_await follow();
}

asio::awaitable<void> Postings::list_all(v1::Run run, Guard guard) {
    const auto now = to_ms(clock_.now());
    std::string failure;
    bool implausible = false;
    try {
        implausible = co_await list_and_bury(run, guard);
    } catch (const std::exception& e) {
        failure = e.what();
    }
    implausible_.set(implausible ? 1 : 0);
    // Whatever is wrong, all of it is not read again and again; what changes is followed meanwhile.
    const bool again_soon = !failure.empty() && !rounds_.stopping();
    next_listing_ms_ = now + (again_soon ? Milliseconds{after_broken_listing} : settings_.complete_interval).count();
    if (failure.empty() && !implausible) co_return;
    if (!failure.empty()) log::warning("postings.failed", {{"reason", failure}});
    failed_run_ = run.run_id();  // the next one is the same run
    Counts none;
    co_await book_.tell(std::move(run), v1::RUN_STATE_FAILED, std::move(none));
}

asio::awaitable<bool> Postings::list_and_bury(v1::Run run, Guard guard) {
    Counts counts{{"changed", 0}, {"gone", 0}, {"listed", 0}, {"unchanged", 0}};
    co_await book_.tell(run, v1::RUN_STATE_STARTED, counts);
    Listing now;
    lever::Window everything;
    now.listed = co_await list(std::move(everything), lever::Priority::walk, counts);
    now.deleted = co_await deleted_since(run.began_ms() - Milliseconds{deleted_window}.count());
    const auto repairs = compare(known_ids(), so_far_.runs.missed, now, guard);
    if (repairs.implausible) {
        log::error(
            "postings.implausible",
            {{"known", so_far_.known.size()},
             {"not_listed", repairs.vanished},
             {"hint",
              "more than half of the known postings are not listed any more: nothing is deleted. Look whether the "
              "API "
              "key may still see them; if they are really gone, hirewire run postings --force"}});
        co_return true;
    }
    for (const auto& id : repairs.gone)
        co_await bury(id, now.deleted.contains(id) ? Gone::deleted : Gone::missed, counts);
    counts["listed"] = static_cast<std::int64_t>(now.listed.size());
    counts["missed"] = static_cast<std::int64_t>(repairs.missed.size());
    run.set_checkpoint(missed_text(repairs.missed));
    const auto told = co_await book_.tell(run, v1::RUN_STATE_FINISHED, counts);
    add_run(so_far_.runs, told);
    followed_until_ms_ = std::max<std::int64_t>(followed_until_ms_, run.began_ms());
    co_return false;
}

asio::awaitable<void> Postings::follow() {
    const auto began = to_ms(clock_.now());
    const auto since = followed_until_ms_ - settings_.overlap.count();
    Counts counts;
    lever::Window window;
    window.updated_since_ms = std::max<std::int64_t>(1, since);
    co_await list(std::move(window), lever::Priority::sweep, counts);
    const auto deleted = co_await deleted_since(since);
    for (const auto& id : deleted) {
        if (so_far_.known.contains(id)) co_await bury(id, Gone::deleted, counts);
    }
    followed_until_ms_ = began;
}

asio::awaitable<std::set<std::string>> Postings::list(
    lever::Window window, lever::Priority priority, Counts& counts) {
    std::set<std::string> listed;
    bool begun_anew = false;
    while (!rounds_.stopping()) {
        const auto page = co_await api_.postings(window, priority);
        if (!page && page.error() == lever::Errc::bad_offset && !begun_anew) {
            begun_anew = true;
            window.offset.clear();
            listed.clear();
            continue;
        }
        if (!page) throw std::runtime_error{page.error().message()};
        for (const auto& advert : page->adverts) {
            listed.insert(advert.posting.id);
            co_await put(advert, counts);
        }
        if (page->next.empty()) co_return listed;
        window.offset = page->next;
    }
    throw std::runtime_error{"the process is ending"};
}

asio::awaitable<std::set<std::string>> Postings::deleted_since(std::int64_t since_ms) {
    const auto deleted = co_await api_.deleted_postings_since(from_ms(since_ms), lever::Priority::sweep);
    std::set<std::string> ids;
    // A key that may not see what was deleted: then two listings tell.
    if (deleted.has_error() &&
        (deleted.error() == lever::Errc::forbidden || deleted.error() == lever::Errc::not_found)) {
        co_return ids;
    }
    if (!deleted) throw std::runtime_error{deleted.error().message()};
    for (const auto& [id, at] : *deleted) ids.insert(id);
    co_return ids;
}

asio::awaitable<void> Postings::put(const lever::Advert& advert, Counts& counts) {
    const std::string& id = advert.posting.id;
    if (advert.posting.confidential) {
        if (so_far_.known.contains(id)) co_await bury(id, Gone::confidential, counts);
        library_.keep(advert.posting);
        co_return;
    }
    library_.keep(advert.posting);
    std::string value = record_of(advert, settings_.account).SerializeAsString();
    const auto fingerprint = crypto::sha256(value);
    const auto known = so_far_.known.find(id);
    if (known != so_far_.known.end() && known->second == fingerprint) {
        ++counts["unchanged"];
        co_return;
    }
    kafka::Message message;
    message.key = id;
    message.value = std::move(value);
    co_await write(std::move(message));
    so_far_.known[id] = fingerprint;
    ++counts["changed"];
}

asio::awaitable<void> Postings::bury(std::string id, Gone why, Counts& counts) {
    kafka::Message message;
    message.key = id;
    // Who guards against a listing that lacks too much need not doubt this one.
    if (why != Gone::missed) {
        message.headers.push_back({"hirewire-gone", why == Gone::deleted ? "deleted" : "confidential"});
    }
    co_await write(std::move(message));
    so_far_.known.erase(id);
    library_.forget_posting(id);
    ++counts["gone"];
    log::info("posting.gone", {{"posting", id}});
}

asio::awaitable<void> Postings::write(kafka::Message message) {
    message.topic = postings_topic;
    auto headers = kafka::cloud_event(
        random_uuid(),
        "hirewire:" + settings_.account,
        message.value ? "hirewire.posting" : "hirewire.posting.gone",
        iso_time(clock_.now()),
        "application/protobuf");
    message.headers.insert(message.headers.begin(), headers.begin(), headers.end());
    const auto written = co_await producer_.write(std::move(message));
    if (!written) throw std::runtime_error{"hiring.postings cannot be written: " + written.error().message()};
}

std::set<std::string> Postings::known_ids() const {
    std::set<std::string> ids;
    for (const auto& [id, fingerprint] : so_far_.known) ids.insert(id);
    return ids;
}

}  // namespace hirewire::source
