#include "common/sync/settings.hpp"

namespace hirewire::sync {
namespace {

constexpr std::chrono::hours retry_retention{24 * 7};

std::string upper_case(std::string_view name) {
    std::string result;
    for (const char c : name) result += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return result;
}

void declare_internal(config::Schema& schema, const Destination& destination, DaemonSettings& settings) {
    auto& delivery = settings.delivery;
    schema.section("internal", "The API by which sync daemons ask lever-source who somebody is.")
        .text("url", settings.internal_url, "Where the daemons find it.", config::a_url(), config::Need::required)
        .secret(
            "token",
            delivery.internal_token,
            "HIREWIRE_INTERNAL_TOKEN",
            "The bearer token of the internal API.",
            destination.asks_lever_source() ? config::Need::required : config::Need::optional);
}

void declare_sync(config::Schema& schema, DaemonSettings& settings) {
    auto& delivery = settings.delivery;
    auto& core = settings.core;
    schema.section("sync", "What all sync daemons have in common.")
        .integer("slots", core.slots, "Requests under way at once.", 1, 4096)
        .integer(
            "max_open_per_partition",
            core.max_open_per_partition,
            "Unfinished records of one partition before its reading pauses.",
            1,
            1'000'000)
        .integer(
            "max_span_per_partition",
            core.max_span_per_partition,
            "Records of one partition that are finished behind one that is not, before its reading pauses.",
            100,
            10'000'000)
        .integer(
            "max_open_bytes",
            core.max_open_bytes,
            "Memory for unfinished records, in equal shares for all partitions.",
            1'000'000,
            10'000'000'000)
        .integer("max_lanes", core.max_lanes, "Resources with something to do at once.", 10, 10'000'000)
        .integer(
            "max_attempts",
            core.retry.max_attempts,
            "In a row, then the change is parked for the next of the three spans below.",
            1,
            1000)
        .duration("backoff_first", core.retry.first, "The first pause; doubles from one attempt to the next.")
        .duration("backoff_max", core.retry.most, "The longest pause of ours.")
        .duration("retry_1m", settings.tier_delay[0], "How long a change waits in sync.<dest>.retry.1m.")
        .duration("retry_10m", settings.tier_delay[1], "In sync.<dest>.retry.10m, when that did not help.")
        .duration("retry_1h", settings.tier_delay[2], "In sync.<dest>.retry.1h, again and again.")
        .duration(
            "give_up_after",
            core.give_up_after,
            "From the first failure; then the change becomes a dead letter. Shorter than the retry topics' "
            "retention.")
        .integer(
            "circuit_window",
            core.breaker.window,
            "How many of the last calls the circuit breaker looks at.",
            1,
            10'000)
        .integer(
            "circuit_least",
            core.breaker.least,
            "With half of so many failed (no answer, 5xx, 429), nothing more is sent but a probe now and then.",
            1,
            10'000)
        .duration("circuit_first_probe", core.breaker.first_probe, "From then to the first probe; doubles.")
        .duration("circuit_last_probe", core.breaker.last_probe, "The longest pause between two probes.")
        .duration("probe_interval", core.probe_interval, "How often a destination that refused us is tried.")
        .duration(
            "changes_retention",
            settings.changes_retention,
            "How long Kafka keeps hiring.changes; an alarm goes off when half of it has passed unapplied.")
        .duration("request_timeout", delivery.request_timeout, "For one answer; shorter than the lease.")
        .duration("lease", delivery.lease, "How long a resource is ours while a request runs.")
        .duration("follow_up_max_age", delivery.follow_up_max_age, "Nobody is bothered for older news than this.");
}

void declare_destination(config::Schema& schema, Destination& destination, DaemonSettings& settings) {
    auto& delivery = settings.delivery;
    const std::string name{destination.name()};
    const std::string variable = upper_case(name);
    auto& section = schema.section(
        name, "The destination " + name + ". Its contract is in services/sync-" + name + "/README.md.");
    section.text("base_url", settings.base_url, "Where its API begins.", config::a_url(), config::Need::required);
    if (destination.proof() == Proof::signature) {
        section.secret("access_id", delivery.access_id, variable + "_ACCESS_ID", "The id of its key.")
            .secret("secret_key", delivery.token, variable + "_SECRET_KEY", "The key that signs each request.");
    } else {
        section.secret("token", delivery.token, variable + "_TOKEN", "Its bearer token.");
    }
    section.text("address", settings.address, "Where the admin pages are.")
        .integer("admin_port", settings.admin_port, "/healthz, /readyz, /metrics, /config.", 0, 65535)
        .integer(
            "requests_per_second",
            delivery.requests_per_second,
            "At most, from all processes of this daemon together; 0 = no limit.",
            0,
            100'000)
        .integer("burst", delivery.burst, "So many at once after a pause.", 1, 100'000)
        .flag("confidential", delivery.confidential, "Whether confidential candidates and postings are sent.");
    section.text(
        "mode",
        settings.mode,
        "live: it is told. shadow: what would be sent is worked out and reported as the outcome shadow, and nothing "
        "is "
        "sent. off: nothing is read for it, nothing sent. Turned live again, it gets the present state as backfill.",
        config::one_of(mode_words()));
    destination.declare(section);
}

}  // namespace

DaemonSettings standard_settings(const Destination& destination) {
    DaemonSettings settings;
    settings.admin_port = destination.default_admin_port();
    return settings;
}

void declare(config::Schema& schema, Destination& destination, DaemonSettings& settings) {
    declare_internal(schema, destination, settings);
    declare_sync(schema, settings);
    declare_destination(schema, destination, settings);
}

std::string fault_of(const DaemonSettings& settings) {
    if (settings.delivery.lease <= settings.delivery.request_timeout) {
        return "sync.lease: must be longer than sync.request_timeout, or a lease ends under a request.";
    }
    if (settings.core.breaker.least > settings.core.breaker.window) {
        return "sync.circuit_least: must be at most sync.circuit_window, or the circuit can never open.";
    }
    if (settings.core.give_up_after >= retry_retention) {
        return "sync.give_up_after: must be shorter than the 7 days that Kafka keeps the retry topics.";
    }
    return {};
}

}  // namespace hirewire::sync
