#include "tools/hirewire/webhook_config.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "common/config/schema.hpp"
#include "common/lever/webhook_settings.hpp"
#include "common/runtime/service.hpp"

namespace hirewire::cli {
namespace {

constexpr const char* usual_variable = "LEVER_WEBHOOKS_KEY";

std::string trimmed(const std::string& text) {
    constexpr const char* space = " \t\r\n";
    const auto begin = text.find_first_not_of(space);
    if (begin == std::string::npos) return {};
    return text.substr(begin, text.find_last_not_of(space) - begin + 1);
}

std::string variable(const std::string& name) {
    const char* value = name.empty() ? nullptr : std::getenv(name.c_str());
    return value != nullptr ? trimmed(value) : std::string{};
}

std::string content(const std::string& file) {
    std::ifstream in{file};
    if (!in) throw config::Error{"lever.api_key_file: cannot read the file " + file + "."};
    std::ostringstream text;
    text << in.rdbuf();
    return trimmed(text.str());
}

// Where [lever] says that the key of lever-source is.
struct Configured {
    std::string variable = "LEVER_API_KEY";
    std::string file{};
};

std::string key_from(const std::string& named, const Configured& configured) {
    if (!named.empty()) {
        auto key = variable(named);
        if (key.empty()) throw config::Error{"the environment variable " + named + " is not set."};
        return key;
    }
    auto key = variable(usual_variable);
    if (key.empty()) key = configured.file.empty() ? variable(configured.variable) : content(configured.file);
    if (key.empty()) {
        throw config::Error{
            std::string{"no key for Lever: put one that may read and write webhooks into the variable "} +
            usual_variable + "."};
    }
    return key;
}

}  // namespace

WebhookConfig read_webhook_config(const std::string& file, const std::string& key_variable) {
    if (file.empty()) throw config::Error{"which installation? Give --config, or set HIREWIRE_CONFIG."};
    WebhookConfig found;
    Configured configured;
    found.tokens_variable = "LEVER_SIGNATURE_TOKENS";
    runtime::Common common;
    config::Schema schema;
    runtime::declare_common(schema, common);
    schema.section("lever", "")
        .open()
        .text("base_url", found.base_url, "", config::a_url(), config::Need::required)
        .text("api_key_env", configured.variable, "")
        .text("api_key_file", configured.file, "");
    schema.section("receiver", "")
        .open()
        .text("signature_tokens_env", found.tokens_variable, "")
        .text("signature_tokens_file", found.tokens_file, "");
    lever::declare_webhooks(schema, found.expected);
    schema.load(file);
    if (const auto fault = lever::fault_of(found.expected); !fault.empty()) {
        throw config::Error{file + ": " + fault};
    }
    found.key = key_from(key_variable, configured);
    return found;
}

}  // namespace hirewire::cli
