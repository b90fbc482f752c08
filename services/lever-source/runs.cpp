#include "services/lever-source/runs.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "common/core/uuid.hpp"
#include "common/kafka/reader.hpp"
#include "common/log/log.hpp"

namespace hirewire::source {
namespace {

namespace asio = boost::asio;

const std::string runs_topic = "hiring.runs";
constexpr Milliseconds after_failure{15'000};

std::set<std::string> read_missed(std::string_view text) {
    std::set<std::string> missed;
    while (!text.empty()) {
        const auto id = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(text.size(), id.size() + 1));
        missed.emplace(id);
    }
    return missed;
}

void add_finished(RunsSoFar& so_far, const v1::Run& run) {
    if (run.kind() == hires_kind) {
        so_far.hires_read_at_ms = std::max<std::int64_t>(so_far.hires_read_at_ms, run.began_ms());
    } else if (run.kind() == postings_kind) {
        if (run.began_ms() < so_far.listed_at_ms) return;
        so_far.listed_at_ms = run.began_ms();
        so_far.missed = read_missed(run.checkpoint());
    } else {
        so_far.covered_until_ms =
            std::max<std::int64_t>(so_far.covered_until_ms, std::strtoll(run.checkpoint().c_str(), nullptr, 10));
        if (run.kind() == walk_kind) {
            so_far.walked_at_ms = std::max<std::int64_t>(so_far.walked_at_ms, run.began_ms());
        }
    }
}

}  // namespace

void add_run(RunsSoFar& so_far, const v1::Run& run) {
    const bool ours = run.kind() == sweep_kind || run.kind() == walk_kind || run.kind() == hires_kind ||
                      run.kind() == postings_kind;
    if (!ours) return;
    // A finished walk leaves nothing of an older one to be done.
    const bool walked = run.kind() == walk_kind && run.state() == v1::RUN_STATE_FINISHED;
    if (walked && run.began_ms() >= so_far.walk_began_ms) so_far.walk_id.clear();
    if (run.state() == v1::RUN_STATE_FINISHED) add_finished(so_far, run);
    if (run.state() == v1::RUN_STATE_CHECKPOINT && run.kind() == walk_kind) {
        so_far.walk_id = run.run_id();
        so_far.walk_offset = run.checkpoint();
        so_far.walk_began_ms = run.began_ms();
    }
}

RunsSoFar read_runs(const kafka::Settings& settings) {
    RunsSoFar so_far;
    const auto add = [&so_far](const kafka::Record& record) {
        v1::Run run;
        if (record.value && run.ParseFromString(*record.value)) add_run(so_far, run);
    };
    kafka::read_all(settings, runs_topic, add);
    return so_far;
}

std::string missed_text(const std::set<std::string>& missed) {
    std::string text;
    for (const auto& id : missed) {
        if (!text.empty()) text += ' ';
        text += id;
    }
    return text;
}

RunBook::RunBook(std::string account, kafka::Producer& producer, const Clock& clock)
    : account_{std::move(account)}, producer_{producer}, clock_{clock} {}

v1::Run RunBook::begin(std::string_view kind, std::string run_id) const {
    v1::Run run;
    run.set_run_id(run_id.empty() ? random_uuid() : std::move(run_id));
    run.set_kind(std::string{kind});
    run.set_began_ms(to_ms(clock_.now()));
    return run;
}

asio::awaitable<v1::Run> RunBook::tell(v1::Run run, v1::RunState state, Counts counts) {
    run.set_state(state);
    run.set_at_ms(to_ms(clock_.now()));
    for (const auto& [what, count] : counts) (*run.mutable_counts())[what] = count;
    if (state == v1::RUN_STATE_FINISHED || state == v1::RUN_STATE_CHECKPOINT) {
        std::string sums;
        for (const auto& [what, count] : counts) {
            sums += (sums.empty() ? "" : ", ") + std::to_string(count) + " " + what;
        }
        log::info(
            state == v1::RUN_STATE_FINISHED ? "run.finished" : "run.goes_on",
            {{"kind", run.kind()},
             {"run", run.run_id()},
             {"counts", sums},
             {"took_ms", run.at_ms() - run.began_ms()}});
    }
    kafka::Message message;
    message.topic = runs_topic;
    message.key = run.run_id();
    message.value = run.SerializeAsString();
    message.headers = kafka::cloud_event(
        random_uuid(),
        "hirewire:" + account_,
        "hirewire.run." + run.kind(),
        iso_time(clock_.now()),
        "application/protobuf");
    const auto written = co_await producer_.write(std::move(message));
    if (!written) throw std::runtime_error{"hiring.runs cannot be written: " + written.error().message()};
    co_return run;
}

asio::awaitable<void> Rounds::run(
    std::function<asio::awaitable<void>()> round, Milliseconds interval, std::string failed) {
    while (!stopping_) {
        std::string failure;
        try {
            co_await round();
        } catch (const std::exception& e) {
            failure = e.what();
        }
        if (stopping_) break;
        if (!failure.empty()) log::warning(failed, {{"reason", failure}});
        co_await rest(failure.empty() ? interval : std::min(interval, after_failure));
    }
}

asio::awaitable<void> Rounds::rest(Milliseconds most) {
    if (stopping_ || !asked_.empty()) co_return;
    woken_.expires_after(most);
    boost::system::error_code ignored;
    co_await woken_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void Rounds::ask(v1::Run run) {
    asked_.push_back(std::move(run));
    woken_.cancel();
}

void Rounds::stop() {
    stopping_ = true;
    woken_.cancel();
}

}  // namespace hirewire::source
