#include "common/kafka/convert.hpp"

namespace hirewire::kafka::detail {

Record to_record(const rd_kafka_message_t& message, std::size_t prefix_size) {
    Record record;
    record.partition = {
        .topic = std::string{std::string_view{rd_kafka_topic_name(message.rkt)}.substr(prefix_size)},
        .number = message.partition};
    record.offset = message.offset;
    if (message.key_len > 0) record.key.assign(static_cast<const char*>(message.key), message.key_len);
    if (message.payload != nullptr) record.value.emplace(static_cast<const char*>(message.payload), message.len);
    record.timestamp_ms = rd_kafka_message_timestamp(&message, nullptr);
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++i) {
        const auto* text = static_cast<const char*>(value);
        record.headers.push_back({.name = name, .value = text == nullptr ? std::string{} : std::string{text, size}});
    }
    return record;
}

}  // namespace hirewire::kafka::detail
