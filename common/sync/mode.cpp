#include "common/sync/mode.hpp"

namespace hirewire::sync {

std::string_view name_of(Mode mode) {
    switch (mode) {
        case Mode::shadow:
            return "shadow";
        case Mode::off:
            return "off";
        case Mode::live:
            break;
    }
    return "live";
}

Mode mode_of(std::string_view word) {
    for (const auto mode : {Mode::shadow, Mode::off}) {
        if (word == name_of(mode)) return mode;
    }
    return Mode::live;
}

std::vector<std::string> mode_words() {
    return {std::string{name_of(Mode::live)}, std::string{name_of(Mode::shadow)}, std::string{name_of(Mode::off)}};
}

std::string standing_of(Mode mode, std::string_view switched_off) {
    return std::string{mode == Mode::live && !switched_off.empty() ? switched_off : name_of(mode)};
}

bool owes_snapshot(std::string_view before, std::string_view now) {
    const auto live = name_of(Mode::live);
    return now == live && before != live && !before.empty();
}

std::string would_send(const http::Request& request) {
    const bool asks = request.method == http::Method::get || request.method == http::Method::head;
    const std::string path = request.target.substr(0, request.target.find('?'));
    return (asks ? "would begin with " : "would ") + std::string{http::name_of(request.method)} + " " + path;
}

}  // namespace hirewire::sync
