#include "common/config/as_json.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "common/config/schema.hpp"
#include "common/json/value.hpp"

using namespace hirewire;

namespace {

struct File {
    explicit File(const std::string& text) { std::ofstream{path} << text; }
    ~File() { std::filesystem::remove(path); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("hirewire-as-json-test-" + std::to_string(getpid()) + ".toml");
};

}  // namespace

TEST_CASE("TOML as JSON: tables, arrays of tables, keys with a dot in them, and their types") {
    const File file{
        "name = \"Łukasz \\\"q\\\"\"\n[[case]]\nlive = true\n[case.body]\n\"status.mapped\" = \"x\"\ncount = 3\n"};
    const auto document = json::Document::parse(config::read_as_json(file.path.string()));
    REQUIRE(document.has_value());
    CHECK((*document)["name"].string() == "Łukasz \"q\"");
    const auto first = (*document)["case"].items().at(0);
    CHECK(first["live"].boolean());
    CHECK(first["body"]["status.mapped"].string() == "x");
    CHECK(first["body"]["count"].integer() == 3);
}

TEST_CASE("TOML as JSON: what is not TOML is refused with file and line") {
    const File file{"a = 1\nb = = 2\n"};
    try {
        config::read_as_json(file.path.string());
        FAIL("was read");
    } catch (const config::Error& e) {
        CHECK(std::string{e.what()}.find(file.path.string() + ":2: not readable as TOML") == 0);
    }
    CHECK_THROWS_AS(config::read_as_json("/nowhere/hirewire.toml"), config::Error);
}

TEST_CASE(
    "schema: the keys for people, with defaults and what is in force, and a file that is read without its secrets") {
    const File file{"[clara]\ntoken_env = \"HIREWIRE_TEST_UNSET_VARIABLE\"\nmap = { a = \"b\" }\n"};
    std::string token;
    std::map<std::string, std::string> map;
    config::Schema schema;
    schema.section("clara", "A destination.")
        .secret("token", token, "CLARA_TOKEN", "Its token.")
        .table("map", map, "From and to.");
    CHECK_THROWS_AS(schema.load(file.path.string()), config::Error);
    schema.load(file.path.string(), config::Secrets::left_alone);
    CHECK(map.at("a") == "b");
    const auto notes = schema.keys();
    REQUIRE(notes.size() == 3);
    CHECK(notes[0].key == "clara.token_env");
    CHECK(notes[0].value == "\"HIREWIRE_TEST_UNSET_VARIABLE\"");
    CHECK(notes[2].key == "clara.map");
    CHECK(notes[2].standard == "{}");
    CHECK(notes[2].value == R"({"a":"b"})");
    CHECK_FALSE(notes[2].required);
}
