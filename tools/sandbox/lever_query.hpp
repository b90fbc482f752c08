#pragma once
// The query of a Lever list or read: known parameters, time ranges, expand, and pages with an opaque offset.
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/message.hpp"
#include "tools/sandbox/lever_json.hpp"

namespace hirewire::sandbox {

http::Reply lever_error(int status, std::string_view code, std::string_view message);
http::Reply lever_not_found(std::string_view collection, std::string_view id);

class LeverQuery {
public:
    // `allowed` are the parameters of this endpoint beside limit and offset.
    LeverQuery(std::string_view target, std::initializer_list<std::string_view> allowed);

    // The 400 that the query has earned, if any. Ask last.
    [[nodiscard]] const std::optional<http::Reply>& refusal() const { return refusal_; }

    // No value given, or one of those given equals `value`.
    [[nodiscard]] bool admits(std::string_view name, std::string_view value) const;
    [[nodiscard]] std::optional<std::string> value(std::string_view name) const;
    // Whether `moment` lies within {name}_start and {name}_end, both included. No moment lies in no such range.
    [[nodiscard]] bool in_range(std::string_view name, std::optional<Moment> moment) const;
    Expand expand();

    // One page of a collection that only grows at its end, of what `keep` keeps.
    template <typename Items, typename Keep>
    auto page(const Items& items, Keep keep);

private:
    struct Range {
        std::string name{};
        bool asked = false;
        Moment start = 0;
        Moment end = 0;
    };
    struct Start {
        std::size_t index = 0;  // where the page begins
        std::string after{};    // the id of the item before, empty at the beginning
    };
    void refuse(std::string_view message);
    Start start();
    std::size_t limit();
    Moment bound(const std::string& name, Moment otherwise);

    std::string target_;
    std::vector<Range> ranges_;
    std::optional<http::Reply> refusal_;
};

// As opaque as Lever's own offsets.
std::string offset_token(std::size_t index, std::string_view id);

template <typename Item>
struct Page {
    std::vector<const Item*> items{};
    std::string next{};  // empty on the last page
};

template <typename Items, typename Keep>
auto LeverQuery::page(const Items& items, Keep keep) {
    Page<typename Items::value_type> page;
    const auto from = start();
    const auto most = limit();
    if (from.index > items.size() || (from.index > 0 && items[from.index - 1].id != from.after)) {
        refuse("Invalid offset token");
        return page;
    }
    std::size_t last = 0;
    for (std::size_t i = from.index; i < items.size(); ++i) {
        if (!keep(items[i])) continue;
        if (page.items.size() == most) {
            page.next = offset_token(last, items[last].id);
            break;
        }
        page.items.push_back(&items[i]);
        last = i;
    }
    return page;
}

}  // namespace hirewire::sandbox
