#pragma once
// What Source-Version is for: of two writes to one resource the newer Lever history wins, whenever they arrive.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace hirewire::sandbox {

class VersionGuard {
public:
    enum class Order {
        newer,     // to be applied
        older,     // answered "superseded", without effect
        same,      // the same write again
        conflict,  // the same version with another body: one of the two is wrong
    };

    [[nodiscard]] Order order_of(const std::string& resource, std::int64_t version, std::string_view body) const {
        const auto found = known_.find(resource);
        if (found == known_.end() || version > found->second.version) return Order::newer;
        if (version < found->second.version) return Order::older;
        if (!found->second.body) return Order::newer;
        return body == *found->second.body ? Order::same : Order::conflict;
    }
    // `resource` now stands at this write. Without a body a second write of the same version may still come: what
    // follows the creation of a user, say.
    void applied(const std::string& resource, std::int64_t version, std::optional<std::string_view> body) {
        auto& known = known_[resource];
        known.version = version;
        known.body = body;
    }
    // As if nothing had ever come for it.
    void forget(const std::string& resource) { known_.erase(resource); }
    [[nodiscard]] std::int64_t version_of(const std::string& resource) const {
        const auto found = known_.find(resource);
        return found == known_.end() ? 0 : found->second.version;
    }

private:
    struct Known {
        std::int64_t version = 0;
        std::optional<std::string> body{};
    };
    std::unordered_map<std::string, Known> known_;
};

}  // namespace hirewire::sandbox
