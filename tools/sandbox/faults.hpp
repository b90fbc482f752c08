#pragma once
// What a stand-in does wrong on request, as POST /_sandbox/{dest}/faults describes it.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/http/message.hpp"
#include "tools/sandbox/dice.hpp"

namespace hirewire::sandbox {

struct FaultSettings {
    std::optional<int> status{};                   // answered in place of the request
    double ratio = 1;                              // of requests that get `status`
    std::string retry_after{};                     // sent with `status`
    std::string location{};                        // likewise
    Milliseconds latency{0};                       // before anything else happens
    double reset_ratio = 0;                        // the connection closes, nothing is done
    double lose_response_ratio = 0;                // the request is carried out, then the connection closes
    std::optional<std::int64_t> until_requests{};  // all is well again after so many
    std::string path{};                            // what the path of a request begins with; others are left alone
    std::int64_t skip = 0;                         // so many are answered normally first
};

// What is to happen to one request.
struct Fault {
    Milliseconds latency{0};
    std::optional<int> status{};
    std::string retry_after{};
    std::string location{};
    bool reset = false;
    bool lose_response = false;
};

class Faults {
public:
    explicit Faults(Dice& dice) : dice_{dice} {}

    // Fault of the next request; counts it.
    Fault next(std::string_view target);
    // The control call's body; answers what is wrong with it, "" when it is taken.
    std::string set(std::string_view body);
    void clear() { settings_ = {}; }
    [[nodiscard]] std::string text() const;

private:
    Dice& dice_;
    FaultSettings settings_{};
};

// The reply that closes the connection without an answer.
http::Reply no_answer();

}  // namespace hirewire::sandbox
