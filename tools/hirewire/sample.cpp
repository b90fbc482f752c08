#include "tools/hirewire/sample.hpp"

#include "common/config/schema.hpp"
#include "common/json/value.hpp"
#include "common/json/writer.hpp"
#include "common/lever/signature.hpp"

namespace hirewire::cli {
namespace {

void write_data(json::Writer& out, const json::Value& data, const std::string& opportunity) {
    if (opportunity.empty() || !data.is_object()) {
        out.value(data);
        return;
    }
    out.begin_object();
    for (const auto& [name, value] : data.members()) {
        const bool hers = name == "opportunityId" || name == "candidateId";
        out.key(name);
        hers ? out.string(opportunity) : out.value(value);
    }
    out.end_object();
}

}  // namespace

std::string signed_sample(std::string_view sample, const std::string& source, const SampleTerms& terms) {
    const auto document = json::Document::parse(sample);
    if (!document || !(*document)["event"].is_string()) {
        throw config::Error{source + ": is no webhook of Lever's: a JSON object with an \"event\" is wanted"};
    }
    json::Writer out;
    out.begin_object();
    for (const auto& [name, value] : document->root().members()) {
        if (name == "token" || name == "triggeredAt" || name == "signature") continue;
        out.key(name);
        if (name == "data") {
            write_data(out, value, terms.opportunity);
        } else {
            out.value(value);
        }
    }
    out.member("triggeredAt", terms.triggered_at_ms).member("token", terms.token);
    out.member("signature", lever::sign(terms.signature_token, terms.token, terms.triggered_at_ms));
    return out.end_object().text();
}

}  // namespace hirewire::cli
