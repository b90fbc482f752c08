#include "services/sync-cluster/connections.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace hirewire::cluster {
namespace {

std::string_view word_of(Link link) {
    switch (link) {
        case Link::telling:
            return "telling";
        case Link::connected:
            return "connected";
        default:
            return "purging";
    }
}

std::optional<Link> link_from(std::string_view word) {
    for (const auto link : {Link::telling, Link::connected, Link::purging}) {
        if (word == word_of(link)) return link;
    }
    return std::nullopt;
}

// The text up to `end`, which is taken away with it; all that is left where there is no `end`.
std::string_view take(std::string_view& text, char end) {
    const auto word = text.substr(0, text.find(end));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    return word;
}

std::int64_t number(std::string_view word) {
    std::int64_t value = 0;
    std::from_chars(word.data(), word.data() + word.size(), value);
    return value;
}

void decide_jobs(Connections& after, const Settings& configured, std::int64_t now_ms) {
    for (const auto& job : configured.jobs) {
        auto& connection = after.jobs[job.id];
        const bool is_new = connection.since_ms == 0 || connection.link == Link::purging;
        if (is_new) {
            connection.link = Link::telling;
            connection.since_ms = now_ms;
        }
        connection.posting = job.posting;
    }
    for (auto& [id, connection] : after.jobs) {
        if (connection.link == Link::purging || is_connected(configured, id)) continue;
        connection.link = Link::purging;
        connection.since_ms = now_ms;
    }
}

// What is no longer imported stays at Cluster: nothing there was taken from a candidate.
void decide_imports(Connections& after, const Settings& configured, std::int64_t now_ms) {
    std::erase_if(after.imports, [&](const auto& one) { return !is_imported(configured, one.first); });
    for (const auto& posting : configured.import_postings) {
        auto& import = after.imports[posting];
        if (import.since_ms == 0) import.since_ms = now_ms;
    }
}

}  // namespace

Decision decide(const Connections& before, const Settings& configured, std::int64_t now_ms) {
    Decision decision;
    decision.after = before;
    decide_jobs(decision.after, configured, now_ms);
    decide_imports(decision.after, configured, now_ms);
    for (const auto& [id, connection] : decision.after.jobs) {
        if (connection.link == Link::purging) decision.purge.push_back(id);
        if (connection.link == Link::telling) decision.connect.push_back(id);
    }
    for (const auto& [id, import] : decision.after.imports) {
        if (!import.told) decision.import.push_back(id);
    }
    return decision;
}

// A line each: "job <id> <posting> <link> <since>", "import <posting> <told or telling> <since>".
std::string text_of(const Connections& connections) {
    std::string text;
    for (const auto& [id, connection] : connections.jobs) {
        text += "job " + http::percent_encode(id) + " " + http::percent_encode(connection.posting) + " " +
                std::string{word_of(connection.link)} + " " + std::to_string(connection.since_ms) + "\n";
    }
    for (const auto& [id, import] : connections.imports) {
        text += "import " + http::percent_encode(id) + (import.told ? " told " : " telling ") +
                std::to_string(import.since_ms) + "\n";
    }
    return text;
}

Connections read_connections(std::string_view text) {
    Connections connections;
    while (!text.empty()) {
        auto line = take(text, '\n');
        const auto what = take(line, ' ');
        const std::string id = http::percent_decode(std::string{take(line, ' ')});
        if (id.empty()) continue;
        if (what == "job") {
            Connection connection;
            connection.posting = http::percent_decode(std::string{take(line, ' ')});
            const auto link = link_from(take(line, ' '));
            connection.since_ms = number(line);
            if (!link || connection.since_ms <= 0) continue;
            connection.link = *link;
            connections.jobs[id] = std::move(connection);
        } else if (what == "import") {
            Import import;
            import.told = take(line, ' ') == "told";
            import.since_ms = number(line);
            if (import.since_ms > 0) connections.imports[id] = import;
        }
    }
    return connections;
}

http::Request purge_request(const std::string& job) {
    http::Request request;
    request.method = http::Method::del;
    request.target = "/jobs/" + http::percent_encode(job) + "/ats-link";
    return request;
}

}  // namespace hirewire::cluster
