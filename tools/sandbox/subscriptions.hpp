#pragma once
// Lever's webhooks as an account has set them up: which event goes where, and what signs it. One event each; two
// of the same event and address are two.
#include <string>
#include <string_view>
#include <vector>

#include "tools/sandbox/lever_model.hpp"

namespace hirewire::sandbox {

struct Subscription {
    std::string id{};
    std::string event{};
    std::string url{};
    std::vector<std::string> origins{};  // it is silent for opportunities of others
    std::string signature_token{};
    Moment created_at = 0;
    Moment updated_at = 0;
};

// One of Lever's ten; the sandbox sends six of them.
bool is_webhook_event(std::string_view name);
std::vector<std::string> all_origins();
bool wants(const Subscription& subscription, const Event& event);

class Subscriptions {
public:
    [[nodiscard]] const std::vector<Subscription>& all() const { return all_; }
    // Null when unknown.
    [[nodiscard]] const Subscription* find(std::string_view id) const;

    // With a new id, unless it has one. The answer is good until the next change.
    const Subscription& add(Subscription fresh, Moment now);
    // Of one that may have gone meanwhile.
    void change(Subscription changed, Moment now);
    // False when there is none.
    bool remove(std::string_view id);

private:
    std::vector<Subscription> all_;
};

// One for each event that the sandbox sends, with the same address and signature token.
Subscriptions everything_to(const std::string& url, const std::string& signature_token, Moment now);

}  // namespace hirewire::sandbox
