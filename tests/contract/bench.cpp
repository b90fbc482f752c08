#include "tests/contract/bench.hpp"

#include <doctest/doctest.h>

#include "common/http/client.hpp"
#include "tests/contract/samples.hpp"
#include "tests/support/change_builders.hpp"
#include "tests/support/run.hpp"

namespace hirewire::contract {

Bench::Bench(const sync::Destination& destination) {
    const std::string name{destination.name()};
    testing::finish(store.prepare_ledger(name, 2, "rebuild"));
    testing::finish(store.open_ledger(name, 2, "rebuild"));
    clock.advance(Milliseconds{1'500});
    internal.otherwise.body = odd_person_json();
    sync::DeliverySettings settings;
    settings.token = destination_secret;
    settings.access_id = "access-id";
    settings.base_path = "/base";
    settings.internal_token = internal_secret;
    delivery_ =
        std::make_unique<sync::Delivery>(settings, destination, client, internal, store, producer, clock, metrics_);
}

pipeline::Job Bench::job_of(const v1::Change& change, int number) {
    auto job = testing::job_of({change}, number);
    job.place = delivery_->place(job.records.front().record);
    return job;
}

pipeline::Verdict Bench::attempt(const v1::Change& change, int number) {
    const auto job = job_of(change, number);
    return testing::finish(delivery_->attempt(job)).verdict;
}

bool Bench::give_up(const v1::Change& change, const std::string& reason) {
    const auto job = job_of(change, 1);
    return testing::finish(delivery_->give_up(job, reason));
}

void Bench::answers(int status, std::string body, std::vector<http::Header> headers) {
    client.otherwise.status = status;
    client.otherwise.body = std::move(body);
    client.otherwise.headers = std::move(headers);
}

void Bench::serves(std::string read_body, int write_status) {
    client.watch = [this, read_body = std::move(read_body), write_status](const http::Request& request) {
        const bool write = is_write(request);
        if (write && write_status == 0) {
            client.will_fail(http::Errc::timed_out);
        } else {
            client.will_answer(write ? write_status : 200, write ? "{}" : read_body);
        }
    };
}

std::vector<v1::Outcome> Bench::outcomes() const {
    std::vector<v1::Outcome> all;
    for (const auto& message : producer.of("sync.outcomes")) {
        REQUIRE(all.emplace_back().ParseFromString(*message.value));
    }
    return all;
}

std::vector<http::Request> Bench::writes() const {
    std::vector<http::Request> all;
    for (const auto& request : client.requests) {
        if (is_write(request)) all.push_back(request);
    }
    return all;
}

std::string Bench::written() const {
    std::string all;
    for (const auto& message : producer.messages) {
        all += message.topic + " " + message.key + "\n" + message.value.value_or("") + "\n";
        for (const auto& header : message.headers) all += header.name + ": " + header.value + "\n";
    }
    return all;
}

bool is_write(const http::Request& request) {
    return request.method != http::Method::get && request.method != http::Method::head;
}

std::string reason_of(const pipeline::Verdict& verdict) {
    return std::visit(
        [](const auto& v) -> std::string {
            if constexpr (requires { v.reason; }) return v.reason;
            return {};
        },
        verdict);
}

}  // namespace hirewire::contract
