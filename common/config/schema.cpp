#include "common/config/schema.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>

#include "common/json/value.hpp"
#include "common/json/writer.hpp"

namespace hirewire::config {
namespace {

// Where a value stands, for error messages.
struct Place {
    std::string file{};
    std::string key{};
    const toml::node* around = nullptr;  // stands in for a key that is not there

    [[nodiscard]] Error error(const toml::node* node, const std::string& sentence) const {
        std::string where = file;
        if (node == nullptr) node = around;
        if (node != nullptr) where += ":" + std::to_string(node->source().begin.line);
        return Error{where + ": " + key + ": " + sentence};
    }
};

std::string found(const toml::node& node) {
    std::ostringstream out;
    node.visit([&out](const auto& n) { out << n; });
    std::string text = out.str();
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text.size() > 60 ? text.substr(0, 57) + "..." : text;
}

std::string quoted(const std::string& text) {
    json::Writer out;
    out.string(text);
    return out.text();
}

std::optional<Milliseconds> parse_duration(std::string_view text) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || count < 0 || count > 1'000'000'000) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text == "ms") return Milliseconds{count};
    if (text == "s") return std::chrono::seconds{count};
    if (text == "m") return std::chrono::minutes{count};
    if (text == "h") return std::chrono::hours{count};
    if (text == "d") return std::chrono::hours{24 * count};
    return std::nullopt;
}

std::string print_duration(Milliseconds ms) {
    const auto count = ms.count();
    constexpr std::int64_t second = 1'000;
    constexpr std::int64_t minute = 60 * second;
    constexpr std::int64_t hour = 60 * minute;
    if (count != 0 && count % (24 * hour) == 0) return std::to_string(count / (24 * hour)) + "d";
    if (count != 0 && count % hour == 0) return std::to_string(count / hour) + "h";
    if (count != 0 && count % minute == 0) return std::to_string(count / minute) + "m";
    if (count != 0 && count % second == 0) return std::to_string(count / second) + "s";
    return std::to_string(count) + "ms";
}

std::string trimmed(std::string text) {
    const auto begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::string print_map(const std::map<std::string, std::string>& map) {
    std::string out = "{";
    for (const auto& [key, value] : map) {
        out += (out.size() > 1 ? ", " : " ") + quoted(key) + " = " + quoted(value);
    }
    return out + (map.empty() ? "}" : " }");
}

std::string print_list(const std::vector<std::string>& list) {
    std::string out = "[";
    for (const auto& item : list) out += (out.size() > 1 ? ", " : "") + quoted(item);
    return out + "]";
}

// Help, as comment lines of a width that people can read.
void write_comment(std::string& out, const std::string& text, const std::string& margin = {}) {
    std::istringstream words{text};
    std::string line = margin + "#";
    for (std::string word; words >> word;) {
        if (line.size() + word.size() > 110) {
            out += line + "\n";
            line = margin + "#";
        }
        line += " " + word;
    }
    out += line + "\n";
}

constexpr const char* no_such_key = "there is no such key. Every key is in deploy/config/hirewire.toml.";

using Apply = std::function<void()>;

}  // namespace

struct Section::Key {
    std::string name{};
    std::string help{};
    std::string default_value{};  // as TOML
    Need need = Need::optional;
    bool hidden_from_file = false;            // a pseudo-key that only reads what others name
    std::vector<std::shared_ptr<Key>> row{};  // of an array of tables: the keys of each
    // Checks `node` (null when the file does not have the key) and answers how to put it into the target.
    std::function<Apply(const toml::node*, const Place&)> read{};
    std::function<void(json::Writer&)> show{};
};

TextCheck one_of(std::vector<std::string> words) {
    return [words = std::move(words)](const std::string& value) -> std::string {
        if (std::find(words.begin(), words.end(), value) != words.end()) return {};
        std::string expected;
        for (const auto& word : words) expected += (expected.empty() ? "\"" : " or \"") + word + "\"";
        return expected;
    };
}

TextCheck a_url() {
    return [](const std::string& value) -> std::string {
        const bool good = value.empty() || value.starts_with("http://") || value.starts_with("https://");
        return good ? "" : "a URL that starts with http:// or https://";
    };
}

TextCheck a_date() {
    return [](const std::string& value) -> std::string {
        const bool good = value.empty() || (value.size() == 10 && parse_iso(value));
        return good ? "" : "a date such as \"2026-01-31\"";
    };
}

Section::Section(std::string name, std::string help) : name_{std::move(name)}, help_{std::move(help)} {}

Section& Section::text(std::string key, std::string& target, std::string help, TextCheck check, Need need) {
    auto k = std::make_shared<Key>();
    k->name = std::move(key);
    k->help = std::move(help);
    k->default_value = quoted(target);
    k->need = need;
    k->read = [&target, check = std::move(check), need, standard = target](
                  const toml::node* n, const Place& p) -> Apply {
        if (n != nullptr && !n->is_string()) throw p.error(n, "expected a text in quotes, found " + found(*n) + ".");
        std::string value = n != nullptr ? n->as_string()->get() : standard;
        if (need == Need::required && value.empty()) throw p.error(n, "must be set: there is no default for it.");
        if (const auto expected = check ? check(value) : std::string{}; !expected.empty()) {
            throw p.error(n, "expected " + expected + ", found " + quoted(value) + ".");
        }
        return [&target, value = std::move(value)] { target = value; };
    };
    k->show = [&target](json::Writer& out) { out.string(target); };
    keys_.push_back(std::move(k));
    return *this;
}

Section& Section::duration(std::string key, Milliseconds& target, std::string help) {
    auto k = std::make_shared<Key>();
    k->name = std::move(key);
    k->help = std::move(help);
    k->default_value = quoted(print_duration(target));
    k->read = [&target, standard = target](const toml::node* n, const Place& p) -> Apply {
        Milliseconds value = standard;
        if (n != nullptr) {
            const auto parsed = n->is_string() ? parse_duration(n->as_string()->get()) : std::nullopt;
            if (!parsed)
                throw p.error(
                    n, "expected a duration such as \"500ms\", \"10s\" or \"7d\", found " + found(*n) + ".");
            value = *parsed;
        }
        return [&target, value] { target = value; };
    };
    k->show = [&target](json::Writer& out) { out.string(print_duration(target)); };
    keys_.push_back(std::move(k));
    return *this;
}

Section& Section::flag(std::string key, bool& target, std::string help) {
    auto k = std::make_shared<Key>();
    k->name = std::move(key);
    k->help = std::move(help);
    k->default_value = target ? "true" : "false";
    k->read = [&target, standard = target](const toml::node* n, const Place& p) -> Apply {
        if (n != nullptr && !n->is_boolean()) throw p.error(n, "expected true or false, found " + found(*n) + ".");
        const bool value = n != nullptr ? n->as_boolean()->get() : standard;
        return [&target, value] { target = value; };
    };
    k->show = [&target](json::Writer& out) { out.boolean(target); };
    keys_.push_back(std::move(k));
    return *this;
}

Section& Section::decimal(std::string key, double& target, std::string help, double least, double most) {
    auto k = std::make_shared<Key>();
    k->name = std::move(key);
    k->help = std::move(help);
    std::ostringstream standard_text;
    standard_text << target;
    k->default_value = standard_text.str();
    k->read = [&target, least, most, standard = target](const toml::node* n, const Place& p) -> Apply {
        const auto value = n != nullptr ? n->value<double>() : std::optional<double>{standard};
        if (!value || !(*value >= least && *value <= most)) {
            std::ostringstream range;
            range << "expected a number from " << least << " to " << most << ", found ";
            throw p.error(n, range.str() + found(*n) + ".");
        }
        return [&target, value = *value] { target = value; };
    };
    k->show = [&target](json::Writer& out) { out.number(target); };
    keys_.push_back(std::move(k));
    return *this;
}

Section& Section::whole(
    std::string key,
    std::int64_t standard,
    std::function<void(std::int64_t)> set,
    std::string help,
    std::int64_t least,
    std::int64_t most) {
    auto k = std::make_shared<Key>();
    auto current = std::make_shared<std::int64_t>(standard);
    k->name = std::move(key);
    k->help = std::move(help);
    k->default_value = std::to_string(standard);
    k->read = [=, set = std::move(set)](const toml::node* n, const Place& p) -> Apply {
        std::int64_t value = standard;
        if (n != nullptr) {
            const auto* integer = n->as_integer();
            if (integer == nullptr || integer->get() < least || integer->get() > most) {
                throw p.error(
                    n,
                    "expected a whole number from " + std::to_string(least) + " to " + std::to_string(most) +
                        ", found " + found(*n) + ".");
            }
            value = integer->get();
        }
        return [set, current, value] {
            *current = value;
            set(value);
        };
    };
    k->show = [current](json::Writer& out) { out.integer(*current); };
    keys_.push_back(std::move(k));
    return *this;
}

Section& Section::list(std::string key, std::vector<std::string>& target, std::string help) {
    auto k = std::make_shared<Key>();
    k->name = std::move(key);
    k->help = std::move(help);
    k->default_value = print_list(target);
    k->read = [&target, standard = target](const toml::node* n, const Place& p) -> Apply {
        std::vector<std::string> value = standard;
        if (n != nullptr) {
            const auto* array = n->as_array();
            if (array == nullptr) throw p.error(n, "expected a list of texts, found " + found(*n) + ".");
            value.clear();
            for (const auto& item : *array) {
                if (!item.is_string()) throw p.error(&item, "expected a text in quotes, found " + found(item) + ".");
                value.push_back(item.as_string()->get());
            }
        }
        return [&target, value = std::move(value)] { target = value; };
    };
    k->show = [&target](json::Writer& out) {
        out.begin_array();
        for (const auto& item : target) out.string(item);
        out.end_array();
    };
    keys_.push_back(std::move(k));
    return *this;
}

Section& Section::table(std::string key, std::map<std::string, std::string>& target, std::string help) {
    auto k = std::make_shared<Key>();
    k->name = std::move(key);
    k->help = std::move(help);
    k->default_value = print_map(target);
    k->read = [&target, standard = target](const toml::node* n, const Place& p) -> Apply {
        std::map<std::string, std::string> value = standard;
        if (n != nullptr) {
            const auto* table = n->as_table();
            if (table == nullptr) throw p.error(n, "expected a table of texts, found " + found(*n) + ".");
            value.clear();
            for (const auto& [name, item] : *table) {
                const Place inner{.file = p.file, .key = p.key + "." + std::string{name.str()}};
                if (!item.is_string())
                    throw inner.error(&item, "expected a text in quotes, found " + found(item) + ".");
                value.emplace(std::string{name.str()}, item.as_string()->get());
            }
        }
        return [&target, value = std::move(value)] { target = value; };
    };
    k->show = [&target](json::Writer& out) {
        out.begin_object();
        for (const auto& [name, value] : target) out.member(name, value);
        out.end_object();
    };
    keys_.push_back(std::move(k));
    return *this;
}

Section& Section::array(std::string key, std::string help, Rows made) {
    auto k = std::make_shared<Key>();
    k->name = std::move(key);
    k->help = std::move(help);
    k->row = std::move(made.keys);
    k->read = [read_none = std::move(made.read_none), read_default = std::move(made.read_default)](
                  const toml::node* n, const Place& p) -> Apply {
        if (n == nullptr) return read_default().apply;
        const auto* items = n->as_array();
        if (items == nullptr) {
            throw p.error(n, "expected tables, each under [[" + p.key + "]], found " + found(*n) + ".");
        }
        Reading reading = read_none();
        for (const auto& item : *items) {
            const auto* table = item.as_table();
            if (table == nullptr) throw p.error(&item, "expected a table, found " + found(item) + ".");
            const Section row = reading.next();
            for (const auto& [name, node] : *table) {
                const std::string word{name.str()};
                const auto is_known = [&word](const auto& one) { return one->name == word; };
                if (std::any_of(row.keys_.begin(), row.keys_.end(), is_known)) continue;
                throw Place{.file = p.file, .key = p.key + "." + word}.error(&node, no_such_key);
            }
            for (const auto& one : row.keys_) {
                const Place place{.file = p.file, .key = p.key + "." + one->name, .around = table};
                one->read(table->get(one->name), place)();
            }
            if (const auto fault = reading.fault(); !fault.empty()) throw p.error(table, fault);
        }
        return reading.apply;
    };
    k->show = [present = std::move(made.present)](json::Writer& out) {
        out.begin_array();
        for (const Section& row : present()) {
            out.begin_object();
            for (const auto& one : row.keys_) {
                out.key(one->name);
                one->show(out);
            }
            out.end_object();
        }
        out.end_array();
    };
    keys_.push_back(std::move(k));
    return *this;
}

Section& Section::secret(
    std::string name, std::string& target, std::string default_variable, std::string help, Need need) {
    // What the file says, and what of it is in force.
    struct Source {
        std::string variable{};
        std::string file{};
        std::string applied_variable{};
        std::string applied_file{};
    };
    auto source = std::make_shared<Source>();
    source->variable = default_variable;
    source->applied_variable = default_variable;
    const std::string where = name_.empty() ? "" : name_ + ".";

    auto env = std::make_shared<Key>();
    env->name = name + "_env";
    env->help = help + " Names the environment variable that holds it.";
    env->default_value = quoted(default_variable);
    env->read = [source, default_variable](const toml::node* n, const Place& p) -> Apply {
        if (n != nullptr && !n->is_string())
            throw p.error(n, "expected the name of a variable, found " + found(*n) + ".");
        // Needed by the pseudo-key below, before anything is applied.
        source->variable = n != nullptr ? n->as_string()->get() : default_variable;
        return [source] { source->applied_variable = source->variable; };
    };
    env->show = [source](json::Writer& out) { out.string(source->applied_variable); };
    keys_.push_back(std::move(env));

    auto file = std::make_shared<Key>();
    file->name = name + "_file";
    file->help = "Or: a file that holds it. Wins over the variable.";
    file->default_value = "\"\"";
    file->read = [source](const toml::node* n, const Place& p) -> Apply {
        if (n != nullptr && !n->is_string())
            throw p.error(n, "expected the path of a file, found " + found(*n) + ".");
        source->file = n != nullptr ? n->as_string()->get() : "";
        return [source] { source->applied_file = source->file; };
    };
    file->show = [source](json::Writer& out) { out.string(source->applied_file); };
    keys_.push_back(std::move(file));

    auto value = std::make_shared<Key>();
    value->name = name;
    value->hidden_from_file = true;
    value->read = [&target, source, need, where, name](const toml::node*, const Place& p) -> Apply {
        std::string secret;
        if (!source->file.empty()) {
            const Place place{.file = p.file, .key = where + name + "_file"};
            std::ifstream in{source->file};
            if (!in) throw place.error(nullptr, "cannot read the file " + source->file + ".");
            std::ostringstream all;
            all << in.rdbuf();
            secret = trimmed(all.str());
            if (secret.empty() && need == Need::required) {
                throw place.error(nullptr, "the file " + source->file + " is empty.");
            }
        } else {
            const Place place{.file = p.file, .key = where + name + "_env"};
            const char* found_value = source->variable.empty() ? nullptr : std::getenv(source->variable.c_str());
            if (found_value != nullptr) secret = trimmed(found_value);
            if (secret.empty() && need == Need::required) {
                throw place.error(
                    nullptr,
                    source->variable.empty()
                        ? "must name a variable, or " + where + name + "_file a file."
                        : "the environment variable " + source->variable + " is not set; set it, or name a file in " +
                              where + name + "_file.");
            }
        }
        return [&target, secret = std::move(secret)] { target = secret; };
    };
    value->show = [&target](json::Writer& out) { out.string(target.empty() ? "unset" : "set"); };
    keys_.push_back(std::move(value));
    return *this;
}

Section& Section::open() {
    open_ = true;
    return *this;
}

Section& Schema::section(std::string name, std::string help) {
    sections_.push_back(std::make_unique<Section>(std::move(name), std::move(help)));
    return *sections_.back();
}

void Schema::accept(std::vector<std::string> names) {
    accepted_ = std::move(names);
}

void Schema::load(const std::string& file, Secrets secrets, const std::function<std::string()>& fault) {
    toml::table root;
    try {
        root = toml::parse_file(file);
    } catch (const toml::parse_error& e) {
        const auto line = e.source().begin.line;
        const std::string where = line > 0 ? file + ":" + std::to_string(line) : file;
        std::string what{e.description()};
        std::replace(what.begin(), what.end(), '\n', ' ');
        throw Error{where + ": not readable as TOML: " + what + "."};
    }

    const auto find_section = [this](const std::string& name) -> const Section* {
        for (const auto& section : sections_) {
            if (section->name_ == name) return section.get();
        }
        return nullptr;
    };
    const auto find_key = [](const Section* section, const std::string& name) {
        if (section == nullptr) return false;
        return std::any_of(section->keys_.begin(), section->keys_.end(), [&](const auto& key) {
            return key->name == name && !key->hidden_from_file;
        });
    };
    const auto refuse_unknown = [&](const toml::table& table, const Section* section, const std::string& prefix) {
        if (section->open_) return;
        for (const auto& [name, node] : table) {
            const std::string key{name.str()};
            if (find_key(section, key) || find_section(prefix + key) != nullptr) continue;
            const Place place{.file = file, .key = prefix + key};
            throw place.error(&node, no_such_key);
        }
    };

    for (const auto& [name, node] : root) {
        const std::string key{name.str()};
        if (!node.is_table()) {
            if (find_key(find_section(""), key)) continue;
            const Place place{.file = file, .key = key};
            throw place.error(&node, no_such_key);
        }
        if (const auto* section = find_section(key)) {
            refuse_unknown(*node.as_table(), section, key + ".");
        } else if (std::find(accepted_.begin(), accepted_.end(), key) == accepted_.end()) {
            const Place place{.file = file, .key = "[" + key + "]"};
            throw place.error(&node, "there is no such section. Every section is in deploy/config/hirewire.toml.");
        }
    }

    std::vector<Apply> changes;
    for (const auto& section : sections_) {
        const toml::node* place_of_section = section->name_.empty() ? &root : root.at_path(section->name_).node();
        const toml::table* table = place_of_section != nullptr ? place_of_section->as_table() : nullptr;
        if (table == nullptr && place_of_section != nullptr) {
            const Place place{.file = file, .key = section->name_};
            throw place.error(place_of_section, "expected a section, [" + section->name_ + "].");
        }
        if (table != nullptr && section->name_.find('.') != std::string::npos) {
            refuse_unknown(*table, section.get(), section->name_ + ".");
        }
        for (const auto& key : section->keys_) {
            if (key->hidden_from_file && secrets == Secrets::left_alone) continue;
            const toml::node* node = table != nullptr && !key->hidden_from_file ? table->get(key->name) : nullptr;
            const Place place{
                .file = file, .key = section->name_.empty() ? key->name : section->name_ + "." + key->name};
            changes.push_back(key->read(node, place));
        }
    }
    for (const auto& change : changes) change();
    if (const auto wrong = fault ? fault() : std::string{}; !wrong.empty()) {
        for (const auto& change : in_force_) change();
        throw Error{file + ": " + wrong};
    }
    in_force_ = std::move(changes);
}

std::string Schema::reference() const {
    std::string out;
    const auto help_of = [](const auto& key) {
        return key->help + (key->need == Need::required && key->default_value == "\"\"" ? " Required." : "");
    };
    for (const auto& section : sections_) {
        if (!out.empty()) out += "\n";
        write_comment(out, section->help_);
        if (!section->name_.empty()) out += "[" + section->name_ + "]\n";
        for (const auto& key : section->keys_) {
            if (key->hidden_from_file || !key->row.empty()) continue;
            out += "\n";
            write_comment(out, help_of(key));
            out += key->name + " = " + key->default_value + "\n";
        }
        // Behind all other keys: what follows the head of a table belongs to it.
        for (const auto& key : section->keys_) {
            if (key->row.empty()) continue;
            out += "\n";
            write_comment(out, key->help);
            out += "# [[" + (section->name_.empty() ? "" : section->name_ + ".") + key->name + "]]\n";
            for (const auto& one : key->row) {
                out += "#\n";
                write_comment(out, help_of(one), "# ");
                out += "# " + one->name + " = " + one->default_value + "\n";
            }
        }
    }
    return out;
}

std::string Schema::describe() const {
    json::Writer out;
    out.begin_object();
    for (const auto& section : sections_) {
        if (!section->name_.empty()) out.key(section->name_).begin_object();
        for (const auto& key : section->keys_) {
            out.key(key->name);
            key->show(out);
        }
        if (!section->name_.empty()) out.end_object();
    }
    out.end_object();
    return out.text();
}

std::vector<KeyNote> Schema::keys() const {
    std::vector<KeyNote> notes;
    for (const auto& section : sections_) {
        const std::string prefix = section->name_.empty() ? "" : section->name_ + ".";
        for (const auto& key : section->keys_) {
            if (key->hidden_from_file) continue;
            json::Writer value;
            key->show(value);
            KeyNote note;
            note.key = prefix + key->name;
            note.help = key->help;
            note.standard = key->row.empty() ? key->default_value : "[]";
            note.value = value.text();
            note.required = key->need == Need::required;
            notes.push_back(std::move(note));
            for (const auto& one : key->row) {
                KeyNote of_each;
                of_each.key = prefix + key->name + "." + one->name;
                of_each.help = one->help;
                of_each.required = one->need == Need::required;
                notes.push_back(std::move(of_each));
            }
        }
    }
    return notes;
}

}  // namespace hirewire::config
