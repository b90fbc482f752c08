#include "tools/hirewire/wrong_words.hpp"

#include <doctest/doctest.h>

using namespace hirewire;

namespace {

const cli::VerbNames verbs{{"status", {}}, {"topics", {"apply", "list"}}, {"dlq", {"list", "show", "redrive"}}};

// "" = the verbs are right.
std::string said(const std::vector<std::string>& words) {
    return cli::wrong_word(words, verbs).value_or("");
}

}  // namespace

TEST_CASE("hirewire: a misspelt verb is named, and where the verbs are listed") {
    CHECK(said({"stats"}) == "there is no verb \"stats\"; hirewire --help lists the verbs");
    CHECK(said({}) == "what is to be done? hirewire --help lists the verbs");
}

TEST_CASE("hirewire: a misspelt second word is named, and which words there are") {
    CHECK(
        said({"dlq", "lst", "--dest", "clara"}) ==
        "there is no \"dlq lst\", only hirewire dlq list, show or redrive");
    CHECK(said({"topics", "lst"}) == "there is no \"topics lst\", only hirewire topics apply or list");
    // The name of another verb is none of this one's.
    CHECK(said({"dlq", "status"}).starts_with("there is no \"dlq status\""));
    CHECK(said({"topics"}) == "what of topics? There is hirewire topics apply or list");
}

TEST_CASE("hirewire: a flag before the verb is told where it belongs") {
    CHECK(
        said({"--brokers", "kafka:9092", "status"}) ==
        "--brokers comes behind the verb: hirewire --help lists the verbs");
    CHECK(
        said({"dlq", "--dest", "clara", "list"}) ==
        "--dest comes behind the verb: hirewire dlq list, show or redrive");
}

TEST_CASE("hirewire: behind verbs that are right, what is wrong is no verb") {
    CHECK(said({"status", "--no-such-flag"}).empty());
    CHECK(said({"dlq", "list", "--status", "12"}).empty());
}
