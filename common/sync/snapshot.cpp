#include "common/sync/snapshot.hpp"

#include <memory>

#include "common/core/uuid.hpp"

namespace hirewire::sync {

boost::asio::awaitable<std::int64_t> Snapshot::take(std::optional<std::int32_t> partition) {
    return take_from(ReplaySource::opportunities, partition);
}

boost::asio::awaitable<std::int64_t> Snapshot::take_postings() {
    return take_from(ReplaySource::postings, std::nullopt);
}

boost::asio::awaitable<std::int64_t> Snapshot::take_from(ReplaySource source, std::optional<std::int32_t> partition) {
    ReplayTerms terms;
    terms.run_id = "snapshot-" + random_uuid();
    terms.source = source;
    WritingHooks hooks;
    auto control = std::make_shared<WritingControl>();
    co_return co_await writer_.write(std::move(terms), std::move(hooks), std::move(control), partition);
}

}  // namespace hirewire::sync
