#include "services/sync-cluster/retelling.hpp"

#include <utility>

#include "common/sync/replay.hpp"

namespace hirewire::cluster {
namespace {

namespace asio = boost::asio;

asio::awaitable<void> say_nothing(sync::ReplayProgress) {
    co_return;
}

class ByReplay final : public Retelling {
public:
    asio::awaitable<Told> tell(sync::TaskTools& tools, sync::ReplayTerms terms) override {
        if (!replay_) {
            replay_ = std::make_unique<sync::Replay>(
                tools.executor, tools.kafka, tools.producer, tools.clock, tools.destination);
        }
        const sync::Replay::Tell tell_nobody = &say_nothing;
        const sync::ReplayProgress progress = co_await replay_->run(std::move(terms), tell_nobody);
        co_return told_by(progress);
    }
    void stop() override {
        if (replay_) replay_->stop();
    }

private:
    std::unique_ptr<sync::Replay> replay_;
};

}  // namespace

Told told_by(const sync::ReplayProgress& progress) {
    const auto shadow = progress.outcomes.find("shadow");
    const bool kept_back = shadow != progress.outcomes.end() && shadow->second > 0;
    return progress.done && !kept_back ? Told::all : Told::not_all;
}

std::unique_ptr<Retelling> make_retelling() {
    return std::make_unique<ByReplay>();
}

}  // namespace hirewire::cluster
