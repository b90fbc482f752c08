#include "common/config/schema.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "common/json/value.hpp"

using namespace hirewire;
using namespace hirewire::config;

namespace {

// A file that goes with the object.
class File {
public:
    explicit File(const std::string& text, const std::string& name = "test.toml") {
        char folder[] = "/tmp/hirewire-config-XXXXXX";
        REQUIRE(mkdtemp(folder) != nullptr);
        folder_ = folder;
        path_ = folder_ + "/" + name;
        std::ofstream{path_} << text;
    }
    ~File() {
        std::remove(path_.c_str());
        rmdir(folder_.c_str());
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string folder_;
    std::string path_;
};

class Variable {
public:
    Variable(std::string name, const std::string& value) : name_{std::move(name)} {
        setenv(name_.c_str(), value.c_str(), 1);
    }
    ~Variable() { unsetenv(name_.c_str()); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

private:
    std::string name_;
};

// One key of each kind.
struct Settings {
    Settings() {
        schema.section("", "The top.").duration("grace", grace, "How long.");
        schema.section("main", "The main section.")
            .text("name", name, "A name.")
            .text("level", level, "A level.", one_of({"low", "high"}))
            .text("url", url, "A URL.", a_url())
            .text("since", since, "A date.", a_date())
            .integer("port", port, "A port.", 0, 65535)
            .flag("on", on, "A switch.")
            .decimal("rate", rate, "A rate.", 0.5, 100)
            .list("words", words, "Words.")
            .table("map", map, "A map.");
        schema.section("main.inner", "A sub-section.").integer("depth", depth, "A depth.", 1, 10);
        schema.section("safe", "Secrets.")
            .secret("token", token, "HIREWIRE_TEST_TOKEN", "The token.", Need::optional);
        schema.accept({"others"});
    }

    Schema schema{};
    Milliseconds grace{10'000};
    std::string name = "quote\" and slash\\";
    std::string level = "low";
    std::string url = "http://a.test";
    std::string since = "2026-01-31";
    std::uint16_t port = 8080;
    bool on = true;
    double rate = 2.5;
    std::vector<std::string> words{"a", "b c"};
    std::map<std::string, std::string> map{{"On-site interview", "interview"}};
    int depth = 3;
    std::string token{};
};

// What is said about a file that cannot be loaded, without the file's name.
std::string complaint(const std::string& text) {
    Settings settings;
    const File file{text};
    try {
        settings.schema.load(file.path());
    } catch (const config::Error& e) {
        const std::string what = e.what();
        REQUIRE(what.starts_with(file.path()));
        CHECK(what.find('\n') == std::string::npos);
        return what.substr(file.path().size());
    }
    return "loaded";
}

bool says(const std::string& text, const std::string& begin, const std::string& part) {
    const auto what = complaint(text);
    CAPTURE(what);
    const bool good = what.starts_with(begin) && what.find(part) != std::string::npos;
    CHECK(good);
    return good;
}

}  // namespace

TEST_CASE("config: everything of each kind is read") {
    Settings s;
    const File file{R"(
grace = "1m"
[main]
name = "Ann"
level = "high"
url = "https://b.test"
since = "2024-02-29"
port = 0
on = false
rate = 7
words = []
map = { "a b" = "c", "d" = "e" }
[main.inner]
depth = 10
[others]
anything = 1
)"};
    s.schema.load(file.path());
    CHECK(s.grace == std::chrono::minutes{1});
    CHECK(s.name == "Ann");
    CHECK(s.level == "high");
    CHECK(s.url == "https://b.test");
    CHECK(s.since == "2024-02-29");
    CHECK(s.port == 0);
    CHECK_FALSE(s.on);
    CHECK(s.rate == 7);
    CHECK(s.words.empty());
    CHECK(s.map == std::map<std::string, std::string>{{"a b", "c"}, {"d", "e"}});
    CHECK(s.depth == 10);
}

TEST_CASE("config: an empty file is the defaults, and a second load forgets the first") {
    Settings s;
    const Settings defaults;
    const File empty{""};
    const File other{"[main]\nname = \"x\"\nport = 1\nwords = [\"z\"]"};
    s.schema.load(other.path());
    CHECK(s.name == "x");
    s.schema.load(empty.path());
    CHECK(s.name == defaults.name);
    CHECK(s.port == defaults.port);
    CHECK(s.words == defaults.words);
    CHECK(s.grace == defaults.grace);
}

TEST_CASE("config: every fault is told with file, line and key, in one sentence") {
    says("[main]\n\nname = 7", ":3: main.name: ", "text in quotes, found 7");
    says("[main]\nlevel = \"middle\"", ":2: main.level: ", "\"low\" or \"high\", found \"middle\"");
    says("[main]\nurl = \"ftp://x\"", ":2: main.url: ", "http://");
    says("[main]\nsince = \"31.01.2026\"", ":2: main.since: ", "2026-01-31");
    says("[main]\nsince = \"2026-02-30\"", ":2: main.since: ", "date");
    says("[main]\nport = \"80\"", ":2: main.port: ", "whole number from 0 to 65535");
    says("[main]\nport = 65536", ":2: main.port: ", "found 65536");
    says("[main]\nport = -1", ":2: main.port: ", "found -1");
    says("[main]\nport = 1.0", ":2: main.port: ", "whole number");
    says("[main]\non = \"yes\"", ":2: main.on: ", "true or false");
    says("[main]\nrate = 0.4", ":2: main.rate: ", "from 0.5 to 100, found 0.4");
    says("[main]\nrate = nan", ":2: main.rate: ", "from 0.5 to 100");
    says("[main]\nrate = inf", ":2: main.rate: ", "from 0.5 to 100");
    says("[main]\nrate = \"1\"", ":2: main.rate: ", "number");
    says("[main]\nwords = \"a\"", ":2: main.words: ", "list");
    says("[main]\nwords = [\"a\",\n 7]", ":3: main.words: ", "found 7");
    says("[main]\nmap = \"a\"", ":2: main.map: ", "table");
    says("[main.map]\n\"a b\" = 7", ":2: main.map.a b: ", "found 7");
    says("grace = 10", ":1: grace: ", "duration");
    says("[main.inner]\ndepth = 11", ":2: main.inner.depth: ", "from 1 to 10");
    says("[main]\ninner = 5", ":2: main.inner: ", "section");
    says("[safe]\ntoken_env = 7", ":2: safe.token_env: ", "name of a variable");
    says("[safe]\ntoken_file = []", ":2: safe.token_file: ", "path");
}

TEST_CASE("config: unknown keys, sections and sub-sections stop the start, those of other programs do not") {
    says("[main]\nprot = 80", ":2: main.prot: ", "no such key");
    says("colour = 1", ":1: colour: ", "no such key");
    says("[mian]\nname = \"x\"", ":1: [mian]: ", "no such section");
    says("[main.outer]\na = 1", ":1: main.outer: ", "no such key");
    says("[main.inner]\nwidth = 1", ":2: main.inner.width: ", "no such key");
    says("[main.inner.most]\na = 1", ":1: main.inner.most: ", "no such key");
    says("[[main]]\nname = \"x\"", ":1: main: ", "no such key");
    says("[safe]\ntoken = \"secret in the file\"", ":2: safe.token: ", "no such key");
    CHECK(complaint("[others]\nname = 1\n[others.deep]\nx = [1]") == "loaded");
}

TEST_CASE("config: what is not TOML, or not there, is told with its place") {
    says("[main\nname = 1", ":1: ", "not readable as TOML");
    says("[main]\nname = \"a\"\nname = \"b\"", ":3: ", "not readable as TOML");
    says("x = = 1", ":1: ", "TOML");
    Settings s;
    CHECK_THROWS_AS(s.schema.load("/tmp/hirewire-there-is-no-such-file.toml"), config::Error);
}

TEST_CASE("config: durations are numbers with a unit, and nothing else") {
    const auto grace = [](const std::string& text) -> std::int64_t {
        Settings s;
        const File file{"grace = \"" + text + "\""};
        try {
            s.schema.load(file.path());
        } catch (const config::Error&) {
            return -1;
        }
        return s.grace.count();
    };
    CHECK(grace("250ms") == 250);
    CHECK(grace("10s") == 10'000);
    CHECK(grace("5m") == 300'000);
    CHECK(grace("1h") == 3'600'000);
    CHECK(grace("7d") == 604'800'000);
    for (const char* wrong :
         {"", "10", "s", "10 s", "-1s", "+1s", "1.5s", "1w", "10S", "1h30m", "9999999999s", " 1s"}) {
        CAPTURE(wrong);
        CHECK(grace(wrong) == -1);
    }
}

TEST_CASE("config: a load that fails changes nothing at all") {
    const Variable variable{"HIREWIRE_TEST_OTHER", "other secret"};
    Settings s;
    const File good{"[main]\nname = \"kept\"\nport = 7"};
    s.schema.load(good.path());
    const auto before = s.schema.describe();
    const File bad{
        "grace = \"1h\"\n[main]\nname = \"lost\"\nport = 8\nwords = []\n[safe]\ntoken_env = \"HIREWIRE_TEST_OTHER\"\n"
        "[main.inner]\ndepth = 99"};
    CHECK_THROWS_AS(s.schema.load(bad.path()), config::Error);
    CHECK(s.name == "kept");
    CHECK(s.port == 7);
    CHECK(s.grace == Milliseconds{10'000});
    CHECK(s.words.size() == 2);
    CHECK(s.token.empty());
    CHECK(s.schema.describe() == before);
}

TEST_CASE(
    "config: a secret comes from the environment or from a file, and a missing one is told with both ways out") {
    struct Needy {
        Needy() { schema.section("safe", "Secrets.").secret("token", token, "HIREWIRE_TEST_TOKEN", "The token."); }
        Schema schema{};
        std::string token{};
    };
    const auto load = [](const std::string& text) {
        Needy s;
        const File file{text};
        try {
            s.schema.load(file.path());
        } catch (const config::Error& e) {
            return std::string{"error: "} + (e.what() + file.path().size());
        }
        return s.token;
    };
    unsetenv("HIREWIRE_TEST_TOKEN");
    CHECK(
        load("") ==
        "error: : safe.token_env: the environment variable HIREWIRE_TEST_TOKEN is not set; set it, or name a file in "
        "safe.token_file.");
    CHECK(load("[safe]\ntoken_env = \"\"").find("must name a variable") != std::string::npos);
    {
        const Variable variable{"HIREWIRE_TEST_TOKEN", "  from the environment \n"};
        CHECK(load("") == "from the environment");
        const File secret{"\n from a file\n\n", "secret"};
        CHECK(load("[safe]\ntoken_file = \"" + secret.path() + "\"") == "from a file");
        const File empty{" \n", "secret"};
        CHECK(load("[safe]\ntoken_file = \"" + empty.path() + "\"").find("is empty") != std::string::npos);
        CHECK(
            load("[safe]\ntoken_file = \"/tmp/hirewire-no-such-secret\"").find("cannot read the file") !=
            std::string::npos);
    }
    {
        const Variable variable{"HIREWIRE_TEST_TOKEN", "   "};
        CHECK(load("").find("is not set") != std::string::npos);
        const Variable other{"HIREWIRE_TEST_OTHER", "by another name"};
        CHECK(load("[safe]\ntoken_env = \"HIREWIRE_TEST_OTHER\"") == "by another name");
    }
}

TEST_CASE("config: what is shown never holds a secret") {
    const Variable variable{"HIREWIRE_TEST_TOKEN", "very-secret"};
    Settings s;
    const auto shown = [&] {
        auto document = json::Document::parse(s.schema.describe());
        REQUIRE(document.has_value());
        return std::string{(*document)["safe"]["token"].string()};
    };
    CHECK(shown() == "unset");
    const File file{""};
    s.schema.load(file.path());
    CHECK(s.token == "very-secret");
    CHECK(shown() == "set");
    CHECK(s.schema.describe().find("very-secret") == std::string::npos);
    CHECK(s.schema.reference().find("very-secret") == std::string::npos);
    const auto document = json::Document::parse(s.schema.describe());
    CHECK((*document)["safe"]["token_env"].string() == "HIREWIRE_TEST_TOKEN");
    CHECK((*document)["main"]["port"].integer() == 8080);
    CHECK((*document)["grace"].string() == "10s");
}

TEST_CASE("config: the reference holds every key, and reads back to the defaults") {
    const Settings defaults;
    Settings s;
    const auto reference = s.schema.reference();
    for (const char* key :
         {"grace = ",
          "name = ",
          "token_env = \"HIREWIRE_TEST_TOKEN\"",
          "token_file = ",
          "depth = 3",
          "[main.inner]"}) {
        CAPTURE(key);
        CHECK(reference.find(key) != std::string::npos);
    }
    std::istringstream lines{reference};
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 120);
    // Something else first, so that the defaults must come from the file.
    const File other{
        "grace = \"3s\"\n[main]\nname = \"x\"\nlevel = \"high\"\nurl = \"\"\nsince = \"\"\nport = 1\non = "
        "false\nrate = 1\n"
        "words = []\nmap = {}\n[main.inner]\ndepth = 1"};
    s.schema.load(other.path());
    const File file{reference};
    s.schema.load(file.path());
    CHECK(s.grace == defaults.grace);
    CHECK(s.name == defaults.name);
    CHECK(s.level == defaults.level);
    CHECK(s.url == defaults.url);
    CHECK(s.since == defaults.since);
    CHECK(s.port == defaults.port);
    CHECK(s.on == defaults.on);
    CHECK(s.rate == defaults.rate);
    CHECK(s.words == defaults.words);
    CHECK(s.map == defaults.map);
    CHECK(s.depth == defaults.depth);
}

TEST_CASE("config: what must be set has no default and says so") {
    std::string url;
    Schema schema;
    schema.section("main", "x").text("url", url, "The address.", a_url(), Need::required);
    CHECK(schema.reference().find("Required.") != std::string::npos);
    const File missing{"[main]"};
    const File empty{"[main]\nurl = \"\""};
    const File good{"[main]\nurl = \"https://a.test\""};
    CHECK_THROWS_AS(schema.load(missing.path()), config::Error);
    CHECK_THROWS_AS(schema.load(empty.path()), config::Error);
    schema.load(good.path());
    CHECK(url == "https://a.test");
}

namespace {

// An array of tables between two keys.
struct Links {
    struct Link {
        std::string from{};
        int weight = 3;
        friend bool operator==(const Link&, const Link&) = default;
    };

    Links() {
        const auto declare = [](Section& row, Link& link) {
            row.text("from", link.from, "Where it begins.", {}, Need::required)
                .integer("weight", link.weight, "How heavy it is.", 1, 9);
        };
        const auto fault = [](const std::vector<Link>& all) -> std::string {
            for (std::size_t i = 0; i + 1 < all.size(); ++i) {
                if (all[i].from == all.back().from) return "begins where another one does.";
            }
            return {};
        };
        schema.section("main", "The main section.")
            .text("name", name, "A name.")
            .rows<Link>("link", links, "Links.", declare, fault)
            .text("last", last, "A last key.");
    }

    // What is said about a file that cannot be loaded, without the file's name.
    std::string load(const std::string& text) {
        const File file{text};
        try {
            schema.load(file.path());
        } catch (const config::Error& e) {
            return e.what() + file.path().size();
        }
        return "loaded";
    }

    Schema schema{};
    std::string name = "n";
    std::string last = "l";
    std::vector<Link> links{};
};

}  // namespace

TEST_CASE("config: an array of tables is read row by row, in either form, with each row's own defaults") {
    Links s;
    CHECK(
        s.load("[main]\nname = \"x\"\n[[main.link]]\nfrom = \"a\"\n[[main.link]]\nfrom = \"b\"\nweight = 9") ==
        "loaded");
    CHECK(s.name == "x");
    CHECK(s.links == std::vector<Links::Link>{{"a", 3}, {"b", 9}});
    CHECK(s.load("[main]\nlink = [{ from = \"c\", weight = 1 }]") == "loaded");
    CHECK(s.links == std::vector<Links::Link>{{"c", 1}});
    CHECK(s.load("[main]\nlink = []") == "loaded");
    CHECK(s.links.empty());
}

TEST_CASE("config: a file without the array of tables goes back to what it was at declaring") {
    std::vector<Links::Link> links{{"there before", 2}};
    Schema schema;
    schema.section("main", "x").rows<Links::Link>("link", links, "Links.", [](Section& row, Links::Link& link) {
        row.text("from", link.from, "Where it begins.");
    });
    const File other{"[[main.link]]\nfrom = \"a\""};
    const File empty{""};
    schema.load(other.path());
    CHECK(links == std::vector<Links::Link>{{"a", 3}});
    schema.load(empty.path());
    CHECK(links == std::vector<Links::Link>{{"there before", 2}});
}

TEST_CASE("config: a fault in an array of tables is told with the line, the row's when the key is not there") {
    Links s;
    CHECK(s.load("[main]\n[[main.link]]\nfrom = \"kept\"") == "loaded");
    const auto before = s.schema.describe();
    const auto says = [&s](const std::string& text, const std::string& begin) {
        const auto what = s.load(text);
        CAPTURE(what);
        CHECK(what.starts_with(begin));
    };
    const std::string row = "[[main.link]]\nfrom = \"a\"\n";
    says(row + "[[main.link]]\nweight = 2", ":3: main.link.from: must be set");
    says("[[main.link]]\nfrom = 7", ":2: main.link.from: expected a text in quotes, found 7");
    says(row + "weight = 10", ":3: main.link.weight: expected a whole number");
    says(row + "colour = 1", ":3: main.link.colour: there is no such key");
    says(row + "[main.link.deep]\nx = 1", ":3: main.link.deep: there is no such key");
    says(row + row, ":3: main.link: begins where another one does.");
    says("[main.link]\nfrom = \"a\"", ":1: main.link: expected tables, each under [[main.link]]");
    says("[main]\nlink = \"a\"", ":2: main.link: expected tables");
    says("[main]\nlink = [7]", ":2: main.link: expected a table, found 7");
    CHECK(s.schema.describe() == before);
    CHECK(s.links == std::vector<Links::Link>{{"kept", 3}});
}

TEST_CASE("config: an array of tables is shown row by row, and is an example behind all keys in the reference") {
    Links s;
    CHECK(s.load("[[main.link]]\nfrom = \"a\"\n[[main.link]]\nfrom = \"b\"\nweight = 4") == "loaded");
    const auto document = json::Document::parse(s.schema.describe());
    REQUIRE(document.has_value());
    CHECK((*document)["main"]["link"].text() == R"([{"from":"a","weight":3},{"from":"b","weight":4}])");
    const auto reference = s.schema.reference();
    const std::string example =
        "\n# Links.\n# [[main.link]]\n#\n# # Where it begins. Required.\n# from = \"\"\n#\n# # How heavy it is.\n"
        "# weight = 3\n";
    CHECK(reference.ends_with(example));
    CHECK(reference.find("last = \"l\"") < reference.find("[[main.link]]"));
    CHECK(s.load(reference) == "loaded");
    CHECK(s.links.empty());
    // Rows that are added where the example stands take no other key with them.
    CHECK(s.load(reference + "[[main.link]]\nfrom = \"c\"\n") == "loaded");
    CHECK(s.last == "l");
    CHECK(s.links.size() == 1);
}

TEST_CASE("config: values that do not go together are refused at a reload, and all that was in force stays") {
    Settings s;
    const auto fault = [&s]() -> std::string {
        return s.name == "b" && s.level == "high" ? "main.level: must be low for b" : "";
    };
    const File first{"[main]\nname = \"a\"\nlevel = \"high\"\nurl = \"http://one\""};
    s.schema.load(first.path(), Secrets::left_alone, fault);
    const File wrong{"[main]\nname = \"b\"\nlevel = \"high\"\nurl = \"http://two\""};
    std::string said;
    try {
        s.schema.load(wrong.path(), Secrets::left_alone, fault);
    } catch (const config::Error& e) {
        said = e.what();
    }
    CHECK(said == wrong.path() + ": main.level: must be low for b");
    CHECK(s.name == "a");
    CHECK(s.level == "high");
    CHECK(s.url == "http://one");
    const File right{"[main]\nname = \"b\"\nlevel = \"low\""};
    s.schema.load(right.path(), Secrets::left_alone, fault);
    CHECK(s.name == "b");
}
