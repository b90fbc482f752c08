#include "common/json/writer.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "common/json/value.hpp"

namespace hirewire::json {

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
    impl_->writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    return *this;
}
Writer& Writer::string(std::string_view value) {
    // A view without data would end the process inside RapidJSON.
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

}  // namespace hirewire::json
