#pragma once
// Cleary as a destination: its keys of the configuration, its rules, its runs.
#include <memory>
#include <string>
#include <vector>

#include "common/sync/destination.hpp"
#include "services/sync-cleary/rules.hpp"

namespace hirewire::cleary {

// The keys of [cleary] that no other destination has.
void declare(config::Section& section, Settings& settings);

class Cleary final : public sync::Destination {
public:
    [[nodiscard]] std::string_view name() const override { return "cleary"; }
    [[nodiscard]] std::uint16_t default_admin_port() const override { return 9113; }
    void declare(config::Section& section) override { cleary::declare(section, settings_); }
    // The person: one may have several opportunities, and the newest hire governs.
    [[nodiscard]] std::string resource(const v1::Change& change) const override;
    [[nodiscard]] sync::Plan plan(const v1::Change& change, const sync::Situation& situation) const override;
    [[nodiscard]] bool asks_for_people() const override { return true; }
    [[nodiscard]] std::vector<std::unique_ptr<sync::LeaderTask>> tasks() override;
    [[nodiscard]] std::string_view media_type() const override { return "application/scim+json"; }

private:
    Settings settings_{};
};

}  // namespace hirewire::cleary
