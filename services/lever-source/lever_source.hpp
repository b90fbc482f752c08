#pragma once
// lever-source as a service: the engine over the raw topics, and the internal API, on one thread and one Lever
// budget.
#include <memory>

#include "common/http/server.hpp"
#include "common/kafka/consumer.hpp"
#include "common/runtime/leadership.hpp"
#include "common/runtime/service.hpp"
#include "services/lever-source/people.hpp"
#include "services/lever-source/postings.hpp"
#include "services/lever-source/settings.hpp"
#include "services/lever-source/source.hpp"
#include "services/lever-source/subscription_watch.hpp"
#include "services/lever-source/sweeper.hpp"

namespace hirewire::source {

class LeverSource final : public runtime::Service {
public:
    void declare(config::Schema& schema) override { source::declare(schema, settings_); }
    [[nodiscard]] std::string fault() const override;
    [[nodiscard]] runtime::Endpoint admin() const override;
    boost::asio::awaitable<void> start(runtime::Runtime& runtime) override;
    boost::asio::awaitable<void> stop() override;
    void reload() override;
    [[nodiscard]] std::optional<std::uint16_t> port() const override;

private:
    // From the moment on that this process is the active one.
    boost::asio::awaitable<void> go(runtime::Runtime& runtime);
    boost::asio::awaitable<void> take_over();
    boost::asio::awaitable<void> purge();
    http::Handler leading_only(http::Handler handler);
    // Opportunities that are hinted at and that nobody works on yet; those still in Kafka are counted by hints.
    [[nodiscard]] std::size_t backlog() const;

    bool going_ = false;
    // In the order of dependence.
    Settings settings_;
    std::unique_ptr<redis::Store> store_;
    std::unique_ptr<kafka::Producer> producer_;
    std::unique_ptr<lever::Api> api_;
    std::unique_ptr<Library> library_;
    std::unique_ptr<People> people_;
    std::unique_ptr<Reader> reader_;
    std::unique_ptr<Source> source_;
    std::unique_ptr<RunBook> book_;
    std::unique_ptr<Sweeper> sweeper_;
    std::unique_ptr<Postings> postings_;
    std::unique_ptr<SubscriptionWatch> watch_;
    std::unique_ptr<runtime::Leadership> leadership_;
    std::unique_ptr<kafka::Consumer> consumer_;
    std::unique_ptr<pipeline::Engine> engine_;
    std::unique_ptr<http::Server> server_;
};

}  // namespace hirewire::source
