#include "services/lever-source/lever_source.hpp"

#include "common/runtime/engine_service.hpp"

namespace hirewire::source {

namespace asio = boost::asio;

runtime::Endpoint LeverSource::admin() const {
    return {.address = settings_.address, .port = settings_.admin_port};
}

asio::awaitable<void> LeverSource::start(runtime::Runtime& runtime) {
    const auto& common = runtime.common();
    const auto executor = runtime.context().get_executor();
    store_ = redis::make_store(executor, common.redis);
    co_await runtime::check_redis(*store_, common.redis, runtime::Patience::endless);
    producer_ = kafka::make_producer(executor, common.kafka);
    api_ = lever::make_api(executor, settings_.lever, runtime.clock(), runtime.metrics());
    Library::Lifetimes lifetimes;
    lifetimes.posting = settings_.posting_cache;
    lifetimes.person = settings_.person_cache;
    library_ = std::make_unique<Library>(*api_, runtime.clock(), lifetimes, settings_.start_date_field);
    people_ = std::make_unique<People>(*api_, *library_, settings_.internal_token);
    http::ServerSettings server;
    server.address = settings_.address;
    server.port = settings_.port;
    server_ = std::make_unique<http::Server>(runtime.context(), server, people_->handler());

    SourceSettings source;
    source.account = common.account;
    source.cluster_link_prefix = settings_.cluster_link_prefix;
    source.kafka = common.kafka;
    source_ =
        std::make_unique<Source>(source, *api_, *library_, *store_, *producer_, runtime.clock(), runtime.metrics());
    consumer_ = kafka::make_consumer(executor, common.kafka, "hirewire.lever-source", Source::topics());
    pipeline::CoreSettings core;
    core.slots = settings_.slots;
    engine_ = std::make_unique<pipeline::Engine>(executor, *consumer_, *source_, runtime.clock(), core);
    runtime::run_engine(runtime, *engine_, *consumer_, "lever");
}

asio::awaitable<void> LeverSource::stop() {
    if (server_) server_->stop();
    if (engine_) co_await engine_->stop();
}

void LeverSource::reload() {
    if (!engine_) return;
    api_->use_key(settings_.lever.key);
    people_->use_token(settings_.internal_token);
    engine_->release_hold();
}

std::optional<std::uint16_t> LeverSource::port() const {
    if (!server_) return std::nullopt;
    return server_->port();
}

}  // namespace hirewire::source
