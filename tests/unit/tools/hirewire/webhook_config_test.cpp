#include "tools/hirewire/webhook_config.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "common/config/schema.hpp"

using namespace hirewire;
using cli::read_webhook_config;

namespace {

// Files under /tmp, and an environment without any of Lever's keys.
struct Bench {
    Bench() {
        for (const char* name : {"LEVER_WEBHOOKS_KEY", "LEVER_API_KEY", "A_KEY"}) ::unsetenv(name);
    }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;
    ~Bench() {
        for (const char* name : {"LEVER_WEBHOOKS_KEY", "LEVER_API_KEY", "A_KEY"}) ::unsetenv(name);
        std::remove(file.c_str());
        std::remove(key_file.c_str());
    }
    cli::WebhookConfig read(const std::string& text, const std::string& key_variable = {}) const {
        std::ofstream{file} << text;
        return read_webhook_config(file, key_variable);
    }

    std::string file = "/tmp/hirewire-webhooks-" + std::to_string(::getpid()) + ".toml";
    std::string key_file = file + ".key";
};

void set(const char* name, const char* value) {
    REQUIRE(::setenv(name, value, 1) == 0);
}

}  // namespace

// Protects the first registration: the file of tokens is not there yet, other programs' secrets are not the
// operator's, and their keys in the same sections are none of this command's business.
TEST_CASE("webhook config: it reads where things are without the services' secrets") {
    const Bench b;
    set("LEVER_WEBHOOKS_KEY", " write-key\n");
    const auto found = b.read(R"(
[lever]
base_url = "http://127.0.0.1:8090/v1"
api_key_file = "/nowhere/key"
burst = 10
[lever.webhooks]
url = "https://hooks.example.com/webhooks/lever"
events = ["candidateHired"]
[receiver]
port = 0
signature_tokens_file = "/nowhere/tokens"
[receiver.tls]
key_file = "k"
[lever-source]
slots = 7
)");
    CHECK(found.key == "write-key");
    CHECK(found.base_url == "http://127.0.0.1:8090/v1");
    CHECK(found.tokens_file == "/nowhere/tokens");
    CHECK(found.expected.url == "https://hooks.example.com/webhooks/lever");
    CHECK(found.expected.events == std::vector<std::string>{"candidateHired"});
}

// Protects the defaults, which must be those of the services.
TEST_CASE("webhook config: what the file leaves out is as the services have it") {
    const Bench b;
    set("LEVER_API_KEY", "read-key");
    const auto found = b.read("");
    CHECK(found.key == "read-key");
    CHECK(found.base_url == "https://api.lever.co/v1");
    CHECK(found.tokens_file.empty());
    CHECK(found.tokens_variable == "LEVER_SIGNATURE_TOKENS");
    CHECK(found.expected.url.empty());
    CHECK(found.expected.events.size() == 6);
}

// Protects against writing with a key that was not meant.
TEST_CASE("webhook config: the named variable wins, then LEVER_WEBHOOKS_KEY, then the configured key") {
    const Bench b;
    std::ofstream{b.key_file} << "from-file\n";
    const std::string text = "[lever]\napi_key_file = \"" + b.key_file + "\"\n";
    CHECK(b.read(text).key == "from-file");
    set("LEVER_WEBHOOKS_KEY", "write-key");
    CHECK(b.read(text).key == "write-key");
    CHECK_THROWS_AS(b.read(text, "A_KEY"), config::Error);
    set("A_KEY", "a-key");
    CHECK(b.read(text, "A_KEY").key == "a-key");
}

// Protects the operator from a stack of guesses: each mistake is a config::Error, which the program prints.
TEST_CASE("webhook config: no key, a misspelt event, a misspelt key or no file at all is refused") {
    const Bench b;
    CHECK_THROWS_AS(b.read(""), config::Error);
    set("LEVER_WEBHOOKS_KEY", "write-key");
    CHECK_THROWS_AS(b.read("[lever.webhooks]\nevents = [\"candidateMoved\"]\n"), config::Error);
    CHECK_THROWS_AS(b.read("[lever.webhooks]\nevent = [\"candidateHired\"]\n"), config::Error);
    CHECK_THROWS_AS(b.read("[lever.webhooks]\nurl = \"hooks.example.com\"\n"), config::Error);
    CHECK_THROWS_AS(b.read("[receiver]\nsignature_tokens_file = 1\n"), config::Error);
    CHECK_THROWS_AS(read_webhook_config("", ""), config::Error);
}
