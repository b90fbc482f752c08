#pragma once
// A destination and lever-source as a command line may ask them: questions only, never a write, and slower than the
// destination's own daemon. Blocking.
#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/core/time.hpp"
#include "common/http/client.hpp"
#include "common/sync/destination.hpp"
#include "common/sync/settings.hpp"
#include "common/sync/vocabulary.hpp"

namespace hirewire::cli {

class Asking {
public:
    // The credentials are those that the configuration points to. Throws config::Error when the destination's is not
    // there. The destination outlives this.
    Asking(
        const sync::Destination& destination, const sync::DaemonSettings& settings, const std::string& config_file);
    Asking(const Asking&) = delete;
    Asking& operator=(const Asking&) = delete;
    ~Asking();

    struct Asked {
        sync::Answer answer{};
        bool sent = true;  // false: it was answered before, and the same holds still
    };
    // `remember`: a good answer holds for as long as this lives.
    Asked ask(http::Request request, bool remember);

    // Whether the token of lever-source's internal API is there.
    [[nodiscard]] bool knows_lever_source() const { return !internal_token_.empty(); }
    // The step after the question, or, when lever-source does not answer, that this has to wait.
    sync::Plan ask_person(const sync::AskPerson& ask, const std::string& opportunity);
    // Nothing when lever-source does not answer.
    std::optional<sync::Vocabulary> vocabulary();

private:
    sync::Answer send(http::Client& client, http::Request request);

    const sync::Destination& destination_;
    sync::Credential credential_{};
    std::string internal_token_{};
    std::string base_path_;
    Milliseconds patience_;
    Milliseconds pause_;  // between two questions to the destination
    SystemClock clock_;
    Instant next_{};
    std::map<std::string, http::Reply> remembered_{};  // by target
    boost::asio::io_context context_;
    std::unique_ptr<http::Client> client_;
    std::unique_ptr<http::Client> internal_;
};

}  // namespace hirewire::cli
