#pragma once
// hiring.changes as it grows: waits for a change, and tells when it was emitted.
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "common/core/time.hpp"
#include "common/kafka/reader.hpp"
#include "hirewire/v1/change.pb.h"
#include "tests/e2e/installation.hpp"

namespace hirewire::testing {

struct Emitted {
    v1::Change change{};
    std::int64_t at_ms = 0;  // epoch
};

// Each question is answered with the first change that fits, from the beginning of the topic on. Throws when none
// comes.
class Emissions {
public:
    explicit Emissions(const Installation& the)
        : tail_{the.stack.kafka(), {"hiring.changes"}, kafka::Tail::From::beginning} {}

    Emitted await(const std::string& opportunity) {
        return await(
            "a change of " + opportunity, [&](const v1::Change& c) { return c.opportunity_id() == opportunity; });
    }
    Emitted await(const std::string& opportunity, v1::ChangeKind kind) {
        return await(v1::ChangeKind_Name(kind) + " of " + opportunity, [&](const v1::Change& c) {
            return c.opportunity_id() == opportunity && c.kind() == kind;
        });
    }
    // Of its moves, the one into this stage.
    Emitted await(const std::string& opportunity, const std::string& stage) {
        return await("the move of " + opportunity + " to " + stage, [&](const v1::Change& c) {
            return c.opportunity_id() == opportunity && c.kind() == v1::CHANGE_KIND_STAGE_CHANGED &&
                   c.status().name() == stage;
        });
    }
    // Of each of them something.
    void await_all(const std::vector<std::string>& opportunities) {
        for (const auto& opportunity : opportunities) await(opportunity);
    }

private:
    Emitted await(const std::string& what, const std::function<bool(const v1::Change&)>& fits) {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        std::size_t seen = 0;
        while (true) {
            for (; seen < all_.size(); ++seen) {
                if (fits(all_[seen].change)) return all_[seen];
            }
            if (std::chrono::steady_clock::now() >= deadline)
                throw std::runtime_error("not emitted in time: " + what);
            if (const auto record = tail_.next(Milliseconds{100})) take(*record);
        }
    }
    void take(const kafka::Record& record) {
        Emitted emitted;
        if (!emitted.change.ParseFromString(record.value.value_or(""))) throw std::runtime_error("not a Change");
        emitted.at_ms = record.timestamp_ms;
        all_.push_back(std::move(emitted));
    }

    static constexpr Milliseconds patience{30'000};
    kafka::Tail tail_;
    std::vector<Emitted> all_;
};

}  // namespace hirewire::testing
