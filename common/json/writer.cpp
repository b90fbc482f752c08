#include "common/json/writer.hpp"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

#include "common/json/value.hpp"

namespace hirewire::json {
namespace {

// The length of the UTF-8 character that `text` begins with; 0 when it does not begin with one.
std::size_t character(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(text[i])); };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xf0 && first <= 0xf4 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
    if (first > 0xf4 || length == 0 || text.size() < length) return 0;
    // Over-long forms, surrogates and what is beyond Unicode show in the second byte.
    const unsigned least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (byte(1) < least || byte(1) > most) return 0;
    for (std::size_t i = 2; i < length; ++i) {
        if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
    }
    return length;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const auto length = character(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

// JSON is UTF-8: each byte that is not gives way to U+FFFD.
std::string mended(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const auto length = character(text);
        if (length == 0) {
            result += "\xef\xbf\xbd";
        } else {
            result += text.substr(0, length);
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return result;
}

}  // namespace

struct Writer::Impl {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer{buffer};
};

Writer::Writer() : impl_{std::make_unique<Impl>()} {}
Writer::~Writer() = default;
Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;

Writer& Writer::begin_object() {
    impl_->writer.StartObject();
    return *this;
}
Writer& Writer::end_object() {
    impl_->writer.EndObject();
    return *this;
}
Writer& Writer::begin_array() {
    impl_->writer.StartArray();
    return *this;
}
Writer& Writer::end_array() {
    impl_->writer.EndArray();
    return *this;
}
Writer& Writer::key(std::string_view name) {
    if (!is_utf8(name)) return key(mended(name));
    // A view without data would end the process inside RapidJSON.
    impl_->writer.Key(name.data() == nullptr ? "" : name.data(), static_cast<rapidjson::SizeType>(name.size()));
    return *this;
}
Writer& Writer::string(std::string_view value) {
    if (!is_utf8(value)) return string(mended(value));
    impl_->writer.String(value.data() == nullptr ? "" : value.data(), static_cast<rapidjson::SizeType>(value.size()));
    return *this;
}
Writer& Writer::integer(std::int64_t value) {
    impl_->writer.Int64(value);
    return *this;
}
Writer& Writer::number(double value) {
    impl_->writer.Double(value);
    return *this;
}
Writer& Writer::boolean(bool value) {
    impl_->writer.Bool(value);
    return *this;
}
Writer& Writer::null() {
    impl_->writer.Null();
    return *this;
}
Writer& Writer::value(const Value& value) {
    const std::string text = value.text();
    impl_->writer.RawValue(text.data(), text.size(), rapidjson::kObjectType);
    return *this;
}

std::string Writer::text() const {
    return {impl_->buffer.GetString(), impl_->buffer.GetSize()};
}

std::string Value::text() const {
    if (node_ == nullptr) return "null";
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer{buffer};
    static_cast<const rapidjson::Value*>(node_)->Accept(writer);
    return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace hirewire::json
