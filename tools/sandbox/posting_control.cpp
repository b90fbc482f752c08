#include "tools/sandbox/posting_control.hpp"

#include <cstdint>
#include <string>
#include <utility>

#include "common/json/writer.hpp"
#include "tools/sandbox/control_body.hpp"
#include "tools/sandbox/control_reply.hpp"
#include "tools/sandbox/lever_views.hpp"

namespace hirewire::sandbox {
namespace {

using http::Incoming;
using http::Method;
using http::PathValues;
using http::Reply;

constexpr std::int64_t most_at_once = 10'000;

// Members of a posting that a body gives, over what was there.
void read_posting(StrictObject& object, Posting& posting) {
    if (object.has("state")) {
        posting.state = object.one_of("state", {"published", "internal", "closed", "draft", "pending", "rejected"});
    } else {
        object.optional_text("state");
    }
    posting.text = object.optional_text("text").value_or(posting.text);
    posting.department = object.optional_text("department").value_or(posting.department);
    posting.team = object.optional_text("team").value_or(posting.team);
    posting.location = object.optional_text("location").value_or(posting.location);
    posting.commitment = object.optional_text("commitment").value_or(posting.commitment);
    posting.description = object.optional_text("description").value_or(posting.description);
    posting.external = object.optional_boolean("external").value_or(posting.external);
    posting.confidential = object.optional_boolean("confidential").value_or(posting.confidential);
}

Reply moved(const std::string& id) {
    json::Writer out;
    out.begin_object().member("id", id);
    write_tokens(out, {});
    out.end_object();
    return http::json_reply(200, out.text());
}

}  // namespace

void PostingControl::add_routes(std::vector<http::Route>& routes) {
    auto make = http::answer([this](const Incoming& request, const PathValues&) { return create(request); });
    routes.push_back({.method = Method::post, .path = "/_sandbox/postings", .handle = std::move(make)});

    auto list = http::answer(
        [this](const Incoming&, const PathValues&) { return http::json_reply(200, all_postings(model_)); });
    routes.push_back({.method = Method::get, .path = "/_sandbox/postings", .handle = std::move(list)});

    using Move = Reply (PostingControl::*)(const Incoming&, const Posting&);
    const auto add_move = [&](Method method, Move move) {
        auto handle = http::answer([this, move](const Incoming& request, const PathValues& values) {
            const auto* found = model_.posting(values[0]);
            return found != nullptr ? (this->*move)(request, *found) : unknown("posting");
        });
        routes.push_back({.method = method, .path = "/_sandbox/postings/{id}", .handle = std::move(handle)});
    };
    add_move(Method::patch, &PostingControl::change);
    add_move(Method::del, &PostingControl::remove);
}

Reply PostingControl::create(const Incoming& request) {
    ControlBody body{request.body};
    Posting posting;
    read_posting(*body.operator->(), posting);
    const auto count = body->optional_integer("count");
    if (count && (*count < 1 || *count > most_at_once)) body->wrong("count", "must be from 1 to 10000");
    if (posting.text.empty()) body->wrong("text", "is missing");
    if (auto refused = body.refusal()) return *refused;

    const Moment now = wall_clock();
    std::vector<std::string> ids;
    for (std::int64_t number = 1; number <= count.value_or(1); ++number) {
        Posting fresh = posting;
        if (count) fresh.text.append(" ").append(std::to_string(number));
        ids.push_back(model_.add_posting(std::move(fresh), now).id);
    }
    json::Writer out;
    out.begin_object().member("id", ids.front());
    if (count) {
        out.key("ids").begin_array();
        for (const auto& id : ids) out.string(id);
        out.end_array();
    }
    write_tokens(out, {});
    out.end_object();
    return http::json_reply(201, out.text());
}

Reply PostingControl::change(const Incoming& request, const Posting& posting) {
    ControlBody body{request.body};
    Posting changed = posting;
    read_posting(*body.operator->(), changed);
    if (auto refused = body.refusal()) return *refused;
    model_.change_posting(std::move(changed), wall_clock());
    return moved(posting.id);
}

Reply PostingControl::remove(const Incoming&, const Posting& posting) {
    model_.remove_posting(posting.id, wall_clock());
    return moved(posting.id);
}

}  // namespace hirewire::sandbox
