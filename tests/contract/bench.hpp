#pragma once
// A destination behind the real Delivery, everything around it in memory.
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "common/sync/delivery.hpp"
#include "tests/support/fake_client.hpp"
#include "tests/support/fake_producer.hpp"
#include "tests/support/fake_store.hpp"
#include "tests/support/manual_clock.hpp"

namespace hirewire::contract {

class Bench {
public:
    explicit Bench(const sync::Destination& destination);

    // One attempt at a job of this one change, as it is read from hiring.changes.
    pipeline::Verdict attempt(const v1::Change& change, int number = 1);
    // It can never succeed: the dead letter.
    bool give_up(const v1::Change& change, const std::string& reason);
    // The destination's answer from now on.
    void answers(int status, std::string body = {}, std::vector<http::Header> headers = {});
    // From now on reads are answered with this body, writes with this status; 0 = their answers are lost.
    void serves(std::string read_body, int write_status);

    [[nodiscard]] std::vector<v1::Outcome> outcomes() const;
    [[nodiscard]] std::vector<http::Request> writes() const;
    // Everything that Kafka was given: keys, values, headers.
    [[nodiscard]] std::string written() const;

    testing::ManualClock clock;
    testing::FakeStore store{clock};
    testing::FakeProducer producer;
    testing::FakeClient client;
    testing::FakeClient internal;

private:
    [[nodiscard]] pipeline::Job job_of(const v1::Change& change, int number);

    metrics::Registry metrics_;
    std::unique_ptr<sync::Delivery> delivery_;
};

inline constexpr const char* destination_secret = "secret-of-the-destination";
inline constexpr const char* internal_secret = "secret-of-lever-source";

bool is_write(const http::Request& request);
template <typename V>
bool is(const pipeline::Verdict& verdict) {
    return std::holds_alternative<V>(verdict);
}
std::string reason_of(const pipeline::Verdict& verdict);

}  // namespace hirewire::contract
