// A day at a company, at random: applications, moves, rejections, hires and second thoughts, postings that come,
// change and go, webhooks that are lost, doubled and late, destinations that fail. In the evening all five know what
// Lever knows, and nobody was bothered by what was old news.
//   HIREWIRE_COMPANY_OPPORTUNITIES  open ones in the morning; 2,000 with 300 postings and 40 hires is a large company
//
// The processes run by the machine's clock. That a first day is future on one side of midnight and past on the other
// is shown with two time zones whose dates always differ, Kiritimati (UTC+14) and Pago Pago (UTC-11): the same hires,
// the same moment, two dates.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "common/core/time.hpp"
#include "common/kafka/reader.hpp"
#include "hirewire/v1/change.pb.h"
#include "tests/e2e/company.hpp"
#include "tests/support/delivery.hpp"
#include "tests/support/seed.hpp"

using namespace hirewire;
using namespace hirewire::testing;

namespace {

constexpr int hours = 8;
constexpr std::chrono::hours kiritimati{14};
constexpr std::chrono::hours pago_pago{-11};
// A webhook announces what happened at most so far from it.
constexpr std::int64_t announced_within_ms = 60'000;

int opportunities() {
    return std::max(50, number_from("HIREWIRE_COMPANY_OPPORTUNITIES", 200));
}
int postings() {
    return std::max(12, opportunities() * 15 / 100);
}
int hires() {
    return std::max(8, opportunities() / 50);
}

std::string date_at(Timestamp moment, int days) {
    return iso_date(moment + std::chrono::hours{24 * days});
}

class Day {
public:
    Company the{std::vector<Setting>{}};

    explicit Day(std::uint64_t seed) : dice_{seed} {}

    void open() {
        for (int number = 0; number < postings(); ++number) {
            const bool steady = number % 3 != 0;
            (steady ? steady_ : lively_).push_back(open_posting(number, steady));
        }
        for (int number = 0; number < opportunities(); ++number) apply();
        // Of these Lever announces nothing, all day long.
        the.delivery(R"({"drop":1})");
        for (int number = 0; number < std::max(5, opportunities() / 40); ++number) quiet_.push_back(add_person());
        the.delivery("{}");
    }

    void live_through(int hour) {
        const std::string destination = dice_.pick(Oracle::destinations());
        the.control(destination + "/faults", dice_.pick(faults_));
        the.delivery(dice_.pick(deliveries_));
        for (int i = 0; i < opportunities() / 20; ++i) apply();
        for (std::size_t i = 0; i < people_.size() / 2; ++i) move(dice_.pick(people_));
        for (int i = hires() * hour / hours; i < hires() * (hour + 1) / hours; ++i) hire(dice_.pick(people_));
        for (int i = 0; i < std::max(3, postings() / 10); ++i) move_posting();
        the.delivery(R"({"drop":1})");
        for (const auto& id : quiet_) stage(id);
        the.delivery("{}");
        // The trouble of the hour before is over, that of this one goes on for another.
        if (destination != troubled_) recover(troubled_);
        troubled_ = destination;
    }

    // In the evening all is well again, and what was lost is looked for.
    void close() {
        recover(troubled_);
        the.delivery(R"({"drop":1})");
        for (const auto& id : quiet_) the.act(id, "stage", R"({"stage":"On-site interview"})");
        the.delivery("{}");
        // Among the hires is one who starts today in one of the two time zones and on a day to come in the other.
        const auto between = the.add().id;
        const auto date = iso_date(SystemClock{}.now() + kiritimati);
        the.act(between, "hire", R"({"start_date":")" + date + "\"}");
        the.complete_run_of("sweep");
        the.list_and_tell();
        the.becomes_right("the evening", Milliseconds{180'000 + 60 * opportunities()}, Milliseconds{500});
    }

    [[nodiscard]] const std::vector<std::string>& quiet() const { return quiet_; }

private:
    std::string open_posting(int number, bool steady) {
        const std::string n = std::to_string(number);
        // Clinch is not told of those without a location.
        const bool placed = steady || dice_.one_in(2);
        const std::string location = placed ? R"(,"location":"City )" + n + "\"" : "";
        const std::string department = "Department " + std::to_string(number % 7);
        const std::string facts = R"({"text":"Role )" + n + R"(","department":")" + department + "\"";
        return the.open_posting(facts + location + "}");
    }

    std::string add_person() {
        const auto number = std::to_string(++people_ever_);
        std::string what = R"("email":"person.)" + number + R"(@day.example")";
        what += R"(,"posting":")" + dice_.pick(steady_) + "\"";
        if (dice_.one_in(40)) what += R"(,"confidential":true)";
        const bool from_cluster = dice_.one_in(5);
        if (from_cluster) {
            const std::string job{cluster_jobs[dice_.below(std::size(cluster_jobs))]};
            what += "," + linked(job, "candidate-" + number);
        }
        const auto opening = the.add(what);
        if (from_cluster) the.oracle.expect_at_cluster(opening.id);
        return opening.id;
    }

    void apply() { people_.push_back(add_person()); }

    void stage(const std::string& id) { the.act(id, "stage", R"({"stage":")" + dice_.pick(stages_) + "\"}"); }

    void move(const std::string& id) {
        const bool archived = archived_.contains(id);
        if (archived && dice_.one_in(hired_.contains(id) ? 10 : 2)) {
            the.act(id, "unarchive");
            archived_.erase(id);
            hired_.erase(id);
        } else if (!archived && dice_.one_in(4)) {
            the.act(id, "archive", R"({"reason":")" + dice_.pick(reasons_) + "\"}");
            archived_.insert(id);
        } else if (!archived) {
            stage(id);
        }
    }

    // Around today, as any time zone has it.
    void hire(const std::string& id) {
        const int days = dice_.below(6) - 2;
        const auto date = date_at(SystemClock{}.now(), days);
        the.act(id, "hire", days == 3 ? R"({"start_date":null})" : R"({"start_date":")" + date + "\"}");
        archived_.insert(id);
        hired_.insert(id);
    }

    void change_posting(const std::string& id, const std::string& body) {
        the.stack.control(http::Method::patch, "/_sandbox/postings/" + id, body);
    }

    // Those that have candidates stay open; of the others anything may become.
    void move_posting() {
        if (lively_.empty() || dice_.one_in(6)) {
            lively_.push_back(open_posting(1'000 + ++postings_ever_, false));
            return;
        }
        const auto which = dice_.below(lively_.size());
        const std::string id = lively_[which];
        switch (dice_.below(9)) {
            case 0:
                change_posting(id, R"({"state":"closed"})");
                break;
            case 1:
                change_posting(id, R"({"state":"published"})");
                break;
            case 2:
                change_posting(id, R"({"state":"internal"})");
                break;
            case 3:
                change_posting(id, R"({"confidential":true})");
                break;
            case 4:
                change_posting(id, R"({"confidential":false,"description":"Nothing to hide."})");
                break;
            case 5:
                the.remove_posting(id);
                lively_.erase(lively_.begin() + static_cast<std::ptrdiff_t>(which));
                break;
            case 6:
            case 7:
                // A detail of all its candidates, which announces none of them.
                change_posting(
                    dice_.pick(steady_), R"({"text":"Role renamed )" + std::to_string(++renamed_ever_) + "\"}");
                break;
            default:
                change_posting(dice_.pick(steady_), R"({"description":"Changed."})");
                break;
        }
    }

    void recover(const std::string& destination) {
        if (!destination.empty()) the.stack.control(http::Method::del, "/_sandbox/" + destination + "/faults");
    }

    Dice dice_;
    const std::vector<std::string> stages_{
        "Recruiter screen", "On-site interview", "Reference check", "Offer", "Reached out"};
    const std::vector<std::string> reasons_{"Underqualified", "Withdrew", "Position closed"};
    const std::vector<std::string> deliveries_{
        "{}",
        R"({"drop":0.3})",
        R"({"duplicate":0.5})",
        R"({"reorder_ms":1500})",
        R"({"drop":0.1,"duplicate":0.3,"reorder_ms":800})"};
    const std::vector<std::string> faults_{
        R"({"status":503,"ratio":0.3})",
        R"({"status":500,"ratio":0.2,"latency_ms":20})",
        R"({"status":429,"ratio":0.2,"retry_after":"1"})",
        R"({"reset_ratio":0.3})",
        R"({"lose_response_ratio":0.3})",
        R"({"latency_ms":80})"};
    std::vector<std::string> steady_;  // postings
    std::vector<std::string> lively_;
    std::vector<std::string> people_;
    std::vector<std::string> quiet_;
    std::set<std::string> archived_;
    std::set<std::string> hired_;
    std::string troubled_;  // the destination where something fails
    int people_ever_ = 0;
    int postings_ever_ = 0;
    int renamed_ever_ = 0;
};

// When the webhooks were triggered that the receiver has taken, by opportunity.
std::map<std::string, std::vector<std::int64_t>> announcements(const Company& the) {
    std::map<std::string, std::vector<std::int64_t>> times;
    const auto log = the.stack.control("/_sandbox/webhooks");
    for (const auto& webhook : log.root().items()) {
        if (webhook["state"].string() != "delivered") continue;
        const auto body = json::Document::parse(webhook["body"].string());
        REQUIRE(body.has_value());
        times[std::string{webhook["opportunity"].string()}].push_back((*body)["triggeredAt"].integer());
    }
    return times;
}

struct Question {
    std::string opportunity{};
    std::int64_t occurred_at = 0;
    std::string status{};
    std::string key{};
};

// All that may have made CLARA ask somebody something.
std::vector<Question> questions(const Company& the) {
    const std::string before = "/opportunities/";
    std::vector<Question> all;
    for (const auto& one : the.sent("clara")) {
        const auto body = json::Document::parse(one.body);
        if (!body || !(*body)["follow_up"].boolean()) continue;
        const auto from = one.path.find(before) + before.size();
        const auto occurred = parse_iso((*body)["occurred_at"].string());
        REQUIRE(occurred.has_value());
        Question question;
        question.opportunity = one.path.substr(from, one.path.find('/', from) - from);
        question.occurred_at = to_ms(*occurred);
        question.key = one.key;
        question.status = (*body)["status"]["id"].string();
        all.push_back(std::move(question));
    }
    return all;
}

// How often each opportunity entered each status by a live change.
std::map<std::pair<std::string, std::string>, std::set<std::string>> live_entries(const Company& the) {
    std::map<std::pair<std::string, std::string>, std::set<std::string>> entries;
    kafka::read_all(the.stack.kafka(), "hiring.changes", [&](const kafka::Record& record) {
        v1::Change change;
        if (!record.value || !change.ParseFromString(*record.value) || !change.live()) return;
        entries[{change.opportunity_id(), change.status().id()}].insert(change.change_id());
    });
    return entries;
}

void check_questions(const Day& day) {
    const auto told = announcements(day.the);
    const std::set<std::string> quiet{day.quiet().begin(), day.quiet().end()};
    // By person, moment and status: who is un-archived and moved on in one moment enters two.
    std::map<std::tuple<std::string, std::int64_t, std::string>, std::set<std::string>> keys;
    for (const auto& question : questions(day.the)) {
        CAPTURE(question.opportunity);
        keys[{question.opportunity, question.occurred_at, question.status}].insert(question.key);
        CHECK(!quiet.contains(question.opportunity));
        const auto times = told.find(question.opportunity);
        REQUIRE(times != told.end());
        CHECK(std::any_of(times->second.begin(), times->second.end(), [&](std::int64_t at) {
            return std::llabs(at - question.occurred_at) <= announced_within_ms;
        }));
    }
    // Whatever was lost, repeated or came after: one entry, one question.
    std::map<std::pair<std::string, std::string>, std::set<std::string>> asked;
    for (const auto& question : questions(day.the))
        asked[{question.opportunity, question.status}].insert(question.key);
    const auto entries = live_entries(day.the);
    for (const auto& [entry, keys_of_entry] : asked) {
        CAPTURE(entry.first);
        CAPTURE(entry.second);
        const auto found = entries.find(entry);
        REQUIRE(found != entries.end());
        CHECK(keys_of_entry.size() <= found->second.size());
    }
    // A repeat of one question is the same request.
    CHECK(!keys.empty());
    for (const auto& entry : keys) CHECK(entry.second.size() == 1);
    const auto clara = day.the.state("clara");
    for (const auto& id : quiet) CHECK(clara[id]["follow_ups"].integer() == 0);
}

LookAtBuckets look_from(Company& the, const char* zone, std::chrono::hours east) {
    const std::vector<Setting> there{Setting{"cleary", "time_zone", in_quotes(zone)}};
    the.stack.restart(Service::sync_cleary, there);
    the.stack.await_ready();
    const auto look = the.look_at_buckets(east);
    CAPTURE(zone);
    CAPTURE(look.today);
    CHECK(look.reported.new_hires_preboarding == look.expected.new_hires_preboarding);
    CHECK(look.reported.action_needed == look.expected.action_needed);
    return look;
}

}  // namespace

TEST_CASE(
    "a day at a company: all five end up with what Lever says, nothing is forbidden, and nobody is asked about old "
    "news (#2 #19 #25 #33 #37 #38 #43 #48)") {
    MESSAGE(how_to_repeat());
    Day day{seed()};
    auto& the = day.the;
    day.open();
    the.list_and_tell();
    for (int hour = 0; hour < hours; ++hour) {
        day.live_through(hour);
        // At noon somebody asks for all runs, whatever is out of order just then.
        if (hour != hours / 2) continue;
        the.run_of("postings");
        the.run_of("theorg");
        the.run_of("cleary");
    }
    day.close();
    the.settles(Milliseconds{180'000});
    CHECK(the.oracle.difference() == "");
    CHECK(the.oracle.violations() == "");
    CHECK(the.dead_letters() == 0);
    check_questions(day);

    // Both sides of midnight: the same hires, seen from where it is tomorrow and from where it is yesterday.
    const auto east = look_from(the, "Pacific/Kiritimati", kiritimati);
    const auto west = look_from(the, "Pacific/Pago_Pago", pago_pago);
    CHECK(east.today > west.today);
    CHECK(east.expected.new_hires_preboarding < west.expected.new_hires_preboarding);
    CHECK(the.oracle.difference() == "");
    CHECK(the.oracle.violations() == "");
}
