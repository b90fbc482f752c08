#include "common/sync/latest_postings.hpp"

#include <algorithm>
#include <chrono>
#include <exception>

#include "common/core/offload.hpp"
#include "common/kafka/reader.hpp"
#include "common/log/log.hpp"
#include "common/sync/posting_change.hpp"

namespace hirewire::sync {
namespace {

namespace asio = boost::asio;

// What was written since the last look and is read so much later was waited with: others may stand behind it.
constexpr Milliseconds fresh{std::chrono::minutes{1}};

void keep_newest(LatestPostings::Versions& versions, const std::string& id, std::int64_t version) {
    auto& known = versions[id];
    known = std::max(known, version);
}

asio::awaitable<LatestPostings::Versions> read_versions(
    asio::thread_pool& pool, kafka::Settings settings, std::int32_t partition) {
    const std::function<LatestPostings::Versions()> work = [settings, partition] {
        LatestPostings::Versions versions;
        const auto add = [&versions](const kafka::Record& record) {
            if (const auto change = read_change(record)) keep_newest(versions, record.key, change->version());
        };
        kafka::ReadTerms terms;
        terms.partition = partition;
        kafka::read_all(settings, postings_topic, add, terms);
        return versions;
    };
    co_return co_await offload(pool, work);
}

}  // namespace

bool LatestPostings::is_due(const Seen& seen, std::int64_t written_at_ms) const {
    if (seen.looked_ms == 0) return true;
    return written_at_ms > seen.looked_ms && to_ms(clock_.now()) - written_at_ms > fresh.count();
}

asio::awaitable<bool> LatestPostings::look(std::int32_t partition, std::int64_t written_at_ms) {
    auto& seen = seen_[partition];
    if (!is_due(seen, written_at_ms)) co_return true;
    if (seen.looking) co_return false;
    seen.looking = true;
    const auto began_ms = to_ms(clock_.now());
    bool known = false;
    try {
        const Versions found = co_await read_(partition);
        for (const auto& [id, version] : found) keep_newest(newest_, id, version);
        seen.looked_ms = began_ms;
        known = true;
    } catch (const std::exception& e) {
        log::warning("postings.not_read", {{"partition", static_cast<int>(partition)}, {"reason", e.what()}});
    }
    seen.looking = false;
    co_return known;
}

void LatestPostings::note(const std::string& id, std::int64_t version) {
    keep_newest(newest_, id, version);
}

std::int64_t LatestPostings::newest(const std::string& id) const {
    const auto found = newest_.find(id);
    return found == newest_.end() ? 0 : found->second;
}

LatestPostings::Read read_postings_with(kafka::Settings settings, asio::thread_pool& pool) {
    return [settings = std::move(settings), &pool](std::int32_t partition) {
        return read_versions(pool, settings, partition);
    };
}

}  // namespace hirewire::sync
