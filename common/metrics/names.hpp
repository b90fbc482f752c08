#pragma once
// Every metric there is: name, kind of label values, help. Labels come from closed sets only, never from ids.

namespace hirewire::metrics {

struct Name {
    const char* name;
    const char* help;
};

inline constexpr Name webhooks{"hirewire_webhooks_total", "Webhook requests by event and result"};
inline constexpr Name webhook_store{
    "hirewire_webhook_store_seconds", "From a verified webhook to Kafka's acknowledgement"};
inline constexpr Name http_refused{"hirewire_http_refused_total", "Requests refused below the handler, by status"};
inline constexpr Name dedup_skipped{
    "hirewire_webhook_dedup_unavailable_total", "Webhooks accepted without de-duplication because Redis was away"};
inline constexpr Name lever_requests{
    "hirewire_lever_requests_total", "Requests to Lever by status code (0 = no answer)"};
inline constexpr Name lever_budget_wait{"hirewire_lever_budget_wait_seconds", "Waiting for Lever's request budget"};
inline constexpr Name changes_emitted{"hirewire_changes_emitted_total", "Changes emitted, by kind and cause"};
inline constexpr Name hints{"hirewire_hints_total", "Hints worked off, by what came of them"};
inline constexpr Name sweeps{"hirewire_sweeps_total", "Finished sweeps and walks of Lever's state, by kind"};
inline constexpr Name webhook_subscriptions{
    "hirewire_webhook_subscriptions",
    "1 for the state that an event's subscription in Lever is in, 0 for the others"};
inline constexpr Name postings_implausible{
    "hirewire_postings_implausible",
    "1 while more than half of the known postings are not listed any more: see the log"};
inline constexpr Name runs{"hirewire_runs_total", "Runs of a destination that ended, by how they did"};
inline constexpr Name bulk_deletion{
    "hirewire_bulk_deletion",
    "1 while deletions are held back, since more than half of what a destination has is gone at once: see the log"};
inline constexpr Name deletion_owed{
    "hirewire_deletion_owed_seconds", "Age of the oldest deletion that a destination has not been told yet"};
inline constexpr Name outcomes{"hirewire_outcomes_total", "Outcomes by destination and outcome"};
inline constexpr Name end_to_end{
    "hirewire_end_to_end_seconds", "From the transition in Lever to applied at the destination"};
inline constexpr Name oldest_unapplied{
    "hirewire_oldest_unapplied_seconds", "Age of the oldest change that waits or is under way"};
inline constexpr Name delivery{"hirewire_delivery_seconds", "One attempt at the destination"};
inline constexpr Name consumer_lag{"hirewire_consumer_lag", "Records not yet read, by topic and partition"};
inline constexpr Name in_flight{"hirewire_in_flight", "Attempts under way"};
inline constexpr Name held{
    "hirewire_held", "1 while the destination is held: its credential was refused, or it has missed changes"};
inline constexpr Name mode{"hirewire_mode", "1 for the mode that a destination is in, 0 for the others"};
inline constexpr Name paused{"hirewire_paused", "1 while an operator has paused the destination"};
inline constexpr Name circuit_open{
    "hirewire_circuit_open", "1 while nothing but probes is sent because the destination is down"};
inline constexpr Name parked{"hirewire_parked", "Changes read from a retry topic that are not due yet"};
inline constexpr Name pace_wait{"hirewire_pace_wait_seconds", "Waiting for a turn in the destination's pace"};
inline constexpr Name retention_used{
    "hirewire_retention_used_ratio", "Age of the oldest unapplied change over the retention of hiring.changes"};
inline constexpr Name dead_letters{
    "hirewire_dead_letters", "Dead letters written since the start and not resolved by a newer change"};
inline constexpr Name retries{"hirewire_retries_total", "Attempts that will be repeated, by destination"};
inline constexpr Name paused_partitions{
    "hirewire_paused_partitions", "Partitions not read, by the cap that was reached"};
inline constexpr Name open_records{"hirewire_open_records", "Records read and not finished"};
inline constexpr Name open_bytes{"hirewire_open_bytes", "Memory that they take, roughly"};
inline constexpr Name lanes{"hirewire_lanes", "Resources with something to do"};

}  // namespace hirewire::metrics
