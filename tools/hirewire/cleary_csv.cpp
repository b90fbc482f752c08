#include "tools/hirewire/cleary_csv.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/config/schema.hpp"
#include "common/core/sleep.hpp"
#include "common/core/time.hpp"
#include "common/http/client.hpp"
#include "common/json/writer.hpp"
#include "common/kafka/probe.hpp"
#include "common/runtime/service.hpp"
#include "common/sync/judge.hpp"
#include "common/sync/person.hpp"
#include "services/sync-cleary/calendar.hpp"
#include "services/sync-cleary/cleary.hpp"
#include "services/sync-cleary/csv.hpp"
#include "services/sync-cleary/report.hpp"
#include "services/sync-cleary/sources.hpp"

namespace hirewire::cli {
namespace {

namespace asio = boost::asio;

constexpr Milliseconds patience{30'000};
// lever-source answers 503 while Lever's request budget is spent.
constexpr int most_attempts = 10;
constexpr Milliseconds usual_pause{2'000};

struct Configured {
    std::string internal_url = "http://127.0.0.1:8085";
    std::string internal_token{};
    cleary::Settings rules{};
    bool confidential = false;
};

Configured read_config(const std::string& file) {
    if (file.empty()) throw config::Error{"which installation? Give --config, or set HIREWIRE_CONFIG"};
    Configured configured;
    runtime::Common common;
    config::Schema schema;
    runtime::declare_common(schema, common);
    schema.section("internal", "The API by which lever-source is asked who somebody is.")
        .open()
        .text("url", configured.internal_url, "Where it is.", config::a_url(), config::Need::required)
        .secret("token", configured.internal_token, "HIREWIRE_INTERNAL_TOKEN", "Its bearer token.");
    auto& section = schema.section("cleary", "The destination cleary.").open();
    section.flag("confidential", configured.confidential, "Whether confidential candidates are written.");
    cleary::declare(section, configured.rules);
    schema.load(file);
    return configured;
}

struct Gap {
    std::string opportunity{};
    std::string reason{};
};
struct Written {
    std::string text = cleary::csv_header();
    std::int64_t rows = 0;
    std::vector<Gap> gaps{};
};

// Nothing when Lever does not show the person.
asio::awaitable<std::optional<sync::Person>> ask(http::Client& client, std::string token, std::string opportunity) {
    std::string trouble;
    for (int attempt = 1; attempt <= most_attempts; ++attempt) {
        http::Request request = sync::person_request(opportunity, token, true);
        const auto answer = co_await client.send(std::move(request), patience);
        if (answer && (answer->status == 401 || answer->status == 403)) {
            throw std::runtime_error{"lever-source refuses the token; is internal.token_env right?"};
        }
        const auto told = sync::read_person_answer(answer);
        if (told.trouble.empty()) co_return told.person;
        trouble = told.trouble;
        Milliseconds pause = usual_pause;
        if (answer) pause = sync::retry_after(*answer).value_or(usual_pause);
        if (attempt < most_attempts) co_await sleep_for(pause);
    }
    throw std::runtime_error{"it is not known who is hired: " + trouble};
}

asio::awaitable<Written> collect(
    Configured configured, cleary::Selection selection, cleary::Endings last_words, cleary::Days days) {
    const auto executor = co_await asio::this_coro::executor;
    http::ClientSettings settings;
    settings.base_url = configured.internal_url;
    const auto client = http::make_client(executor, settings);
    Written written;
    for (const auto& hire : selection.governing) {
        if (hire.confidential && !configured.confidential) {
            written.gaps.push_back(Gap{hire.opportunity_id, "confidential"});
            continue;
        }
        if (auto reason = cleary::why_not_imported(last_words, hire.opportunity_id); !reason.empty()) {
            written.gaps.push_back(Gap{hire.opportunity_id, std::move(reason)});
            continue;
        }
        const auto person = co_await ask(*client, configured.internal_token, hire.opportunity_id);
        const auto row = cleary::csv_row(hire, person, days);
        if (const auto* made = std::get_if<cleary::CsvRow>(&row)) {
            written.text += made->text;
            ++written.rows;
        } else {
            written.gaps.push_back(Gap{hire.opportunity_id, std::get<cleary::CsvGap>(row).reason});
        }
    }
    co_return written;
}

Written collect_all(
    const Configured& configured,
    const cleary::Selection& selection,
    const cleary::Endings& last_words,
    const cleary::Days& days) {
    asio::io_context context;
    std::exception_ptr failure;
    Written written;
    asio::co_spawn(
        context, collect(configured, selection, last_words, days), [&](std::exception_ptr f, Written result) {
            failure = f;
            written = std::move(result);
            context.stop();
        });
    context.run();
    if (failure) std::rethrow_exception(failure);
    return written;
}

[[noreturn]] void give_up(const std::string& what, const std::string& file) {
    throw std::runtime_error{what + " " + file + ": " + std::strerror(errno)};
}

// For its owner alone, and whole or not at all: it appears under its name when all of it is on the disk.
void save(const std::string& file, const std::string& text) {
    std::string name = file + ".XXXXXX";
    const int descriptor = mkstemp(name.data());
    if (descriptor < 0) give_up("cannot write beside", file);
    std::size_t done = 0;
    bool good = fchmod(descriptor, S_IRUSR | S_IWUSR) == 0;
    while (good && done < text.size()) {
        const auto count = write(descriptor, text.data() + done, text.size() - done);
        if (count < 0 && errno == EINTR) continue;
        good = count > 0;
        if (good) done += static_cast<std::size_t>(count);
    }
    good = good && fsync(descriptor) == 0;
    good = close(descriptor) == 0 && good;
    if (good && rename(name.c_str(), file.c_str()) == 0) return;
    const int why = errno;
    unlink(name.c_str());
    errno = why;
    give_up("cannot write", file);
}

void print(const Written& written, const std::string& file, bool as_json) {
    if (!as_json) {
        std::printf("%lld people are in %s.\n", static_cast<long long>(written.rows), file.c_str());
        if (!written.gaps.empty()) std::fprintf(stderr, "%zu are left out:\n", written.gaps.size());
        for (const auto& gap : written.gaps) {
            std::fprintf(stderr, "not in it: opportunity %s: %s\n", gap.opportunity.c_str(), gap.reason.c_str());
        }
        return;
    }
    json::Writer out;
    out.begin_object().member("file", file).member("rows", written.rows).key("left_out").begin_array();
    for (const auto& gap : written.gaps) {
        out.begin_object().member("opportunity", gap.opportunity).member("reason", gap.reason).end_object();
    }
    std::printf("%s\n", out.end_array().end_object().text().c_str());
}

}  // namespace

int write_cleary_csv(const ClearyCsvCommand& command) {
    const auto configured = read_config(command.config_file);
    kafka::check_broker(command.kafka);
    const SystemClock clock;
    const auto selection = cleary::select(cleary::read_hires(command.kafka).standing(), configured.rules);
    cleary::Days days;
    days.today = cleary::local_date(clock.now(), configured.rules.time_zone);
    days.on_the_day = configured.rules.today_is == "preboarding" ? cleary::Bucket::new_hires_preboarding
                                                                 : cleary::Bucket::action_needed;
    const auto written = collect_all(configured, selection, cleary::read_last_words(command.kafka), days);
    save(command.file, written.text);
    print(written, command.file, command.as_json);
    return written.gaps.empty() ? 0 : 1;
}

}  // namespace hirewire::cli
