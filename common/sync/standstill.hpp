#pragma once
// Several may have a reason that nothing is started: an operator's pause, missed changes, a memory that is still
// read. It stands still from the first reason to the last. Knows no engine: what stands still is two functions.
#include <functional>
#include <set>
#include <string>
#include <utility>

namespace hirewire::sync {

class Standstill {
public:
    struct Engine {
        std::function<void()> suspend{};
        std::function<void()> resume{};
    };
    explicit Standstill(Engine engine) : engine_{std::move(engine)} {}
    // A reason that holds already changes nothing, nor does the end of one that does not.
    void begin(const std::string& reason);
    void end(const std::string& reason);
    [[nodiscard]] bool holds() const { return !reasons_.empty(); }
    [[nodiscard]] bool holds(const std::string& reason) const { return reasons_.contains(reason); }

private:
    Engine engine_;
    std::set<std::string> reasons_{};
};

}  // namespace hirewire::sync
