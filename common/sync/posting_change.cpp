#include "common/sync/posting_change.hpp"

#include <algorithm>
#include <utility>

#include "common/core/time.hpp"
#include "common/core/uuid.hpp"
#include "common/pipeline/history.hpp"

namespace hirewire::sync {
namespace {

// Room for the rank of a kind, as in the versions of other changes.
constexpr std::int64_t versions_per_ms = 16;

// When it was written first. A copy in a retry topic has another timestamp, and the same ce_time.
std::int64_t written_at_ms(const kafka::Record& record) {
    const auto time = parse_iso(kafka::header(record.headers, "ce_time"));
    return std::max<std::int64_t>(1, time ? to_ms(*time) : record.timestamp_ms);
}

v1::Change change_of(const kafka::Record& record, const PostingNews& news) {
    v1::Change change;
    change.set_kind(v1::CHANGE_KIND_POSTING);
    change.set_opportunity_id(news.id);
    change.set_occurred_at_ms(written_at_ms(record));
    change.set_version(change.occurred_at_ms() * versions_per_ms);
    change.set_change_id(uuid_v5({"posting", news.id, std::to_string(change.version())}));
    auto& facts = *change.mutable_posting();
    facts.set_id(news.id);
    if (!news.posting) return change;
    change.set_account(news.posting->account());
    facts.set_title(news.posting->title());
    facts.set_department(news.posting->department());
    facts.set_location(news.posting->location());
    facts.set_state(news.posting->state());
    facts.set_external(news.posting->external());
    facts.set_confidential(news.posting->confidential());
    return change;
}

bool from_postings(const kafka::Record& record) {
    return pipeline::read_origin(record).topic == postings_topic;
}

}  // namespace

std::optional<PostingNews> read_posting(const kafka::Record& record) {
    if (!from_postings(record) || record.key.empty()) return std::nullopt;
    PostingNews news;
    news.id = record.key;
    if (!record.value) return news;
    v1::Posting posting;
    if (!posting.ParseFromString(*record.value)) return std::nullopt;
    news.posting = std::move(posting);
    return news;
}

std::optional<v1::Change> read_change(const kafka::Record& record) {
    if (from_postings(record)) {
        const auto news = read_posting(record);
        return news ? std::optional{change_of(record, *news)} : std::nullopt;
    }
    v1::Change change;
    if (!record.value || !change.ParseFromString(*record.value)) return std::nullopt;
    // Only a posting's own record makes such a change.
    if (change.kind() == v1::CHANGE_KIND_POSTING) return std::nullopt;
    return change;
}

}  // namespace hirewire::sync
