// What a sixth destination costs.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "common/kafka/topics.hpp"
#include "tests/contract/subjects.hpp"

using namespace hirewire;

namespace {

namespace fs = std::filesystem;

const std::string root = HIREWIRE_SOURCE_DIR;

std::string read(const fs::path& file) {
    std::ifstream in{file};
    REQUIRE(in.good());
    std::ostringstream all;
    all << in.rdbuf();
    return all.str();
}

std::vector<std::string> lines_of_the_toy() {
    std::vector<std::string> lines;
    for (const auto& entry : fs::directory_iterator{root + "/tests/toy"}) {
        const auto extension = entry.path().extension();
        if (extension != ".cpp" && extension != ".hpp") continue;
        std::istringstream text{read(entry.path())};
        for (std::string line; std::getline(text, line);) lines.push_back(line);
    }
    return lines;
}

}  // namespace

TEST_CASE("toy: a sixth destination, its main and its header are fewer than 80 lines") {
    const auto count = lines_of_the_toy().size();
    CHECK(count > 20);
    CHECK(count < 80);
}

TEST_CASE("toy: it is made of nothing but common/ and itself") {
    int includes = 0;
    for (const auto& line : lines_of_the_toy()) {
        if (!line.starts_with("#include \"")) continue;
        ++includes;
        CAPTURE(line);
        CHECK((line.starts_with("#include \"common/") || line.starts_with("#include \"tests/toy/")));
    }
    CHECK(includes > 3);
}

TEST_CASE("toy: it is held to the contract, by one line") {
    const auto all = contract::subjects();
    CHECK(std::count_if(all.begin(), all.end(), [](const auto& subject) { return subject.name() == "toy"; }) == 1);
    std::istringstream text{read(root + "/tests/contract/subjects.cpp")};
    int lines = 0;
    for (std::string line; std::getline(text, line);) {
        if (line.find("toy::") != std::string::npos) ++lines;
    }
    CHECK(lines == 1);
}

TEST_CASE("toy: a sixth destination's topics are one word in the list of topics") {
    const auto list = root + "/proto/topics.toml";
    const auto before = kafka::load_topics(list);
    const std::regex line{R"((\ndestinations = \[[^\]]*)\])"};
    const auto text = read(list);
    REQUIRE(std::regex_search(text, line));
    const auto file = fs::temp_directory_path() / ("hirewire-contract-topics-" + std::to_string(getpid()) + ".toml");
    std::ofstream{file} << std::regex_replace(text, line, "$1, \"toy\"]");
    const auto after = kafka::load_topics(file.string());
    fs::remove(file);

    std::set<std::string> names;
    for (const auto& topic : after) names.insert(topic.name);
    CHECK(after.size() == before.size() + 5);
    for (const char* kind : {"retry.1m", "retry.10m", "retry.1h", "dlq", "replay"}) {
        CHECK(names.contains(std::string{"sync.toy."} + kind));
    }
}
