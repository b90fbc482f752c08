#include <string>

#include "common/kafka/producer.hpp"

namespace hirewire::kafka {
namespace {

struct Category final : boost::system::error_category {
    [[nodiscard]] const char* name() const noexcept override { return "kafka"; }
    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<Errc>(value)) {
            case Errc::not_acknowledged:
                return "the broker did not acknowledge the record in time";
            case Errc::queue_full:
                return "too many records wait to be written";
            case Errc::refused:
                return "the broker refuses the record";
            case Errc::unavailable:
                return "no broker answers";
        }
        return "unknown";
    }
};

}  // namespace

Error make_error_code(Errc e) {
    static const Category category;
    return {static_cast<int>(e), category};
}

std::vector<Header> cloud_event(
    std::string id,
    std::string source,
    std::string type,
    std::string time,
    std::string content_type,
    std::string traceparent) {
    std::vector<Header> headers;
    headers.reserve(7);
    headers.push_back({"ce_specversion", "1.0"});
    headers.push_back({"ce_id", std::move(id)});
    headers.push_back({"ce_source", std::move(source)});
    headers.push_back({"ce_type", std::move(type)});
    headers.push_back({"ce_time", std::move(time)});
    headers.push_back({"content-type", std::move(content_type)});
    if (!traceparent.empty()) headers.push_back({"traceparent", std::move(traceparent)});
    return headers;
}

}  // namespace hirewire::kafka
