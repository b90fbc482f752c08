#include "common/pipeline/lanes.hpp"

#include <utility>

namespace hirewire::pipeline {

// A lane that has been listed as backfill may move up; its old name in the other queue is then skipped.
void Lanes::list(const std::string& name, Lane& lane) {
    if (lane.busy || lane.groups.empty()) return;
    const Listed as = lane.live > 0 ? Listed::live : Listed::backfill;
    if (lane.listed >= as) return;
    if (lane.listed == Listed::no) ++listed_;
    if (as == Listed::live) ++listed_live_;
    lane.listed = as;
    (as == Listed::live ? runnable_ : runnable_backfill_).push_back(name);
}

void Lanes::unlist(Lane& lane) {
    const Listed was = std::exchange(lane.listed, Listed::no);
    if (was != Listed::no) --listed_;
    if (was == Listed::live) --listed_live_;
}

void Lanes::add(Place place, Received received) {
    Lane& lane = lanes_[place.lane];
    auto known = lane.by_name.find(place.group);
    if (known == lane.by_name.end()) {
        Group group;
        group.name = place.group;
        lane.groups.push_back(std::move(group));
        known = lane.by_name.emplace(std::move(place.group), std::prev(lane.groups.end())).first;
    }
    Group& group = *known->second;
    received.backfill = place.backfill;
    group.records.push_back(std::move(received));
    if (group.backfill && !place.backfill) {
        group.backfill = false;
        ++lane.live;
    }
    ++waiting_;
    list(place.lane, lane);
}

std::vector<Received> Lanes::take(Lane& lane, std::list<Group>::iterator group) {
    std::vector<Received> taken = std::move(group->records);
    waiting_ -= taken.size();
    if (!group->backfill) --lane.live;
    lane.by_name.erase(group->name);
    lane.groups.erase(group);
    return taken;
}

std::unordered_map<std::string, Lanes::Lane>::iterator Lanes::next_of(Listed listed) {
    auto& names = listed == Listed::live ? runnable_ : runnable_backfill_;
    while (!names.empty()) {
        const auto found = lanes_.find(names.front());
        names.pop_front();
        if (found != lanes_.end() && found->second.listed == listed) return found;
    }
    return lanes_.end();
}

std::optional<Batch> Lanes::start() {
    auto found = next_of(Listed::live);
    if (found == lanes_.end()) found = next_of(Listed::backfill);
    if (found == lanes_.end()) return std::nullopt;
    Lane& lane = found->second;
    unlist(lane);
    auto group = lane.groups.begin();
    if (lane.live > 0) {
        while (group->backfill) ++group;
    }
    Batch batch;
    batch.place.lane = found->first;
    batch.place.group = group->name;
    batch.records = take(lane, group);
    lane.busy = true;
    return batch;
}

std::vector<Received> Lanes::take_more(const Place& place) {
    const auto found = lanes_.find(place.lane);
    if (found == lanes_.end()) return {};
    const auto group = found->second.by_name.find(place.group);
    if (group == found->second.by_name.end()) return {};
    return take(found->second, group->second);
}

bool Lanes::live_waits(const std::string& lane) const {
    const auto found = lanes_.find(lane);
    return found != lanes_.end() && found->second.live > 0;
}

void Lanes::release(const std::string& name) {
    const auto found = lanes_.find(name);
    if (found == lanes_.end()) return;
    found->second.busy = false;
    if (found->second.groups.empty()) {
        lanes_.erase(found);
    } else {
        list(name, found->second);
    }
}

void Lanes::drop(const std::function<bool(const Received&)>& unwanted) {
    for (auto at = lanes_.begin(); at != lanes_.end();) {
        Lane& lane = at->second;
        for (auto group = lane.groups.begin(); group != lane.groups.end();) {
            waiting_ -= std::erase_if(group->records, unwanted);
            if (!group->records.empty()) {
                ++group;
                continue;
            }
            if (!group->backfill) --lane.live;
            lane.by_name.erase(group->name);
            group = lane.groups.erase(group);
        }
        // A listed name without a lane is skipped by start().
        const bool gone = lane.groups.empty() && !lane.busy;
        if (lane.groups.empty()) unlist(lane);
        at = gone ? lanes_.erase(at) : std::next(at);
    }
}

}  // namespace hirewire::pipeline
