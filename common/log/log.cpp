#include "common/log/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "common/core/overloaded.hpp"
#include "common/core/time.hpp"
#include "common/json/writer.hpp"

namespace hirewire::log {
namespace {

struct State {
    std::string service = "hirewire";
    Format format = Format::json;
    std::shared_ptr<spdlog::logger> logger = make();

    static std::shared_ptr<spdlog::logger> make() {
        auto logger = std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        logger->set_pattern("%v");
        return logger;
    }
};

State& state() {
    static State s;
    return s;
}

spdlog::level::level_enum spdlog_level(Level level) {
    switch (level) {
        case Level::debug:
            return spdlog::level::debug;
        case Level::info:
            return spdlog::level::info;
        case Level::warning:
            return spdlog::level::warn;
        case Level::error:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

std::string_view name_of(Level level) {
    switch (level) {
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warning:
            return "warning";
        case Level::error:
            return "error";
    }
    return "info";
}

std::string as_json(Level level, std::string_view event, std::initializer_list<Field> fields) {
    json::Writer out;
    out.begin_object();
    out.member("time", iso_time(SystemClock{}.now()));
    out.member("level", name_of(level));
    out.member("service", state().service);
    out.member("event", event);
    for (const auto& field : fields) {
        out.key(field.name);
        std::visit(
            overloaded{
                [&](std::string_view v) { out.string(v); },
                [&](std::int64_t v) { out.integer(v); },
                [&](bool v) { out.boolean(v); }},
            field.value.get());
    }
    out.end_object();
    return out.text();
}

std::string as_text(Level level, std::string_view event, std::initializer_list<Field> fields) {
    std::string line = iso_time(SystemClock{}.now());
    line += ' ';
    line += name_of(level);
    line += ' ';
    line += event;
    for (const auto& field : fields) {
        line += ' ';
        line += field.name;
        line += '=';
        std::visit(
            overloaded{
                [&](std::string_view v) { line += v; },
                [&](std::int64_t v) { line += std::to_string(v); },
                [&](bool v) { line += v ? "true" : "false"; }},
            field.value.get());
    }
    return line;
}

}  // namespace

void set_up(std::string service, Level level, Format format) {
    state().service = std::move(service);
    state().format = format;
    state().logger->set_level(spdlog_level(level));
    state().logger->flush_on(spdlog::level::debug);
}

void write(Level level, std::string_view event, std::initializer_list<Field> fields) {
    const auto at = spdlog_level(level);
    if (!state().logger->should_log(at)) return;
    const std::string line =
        state().format == Format::json ? as_json(level, event, fields) : as_text(level, event, fields);
    state().logger->log(at, "{}", line);
}

}  // namespace hirewire::log
