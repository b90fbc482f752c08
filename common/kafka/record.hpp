#pragma once
// A Kafka record as a value. Names no type of librdkafka.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hirewire::kafka {

using Offset = std::int64_t;

struct Header {
    std::string name{};
    std::string value{};
};

struct Partition {
    std::string topic{};
    std::int32_t number = 0;

    friend bool operator==(const Partition&, const Partition&) = default;
    friend auto operator<=>(const Partition&, const Partition&) = default;
};

// As read.
struct Record {
    Partition partition{};
    Offset offset = 0;
    std::string key{};
    std::optional<std::string> value{};  // nothing = tombstone
    std::vector<Header> headers{};
    std::int64_t timestamp_ms = 0;  // epoch, set by the producer
};

// To be written.
struct Message {
    std::string topic{};
    std::string key{};
    std::optional<std::string> value{};
    std::vector<Header> headers{};
    std::optional<std::int32_t> partition{};  // nothing = by the key (murmur2)
};

inline std::string_view header(const std::vector<Header>& headers, std::string_view name) {
    for (const auto& h : headers) {
        if (h.name == name) return h.value;
    }
    return {};
}

// CloudEvents 1.0 in binary mode, with traceparent when there is one.
std::vector<Header> cloud_event(
    std::string id,
    std::string source,
    std::string type,
    std::string time,
    std::string content_type,
    std::string traceparent = {});

}  // namespace hirewire::kafka
