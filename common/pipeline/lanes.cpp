#include "common/pipeline/lanes.hpp"

#include <utility>

namespace hirewire::pipeline {

void Lanes::list(const std::string& name, Lane& lane) {
    if (lane.busy || lane.listed || lane.queue.empty()) return;
    lane.listed = true;
    runnable_.push_back(name);
}

void Lanes::add(Place place, Received received) {
    Lane& lane = lanes_[place.lane];
    Waiting waiting;
    waiting.group = std::move(place.group);
    waiting.received = std::move(received);
    lane.queue.push_back(std::move(waiting));
    ++waiting_;
    list(place.lane, lane);
}

std::vector<Received> Lanes::take_group(Lane& lane, const std::string& group) {
    std::vector<Received> taken;
    std::deque<Waiting> rest;
    for (auto& waiting : lane.queue) {
        if (waiting.group == group) {
            taken.push_back(std::move(waiting.received));
        } else {
            rest.push_back(std::move(waiting));
        }
    }
    lane.queue = std::move(rest);
    return taken;
}

std::optional<Batch> Lanes::start() {
    while (!runnable_.empty()) {
        const std::string name = std::move(runnable_.front());
        runnable_.pop_front();
        const auto found = lanes_.find(name);
        if (found == lanes_.end()) continue;
        Lane& lane = found->second;
        lane.listed = false;
        if (lane.busy || lane.queue.empty()) continue;
        Batch batch;
        batch.place.lane = name;
        batch.place.group = lane.queue.front().group;
        batch.records = take_group(lane, batch.place.group);
        waiting_ -= batch.records.size();
        lane.busy = true;
        return batch;
    }
    return std::nullopt;
}

std::vector<Received> Lanes::take_more(const Place& place) {
    const auto found = lanes_.find(place.lane);
    if (found == lanes_.end()) return {};
    auto taken = take_group(found->second, place.group);
    waiting_ -= taken.size();
    return taken;
}

void Lanes::release(const std::string& name) {
    const auto found = lanes_.find(name);
    if (found == lanes_.end()) return;
    found->second.busy = false;
    if (found->second.queue.empty()) {
        lanes_.erase(found);
    } else {
        list(name, found->second);
    }
}

void Lanes::drop(const std::function<bool(const Received&)>& unwanted) {
    for (auto lane = lanes_.begin(); lane != lanes_.end();) {
        auto& queue = lane->second.queue;
        waiting_ -= std::erase_if(queue, [&](const Waiting& w) { return unwanted(w.received); });
        // A listed name without a lane is skipped by start().
        lane = queue.empty() && !lane->second.busy ? lanes_.erase(lane) : std::next(lane);
    }
}

}  // namespace hirewire::pipeline
