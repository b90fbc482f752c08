#include "common/lever/webhook_settings.hpp"

namespace hirewire::lever {

void declare_webhooks(config::Schema& schema, Expected& expected) {
    schema
        .section(
            "lever.webhooks",
            "The subscriptions that Lever should have for us. hirewire webhooks makes them; lever-source looks "
            "every hour that they are there.")
        .text(
            "url",
            expected.url,
            "The receiver's address as Lever sees it, such as https://hooks.example.com/webhooks/lever. Empty: "
            "nothing is expected, and nobody looks.",
            config::a_url())
        .list("events", expected.events, "One subscription each.");
}

}  // namespace hirewire::lever
