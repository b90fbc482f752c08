#pragma once
// Signed webhooks as Lever sends them, made fast: one text per event with holes of fixed width, which are filled in
// place. The n-th webhook of a run carries a token that only it has and from which n can be told.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/time.hpp"
#include "common/crypto/hash.hpp"

namespace hirewire::loadgen {

struct WebhookSettings {
    std::string signature_token{};
    std::uint64_t opportunities = 1000;
    std::string event{};  // nothing = a mix of all ten, most of them stage changes
    std::string run{};    // 32 hexadecimal digits; nothing = random
};

class Webhooks {
public:
    // Throws std::invalid_argument on an event that Lever does not have.
    explicit Webhooks(const WebhookSettings& settings);

    // The n-th body, triggered at `now`.
    std::string body(std::uint64_t n, Timestamp now);
    // Puts the whole n-th HTTP request into `out`, whose memory is used again. Before: frame().
    void request(std::uint64_t n, Timestamp now, std::string& out);
    void frame(const std::string& host, const std::string& path);

    // The n of a body of this run; nothing for anybody else's.
    [[nodiscard]] std::optional<std::uint64_t> number_of(std::string_view body) const;

private:
    enum class Hole : char {
        id = 'I',
        triggered_at = 'T',
        token = 'K',
        signature = 'S',
        opportunity = 'O',
        contact = 'C',
        other = 'X'
    };
    struct Place {
        Hole hole = Hole::id;
        std::size_t at = 0;
    };
    struct Text {
        std::string event{};
        std::string text{};
        std::size_t body_at = 0;  // what is before it is the frame
        std::vector<Place> places{};
    };
    static Text parse(std::string_view event, std::string_view data);
    [[nodiscard]] const Text& text_for(std::uint64_t n) const;
    void fill(const Text& text, std::uint64_t n, Timestamp now, char* out);

    std::vector<Text> texts_;
    std::vector<std::size_t> mix_;  // indices into texts_, in turn
    std::uint64_t opportunities_;
    std::string run_;
    crypto::HmacSha256 sign_;
};

}  // namespace hirewire::loadgen
