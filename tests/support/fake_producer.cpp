#include "tests/support/fake_producer.hpp"

namespace hirewire::testing {

boost::asio::awaitable<Result<kafka::Written>> FakeProducer::write(kafka::Message message) {
    ++writes;
    if (fails && fails(message)) co_return kafka::make_error_code(kafka::Errc::not_acknowledged);
    messages.push_back(std::move(message));
    const kafka::Written written{.partition = 0, .offset = static_cast<kafka::Offset>(messages.size()) - 1};
    co_return written;
}

std::vector<kafka::Message> FakeProducer::of(const std::string& topic) const {
    std::vector<kafka::Message> found;
    for (const auto& message : messages) {
        if (message.topic == topic) found.push_back(message);
    }
    return found;
}

}  // namespace hirewire::testing
