#include "services/lever-source/settings.hpp"

#include "common/lever/webhook_settings.hpp"

namespace hirewire::source {

void declare(config::Schema& schema, Settings& s) {
    schema.section("lever", "Lever's Data API. The key needs read permissions only.")
        .text(
            "base_url",
            s.lever.base_url,
            "Sandbox: https://api.sandbox.lever.co/v1.",
            config::a_url(),
            config::Need::required)
        .secret("api_key", s.lever.key, "LEVER_API_KEY", "The API key.")
        .decimal("requests_per_second", s.lever.requests_per_second, "Lever's budget per key.", 0.1, 100'000)
        .decimal(
            "burst",
            s.lever.burst,
            "What may be asked at once: a little less than Lever's 20, since what is sent evenly does not arrive so.",
            1,
            100'000)
        .duration("timeout", s.lever.timeout, "For one answer.");
    lever::declare_webhooks(schema, s.webhooks);
    schema.section("lever-source", "Reads Lever's state and emits one record per transition.")
        .text("address", s.address, "Where the internal API and the admin pages are.")
        .integer(
            "port", s.port, "The internal API; 0 = any free one. Never public: it tells who people are.", 0, 65535)
        .integer("admin_port", s.admin_port, "/healthz, /readyz, /metrics, /config.", 0, 65535)
        .text("start_date_field", s.start_date_field, "The offer form's field that holds the start date.")
        .text("cluster_link_prefix", s.cluster_link_prefix, "How the links begin that Cluster puts on opportunities.")
        .integer(
            "slots",
            s.slots,
            "Opportunities worked on at once. Beyond a hundred of them Lever is asked for pages in place of one by "
            "one.",
            1,
            4096)
        .duration(
            "sweep_interval", s.sweep.interval, "How often Lever is asked what has changed that no webhook told of.")
        .duration(
            "sweep_leave_alone",
            s.sweep.leave_alone,
            "What is fresher than this is left to the webhook that is under way.")
        .duration("sweep_overlap", s.sweep.overlap, "How far a sweep reaches back into the one before.")
        .duration(
            "walk_interval",
            s.sweep.walk_interval,
            "How often all that Lever has is listed: some of its records do not say when they changed.")
        .duration(
            "hires_interval",
            s.sweep.hires_interval,
            "How often hires whose start lies ahead are read again: Lever announces no offer.")
        .duration("postings_interval", s.postings.interval, "How often Lever is asked which postings have changed.")
        .duration(
            "postings_complete_interval",
            s.postings.complete_interval,
            "How often all postings are listed. One that two complete listings lack is gone.")
        .duration("posting_cache", s.posting_cache, "How long a posting's facts may be old.")
        .duration("person_cache", s.person_cache, "How long a person just read is answered from memory.");
    schema.section("internal", "The API by which sync daemons ask lever-source who somebody is.")
        .text("url", s.internal_url, "Where the daemons find it.", config::a_url())
        .secret("token", s.internal_token, "HIREWIRE_INTERNAL_TOKEN", "The bearer token of the internal API.");
}

}  // namespace hirewire::source
