#pragma once
// Holds the names in a destination's configuration against Lever's lists: at the start, after a reload, and every
// hour, since statuses get renamed. It tells the destination what its entries mean, and says what the lists lack,
// once for each change of that. Nothing waits for it: until it has had an answer, names count as Lever's changes give
// them.
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/core/result.hpp"
#include "common/sync/destination.hpp"
#include "common/sync/status_names.hpp"
#include "common/sync/vocabulary.hpp"

namespace hirewire::sync {

// What the entries mean by the last lists, and what has been said about them.
class NamesBook {
public:
    struct News {
        std::string key{};  // inside the destination's section
        NamesReport report{};
        friend bool operator==(const News&, const News&) = default;
    };
    // Has the destination learn, and answers the keys about which there is something else to say than before.
    std::vector<News> resolve(Destination& destination, const Vocabulary& vocabulary);

private:
    struct Page {
        StatusNames names{};
        NamesReport report{};
    };
    std::map<std::string, Page> pages_{};
};

class NamesWatch {
public:
    using Ask = std::function<boost::asio::awaitable<Result<Vocabulary>>()>;
    // The destination outlives it.
    NamesWatch(Destination& destination, Ask ask) : destination_{destination}, ask_{std::move(ask)} {}
    // For ever: asks at once, soon again until there is an answer, then every hour.
    boost::asio::awaitable<void> run();
    // The entries are others now: held against the last lists.
    void reload();

private:
    Destination& destination_;
    Ask ask_;
    NamesBook book_{};
    std::optional<Vocabulary> last_{};
};

}  // namespace hirewire::sync
