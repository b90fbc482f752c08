#include "tools/hirewire/config_test.hpp"

#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "common/config/as_json.hpp"
#include "common/config/schema.hpp"
#include "common/core/time.hpp"
#include "common/json/writer.hpp"
#include "common/sync/names_watch.hpp"
#include "tools/hirewire/config_cases.hpp"
#include "tools/hirewire/config_declared.hpp"
#include "tools/hirewire/vocabulary_file.hpp"

namespace hirewire::cli {
namespace {

struct Configured {
    std::shared_ptr<sync::Destination> destination{};
    bool confidential = false;
};

// What the rules of one destination read, and nothing else: a mapping can be tried before there is an installation.
Configured configure(const std::shared_ptr<sync::Destination>& destination, const std::string& file) {
    Configured configured;
    configured.destination = destination;
    Milliseconds unread{0};
    config::Schema schema;
    schema.accept(sections_of(file));
    schema.section("", "").duration("shutdown_grace", unread, "");
    auto& section = schema.section(std::string{destination->name()}, "").open();
    section.flag("confidential", configured.confidential, "");
    destination->declare(section);
    schema.load(file, config::Secrets::left_alone);
    return configured;
}

Configured find_destination(const MappingCase& mapping, const TestCommand& command) {
    std::string all;
    for (const auto& destination : destinations()) {
        const std::string name{destination->name()};
        if (name == mapping.destination) return configure(destination, command.config_file);
        all += (all.empty() ? "" : ", ") + name;
    }
    throw config::Error{
        command.cases_file + ": case \"" + mapping.name + "\": there is no destination " + mapping.destination +
        " that is told of changes; there are " + all + "."};
}

struct Tried {
    const MappingCase* mapping = nullptr;
    CaseResult result{};
};

void print_json(const std::vector<Tried>& tried) {
    json::Writer out;
    out.begin_array();
    for (const auto& one : tried) {
        out.begin_object().member("case", one.mapping->name).member("destination", one.mapping->destination);
        out.member("passed", one.result.passed).member("expected", one.result.expected);
        out.member("came", one.result.came).end_object();
    }
    std::printf("%s\n", out.end_array().text().c_str());
}

void print_table(const std::vector<Tried>& tried, std::size_t failed) {
    for (const auto& one : tried) {
        std::printf(
            "%s  %s: %s\n",
            one.result.passed ? "pass" : "FAIL",
            one.mapping->destination.c_str(),
            one.mapping->name.c_str());
        if (one.result.passed) continue;
        std::printf("      expected: %s\n", one.result.expected.c_str());
        std::printf("      came:     %s\n", one.result.came.c_str());
    }
    std::printf("%zu cases pass, %zu fail\n", tried.size() - failed, failed);
}

}  // namespace

int test_config(const TestCommand& command) {
    if (command.config_file.empty()) {
        throw config::Error{"which configuration? Give --config, or set HIREWIRE_CONFIG."};
    }
    std::optional<sync::Vocabulary> vocabulary;
    if (!command.vocabulary_file.empty()) vocabulary = read_vocabulary_file(command.vocabulary_file);
    const auto cases = read_mapping_cases(config::read_as_json(command.cases_file), command.cases_file, vocabulary);
    std::map<std::string, Configured> configured;
    std::vector<Tried> tried;
    std::size_t failed = 0;
    for (const auto& mapping : cases) {
        auto found = configured.find(mapping.destination);
        if (found == configured.end()) {
            found = configured.emplace(mapping.destination, find_destination(mapping, command)).first;
            sync::NamesBook book;
            if (vocabulary) book.resolve(*found->second.destination, *vocabulary);
        }
        Tried one;
        one.mapping = &mapping;
        one.result = try_case(mapping, *found->second.destination, found->second.confidential);
        if (!one.result.passed) ++failed;
        tried.push_back(std::move(one));
    }
    command.as_json ? print_json(tried) : print_table(tried, failed);
    return failed == 0 ? 0 : 1;
}

}  // namespace hirewire::cli
