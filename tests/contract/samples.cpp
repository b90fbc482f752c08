#include "tests/contract/samples.hpp"

#include <algorithm>
#include <array>

#include "common/http/client.hpp"
#include "common/json/writer.hpp"
#include "tests/support/case_runner.hpp"
#include "tests/support/change_builders.hpp"

namespace hirewire::contract {
namespace {

using Twist = void (*)(v1::Change&);
constexpr std::array<Twist, 17> twists{
    [](v1::Change& c) { c.set_live(false); },
    [](v1::Change& c) { c.set_confidential(true); },
    [](v1::Change& c) { c.mutable_mark()->set_deleted(true); },
    [](v1::Change& c) { c.mutable_mark()->set_anonymized(true); },
    [](v1::Change& c) { c.clear_posting(); },
    [](v1::Change& c) { c.mutable_posting()->set_confidential(true); },
    [](v1::Change& c) { c.mutable_posting()->set_state("closed"); },
    [](v1::Change& c) { c.mutable_posting()->set_external(false); },
    [](v1::Change& c) { c.clear_cluster(); },
    [](v1::Change& c) { c.mutable_cluster()->set_job_id("../../admin"); },
    [](v1::Change& c) { c.clear_previous_status(); },
    [](v1::Change& c) { *c.mutable_previous_status() = c.status(); },
    [](v1::Change& c) { c.clear_contact_id(); },
    [](v1::Change& c) { c.set_contact_id("x\"y/z"); },
    [](v1::Change& c) { c.set_opportunity_id("a/b?c d%"); },
    [](v1::Change& c) { c.clear_start_date(); },
    [](v1::Change& c) { c.set_start_date("soon"); },
};

std::vector<v1::Status> statuses() {
    return {
        v1::Status{},
        testing::stage("onsite", "On-site interview"),
        testing::stage("odd", "Under\"way\"\n\x01, or\\not"),
        testing::archive_reason("reason-underqualified", "Underqualified"),
        testing::archive_reason("reason-hired", "Hired"),
        testing::archive_reason("reason-other", "Position closed"),
    };
}

std::vector<v1::Change> of_every_kind() {
    std::vector<v1::Change> all;
    for (int kind = v1::ChangeKind_MIN; kind <= v1::ChangeKind_MAX; ++kind) {
        for (const auto& status : statuses()) {
            const bool hired = status.name() == "Hired";
            auto change = hired ? testing::hire(sample_time_ms) : testing::stage_change(sample_time_ms);
            change.set_kind(static_cast<v1::ChangeKind>(kind));
            *change.mutable_status() = status;
            all.push_back(std::move(change));
        }
    }
    return all;
}

std::vector<v1::Change> odd_ones() {
    std::vector<v1::Change> all{testing::hire(sample_time_ms), testing::stage_change(sample_time_ms)};
    for (const auto twist : twists) {
        auto hire = testing::hire(sample_time_ms);
        twist(hire);
        all.push_back(std::move(hire));
        auto change = testing::stage_change(sample_time_ms);
        twist(change);
        all.push_back(std::move(change));
    }
    all.emplace_back();  // nothing at all
    return all;
}

struct Word {
    std::string name{};
    sync::Answer answer = http::Reply{};
};

Word word(const std::string& name, int status, const std::string& body = {}) {
    http::Reply reply;
    reply.status = status;
    reply.body = body;
    Word made;
    made.name = name;
    made.answer = std::move(reply);
    return made;
}

// The first two are the good ones.
std::vector<Word> words() {
    std::vector<Word> all{
        word("found", 200, found_body),
        word("nothing", 200, nothing_body),
        word("201", 201, "{}"),
        word("404", 404),
        word("409", 409),
        word("412", 412),
        word("500", 500),
    };
    Word silence;
    silence.name = "silence";
    silence.answer = http::make_error_code(http::Errc::timed_out);
    all.push_back(std::move(silence));
    return all;
}

Script script_of(const std::vector<Word>& turns) {
    Script script;
    for (const auto& turn : turns) {
        script.name += (script.name.empty() ? "" : ", then ") + turn.name;
        script.answers.push_back(turn.answer);
    }
    return script;
}

}  // namespace

const std::string found_body =
    R"({"totalResults":1,"Resources":[{"id":"u-1","externalId":"lever:contact:contact-of-opportunity-1",)"
    R"("userName":"lever-1","userType":"Preboarding","active":false,"name":{"givenName":"A","familyName":"B"},)"
    R"("emails":[{"value":"a@b.example","type":"home"}],"meta":{"version":"W/\"1\""}}],)"
    R"("data":[{"type":"candidate","id":"c-1","attributes":{"email":"q.zwicker@private.example"}}],)"
    R"("patch":{"supported":true},"etag":{"supported":true},"filter":{"supported":true}})";
const std::string nothing_body = R"({"totalResults":0,"Resources":[],"data":[]})";

std::vector<sync::Situation> situations() {
    sync::Situation live;
    sync::Situation late;
    late.late = true;
    late.applied_version = 16;
    sync::Situation first;
    first.backfill = true;
    first.first_sync = true;
    return {live, late, first};
}

const std::vector<Sample>& samples() {
    static const std::vector<Sample> all = [] {
        std::vector<Sample> made;
        for (auto& change : of_every_kind()) {
            Sample sample;
            sample.change = std::move(change);
            made.push_back(std::move(sample));
        }
        for (const auto& change : odd_ones()) {
            for (const auto& situation : situations()) {
                Sample sample;
                sample.change = change;
                sample.situation = situation;
                made.push_back(std::move(sample));
            }
        }
        return made;
    }();
    return all;
}

std::vector<sync::PostingNews> sample_postings() {
    v1::Posting open;
    open.set_id("posting-1");
    open.set_account("main");
    open.set_title("Staff \"Engineer\"\n");
    open.set_description_html("<p>What you will do.</p>");
    open.set_department("Platform");
    open.set_location("Berlin");
    open.set_state("published");
    open.set_url("https://jobs.lever.co/acme/posting-1");
    open.set_created_at_ms(sample_time_ms);
    open.set_updated_at_ms(sample_time_ms);
    open.set_external(true);
    std::vector<sync::PostingNews> all;
    const auto add = [&](const v1::Posting& posting) {
        sync::PostingNews news;
        news.id = "posting-1";
        news.posting = posting;
        all.push_back(std::move(news));
    };
    add(open);
    for (const char* state : {"internal", "closed", "draft", "", "a state that is new to us"}) {
        auto posting = open;
        posting.set_state(state);
        add(posting);
    }
    for (const char* location : {"", "  \t"}) {
        auto posting = open;
        posting.set_location(location);
        add(posting);
    }
    auto confidential = open;
    confidential.set_confidential(true);
    add(confidential);
    add(v1::Posting{});
    sync::PostingNews gone;
    gone.id = "posting-1";
    all.push_back(gone);
    gone.id = "../a b";
    all.push_back(gone);
    return all;
}

sync::Person odd_person() {
    sync::Person person;
    person.name = "Quillaphonte \"Q\" O'N\xC3\xBCl;\n Zwickerbrandt";
    person.emails = {"q.zwicker@private.example", " Not An Address"};
    person.phones = {"+1 555 017 7342"};
    person.location = "Nowherestedt";
    person.headline = "Engineer at Nowherestedt";
    person.start_date = "2026-12-01";
    return person;
}

std::string odd_person_json() {
    const auto person = odd_person();
    json::Writer out;
    const auto list = [&out](std::string_view name, const std::vector<std::string>& texts) {
        out.key(name).begin_array();
        for (const auto& text : texts) out.string(text);
        out.end_array();
    };
    out.begin_object().member("name", person.name);
    list("emails", person.emails);
    list("phones", person.phones);
    out.member("location", person.location).member("headline", person.headline);
    return out.member("start_date", person.start_date).end_object().text();
}

const std::vector<Script>& scripts() {
    static const std::vector<Script> all = [] {
        const auto alphabet = words();
        std::vector<Script> made;
        for (const auto& last : alphabet) {
            made.push_back(script_of({last}));
            for (std::size_t one = 0; one < 2; ++one) {
                made.push_back(script_of({alphabet[one], last}));
                for (std::size_t two = 0; two < 2; ++two) {
                    made.push_back(script_of({alphabet[one], alphabet[two], last}));
                }
            }
        }
        return made;
    }();
    return all;
}

std::string Course::bytes() const {
    std::string all;
    for (const auto& request : requests) {
        all += std::string{http::name_of(request.method)} + " " + request.target + "\n";
        for (const auto& header : request.headers) all += header.name + ": " + header.value + "\n";
        all += request.body + "\n";
    }
    return all;
}

Course play(sync::Plan plan, const Script& script, const std::optional<sync::Person>& person) {
    Course course;
    for (int step = 0; step < sync::most_plan_steps; ++step) {
        if (auto* send = std::get_if<sync::Send>(&plan.step)) {
            const sync::Send current = std::move(*send);
            const auto next = std::min(course.requests.size(), script.answers.size() - 1);
            course.requests.push_back(current.request);
            plan = current.then(script.answers[next]);
        } else if (auto* ask = std::get_if<sync::AskPerson>(&plan.step)) {
            const sync::AskPerson current = std::move(*ask);
            ++course.people;
            plan = current.then(person);
        } else {
            course.decision = testing::decision_text(plan);
            return course;
        }
    }
    return course;
}

}  // namespace hirewire::contract
