#include "common/pipeline/lanes.hpp"

#include <utility>

namespace hirewire::pipeline {

void Lanes::list(const std::string& name, Lane& lane) {
    if (lane.busy || lane.listed || lane.groups.empty()) return;
    lane.listed = true;
    ++listed_;
    runnable_.push_back(name);
}

void Lanes::add(Place place, Received received) {
    Lane& lane = lanes_[place.lane];
    const auto known = lane.by_name.find(place.group);
    if (known != lane.by_name.end()) {
        known->second->records.push_back(std::move(received));
    } else {
        Group group;
        group.name = place.group;
        group.records.push_back(std::move(received));
        lane.groups.push_back(std::move(group));
        lane.by_name.emplace(std::move(place.group), std::prev(lane.groups.end()));
    }
    ++waiting_;
    list(place.lane, lane);
}

std::vector<Received> Lanes::take(Lane& lane, std::list<Group>::iterator group) {
    std::vector<Received> taken = std::move(group->records);
    waiting_ -= taken.size();
    lane.by_name.erase(group->name);
    lane.groups.erase(group);
    return taken;
}

std::optional<Batch> Lanes::start() {
    while (!runnable_.empty()) {
        const std::string name = std::move(runnable_.front());
        runnable_.pop_front();
        const auto found = lanes_.find(name);
        if (found == lanes_.end()) continue;
        Lane& lane = found->second;
        if (std::exchange(lane.listed, false)) --listed_;
        if (lane.busy || lane.groups.empty()) continue;
        Batch batch;
        batch.place.lane = name;
        batch.place.group = lane.groups.front().name;
        batch.records = take(lane, lane.groups.begin());
        lane.busy = true;
        return batch;
    }
    return std::nullopt;
}

std::vector<Received> Lanes::take_more(const Place& place) {
    const auto found = lanes_.find(place.lane);
    if (found == lanes_.end()) return {};
    const auto group = found->second.by_name.find(place.group);
    if (group == found->second.by_name.end()) return {};
    return take(found->second, group->second);
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
            lane.by_name.erase(group->name);
            group = lane.groups.erase(group);
        }
        // A listed name without a lane is skipped by start().
        const bool gone = lane.groups.empty() && !lane.busy;
        if (gone && lane.listed) --listed_;
        at = gone ? lanes_.erase(at) : std::next(at);
    }
}

}  // namespace hirewire::pipeline
