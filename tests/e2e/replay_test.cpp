// Replays through the real binaries: what --dry-run foresees is what comes, a destination that has lost its data has
// it again, and neither a kill -9 nor a pause nor live traffic makes a difference to the counts.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/sync/effect_tally.hpp"
#include "tests/e2e/installation.hpp"
#include "tests/support/personal_data.hpp"

using namespace hirewire;
using namespace hirewire::testing;

namespace {

using Words = std::vector<std::string>;
using Counts = std::map<std::string, std::int64_t>;

constexpr int people = 40;
// Long enough for what must not come to have come.
constexpr std::chrono::seconds a_while{2};
// More is no matter of a replay's being in the way. How fast it is, is for benches.
constexpr std::int64_t soon_ms = 10'000;

Counts counts_in(json::Value object) {
    Counts counts;
    for (const auto& [name, value] : object.members()) counts[std::string{name}] = value.integer();
    return counts;
}

struct Scene {
    Installation the{
        {Service::receiver, Service::lever_source, Service::sync_clara, Service::sync_cluster, Service::sync_cleary},
        std::vector<Setting>{{"clara", "follow_up_statuses", R"(["On-site interview", "Reference check"])"}}};
    std::string config = the.stack.write("replay-cli.toml", toml_text(the.stack.configuration()));
    std::vector<std::string> everybody = the.add(people);
    int commands = 0;

    Scene() {
        for (int i = 0; i < 3; ++i) {
            const auto number = std::to_string(i);
            everybody.push_back(the.add(R"({"cluster":{"job":"job-7","candidate":"candidate-)" + number + "\"}}"));
            the.oracle.expect_at_cluster(everybody.back());
        }
        the.move(everybody, "Recruiter screen");
        the.move(everybody, "On-site interview");
        becomes_quiet();
    }

    Command command_of(Words words) {
        Command command;
        command.program = program("");
        command.arguments = std::move(words);
        command.arguments.insert(command.arguments.end(), {"--config", config});
        command.environment = the.stack.secrets();
        command.log_file = the.stack.path("replay-cli-" + std::to_string(++commands) + ".log");
        return command;
    }
    Ended run_cli(Words words) { return run(command_of(std::move(words)), Milliseconds{180'000}); }
    // The last line of what it prints, which is the whole of it but for a dry run.
    json::Document json_of(Words words) {
        words.emplace_back("--json");
        const auto ended = run_cli(std::move(words));
        INFO(ended.output, ended.log);
        REQUIRE(ended.exit_code == 0);
        const auto lines = lines_of(ended.output);
        REQUIRE_FALSE(lines.empty());
        auto document = json::Document::parse(lines.back());
        REQUIRE(document.has_value());
        return std::move(*document);
    }
    json::Document dry_run(Words flags, const std::string& destination = "clara") {
        flags.insert(flags.begin(), {"replay", "start", "--to", destination, "--dry-run"});
        auto summary = json_of(std::move(flags));
        CHECK(summary["dry_run"].boolean());
        return summary;
    }
    json::Document replay(Words flags, const std::string& destination = "clara") {
        flags.insert(flags.begin(), {"replay", "start", "--to", destination, "--yes"});
        auto report = json_of(std::move(flags));
        CHECK(report["state"].string() == "finished");
        return report;
    }
    json::Document status() { return json_of({"replay", "status"}); }
    void await_state(const std::string& state) {
        const auto wrong = [&]() -> std::string {
            const std::string now{status()["state"].string()};
            return now == state ? "" : now;
        };
        eventually("the replay is " + state, wrong, Milliseconds{120'000}, Milliseconds{500});
    }
    // All is right, and CLARA's outcomes say so: nothing would change.
    void becomes_quiet() {
        the.all_become_right();
        const auto wrong = [this]() -> std::string {
            const auto summary = dry_run({"--snapshot"});
            const bool quiet = summary["effects"]["no-op"].integer() == summary["resources"].integer() &&
                               summary["resources"].integer() == static_cast<std::int64_t>(everybody.size());
            return quiet ? "" : summary.root().text();
        };
        eventually("nothing would change", wrong, Milliseconds{60'000}, Milliseconds{500});
    }
    void lose_state() {
        the.stack.control(http::Method::del, "/_sandbox/clara/state");
        CHECK(the.oracle.difference() != "");
    }
    // The version of the newest change of this one that lever-source has written.
    std::int64_t emitted(const std::string& opportunity) {
        std::int64_t newest = 0;
        for (const auto& record : the.records("hiring.changes")) {
            v1::Change change;
            if (record.key != opportunity || !change.ParseFromString(record.value.value_or(""))) continue;
            newest = std::max(newest, change.version());
        }
        return newest;
    }
    json::Document sent_since(std::size_t from) {
        return the.stack.control("/_sandbox/clara/requests?from=" + std::to_string(from));
    }
    // How long each of these took from Lever to CLARA when it moves now, in milliseconds.
    std::vector<std::int64_t> latencies(const std::vector<std::string>& some, const std::string& stage) {
        const auto from = the.calls();
        std::map<std::string, std::int64_t> moved;
        for (const auto& one : some) moved[one] = the.move(one, stage);
        std::map<std::string, std::int64_t> took;
        const auto wrong = [&]() -> std::string {
            const auto log = sent_since(from);
            for (const auto& request : log.root().items()) {
                const std::string path{request["path"].string()};
                const bool live = request["body"].string().find(R"("backfill":false)") != std::string::npos;
                for (const auto& [one, at] : moved) {
                    if (!live || path.find(one) == std::string::npos) continue;
                    took.try_emplace(one, request["at"].integer() - at);
                }
            }
            return took.size() == moved.size() ? "" : std::to_string(took.size()) + " have arrived";
        };
        eventually("what moves now arrives", wrong, Milliseconds{60'000}, Milliseconds{100});
        std::vector<std::int64_t> all;
        for (const auto& [one, ms] : took) all.push_back(ms);
        std::sort(all.begin(), all.end());
        return all;
    }
};

Scene& scene() {
    static Scene one;
    return one;
}

std::int64_t p99(const std::vector<std::int64_t>& sorted) {
    return sorted.at(std::min(sorted.size() - 1, sorted.size() * 99 / 100));
}

void check_same(const json::Document& foreseen, const json::Document& report) {
    const auto counts = sync::in_expected_words(counts_in(report["counts"]));
    const auto expected = counts_in(foreseen["expected"]);
    INFO(foreseen.root().text(), "\n", report.root().text());
    CHECK(counts == expected);
    CHECK(foreseen["wanted"].integer() == report["counts"]["found"].integer());
}

// Answers where in Redis the text is, by the server's own search: "" when it is nowhere.
std::string found_in_redis(int port, const std::string& needle) {
    const std::string script =
        "local n=string.lower(ARGV[1]) local bad='' local c=0 "
        "for _,k in ipairs(redis.call('KEYS','*')) do "
        "local t=redis.call('TYPE',k)['ok'] local v={} "
        "if t=='string' then v={redis.call('GET',k)} "
        "elseif t=='hash' then v=redis.call('HGETALL',k) "
        "elseif t=='list' then v=redis.call('LRANGE',k,0,-1) "
        "elseif t=='set' then v=redis.call('SMEMBERS',k) "
        "elseif t=='zset' then v=redis.call('ZRANGE',k,0,-1) end "
        "v[#v+1]=k "
        "for _,s in ipairs(v) do c=c+1 if string.find(string.lower(s),n,1,true) then bad=k end end "
        "end "
        "if bad~='' then return redis.status_reply('found in '..bad) end "
        "return redis.status_reply('looked at '..c)";
    const auto answer = redis_command(port, "EVAL \"" + script + "\" 0 \"" + needle + "\"");
    CAPTURE(answer);
    CHECK((answer.starts_with("+found in ") || answer.starts_with("+looked at ")));
    CHECK(answer != "+looked at 0");
    return answer.starts_with("+found in ") ? answer.substr(10) : std::string{};
}

// Redis as it is ten minutes later when nobody writes meanwhile.
void pass_ten_minutes(int port) {
    const std::string script =
        "local gone=0 for _,k in ipairs(redis.call('KEYS','*')) do local left=redis.call('PTTL',k) "
        "if left>=0 and left<=600000 then redis.call('DEL',k) gone=gone+1 "
        "elseif left>0 then redis.call('PEXPIRE',k,left-600000) end end "
        "return redis.status_reply('gone '..gone)";
    const auto answer = redis_command(port, "EVAL \"" + script + "\" 0");
    CAPTURE(answer);
    CHECK(answer.starts_with("+gone "));
}

}  // namespace

TEST_CASE(
    "replay: a destination that lost its data has it again, as the dry run said, and nobody is asked anything") {
    auto& on = scene();
    auto& the = on.the;
    on.lose_state();
    const auto before = the.calls();
    const auto foreseen = on.dry_run({"--snapshot", "--force"});
    CHECK(the.calls() == before);
    CHECK(foreseen["expected"]["applied_or_unchanged"].integer() == static_cast<std::int64_t>(on.everybody.size()));
    CHECK(foreseen["calls"].integer() == static_cast<std::int64_t>(on.everybody.size()));

    const auto report = on.replay({"--snapshot", "--force"});
    check_same(foreseen, report);
    CHECK(foreseen["calls"].integer() == report["counts"]["calls"].integer());
    CHECK(the.oracle.difference() == "");
    CHECK(the.oracle.violations() == "");
    const auto log = on.sent_since(before);
    CHECK(log.root().size() == on.everybody.size());
    for (const auto& request : log.root().items()) {
        CHECK(request["body"].string().find(R"("follow_up":false)") != std::string::npos);
        CHECK(request["body"].string().find(R"("backfill":true)") != std::string::npos);
    }
}

TEST_CASE("replay: an intact destination is sent nothing by a plain replay, and the dry run says so") {
    auto& on = scene();
    auto& the = on.the;
    on.becomes_quiet();
    const auto before = the.calls();
    const auto foreseen = on.dry_run({});
    CHECK(foreseen["calls"].integer() == 0);
    CHECK(foreseen["overtaken"].integer() > 0);
    const auto report = on.replay({});
    check_same(foreseen, report);
    CHECK(report["counts"]["calls"].integer() == 0);
    CHECK(the.calls() == before);
    const auto rows = on.run_cli({"replay", "start", "--to", "clara", "--dry-run", "--all"});
    CHECK(rows.exit_code == 0);
    CHECK(rows.output.find("no-op         " + on.everybody.front()) != std::string::npos);
    CHECK(
        rows.output.find("On a quiet system the real run's report shows: applied + unchanged") != std::string::npos);
    // What says how to look ahead is of no use without looking.
    CHECK(on.run_cli({"replay", "start", "--to", "clara", "--ask"}).exit_code == 2);
    CHECK(on.run_cli({"replay", "start", "--to", "theorg", "--dry-run"}).exit_code == 2);
}

TEST_CASE("replay: what changes meanwhile goes first and arrives soon") {
    auto& on = scene();
    auto& the = on.the;
    const std::vector<std::string> movers{on.everybody.begin(), on.everybody.begin() + 15};
    const auto alone = on.latencies(movers, "Reference check");
    on.becomes_quiet();
    on.lose_state();
    const auto from = the.calls();
    Process replay{on.command_of(
        {"replay", "start", "--to", "clara", "--snapshot", "--force", "--yes", "--rate", "10/s", "--json"})};
    const auto begun = [&] { return the.calls() > from ? "" : "nothing was sent yet"; };
    eventually("the replay is under way", begun, Milliseconds{60'000}, Milliseconds{100});
    const auto beside = on.latencies(movers, "offer");
    CHECK(replay.wait(Milliseconds{120'000}) == 0);
    on.becomes_quiet();
    CHECK(the.oracle.violations() == "");
    CHECK(alone.back() < soon_ms);
    CHECK(beside.back() < soon_ms);
    const auto ratio = static_cast<double>(p99(beside)) / static_cast<double>(std::max<std::int64_t>(1, p99(alone)));
    MESSAGE(
        "p99 of " << movers.size() << " changes: " << p99(alone) << " ms alone, " << p99(beside)
                  << " ms during a replay, ratio " << ratio);
}

TEST_CASE("dead letters: redriven once their cause is mended, none twice; the overtaken one is not sent") {
    auto& on = scene();
    auto& the = on.the;
    on.becomes_quiet();
    const std::vector<std::string> dying{on.everybody.begin() + 20, on.everybody.begin() + 23};
    const auto& overtaken = dying.front();
    const auto await_dead = [&](std::int64_t count) {
        const auto wrong = [&]() -> std::string {
            const auto now = on.json_of({"dlq", "list", "--dest", "clara"})["count"].integer(-1);
            return now == count ? "" : std::to_string(now);
        };
        eventually(std::to_string(count) + " dead letters", wrong, Milliseconds{60'000}, Milliseconds{300});
    };
    for (const auto& one : dying) the.set("refused", one);
    the.move(dying, "Recruiter screen");
    await_dead(3);
    const auto dead_version = on.emitted(dying[1]);
    CHECK(dead_version > 0);
    the.unset("refused", overtaken);
    the.move(overtaken, "On-site interview");
    await_dead(2);

    for (const auto& one : dying) the.unset("refused", one);
    const auto before = the.calls();
    // One of the two is overtaken between its redrive and its being told.
    const auto& late = dying[1];
    CHECK(on.run_cli({"pause", "--dest", "clara"}).exit_code == 0);
    the.await("hirewire_paused", 1);
    CHECK(on.json_of({"dlq", "redrive", "--dest", "clara", "--all", "--yes"})["redriven"].integer() == 2);
    the.move(late, "On-site interview");
    const auto emitted = [&] { return on.emitted(late) > dead_version ? "" : "not emitted yet"; };
    eventually("the newer change is there", emitted, Milliseconds{60'000}, Milliseconds{300});
    CHECK(on.run_cli({"resume", "--dest", "clara"}).exit_code == 0);
    await_dead(0);
    on.becomes_quiet();
    CHECK(the.calls() == before + 2);
    std::map<std::string, int> applied;
    std::map<std::string, int> superseded;
    for (const auto& [one, outcomes] : the.outcomes()) {
        for (const auto& outcome : outcomes) {
            const bool redriven = outcome.run_ids_size() > 0 && outcome.run_ids(0).starts_with("redrive-");
            if (redriven && outcome.outcome() == v1::OUTCOME_KIND_APPLIED) ++applied[one];
            if (redriven && outcome.outcome() == v1::OUTCOME_KIND_SUPERSEDED) ++superseded[one];
        }
    }
    CHECK(applied == std::map<std::string, int>{{dying[2], 1}});
    CHECK(superseded == std::map<std::string, int>{{late, 1}});
}

TEST_CASE("dead letters: what a forced replay could not tell is told once it is redriven") {
    auto& on = scene();
    auto& the = on.the;
    on.becomes_quiet();
    on.lose_state();
    const auto& one = on.everybody[5];
    the.set("refused", one);
    on.replay({"--snapshot", "--force"});
    CHECK(on.json_of({"dlq", "list", "--dest", "clara"})["count"].integer() == 1);
    CHECK(the.oracle.difference() != "");
    the.unset("refused", one);
    const auto before = the.calls();
    CHECK(on.json_of({"dlq", "redrive", "--dest", "clara", "--all", "--yes"})["redriven"].integer() == 1);
    on.becomes_quiet();
    CHECK(the.calls() == before + 1);
    CHECK(the.oracle.violations() == "");
    CHECK(on.json_of({"dlq", "list", "--dest", "clara"})["count"].integer() == 0);
}

TEST_CASE(
    "replay: kill -9 of the command line and of the daemon, then a pause and a resume: finished, counts right") {
    auto& on = scene();
    auto& the = on.the;
    on.becomes_quiet();
    const auto foreseen = on.dry_run({"--snapshot", "--force"});
    const auto from = the.calls();
    {
        Process replay{
            on.command_of({"replay", "start", "--to", "clara", "--snapshot", "--force", "--yes", "--rate", "2/s"})};
        const auto begun = [&] { return the.calls() >= from + 3 ? "" : "too few were sent yet"; };
        eventually("the replay is under way", begun, Milliseconds{60'000}, Milliseconds{100});
        replay.kill();
    }
    the.stack.kill9(Service::sync_clara);
    the.stack.start(Service::sync_clara);
    the.stack.await_ready();
    CHECK(on.status()["state"].string() == "running");
    CHECK(on.run_cli({"replay", "pause"}).exit_code == 0);
    on.await_state("paused");
    std::this_thread::sleep_for(a_while);
    const auto paused_at = the.calls();
    std::this_thread::sleep_for(a_while);
    CHECK(the.calls() == paused_at);
    CHECK(paused_at < from + on.everybody.size());
    CHECK(on.run_cli({"replay", "resume"}).exit_code == 0);
    on.await_state("finished");
    const auto report = on.status();
    const auto counts = sync::in_expected_words(counts_in(report["counts"]));
    CHECK(counts == counts_in(foreseen["expected"]));
    CHECK(report["counts"]["sent"].integer() == static_cast<std::int64_t>(on.everybody.size()));
    // Told again is at most what was under way when the daemon was killed.
    CHECK(the.calls() >= from + on.everybody.size());
    CHECK(the.calls() <= from + on.everybody.size() + Installation::slots);
    CHECK(the.oracle.difference() == "");
    CHECK(the.oracle.violations() == "");
}

TEST_CASE("replay: who looks on hears of a pause, and what a cancelled one has written already is not told") {
    auto& on = scene();
    auto& the = on.the;
    on.becomes_quiet();
    const auto from = the.calls();
    const auto command = on.command_of(
        {"replay", "start", "--to", "clara", "--snapshot", "--force", "--yes", "--rate", "2/s", "--json"});
    auto looking_on = std::async(std::launch::async, [&command] { return run(command, Milliseconds{120'000}); });
    const auto begun = [&] { return the.calls() >= from + 3 ? "" : "too few were sent yet"; };
    eventually("the replay is under way", begun, Milliseconds{60'000}, Milliseconds{100});
    CHECK(on.run_cli({"replay", "pause"}).exit_code == 0);
    const auto seen = looking_on.get();
    INFO(seen.output, seen.log);
    CHECK(seen.exit_code == 1);
    const auto told = json::Document::parse(seen.output);
    REQUIRE(told.has_value());
    CHECK((*told)["state"].string() == "paused");

    // Written while nothing is sent, and cancelled before anything is.
    CHECK(on.run_cli({"pause", "--dest", "clara"}).exit_code == 0);
    the.await("hirewire_paused", 1);
    CHECK(on.run_cli({"replay", "resume"}).exit_code == 0);
    std::this_thread::sleep_for(a_while);
    const auto before = the.calls();
    CHECK(on.run_cli({"replay", "cancel"}).exit_code == 0);
    on.await_state("cancelled");
    CHECK(on.run_cli({"resume", "--dest", "clara"}).exit_code == 0);
    const auto skipped = [&]() -> std::string {
        for (const auto& [one, outcomes] : the.outcomes()) {
            if (outcomes.back().reason() == "the replay was cancelled") return "";
        }
        return "no record was passed over";
    };
    eventually("what was written is passed over", skipped, Milliseconds{60'000}, Milliseconds{300});
    on.becomes_quiet();
    CHECK(the.calls() == before);
    CHECK(the.calls() < from + on.everybody.size());
}

TEST_CASE("pause: nothing is sent until resume, across a restart too, and the dry run says why") {
    auto& on = scene();
    auto& the = on.the;
    on.becomes_quiet();
    CHECK(on.run_cli({"pause", "--dest", "clara"}).exit_code == 0);
    the.await("hirewire_paused", 1);
    const auto before = the.calls();
    const std::vector<std::string> movers{on.everybody.begin() + 25, on.everybody.begin() + 30};
    the.move(movers, "Reference check");
    std::this_thread::sleep_for(a_while);
    the.stack.restart(Service::sync_clara);
    the.stack.await_ready();
    the.await("hirewire_paused", 1);
    std::this_thread::sleep_for(a_while);
    CHECK(the.calls() == before);
    const auto foreseen = on.dry_run({"--snapshot"});
    CHECK(foreseen["waits"].string().starts_with("paused by "));
    CHECK(foreseen["effects"]["held"].integer() == foreseen["resources"].integer());
    CHECK(on.run_cli({"resume", "--dest", "clara"}).exit_code == 0);
    on.becomes_quiet();
    CHECK(the.calls() == before + movers.size());
}

TEST_CASE("replay: of a destination that has to be asked, the dry run foresees what comes once it has asked") {
    auto& on = scene();
    auto& the = on.the;
    const std::vector<std::string> hires{on.everybody.begin() + 31, on.everybody.begin() + 34};
    for (const auto& one : hires) {
        the.stack.control(
            http::Method::post, "/_sandbox/opportunities/" + one + "/hire", R"({"start_date":"2027-03-01"})");
    }
    the.all_become_right();
    const auto count = static_cast<std::int64_t>(hires.size());
    const auto unasked = on.dry_run({"--snapshot", "--force"}, "cleary");
    CHECK(unasked["effects"]["undecided"].integer() == count);
    const auto foreseen = on.dry_run({"--snapshot", "--force", "--ask"}, "cleary");
    CHECK(foreseen["effects"]["undecided"].integer(-1) == 0);
    CHECK(foreseen["expected"]["applied_or_unchanged"].integer() == count);
    const auto report = on.replay({"--snapshot", "--force"}, "cleary");
    check_same(foreseen, report);
    // What Cleary can do is asked once: the daemon remembers it, the command line does not know it yet.
    CHECK(report["counts"]["calls"].integer() == foreseen["calls"].integer() - 1);
    CHECK(the.oracle.difference() == "");
    CHECK(the.oracle.violations() == "");
}

TEST_CASE("a deleted candidate: no topic, no key of Redis and no log has anything of that person") {
    auto& on = scene();
    auto& the = on.the;
    Person person;
    person.name = "Zacharias Quillfeather";
    person.email = "zq.candidate@mail.example";
    person.phone = "+1 555 901 7788";
    const auto one = the.add(
        R"({"name":")" + person.name + R"(","email":")" + person.email + R"(","phone":")" + person.phone + "\"}");
    the.move(one, "Recruiter screen");
    the.all_become_right();
    the.stack.control(http::Method::del, "/_sandbox/opportunities/" + one);
    const auto wrong = [&]() -> std::string {
        const auto outcomes = the.outcomes();
        const auto found = outcomes.find(one);
        if (found == outcomes.end()) return "no outcome";
        const auto& reason = found->second.back().reason();
        return reason.find("deleted") != std::string::npos ? "" : reason;
    };
    eventually("CLARA's daemon has heard of the deletion", wrong, Milliseconds{90'000}, Milliseconds{500});

    PersonalData personal;
    personal.add(person);
    TopicLog log{the.stack.kafka(), the.stack.topics()};
    bool sees = false;
    for (const auto& record : log.all()) {
        CAPTURE(record.partition.topic);
        std::string bytes = record.key + "\n" + record.value.value_or("");
        for (const auto& header : record.headers) bytes += "\n" + header.name + "\n" + header.value;
        CHECK(personal.found_in(bytes) == "");
        sees = sees || bytes.find(one) != std::string::npos;
    }
    CHECK(sees);
    for (const auto& [name, text] : the.stack.service_logs()) {
        CAPTURE(name);
        CHECK(personal.found_in(text) == "");
    }
    for (const auto* needle : {"Zacharias", "Quillfeather", "zq.candidate", "555 901 7788", "15559017788"}) {
        CAPTURE(needle);
        CHECK(found_in_redis(the.stack.redis_port(), needle) == "");
    }
    // The search would find something if it were there.
    CHECK(found_in_redis(the.stack.redis_port(), one) != "");
    // Nor is anything left to come: what is kept for ten minutes at most is gone after them, and the rest was looked
    // at.
    pass_ten_minutes(the.stack.redis_port());
    for (const auto* needle : {"Zacharias", "Quillfeather", "zq.candidate"}) {
        CHECK(found_in_redis(the.stack.redis_port(), needle) == "");
    }
}
