#include "services/receiver/settings.hpp"

namespace hirewire::receiver {

void declare(config::Schema& schema, Settings& s) {
    schema.section("receiver", "Takes Lever's webhooks: POST /webhooks/lever.")
        .text("address", s.address, "Where to listen, and where the admin pages are.")
        .integer("port", s.port, "0 = any free one.", 0, 65535)
        .integer("admin_port", s.admin_port, "/healthz, /readyz, /metrics, /config.", 0, 65535)
        .integer("threads", s.threads, "Listeners; 0 = one per core.", 0, 256)
        .secret(
            "signature_tokens",
            s.signature_tokens,
            "LEVER_SIGNATURE_TOKENS",
            "Lever's signature tokens, one per webhook subscription, separated by commas or lines.")
        .integer("max_body_bytes", s.max_body_bytes, "Larger bodies are answered 413.", 1024, 16 << 20)
        .integer("max_header_bytes", s.max_header_bytes, "Larger headers are answered 431.", 1024, 1 << 20)
        .integer("max_connections", s.max_connections, "Per thread; further ones are closed.", 1, 1 << 20)
        .integer("max_in_flight", s.max_in_flight, "Per thread; further requests are answered 503.", 1, 1 << 20)
        .duration("read_deadline", s.read_deadline, "For one request to arrive whole.")
        .duration("accept_past", s.accept_past, "How old a webhook may be.")
        .duration("accept_future", s.accept_future, "How far ahead Lever's clock may be.")
        .duration(
            "claim_lease", s.claim_lease, "How long a delivery that is being stored keeps a second one waiting.")
        .duration("remember", s.remember, "How long an accepted delivery is recognised.");
    schema.section("receiver.tls", "HTTPS without a proxy in front. Without a certificate: plain HTTP.")
        .text("certificate_file", s.certificate_file, "PEM chain.")
        .text("key_file", s.key_file, "PEM key.");
}

}  // namespace hirewire::receiver
