#include "tools/loadgen/webhooks.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <random>
#include <stdexcept>

namespace hirewire::loadgen {
namespace {

constexpr std::size_t uuid_size = 36;
constexpr std::size_t time_size = 13;
constexpr std::size_t token_size = 48;
constexpr std::size_t run_size = 32;
constexpr std::size_t signature_size = 64;

// One of Lever's events: what its `data` holds, with @ and a letter where something is filled in, and how many of
// twenty webhooks are of it.
struct Shape {
    std::string_view event;
    int of_twenty;
    std::string_view data;
};

constexpr std::string_view person = R"("opportunityId":"@O","candidateId":"@O","contactId":"@C")";

const std::array<Shape, 10> shapes{{
    {"candidateStageChange", 10, R"(%,"fromStageId":"lead-new","toStageId":"lead-responded")"},
    {"applicationCreated", 2, R"("applicationId":"@X",%)"},
    {"candidateHired", 1, R"(%)"},
    {"candidateArchiveChange",
     1,
     R"(%,"fromArchived":null,"toArchived":{"archivedAt":@T,"reason":"c97322d4-a7f3-4008-948c-4f8e9c58d372"})"},
    {"candidateDeleted", 1, R"(%,"deletedBy":"be129d9b-a6a1-4a55-8bb2-4fdde0e1b1a5")"},
    {"interviewCreated", 1, R"("interviewId":"@X","panelId":"@C",%)"},
    {"interviewUpdated", 1, R"("interviewId":"@X","panelId":"@C",%)"},
    {"interviewDeleted", 1, R"("interviewId":"@X","panelId":"@C",%)"},
    {"contactCreated", 1, R"("contactId":"@C")"},
    {"contactUpdated", 1, R"("contactId":"@C")"},
}};

constexpr char digits[] = "0123456789abcdef";

void put_hex(char* out, std::uint64_t value, int count) {
    for (int i = count - 1; i >= 0; --i, value >>= 4U) out[i] = digits[value & 15U];
}

// splitmix64: neighbouring numbers give unlike ids.
std::uint64_t mixed(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31U);
}

// The same number gives the same id; `space` keeps opportunities and contacts apart.
void put_uuid(char* out, std::uint64_t number, std::uint64_t space) {
    const std::uint64_t high = mixed(number * 8 + space);
    const std::uint64_t low = mixed(high ^ number);
    put_hex(out, high >> 32U, 8);
    out[8] = '-';
    put_hex(out + 9, high >> 16U, 4);
    out[13] = '-';
    put_hex(out + 14, 0x4000U | (high & 0x0fffU), 4);
    out[18] = '-';
    put_hex(out + 19, 0x8000U | ((low >> 48U) & 0x3fffU), 4);
    out[23] = '-';
    put_hex(out + 24, low, 12);
}

std::string random_run() {
    std::random_device source;
    std::string run(run_size, '0');
    for (auto& c : run) c = digits[source() & 15U];
    return run;
}

}  // namespace

Webhooks::Text Webhooks::parse(std::string_view event, std::string_view data) {
    std::string pattern = R"({"id":"@I","event":")" + std::string{event} +
                          R"(","triggeredAt":@T,"token":"@K","signature":"@S","data":{)" + std::string{data} + "}}";
    if (const auto at = pattern.find('%'); at != std::string::npos) pattern.replace(at, 1, person);
    Text text{.event = std::string{event}};
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '@') {
            text.text += pattern[i];
            continue;
        }
        const Hole hole{pattern[++i]};
        text.places.push_back({.hole = hole, .at = text.text.size()});
        const std::size_t width = hole == Hole::triggered_at ? time_size
                                  : hole == Hole::token      ? token_size
                                  : hole == Hole::signature  ? signature_size
                                                             : uuid_size;
        text.text.append(width, ' ');
    }
    return text;
}

Webhooks::Webhooks(const WebhookSettings& settings)
    : opportunities_{std::max<std::uint64_t>(settings.opportunities, 1)},
      run_{settings.run.empty() ? random_run() : settings.run},
      sign_{settings.signature_token} {
    for (const auto& shape : shapes) {
        if (!settings.event.empty() && settings.event != shape.event) continue;
        texts_.push_back(parse(shape.event, shape.data));
        mix_.insert(
            mix_.end(), settings.event.empty() ? static_cast<std::size_t>(shape.of_twenty) : 1, texts_.size() - 1);
    }
    if (texts_.empty()) throw std::invalid_argument{"Lever has no event '" + settings.event + "'"};
    if (run_.size() != run_size) throw std::invalid_argument{"a run is named by 32 hexadecimal digits"};
    // The same mixture every time, but no long row of one event.
    std::shuffle(mix_.begin(), mix_.end(), std::minstd_rand{1});
}

const Webhooks::Text& Webhooks::text_for(std::uint64_t n) const {
    return texts_[mix_[n % mix_.size()]];
}

void Webhooks::fill(const Text& text, std::uint64_t n, Timestamp now, char* out) {
    std::array<char, token_size> token{};
    std::memcpy(token.data(), run_.data(), run_size);
    put_hex(token.data() + run_size, n, static_cast<int>(token_size - run_size));
    std::array<char, time_size> time{};
    std::to_chars(time.data(), time.data() + time.size(), to_ms(now));
    const auto hash = sign_({token.data(), token.size()}, {time.data(), time.size()});
    const std::uint64_t opportunity = mixed(n) % opportunities_;
    for (const auto& place : text.places) {
        char* const at = out + place.at;
        switch (place.hole) {
            case Hole::id:
                put_uuid(at, n, 1);
                break;
            case Hole::triggered_at:
                std::memcpy(at, time.data(), time.size());
                break;
            case Hole::token:
                std::memcpy(at, token.data(), token.size());
                break;
            case Hole::signature:
                for (std::size_t i = 0; i < hash.size(); ++i) put_hex(at + 2 * i, hash[i], 2);
                break;
            case Hole::opportunity:
                put_uuid(at, opportunity, 2);
                break;
            case Hole::contact:
                put_uuid(at, opportunity, 3);
                break;
            case Hole::other:
                put_uuid(at, n, 4);
                break;
        }
    }
}

std::string Webhooks::body(std::uint64_t n, Timestamp now) {
    const Text& text = text_for(n);
    std::string body = text.text.substr(text.body_at);
    fill(text, n, now, body.data() - text.body_at);
    return body;
}

void Webhooks::frame(const std::string& host, const std::string& path) {
    for (auto& text : texts_) {
        const std::string body = text.text.substr(text.body_at);
        const std::string head =
            "POST " + path + " HTTP/1.1\r\nHost: " + host +
            "\r\nUser-Agent: hirewire-loadgen\r\nContent-Type: application/json\r\nContent-Length: " +
            std::to_string(body.size()) + "\r\n\r\n";
        for (auto& place : text.places) place.at += head.size() - text.body_at;
        text.text = head + body;
        text.body_at = head.size();
    }
}

void Webhooks::request(std::uint64_t n, Timestamp now, std::string& out) {
    const Text& text = text_for(n);
    out = text.text;
    fill(text, n, now, out.data());
}

std::optional<std::uint64_t> Webhooks::number_of(std::string_view body) const {
    const auto at = body.find(run_);
    if (at == std::string_view::npos || body.size() < at + token_size) return std::nullopt;
    const char* const first = body.data() + at + run_size;
    std::uint64_t n = 0;
    const auto [end, error] = std::from_chars(first, first + (token_size - run_size), n, 16);
    if (error != std::errc{} || end != first + (token_size - run_size)) return std::nullopt;
    return n;
}

}  // namespace hirewire::loadgen
