#include "tools/hirewire/config_explain.hpp"

#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>

#include "common/json/writer.hpp"
#include "tools/hirewire/config_declared.hpp"

namespace hirewire::cli {
namespace {

constexpr std::size_t most_suggestions = 8;

std::string last_word(const std::string& key) {
    const auto dot = key.rfind('.');
    return dot == std::string::npos ? key : key.substr(dot + 1);
}

std::string section_of(const std::string& key) {
    const auto dot = key.find('.');
    return dot == std::string::npos ? std::string{} : key.substr(0, dot);
}

struct Explained {
    std::vector<config::KeyNote> notes{};
    std::string unread{};  // why what is in force is not known; "" = it is
};

// Of all programs; a key that several read is the first one's.
Explained read_notes(const std::string& file) {
    Explained explained;
    std::set<std::string> seen;
    const auto sections = file.empty() ? std::vector<std::string>{} : sections_of(file);
    for (const auto& declared : declarations()) {
        const bool there = std::find(sections.begin(), sections.end(), declared.section) != sections.end();
        try {
            if (there) load(declared, file);
        } catch (const config::Error& e) {
            explained.unread = e.what();
        }
        for (auto& note : declared.schema->keys()) {
            if (seen.insert(note.key).second) explained.notes.push_back(std::move(note));
        }
    }
    return explained;
}

void print_json(const std::vector<config::KeyNote>& notes, bool in_force) {
    json::Writer out;
    out.begin_array();
    for (const auto& note : notes) {
        out.begin_object().member("key", note.key).member("help", note.help);
        out.member("default", note.standard).member("required", note.required);
        if (in_force) out.member("in_force", note.value);
        out.end_object();
    }
    std::printf("%s\n", out.end_array().text().c_str());
}

void print_text(const std::vector<config::KeyNote>& notes, bool in_force) {
    bool first = true;
    for (const auto& note : notes) {
        if (!std::exchange(first, false)) std::printf("\n");
        std::printf("%s%s\n  %s\n", note.key.c_str(), note.required ? " (required)" : "", note.help.c_str());
        if (note.standard.empty()) continue;
        std::printf("  default:  %s\n", note.standard.c_str());
        if (in_force) std::printf("  in force: %s\n", note.value.c_str());
    }
}

}  // namespace

std::vector<config::KeyNote> notes_about(const std::string& key, const std::vector<config::KeyNote>& all) {
    std::vector<config::KeyNote> found;
    for (const auto& note : all) {
        if (note.key == key) return {note};
        if (note.key.starts_with(key + ".")) found.push_back(note);
    }
    return found;
}

std::vector<std::string> near(const std::string& key, const std::vector<config::KeyNote>& all) {
    std::vector<std::string> same_word;
    std::vector<std::string> same_section;
    for (const auto& note : all) {
        if (last_word(note.key) == last_word(key)) same_word.push_back(note.key);
        if (!section_of(key).empty() && section_of(note.key) == section_of(key)) same_section.push_back(note.key);
    }
    auto& found = same_word.empty() ? same_section : same_word;
    if (found.size() > most_suggestions) found.resize(most_suggestions);
    return found;
}

int explain_config(const ExplainCommand& command) {
    const auto explained = read_notes(command.config_file);
    const auto notes = notes_about(command.key, explained.notes);
    if (notes.empty()) {
        std::string others;
        for (const auto& other : near(command.key, explained.notes)) others += (others.empty() ? "" : ", ") + other;
        throw config::Error{
            "there is no key " + command.key + "." +
            (others.empty() ? "" : " Is one of these meant: " + others + "?")};
    }
    const bool in_force = !command.config_file.empty() && explained.unread.empty();
    command.as_json ? print_json(notes, in_force) : print_text(notes, in_force);
    if (!explained.unread.empty()) {
        std::fprintf(stderr, "hirewire: what is in force is not known: %s\n", explained.unread.c_str());
    }
    return 0;
}

}  // namespace hirewire::cli
