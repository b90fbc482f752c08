// A Lever account that has no webhooks for us yet: hirewire makes them, keeps their signature tokens where the
// receiver finds them, and what Lever posts under them arrives.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <string>

#include "common/crypto/hash.hpp"
#include "tests/e2e/installation.hpp"
#include "tests/support/http_call.hpp"

using namespace hirewire;
using namespace hirewire::testing;

namespace {

constexpr std::size_t events = 6;  // that Hirewire acts on
constexpr std::string_view older_token = "of-another-webhook-from-before";

struct Account {
    Installation the{{Service::receiver, Service::lever_source, Service::sync_clara}, {}};
    std::string token_file = the.stack.write("signature-tokens", std::string{older_token} + "\n");
    int commands = 0;
    std::vector<Setting> settings{
        {"receiver", "signature_tokens_file", in_quotes(token_file)},
        {"lever.webhooks",
         "url",
         in_quotes("http://127.0.0.1:" + std::to_string(the.stack[Service::receiver].port) + "/webhooks/lever")}};

    Account() {
        for (const auto& subscription : subscriptions()) remove(subscription);
        the.stack.restart(Service::receiver, settings);
        the.stack.restart(Service::lever_source, settings);
        the.stack.await_ready();
    }
    std::vector<std::string> subscriptions() const {
        std::vector<std::string> ids;
        const auto list = the.stack.lever("/v1/webhooks");
        for (const auto& item : list["data"].items()) ids.emplace_back(item["id"].string());
        return ids;
    }
    void remove(const std::string& id) const {
        http::Request request;
        request.method = http::Method::del;
        request.target = "/v1/webhooks/" + id;
        const auto key = the.stack.secrets().at("LEVER_API_KEY");
        request.headers.push_back({"Authorization", "Basic " + crypto::base64(key + ":")});
        REQUIRE(call(the.stack.sandbox_port(), request).status == 204);
    }
    Ended webhooks(std::vector<std::string> arguments) {
        Command command;
        command.program = program("");
        command.arguments = {"webhooks"};
        command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
        command.arguments.push_back("--config");
        command.arguments.push_back(the.stack.write("cli.toml", toml_text(the.stack.configuration(settings))));
        command.environment = the.stack.secrets();
        command.log_file = the.stack.path("webhooks-" + std::to_string(++commands) + ".log");
        const auto ended = run(command, Milliseconds{60'000});
        INFO(ended.output, ended.log);
        for (const auto& token : tokens()) {
            CHECK(ended.output.find(token) == std::string::npos);
            CHECK(ended.log.find(token) == std::string::npos);
        }
        return ended;
    }
    std::vector<std::string> tokens() const { return lines_of(read_file(token_file)); }
    double watched(const std::string& state) {
        return metric(
            the.stack[Service::lever_source].admin_port, "hirewire_webhook_subscriptions", "state=\"" + state + "\"");
    }
};

}  // namespace

TEST_CASE("missing webhooks are seen, made once, and what comes under their tokens is taken") {
    Account account;
    auto& the = account.the;
    const auto missing = [&] { return account.watched("missing") == events ? "" : "not seen"; };
    eventually("lever-source sees that all are missing", missing);

    const auto before = account.webhooks({"list"});
    CHECK(before.exit_code == 1);
    MESSAGE(before.output);
    const auto dry = account.webhooks({"register", "--dry-run"});
    CHECK(dry.exit_code == 0);
    CHECK(account.subscriptions().empty());

    const auto pid = std::to_string(the.stack[Service::receiver].process->pid());
    const auto made = account.webhooks({"register", "--receiver-pid", pid});
    MESSAGE(made.output);
    CHECK(made.exit_code == 0);
    CHECK(account.subscriptions().size() == events);
    REQUIRE(account.tokens().size() == events + 1);
    CHECK(account.tokens().front() == older_token);

    const auto after = account.webhooks({"list"});
    MESSAGE(after.output);
    CHECK(after.exit_code == 0);
    const auto again = account.webhooks({"register"});
    CHECK(again.exit_code == 0);
    CHECK(account.subscriptions().size() == events);
    CHECK(account.tokens().size() == events + 1);

    const auto everybody = the.add(3);
    the.move(everybody, "Recruiter screen");
    the.all_become_right();
    CHECK(metric(the.stack[Service::receiver].admin_port, "hirewire_webhooks_total", "result=\"accepted\"") >= 6);
    the.stack.restart(Service::lever_source, account.settings);
    const auto well = [&] { return account.watched("ok") == events ? "" : "not seen"; };
    eventually("lever-source sees that all is well", well);
}

TEST_CASE("a receiver that does not know the token fails Lever's test, and without a file for it nothing is made") {
    Account account;
    CHECK(account.webhooks({"register"}).exit_code == 0);
    const auto failed = account.webhooks({"verify"});
    MESSAGE(failed.output);
    CHECK(failed.exit_code == 1);
    account.the.stack.restart(Service::receiver, account.settings);
    const auto verified = account.webhooks({"verify"});
    MESSAGE(verified.output);
    CHECK(verified.exit_code == 0);

    for (const auto& subscription : account.subscriptions()) account.remove(subscription);
    account.settings.erase(account.settings.begin());
    const auto refused = account.webhooks({"register"});
    MESSAGE(refused.output, refused.log);
    CHECK(refused.exit_code != 0);
    CHECK(account.subscriptions().empty());
}
