#include "common/sync/names_watch.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/core/sleep.hpp"
#include "common/core/time.hpp"
#include "common/log/log.hpp"

namespace hirewire::sync {
namespace {

namespace asio = boost::asio;

constexpr Milliseconds first_pause{15'000};
constexpr Milliseconds interval{std::chrono::hours{1}};

std::string listed(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "\"" : ", \"") + word + "\"";
    return text;
}

void say(const std::string& key, const NamesReport& report) {
    if (!report.unknown.empty()) {
        log::warning(
            "names.unknown",
            {{"key", key},
             {"names", listed(report.unknown)},
             {"reason", "Lever has no stage and no archive reason of that name or id"},
             {"remedy", "hirewire config check"}});
    }
    if (!report.renamed.empty()) {
        log::warning(
            "names.renamed",
            {{"key", key},
             {"names", listed(report.renamed)},
             {"consequence", "they count by their ids until this process ends"},
             {"remedy", "write the new names, or id:<id>"}});
    }
    if (!report.ambiguous.empty()) {
        log::warning(
            "names.ambiguous",
            {{"key", key},
             {"names", listed(report.ambiguous)},
             {"consequence", "each counts for all that have the name"},
             {"remedy", "write id:<id> where one is meant"}});
    }
    if (report.empty()) log::info("names.known", {{"key", key}});
}

}  // namespace

std::vector<NamesBook::News> NamesBook::resolve(Destination& destination, const Vocabulary& vocabulary) {
    std::vector<News> news;
    for (const auto& named : destination.names()) {
        auto [place, is_new] = pages_.try_emplace(named.key);
        auto& page = place->second;
        if (is_new) page.names = StatusNames{named.fold};
        auto report = page.names.resolve(named.entries, vocabulary);
        destination.learn(named.key, page.names);
        if (report == page.report) continue;
        page.report = report;
        news.push_back({named.key, std::move(report)});
    }
    return news;
}

asio::awaitable<void> NamesWatch::run() {
    Milliseconds pause = first_pause;
    bool said = false;
    while (true) {
        const auto vocabulary = co_await ask_();
        if (vocabulary) {
            last_ = *vocabulary;
            reload();
            pause = first_pause;
            said = false;
            co_await sleep_for(interval);
            continue;
        }
        if (!std::exchange(said, true)) {
            log::warning("names.not_resolved", {{"reason", vocabulary.error().message()}});
        }
        co_await sleep_for(pause);
        pause = std::min(pause * 2, interval);
    }
}

void NamesWatch::reload() {
    if (!last_) return;
    const std::string section{destination_.name()};
    for (const auto& [key, report] : book_.resolve(destination_, *last_)) say(section + "." + key, report);
}

}  // namespace hirewire::sync
