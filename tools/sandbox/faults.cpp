#include "tools/sandbox/faults.hpp"

#include "common/json/value.hpp"
#include "common/json/writer.hpp"
#include "tools/sandbox/strict_object.hpp"

namespace hirewire::sandbox {

Fault Faults::next(std::string_view target) {
    if (!target.starts_with(settings_.path)) return {};
    if (settings_.skip > 0) {
        --settings_.skip;
        return {};
    }
    if (settings_.until_requests) {
        if (*settings_.until_requests <= 0)
            clear();
        else
            --*settings_.until_requests;
    }
    Fault fault{.latency = settings_.latency};
    fault.reset = dice_.hits(settings_.reset_ratio);
    if (settings_.status && dice_.hits(settings_.ratio)) {
        fault.status = settings_.status;
        fault.retry_after = settings_.retry_after;
        fault.location = settings_.location;
    }
    fault.lose_response = dice_.hits(settings_.lose_response_ratio);
    return fault;
}

std::string Faults::set(std::string_view body) {
    const auto document = json::Document::parse(body);
    if (!document) return document.error().message();
    Wrongs wrongs;
    StrictObject object{document->root(), "", wrongs};
    FaultSettings fresh;
    if (const auto status = object.optional_integer("status")) {
        if (*status < 200 || *status > 599) object.wrong("status", "must be an HTTP status from 200 to 599");
        fresh.status = static_cast<int>(*status);
    }
    fresh.ratio = object.optional_ratio("ratio").value_or(1);
    fresh.latency = Milliseconds{object.optional_integer("latency_ms").value_or(0)};
    fresh.reset_ratio = object.optional_ratio("reset_ratio").value_or(0);
    fresh.lose_response_ratio = object.optional_ratio("lose_response_ratio").value_or(0);
    fresh.retry_after = object.optional_text("retry_after").value_or("");
    fresh.location = object.optional_text("location").value_or("");
    fresh.until_requests = object.optional_integer("until_requests");
    fresh.path = object.optional_text("path").value_or("");
    if (!fresh.path.empty() && !fresh.path.starts_with('/')) object.wrong("path", "must begin with /");
    fresh.skip = object.optional_integer("skip").value_or(0);
    object.finish();
    if (wrongs.empty()) settings_ = std::move(fresh);
    return joined(wrongs);
}

std::string Faults::text() const {
    json::Writer out;
    out.begin_object();
    if (settings_.status) {
        out.member("status", *settings_.status).key("ratio").number(settings_.ratio);
        if (!settings_.retry_after.empty()) out.member("retry_after", settings_.retry_after);
        if (!settings_.location.empty()) out.member("location", settings_.location);
    }
    out.member("latency_ms", settings_.latency.count())
        .key("reset_ratio")
        .number(settings_.reset_ratio)
        .key("lose_response_ratio")
        .number(settings_.lose_response_ratio);
    if (settings_.until_requests) out.member("until_requests", *settings_.until_requests);
    if (!settings_.path.empty()) out.member("path", settings_.path);
    if (settings_.skip > 0) out.member("skip", settings_.skip);
    out.end_object();
    return out.text();
}

http::Reply no_answer() {
    http::Reply reply;
    reply.status = 0;
    return reply;
}

}  // namespace hirewire::sandbox
