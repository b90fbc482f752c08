#pragma once
// One line a happening: an event name (dotted nouns) and fields, as JSON on stderr or as text for people. Normal
// operation is silent beyond one line per attempt. Never a secret, a signature, a name, an e-mail, a body.
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace hirewire::log {

enum class Level { debug, info, warning, error };
enum class Format { json, text };

class Value {
public:
    Value(std::string_view v) : value_{v} {}
    Value(const std::string& v) : value_{std::string_view{v}} {}
    Value(const char* v) : value_{std::string_view{v}} {}
    Value(bool v) : value_{v} {}
    Value(int v) : value_{static_cast<std::int64_t>(v)} {}
    Value(unsigned v) : value_{static_cast<std::int64_t>(v)} {}
    Value(long v) : value_{static_cast<std::int64_t>(v)} {}
    Value(long long v) : value_{static_cast<std::int64_t>(v)} {}
    Value(unsigned long v) : value_{static_cast<std::int64_t>(v)} {}
    [[nodiscard]] const auto& get() const { return value_; }

private:
    std::variant<std::string_view, std::int64_t, bool> value_;
};

struct Field {
    std::string_view name;
    Value value;
};

// Once, at the start of a process; before it, lines go out as JSON at level info.
void set_up(std::string service, Level level, Format format);

void write(Level level, std::string_view event, std::initializer_list<Field> fields);
inline void debug(std::string_view event, std::initializer_list<Field> f = {}) {
    write(Level::debug, event, f);
}
inline void info(std::string_view event, std::initializer_list<Field> f = {}) {
    write(Level::info, event, f);
}
inline void warning(std::string_view event, std::initializer_list<Field> f = {}) {
    write(Level::warning, event, f);
}
inline void error(std::string_view event, std::initializer_list<Field> f = {}) {
    write(Level::error, event, f);
}

}  // namespace hirewire::log
