#include "tools/hirewire/config_check.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "common/config/schema.hpp"
#include "common/http/client.hpp"
#include "common/json/writer.hpp"
#include "common/runtime/service.hpp"
#include "common/sync/internal_api.hpp"
#include "tools/hirewire/config_declared.hpp"
#include "tools/hirewire/config_findings.hpp"
#include "tools/hirewire/vocabulary_file.hpp"

namespace hirewire::cli {
namespace {

namespace asio = boost::asio;

constexpr Milliseconds patience{10'000};
constexpr const char* the_other_way = " Or give --vocabulary FILE, with a saved answer of GET /internal/vocabulary.";

struct Internal {
    std::string url = "http://127.0.0.1:8085";
    std::string token{};
};

Internal read_internal(const std::string& file) {
    Internal internal;
    runtime::Common common;
    config::Schema schema;
    runtime::declare_common(schema, common);
    schema.section("internal", "")
        .open()
        .text("url", internal.url, "", config::a_url())
        .secret("token", internal.token, "HIREWIRE_INTERNAL_TOKEN", "", config::Need::optional);
    schema.load(file);
    return internal;
}

// Both outlive it.
asio::awaitable<void> ask(sync::InternalApi* api, std::optional<Result<sync::Vocabulary>>* answer) {
    *answer = co_await api->vocabulary();
}

sync::Vocabulary ask_lever_source(const std::string& file) {
    const Internal internal = read_internal(file);
    if (internal.token.empty()) {
        throw config::Error{
            "Lever's lists are asked of lever-source, and the token for that is not set: set the variable that "
            "internal.token_env names." +
            std::string{the_other_way}};
    }
    asio::io_context context;
    http::ClientSettings settings;
    settings.base_url = internal.url;
    const auto client = http::make_client(context.get_executor(), settings);
    sync::InternalApi api{*client, internal.token, patience};
    std::exception_ptr failure;
    std::optional<Result<sync::Vocabulary>> asked;
    asio::co_spawn(context, ask(&api, &asked), [&](std::exception_ptr f) {
        failure = f;
        context.stop();
    });
    context.run();
    if (failure) std::rethrow_exception(failure);
    auto& answer = asked.value();
    if (!answer) {
        throw std::runtime_error{
            "lever-source at " + internal.url + " does not tell Lever's lists: " + answer.error().message() + "." +
            the_other_way};
    }
    return std::move(*answer);
}

// A destination that the file has, and how many entries it names statuses by.
struct Looked {
    std::string section{};
    std::size_t entries = 0;
};

void print_json(const std::vector<Looked>& looked, const std::vector<Finding>& findings) {
    json::Writer out;
    out.begin_object().key("destinations").begin_array();
    for (const auto& one : looked) {
        out.begin_object().member("name", one.section);
        out.member("entries", static_cast<std::int64_t>(one.entries)).end_object();
    }
    out.end_array().key("findings").begin_array();
    for (const auto& finding : findings) {
        out.begin_object().member("kind", name_of(finding.kind)).member("key", finding.key);
        out.member("what", finding.what).member("remark", finding.remark);
        out.member("counts", counts(finding)).end_object();
    }
    out.end_array().end_object();
    std::printf("%s\n", out.text().c_str());
}

void print_table(const std::vector<Looked>& looked, const std::vector<Finding>& findings) {
    std::size_t kind_width = 0;
    std::size_t key_width = 0;
    std::size_t what_width = 0;
    for (const auto& finding : findings) {
        kind_width = std::max(kind_width, name_of(finding.kind).size());
        key_width = std::max(key_width, finding.key.size());
        what_width = std::max(what_width, finding.what.size());
    }
    for (const auto& finding : findings) {
        std::printf(
            "%-*s  %-*s  %-*s  %s\n",
            static_cast<int>(kind_width),
            std::string{name_of(finding.kind)}.c_str(),
            static_cast<int>(key_width),
            finding.key.c_str(),
            static_cast<int>(what_width),
            finding.what.c_str(),
            finding.remark.c_str());
    }
    if (!findings.empty()) std::printf("\n");
    for (const auto& one : looked) {
        const auto found = std::count_if(findings.begin(), findings.end(), [&](const Finding& finding) {
            return counts(finding) && finding.key.starts_with(one.section + ".");
        });
        std::printf(
            "%s: %zu names of stages and archive reasons, %s\n",
            one.section.c_str(),
            one.entries,
            found == 0 ? "nothing wrong with them" : (std::to_string(found) + " findings").c_str());
    }
}

bool has(const std::vector<std::string>& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

int check_config(const CheckCommand& command) {
    const auto& file = command.config_file;
    if (file.empty()) throw config::Error{"which configuration? Give --config, or set HIREWIRE_CONFIG."};
    const auto sections = sections_of(file);
    std::vector<std::shared_ptr<sync::Destination>> configured;
    for (const auto& declared : declarations()) {
        if (!has(sections, declared.section)) continue;
        load(declared, file);
        if (declared.destination) configured.push_back(declared.destination);
    }
    // A destination without a name in its section needs no lists.
    std::vector<Looked> looked;
    std::size_t all = 0;
    for (const auto& destination : configured) {
        Looked one;
        one.section = destination->name();
        for (const auto& named : destination->names()) one.entries += named.entries.size();
        all += one.entries;
        looked.push_back(one);
    }
    std::vector<Finding> findings;
    if (all > 0) {
        const auto vocabulary =
            command.vocabulary_file.empty() ? ask_lever_source(file) : read_vocabulary_file(command.vocabulary_file);
        for (const auto& destination : configured) {
            const auto more = findings_of(std::string{destination->name()}, destination->names(), vocabulary);
            findings.insert(findings.end(), more.begin(), more.end());
        }
    }
    command.as_json ? print_json(looked, findings) : print_table(looked, findings);
    return std::any_of(findings.begin(), findings.end(), &counts) ? 1 : 0;
}

}  // namespace hirewire::cli
