#include "tools/hirewire/config_cases.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "common/config/schema.hpp"
#include "common/core/time.hpp"
#include "common/json/value.hpp"
#include "common/sync/delivery.hpp"
#include "common/sync/status_names.hpp"

namespace hirewire::cli {
namespace {

constexpr const char* sends = "send";
constexpr const char* usual_moment = "2026-11-02T09:00:00Z";
// Who asks for a person is given one that is nobody.
constexpr const char* sample_name = "Sample Person";
constexpr const char* sample_email = "sample@example.org";
constexpr int most_steps = 4;

using Statuses = std::optional<std::vector<sync::KnownStatus>>;

v1::Status status_of(v1::StatusKind kind, const std::string& words, const Statuses& known) {
    constexpr std::string_view mark = "id:";
    v1::Status status;
    status.set_kind(kind);
    const bool is_id = words.starts_with(mark);
    const std::string bare = is_id ? words.substr(mark.size()) : words;
    status.set_name(bare);
    status.set_id(is_id ? bare : "case: " + sync::folded(bare));
    if (!known) return status;
    for (const auto& one : sync::meaning_of(words, *known)) {
        if (one.kind != kind) continue;
        status.set_id(one.id);
        status.set_name(one.name);
        break;
    }
    return status;
}

// One [[case]], which refuses what it does not know.
class Reader {
public:
    Reader(const json::Value& table, std::string place) : table_{table}, place_{std::move(place)} {}

    std::string text(const std::string& key, std::string otherwise = {}) {
        const auto value = take(key);
        if (!value.exists()) return otherwise;
        if (!value.is_string()) fail(key + ": expected a text in quotes.");
        return std::string{value.string()};
    }
    bool flag(const std::string& key, bool otherwise) {
        const auto value = take(key);
        if (!value.exists()) return otherwise;
        if (!value.is_bool()) fail(key + ": expected true or false.");
        return value.boolean();
    }
    std::int64_t moment(const std::string& key, const std::string& otherwise) {
        const auto words = text(key, otherwise);
        if (words.empty()) return 0;
        const auto parsed = parse_iso(words);
        if (!parsed) fail(key + ": expected a time such as \"2026-11-02T09:00:00Z\" in quotes.");
        return to_ms(*parsed);
    }
    json::Value take(const std::string& key) {
        known_.push_back(key);
        return table_[key];
    }
    void end() const {
        for (const auto& [name, value] : table_.members()) {
            if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
            std::string all;
            for (const auto& key : known_) all += (all.empty() ? "" : ", ") + key;
            fail(std::string{name} + ": there is no such key. A case has " + all + ".");
        }
    }
    [[noreturn]] void fail(const std::string& sentence) const { throw config::Error{place_ + ": " + sentence}; }

private:
    json::Value table_;
    std::string place_;
    std::vector<std::string> known_{};
};

void read_posting(Reader& reader, v1::PostingFacts& posting) {
    posting.set_id(reader.text("posting", "posting-1"));
    posting.set_title("Sample job");
    posting.set_state(reader.text("posting_state", "published"));
    posting.set_external(reader.flag("external", true));
    posting.set_confidential(reader.flag("posting_confidential", false));
    if (posting.id().empty()) posting.Clear();
}

v1::Status read_status(Reader& reader, const std::string& prefix, const Statuses& known) {
    const auto stage = reader.text(prefix + "stage");
    const auto reason = reader.text(prefix + "archive_reason");
    if (!stage.empty() && !reason.empty()) {
        reader.fail(
            "has a " + prefix + "stage and a " + prefix + "archive_reason; who is archived has the latter only.");
    }
    if (!stage.empty()) return status_of(v1::STATUS_KIND_STAGE, stage, known);
    if (!reason.empty()) return status_of(v1::STATUS_KIND_ARCHIVE_REASON, reason, known);
    return {};
}

v1::ChangeKind kind_of(const v1::Change& change) {
    if (change.hired()) return v1::CHANGE_KIND_HIRED;
    if (change.status().kind() == v1::STATUS_KIND_ARCHIVE_REASON) return v1::CHANGE_KIND_ARCHIVED;
    return v1::CHANGE_KIND_STAGE_CHANGED;
}

v1::Change read_change(Reader& reader, const Statuses& known) {
    v1::Change change;
    change.set_change_id("case");
    change.set_opportunity_id("opportunity-1");
    change.set_contact_id("contact-1");
    change.set_account("main");
    change.set_occurred_at_ms(reader.moment("occurred_at", usual_moment));
    change.set_version(change.occurred_at_ms() * 16);
    *change.mutable_status() = read_status(reader, "", known);
    *change.mutable_previous_status() = read_status(reader, "previous_", known);
    change.set_hired(reader.flag("hired", false));
    change.set_live(reader.flag("live", true));
    change.set_confidential(reader.flag("confidential", false));
    change.set_start_date(reader.text("start_date"));
    read_posting(reader, *change.mutable_posting());
    if (const auto job = reader.text("cluster_job"); !job.empty()) {
        change.mutable_cluster()->set_job_id(job);
        change.mutable_cluster()->set_candidate_id("candidate-1");
    }
    const bool archived = change.status().kind() == v1::STATUS_KIND_ARCHIVE_REASON;
    const auto archived_at = reader.moment("archived_at", archived ? usual_moment : "");
    change.mutable_mark()->set_archived_at_ms(archived_at);
    if (change.hired()) change.set_hired_at_ms(archived_at);
    change.set_kind(kind_of(change));
    return change;
}

MappingCase read_case(const json::Value& table, const std::string& file, std::size_t number, const Statuses& known) {
    MappingCase mapping;
    mapping.name = table["name"].string();
    const std::string which = mapping.name.empty() ? std::to_string(number) : "\"" + mapping.name + "\"";
    Reader reader{table, file + ": case " + which};
    if (reader.text("name").empty()) reader.fail("name: must be set: it is what the report calls the case.");
    mapping.destination = reader.text("destination");
    if (mapping.destination.empty()) reader.fail("destination: must be set: clara, cluster, cleary or clinch.");
    mapping.change = read_change(reader, known);
    mapping.situation.late = reader.flag("late", false);
    mapping.situation.first_sync = reader.flag("first_sync", false);
    mapping.situation.backfill = !mapping.change.live();
    mapping.expect = reader.text("expect");
    if (mapping.expect.empty()) reader.fail("expect: must be set: \"send\", or an outcome such as \"skipped\".");
    mapping.reason = reader.text("reason");
    for (const auto& [path, value] : reader.take("body").members()) mapping.body[std::string{path}] = value.text();
    for (const auto& path : reader.take("absent").items()) mapping.absent.emplace_back(path.string());
    reader.end();
    if (mapping.expect != sends && !(mapping.body.empty() && mapping.absent.empty())) {
        reader.fail("body: only what is sent has one; expect is \"" + mapping.expect + "\".");
    }
    return mapping;
}

// What a plan comes to, as far as it can be told without the destination's answer.
struct End {
    std::string what{};
    std::string reason{};
    std::optional<http::Request> request{};
};

End end_of(sync::Plan plan, const MappingCase& mapping) {
    for (int step = 0; step < most_steps; ++step) {
        if (auto* send = std::get_if<sync::Send>(&plan.step)) return {sends, {}, send->request};
        if (auto* settled = std::get_if<sync::Settle>(&plan.step)) {
            return {std::string{sync::name_of(settled->outcome)}, settled->reason, {}};
        }
        auto* ask = std::get_if<sync::AskPerson>(&plan.step);
        if (ask == nullptr) break;
        sync::Person person;
        person.name = sample_name;
        person.emails.emplace_back(sample_email);
        person.start_date = mapping.change.start_date();
        const auto then = ask->then;
        plan = then(person);
    }
    return {"failed", {}, {}};
}

json::Value at_path(json::Value value, std::string_view path) {
    while (!path.empty()) {
        const auto dot = path.find('.');
        const auto word = path.substr(0, dot);
        path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
        std::size_t index = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), index);
        const bool is_index = value.is_array() && error == std::errc{} && end == word.data() + word.size();
        if (is_index && index >= value.size()) return {};
        value = is_index ? value.items()[index] : value[word];
    }
    return value;
}

void add(std::string& text, const std::string& more) {
    if (!more.empty()) text += (text.empty() ? "" : ", ") + more;
}

// Of the paths that the case speaks of, what is asked for and what is there.
void compare_body(const MappingCase& mapping, const http::Request& request, CaseResult& result) {
    if (mapping.body.empty() && mapping.absent.empty()) return;
    const auto document = json::Document::parse(request.body);
    if (!document) {
        result.passed = false;
        add(result.came, "first " + std::string{http::name_of(request.method)} + ", which has no body");
        return;
    }
    for (const auto& [path, expected] : mapping.body) {
        const auto value = at_path(document->root(), path);
        const auto came = value.exists() ? value.text() : "nothing";
        add(result.expected, path + " = " + expected);
        add(result.came, path + " = " + came);
        result.passed = result.passed && came == expected;
    }
    for (const auto& path : mapping.absent) {
        const auto value = at_path(document->root(), path);
        add(result.expected, "no " + path);
        add(result.came, value.exists() ? path + " = " + value.text() : "no " + path);
        result.passed = result.passed && !value.exists();
    }
}

}  // namespace

std::vector<MappingCase> read_mapping_cases(
    const std::string& json, const std::string& file, const std::optional<sync::Vocabulary>& vocabulary) {
    const auto document = json::Document::parse(json);
    if (!document || !(*document)["case"].is_array()) {
        throw config::Error{file + ": has no case; each begins with [[case]]."};
    }
    for (const auto& [name, value] : document->root().members()) {
        if (name != "case")
            throw config::Error{file + ": " + std::string{name} + ": there are [[case]] tables only."};
    }
    Statuses known;
    if (vocabulary) known = sync::statuses_of(*vocabulary);
    std::vector<MappingCase> cases;
    for (const auto& table : (*document)["case"].items()) {
        cases.push_back(read_case(table, file, cases.size() + 1, known));
    }
    return cases;
}

CaseResult try_case(const MappingCase& mapping, const sync::Destination& destination, bool confidential) {
    End end{"skipped", "confidential", {}};
    if (confidential || !mapping.change.confidential()) {
        end = end_of(destination.plan(mapping.change, mapping.situation), mapping);
    }
    CaseResult result;
    result.expected = mapping.expect;
    result.came = end.what;
    add(result.expected, mapping.reason);
    add(result.came, end.reason);
    result.passed = end.what == mapping.expect && (mapping.reason.empty() || mapping.reason == end.reason);
    if (end.request) compare_body(mapping, *end.request, result);
    return result;
}

}  // namespace hirewire::cli
