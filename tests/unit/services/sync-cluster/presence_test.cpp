#include "services/sync-cluster/presence.hpp"

#include <doctest/doctest.h>

using namespace hirewire;
using namespace hirewire::cluster;

namespace {

using List = std::vector<std::string>;

Page a_page(const std::vector<Candidate>& candidates) {
    Page page;
    page.candidates = candidates;
    return page;
}

Candidate a_candidate(const std::string& id, const List& emails, bool already = false) {
    Candidate candidate;
    candidate.id = id;
    candidate.emails = emails;
    candidate.already_in_ats = already;
    return candidate;
}

}  // namespace

TEST_CASE("#4 Cluster's presence: addresses are compared without white space around them and without case") {
    CHECK(folded_address("Ann@X.com ") == "ann@x.com");
    CHECK(folded_address("\t ann@x.com\r\n") == "ann@x.com");
    CHECK(folded_address("Jörg@X.com") == "jörg@x.com");
}

TEST_CASE("#4 Cluster's presence: a plus, a dot and another domain are another address") {
    CHECK(folded_address("ann+cv@x.com") == "ann+cv@x.com");
    CHECK(folded_address("a.nn@gmail.com") == "a.nn@gmail.com");
    CHECK(folded_address("ann@x.com") != folded_address("ann@x.org"));
}

TEST_CASE("#4 Cluster's presence: what is no address is not asked about") {
    for (const char* text : {"", "   ", "ann", "@x.com", "ann@"}) CHECK(folded_address(text).empty());
    const auto page =
        a_page({a_candidate("none", {}), a_candidate("blank", {"", " "}), a_candidate("word", {"ann"})});
    CHECK(addresses_to_ask(page).empty());
}

TEST_CASE("#4 Cluster's presence: asked are the addresses of those who are not marked yet, each once") {
    const auto page = a_page(
        {a_candidate("1", {"Ann@X.com ", "ann@work.com"}),
         a_candidate("2", {"ann@x.com"}),
         a_candidate("3", {"bob@x.com"}, true)});
    CHECK(addresses_to_ask(page) == List{"ann@work.com", "ann@x.com"});
}

TEST_CASE("#4 check 5 Cluster's presence: a match by any address marks, once for each candidate") {
    const auto page = a_page(
        {a_candidate("1", {"nobody@x.com", " ANN@x.com"}),
         a_candidate("2", {"ann@x.com", "ann@work.com"}),
         a_candidate("3", {"stranger@x.com"})});
    const Known known{{"ann@x.com", "opportunity-1"}, {"ann@work.com", "opportunity-2"}};
    const std::vector<Mark> expected{{"1", "opportunity-1"}, {"2", "opportunity-1"}};
    CHECK(marks(page, known) == expected);
}

TEST_CASE("#4 check 5 Cluster's presence: a candidate without an address is never marked") {
    const auto page = a_page({a_candidate("none", {}), a_candidate("blank", {" "}), a_candidate("word", {"ann"})});
    CHECK(marks(page, {{"", "opportunity-1"}, {"ann", "opportunity-1"}, {" ", "opportunity-1"}}).empty());
}

TEST_CASE("#5 Cluster's presence: who is marked stays marked, and is not written again") {
    CHECK(marks(a_page({a_candidate("1", {"ann@x.com"}, true)}), {{"ann@x.com", "opportunity-1"}}).empty());
}

TEST_CASE("Cluster's presence: a page is read with its cursor; the last one has none") {
    const auto page = read_page(R"({"data":[{"id":"c1","emails":["a@x.com","b@x.com"],"already_in_ats":false},)"
                                R"({"id":"c2","emails":[],"already_in_ats":true}],"next":"c2"})");
    REQUIRE(page.has_value());
    CHECK(page->candidates.size() == 2);
    CHECK(page->candidates[0].emails == List{"a@x.com", "b@x.com"});
    CHECK(page->candidates[1].already_in_ats);
    CHECK(page->next == "c2");
    CHECK(read_page(R"({"data":[],"next":null})")->next.empty());
    CHECK(read_page(R"({"data":[]})")->candidates.empty());
}

TEST_CASE("Cluster's presence: a page that is not what the contract says is no page") {
    for (const char* text : {"", "[]", "{}", R"({"data":{}})", R"({"data":[],"next":7})"}) {
        CAPTURE(text);
        CHECK_FALSE(read_page(text).has_value());
    }
}

TEST_CASE("Cluster's presence: a candidate who is not what the contract says is left out of the page, and counted") {
    for (const char* text :
         {R"({"data":["c1"]})",
          R"({"data":[{"emails":[],"already_in_ats":false}]})",
          R"({"data":[{"id":"","emails":[],"already_in_ats":false}]})",
          R"({"data":[{"id":7,"emails":[],"already_in_ats":false}]})",
          R"({"data":[{"id":"c1","already_in_ats":false}]})",
          R"({"data":[{"id":"c1","emails":"a@x.com","already_in_ats":false}]})",
          R"({"data":[{"id":"c1","emails":[7],"already_in_ats":false}]})",
          R"({"data":[{"id":"c1","emails":[]}]})",
          R"({"data":[{"id":"c1","emails":[],"already_in_ats":"no"}]})"}) {
        CAPTURE(text);
        const auto page = read_page(text);
        REQUIRE(page.has_value());
        CHECK(page->candidates.empty());
        CHECK(page->malformed == 1);
    }
    const auto mixed =
        read_page(R"({"data":[7,{"id":"c2","emails":["a@x.com"],"already_in_ats":false}],"next":"c2"})");
    REQUIRE(mixed.has_value());
    CHECK(mixed->candidates.size() == 1);
    CHECK(mixed->malformed == 1);
    CHECK(mixed->next == "c2");
}

TEST_CASE("#4 Cluster's presence: the two calls, which hold nobody's address") {
    CHECK(candidates_request("a b", "").target == "/jobs/a%20b/candidates?with_email=true");
    CHECK(candidates_request("a", "x&y").target == "/jobs/a/candidates?with_email=true&cursor=x%26y");
    CHECK(candidates_request("a", "").method == http::Method::get);
    const auto request = mark_request("a", {.candidate = "c/1", .opportunity = "opportunity-1"});
    CHECK(request.method == http::Method::put);
    CHECK(request.target == "/jobs/a/candidates/c%2F1/ats-presence");
    CHECK(request.body == R"({"already_in_ats":true,"matched_on":"email","opportunity_id":"opportunity-1"})");
}
