#pragma once
// Configuration keys, declared once: file key, default, help, check and target in one line each. Out of the same
// declaration come the reading of a TOML file, the commented reference file, and what /config shows.
//
// A target's value at the time of declaring is its default. Unknown keys are errors; so are wrong types and values
// out of range; each with file, line and key. A secret is never in the file: the file names a variable or a file that
// holds it.
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "common/core/time.hpp"

namespace hirewire::config {

// What is wrong, in one sentence with place and remedy. Programs print it and exit with 2.
class Error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

enum class Need { optional, required };

// Whether the secrets that the file points to are read, too. Who only looks at a file has not all that services have.
enum class Secrets { read, left_alone };

// One key, for people.
struct KeyNote {
    std::string key{};  // with its section: "clara.status_map"
    std::string help{};
    std::string standard{};  // the default, as TOML; "" for a key of each of several tables
    std::string value{};     // in force, as JSON; "" for a key of each of several tables
    bool required = false;
};

using TextCheck = std::function<std::string(const std::string&)>;  // "" when fine, else what is expected

// Ready-made checks.
TextCheck one_of(std::vector<std::string> words);
TextCheck a_url();
TextCheck a_date();

class Section {
public:
    Section(std::string name, std::string help);

    Section& text(
        std::string key, std::string& target, std::string help, TextCheck check = {}, Need = Need::optional);
    // "250ms", "10s", "5m", "1h", "7d"
    Section& duration(std::string key, Milliseconds& target, std::string help);
    Section& flag(std::string key, bool& target, std::string help);
    Section& decimal(std::string key, double& target, std::string help, double least, double most);
    Section& list(std::string key, std::vector<std::string>& target, std::string help);
    // A sub-table of texts.
    Section& table(std::string key, std::map<std::string, std::string>& target, std::string help);
    // Declares <name>_env and <name>_file. The target gets the secret itself, white space around it cut off.
    Section& secret(
        std::string name, std::string& target, std::string default_variable, std::string help, Need = Need::required);
    // An array of tables, [[<section>.<key>]], each of which has the keys that `declare` declares on it; secrets are
    // not among them. `fault` says what is wrong with the last row, given those before it; "" = nothing.
    template <typename Row>
    Section& rows(
        std::string key,
        std::vector<Row>& target,
        std::string help,
        std::function<void(Section&, Row&)> declare,
        std::function<std::string(const std::vector<Row>&)> fault = {});
    // For a tool that needs a few keys of a section that another program declares whole, and checks: the other keys
    // are accepted unread.
    Section& open();

    template <typename T>
    Section& integer(std::string key, T& target, std::string help, std::int64_t least, std::int64_t most) {
        static_assert(std::is_integral_v<T>);
        return whole(
            std::move(key),
            static_cast<std::int64_t>(target),
            [&target](std::int64_t value) { target = static_cast<T>(value); },
            std::move(help),
            least,
            most);
    }

private:
    friend class Schema;
    struct Key;
    // An array of tables while it is read, and as it is: `rows` without the type of the row.
    struct Reading {
        std::function<Section()> next{};       // one more row, as a section of keys
        std::function<std::string()> fault{};  // of the last row
        std::function<void()> apply{};         // puts all rows into the target
    };
    struct Rows {
        std::vector<std::shared_ptr<Key>> keys{};  // of each row
        std::function<Reading()> read_none{};      // begins without a row
        std::function<Reading()> read_default{};   // begins with those of the time of declaring
        std::function<std::vector<Section>()> present{};
    };
    Section& array(std::string key, std::string help, Rows made);
    Section& whole(
        std::string key,
        std::int64_t value,
        std::function<void(std::int64_t)> set,
        std::string help,
        std::int64_t least,
        std::int64_t most);
    std::string name_;
    std::string help_;
    bool open_ = false;
    std::vector<std::shared_ptr<Key>> keys_;
};

template <typename Row>
Section& Section::rows(
    std::string key,
    std::vector<Row>& target,
    std::string help,
    std::function<void(Section&, Row&)> declare,
    std::function<std::string(const std::vector<Row>&)> fault) {
    const auto section_of = [key, declare](Row& row) {
        Section section{key, {}};
        declare(section, row);
        return section;
    };
    const auto begin_with = [&target, section_of, fault](std::vector<Row> first) {
        const auto all = std::make_shared<std::vector<Row>>(std::move(first));
        Reading reading;
        reading.next = [all, section_of] {
            all->push_back(Row{});
            return section_of(all->back());
        };
        reading.fault = [all, fault] { return fault ? fault(*all) : std::string{}; };
        reading.apply = [all, &target] { target = *all; };
        return reading;
    };
    Rows made;
    // Looked at for names, help and defaults only, which outlive the row that they were taken from.
    Row example{};
    made.keys = section_of(example).keys_;
    made.read_none = [begin_with] { return begin_with({}); };
    made.read_default = [begin_with, standard = target] { return begin_with(standard); };
    made.present = [&target, section_of] {
        std::vector<Section> sections;
        for (Row& row : target) sections.push_back(section_of(row));
        return sections;
    };
    return array(std::move(key), std::move(help), std::move(made));
}

class Schema {
public:
    // A name of "" holds the keys before the first [section]; "a.b" is the sub-section [a.b].
    Section& section(std::string name, std::string help);
    // Sections of other programs that read the same file: accepted unread.
    void accept(std::vector<std::string> names);

    // Reads the file into the targets, all of them or, when anything is wrong, none. Throws Error.
    // `fault` is asked what is wrong with the new values that no single key shows ("" = nothing). If something is,
    // the targets get back what was loaded before; after a first load there is nothing to go back to.
    void load(
        const std::string& file, Secrets secrets = Secrets::read, const std::function<std::string()>& fault = {});
    // The commented reference: every key with its default.
    [[nodiscard]] std::string reference() const;
    // A JSON object of what is in force, secrets as "set" or "unset".
    [[nodiscard]] std::string describe() const;
    // What was declared, in that order.
    [[nodiscard]] std::vector<KeyNote> keys() const;

private:
    std::vector<std::unique_ptr<Section>> sections_;
    std::vector<std::string> accepted_;
    std::vector<std::function<void()>> in_force_;  // put what was loaded last into the targets
};

}  // namespace hirewire::config
