#include <memory>
#include <utility>

#include "services/sync-clinch/fold.hpp"
#include "services/sync-clinch/jobs.hpp"
#include "services/sync-clinch/rules.hpp"
#include "services/sync-clinch/signature.hpp"

namespace hirewire::clinch {
namespace {

class Clinch final : public sync::Destination {
public:
    [[nodiscard]] std::string_view name() const override { return "clinch"; }
    [[nodiscard]] std::uint16_t default_admin_port() const override { return 9115; }

    void declare(config::Section& section) override {
        // The second list is checked against the first as it has just been read, in the file or by its default.
        const auto success = std::make_shared<std::string>();
        const auto check_success = [success](const std::string& list) -> std::string {
            *success = list;
            return fault_of(list);
        };
        const auto check_failure = [success](const std::string& list) -> std::string {
            if (auto wrong = fault_of(list); !wrong.empty()) return wrong;
            const auto both = claimed_by_both(*success, list);
            return both.empty() ? "" : "other states than in clinch.success_states (both have \"" + both + "\")";
        };
        section
            .text(
                "success_states",
                settings_.success_states,
                "Stages and archive reasons that count as success: names, \"ideally in lowercase and separated by "
                "commas\", or id:<id>. What counts is your own practice; a hire does only if it is in here.",
                check_success)
            .text(
                "failure_states",
                settings_.failure_states,
                "Those that count as failure. What is in neither list is not told; what is in both is refused.",
                check_failure)
            .text(
                "email_filter",
                settings_.email_filter,
                "The query parameter of GET /candidates by which a candidate is found by e-mail.",
                [](const std::string& value) -> std::string {
                    return value.empty() ? "the name of a parameter, such as \"filter[email]\"" : "";
                })
            .flag(
                "client_ids",
                settings_.client_ids,
                "Whether records have ids of ours. Off, for a server that makes its own: a repeat is then told by "
                "its Idempotency-Key alone.")
            .flag(
                "jobs",
                settings_.jobs,
                "Whether Clinch is told of jobs: of Lever's postings that have a location. Takes "
                "effect at a restart. Turned on for the first time it is told of all that there are, turned on again "
                "of what has changed since it was left.")
            .text(
                "company_code",
                settings_.company_code,
                "The company's name in the URLs of its jobs: the \"acme\" of https://jobs.lever.co/acme/... Needed "
                "while jobs are told.",
                fault_of_company_code)
            .text(
                "signature",
                settings_.signature,
                "method_first, as Clinch documents it, or without_method, as its older client signs.",
                config::one_of({"method_first", "without_method"}))
            .flag(
                "content_md5",
                settings_.content_md5,
                "Whether bodies get a Content-MD5. Without it the signature does not cover them.");
    }

    [[nodiscard]] std::string fault() const override {
        if (!settings_.jobs || !settings_.company_code.empty()) return {};
        return "clinch.company_code: must be set while clinch.jobs is on: the \"acme\" of "
               "https://jobs.lever.co/acme/...";
    }

    [[nodiscard]] sync::Plan plan(const v1::Change& change, const sync::Situation& situation) const override {
        return record_outcome(change, situation, settings_, learnt_);
    }

    [[nodiscard]] bool wants_postings() const override { return settings_.jobs; }
    [[nodiscard]] sync::Plan plan_posting(
        const sync::PostingNews& news, const sync::Situation& situation) const override {
        return tell_job(news, situation, settings_);
    }

    [[nodiscard]] std::vector<sync::NamedStatuses> names() const override {
        const StateLists lists = lists_of(settings_, learnt_);
        return {named("success_states", lists.success), named("failure_states", lists.failure)};
    }
    void learn(std::string_view key, const sync::StatusNames& known) override {
        (key == "success_states" ? learnt_.success : learnt_.failure) = known;
    }

    [[nodiscard]] bool asks_for_people() const override { return true; }
    [[nodiscard]] std::string_view media_type() const override { return "application/vnd.api+json"; }
    [[nodiscard]] sync::Proof proof() const override { return sync::Proof::signature; }

    void authorize(
        http::Request& request,
        const sync::Credential& credential,
        std::string_view base_path,
        Timestamp now) const override {
        Signing signing;
        signing.content_md5 = settings_.content_md5;
        if (settings_.signature == "without_method") signing.text = SignedText::without_method;
        sign(request, credential, base_path, now, signing);
    }

    [[nodiscard]] std::string why_refused(const http::Reply& reply, Timestamp now) const override {
        return reply.status == 401 ? clock_fault(reply, now) : std::string{};
    }

    // Who comes from a state that counts and is on the way to another that does not: the newer change no longer tells
    // that there is something to take back.
    [[nodiscard]] bool must_be_told(const v1::Change& change, const v1::Change& newer) const override {
        const StateLists lists = lists_of(settings_, learnt_);
        return standing_of(change.previous_status(), lists) != Standing::neither &&
               standing_of(newer.status(), lists) == Standing::neither;
    }

private:
    // A state may be in one of the two lists only.
    static sync::NamedStatuses named(std::string key, const States& states) {
        sync::NamedStatuses named;
        named.key = std::move(key);
        for (const auto& state : states) {
            named.entries.push_back(state.words);
            named.values.push_back(named.key);
        }
        named.group = "states";
        named.fold = &comparable;
        return named;
    }

    Settings settings_;
    Learnt learnt_;
};

}  // namespace

std::unique_ptr<sync::Destination> make_destination() {
    return std::make_unique<Clinch>();
}

}  // namespace hirewire::clinch
