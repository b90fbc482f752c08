#include "tests/support/case_runner.hpp"

#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "common/config/schema.hpp"
#include "common/json/value.hpp"
#include "common/json/writer.hpp"
#include "common/sync/delivery.hpp"

namespace hirewire::testing {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& file) {
    std::ifstream in{file};
    if (!in) throw std::runtime_error("cannot read " + file.string());
    std::ostringstream all;
    all << in.rdbuf();
    return all.str();
}

std::string quoted(std::string_view text) {
    json::Writer out;
    out.string(text);
    return out.text();
}

// As people write JSON: a member a line.
std::string pretty(const json::Value& value, const std::string& margin = {}) {
    const std::string inner = margin + "  ";
    std::string text;
    if (value.is_object() && !value.members().empty()) {
        for (const auto& [name, member] : value.members()) {
            text += (text.empty() ? "{\n" : ",\n") + inner + quoted(name) + ": " + pretty(member, inner);
        }
        return text + "\n" + margin + "}";
    }
    if (value.is_array() && !value.items().empty()) {
        for (const auto& item : value.items()) text += (text.empty() ? "[\n" : ",\n") + inner + pretty(item, inner);
        return text + "\n" + margin + "]";
    }
    return value.text();
}

sync::Person read_person(const json::Value& value) {
    sync::Person person;
    person.name = value["name"].string();
    for (const auto& email : value["emails"].items()) person.emails.emplace_back(email.string());
    person.start_date = value["start_date"].string();
    return person;
}

sync::Answer read_answer(const json::Value& value) {
    if (value.is_string()) return http::make_error_code(http::Errc::timed_out);  // "lost"
    http::Reply reply;
    reply.status = static_cast<int>(value["status"].integer());
    for (const auto& [name, text] : value["headers"].members()) {
        reply.headers.push_back({std::string{name}, std::string{text.string()}});
    }
    if (!value["body"].is_null()) reply.body = value["body"].text();
    return reply;
}

void read_message(const json::Value& value, google::protobuf::Message& message, const fs::path& file) {
    const auto parsed = google::protobuf::util::JsonStringToMessage(value.text(), &message);
    if (!parsed.ok()) throw std::runtime_error(file.string() + ": " + parsed.ToString());
}

sync::PostingNews read_posting(const json::Document& document, const fs::path& file) {
    sync::PostingNews news;
    news.id = document["posting_id"].string();
    if (document["posting"].is_null()) return news;
    v1::Posting posting;
    read_message(document["posting"], posting, file);
    news.posting = std::move(posting);
    return news;
}

RuleCase read_case(const fs::path& folder) {
    const auto file = folder / "event.json";
    const auto document = json::Document::parse(read(file));
    if (!document) throw std::runtime_error(file.string() + ": not JSON");
    RuleCase c;
    c.name = folder.filename().string();
    c.folder = folder;
    if ((*document)["posting_id"].is_null()) {
        read_message((*document)["change"], c.change, file);
    } else {
        c.posting = read_posting(*document, file);
    }
    c.situation.applied_version = (*document)["situation"]["applied_version"].integer();
    c.situation.backfill = (*document)["situation"]["backfill"].boolean();
    c.situation.first_sync = (*document)["situation"]["first_sync"].boolean();
    c.situation.late = (*document)["situation"]["late"].boolean();
    for (const auto& [name, value] : document->root().members()) {
        if (name != "person") continue;
        c.has_person = true;
        if (value.is_object()) c.person = read_person(value);
    }
    for (const auto& answer : (*document)["answers"].items()) c.answers.push_back(read_answer(answer));
    if (fs::exists(folder / "expected.http")) c.expected = read(folder / "expected.http");
    return c;
}

std::string request_text(const http::Request& request) {
    std::string text = std::string{http::name_of(request.method)} + " " + request.target + "\n";
    for (const auto& header : request.headers) text += header.name + ": " + header.value + "\n";
    if (!request.body.empty()) {
        const auto document = json::Document::parse(request.body);
        text += "\n" + (document ? pretty(document->root()) : request.body) + "\n";
    }
    return text;
}

}  // namespace

std::vector<RuleCase> read_cases(const fs::path& cases) {
    std::vector<RuleCase> all;
    for (const auto& entry : fs::directory_iterator{cases}) {
        if (entry.is_directory()) all.push_back(read_case(entry.path()));
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    if (all.empty()) throw std::runtime_error("no cases in " + cases.string());
    return all;
}

std::unique_ptr<sync::Destination> configured(std::unique_ptr<sync::Destination> destination, const fs::path& file) {
    config::Schema schema;
    destination->declare(schema.section(std::string{destination->name()}, "The destination."));
    schema.load(file.string());
    return destination;
}

sync::Plan follow(sync::Plan plan, const Neighbours& neighbours) {
    for (int step = 0; step < 20; ++step) {
        if (auto* send = std::get_if<sync::Send>(&plan.step)) {
            const sync::Send current = std::move(*send);
            plan = current.then(neighbours.destination(current.request));
        } else if (auto* ask = std::get_if<sync::AskPerson>(&plan.step)) {
            const sync::AskPerson current = std::move(*ask);
            plan = current.then(neighbours.lever_source());
        } else {
            return plan;
        }
    }
    throw std::runtime_error("the rules run in circles");
}

sync::Plan plan_of(const sync::Destination& destination, const RuleCase& c) {
    return c.posting ? destination.plan_posting(*c.posting, c.situation) : destination.plan(c.change, c.situation);
}

std::string decision_text(const sync::Plan& plan) {
    const auto with = [](std::string text, const std::string& reason) {
        return reason.empty() ? text : text + ", " + reason;
    };
    if (const auto* settled = std::get_if<sync::Settle>(&plan.step)) {
        return with("outcome: " + std::string{sync::name_of(settled->outcome)}, settled->reason);
    }
    static const std::vector<std::string> verdicts{"done", "retry", "weather", "not yet", "wait", "refused", "hold"};
    const auto& verdict = std::get<sync::Fail>(plan.step).verdict;
    const auto reason = std::visit(
        [](const auto& v) -> std::string {
            if constexpr (requires { v.reason; }) return v.reason;
            return {};
        },
        verdict);
    return with("verdict: " + verdicts.at(verdict.index()), reason);
}

std::string play(const sync::Destination& destination, const RuleCase& c) {
    std::string text;
    std::size_t next = 0;
    Neighbours neighbours;
    neighbours.destination = [&](const http::Request& request) -> sync::Answer {
        text += request_text(request) + "\n###\n\n";
        if (next == c.answers.size()) throw std::runtime_error(c.name + ": no answer left for\n" + text);
        return c.answers[next++];
    };
    neighbours.lever_source = [&]() -> std::optional<sync::Person> {
        if (!c.has_person) throw std::runtime_error(c.name + ": asks for a person");
        return c.person;
    };
    const auto decision = follow(plan_of(destination, c), neighbours);
    if (next != c.answers.size()) throw std::runtime_error(c.name + ": answers are left over after\n" + text);
    return text + decision_text(decision) + "\n";
}

}  // namespace hirewire::testing
