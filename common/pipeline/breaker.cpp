#include "common/pipeline/breaker.hpp"

#include <algorithm>

namespace hirewire::pipeline {

bool Breaker::begin() {
    if (!open_) return false;
    probing_ = true;
    return true;
}

void Breaker::on_answered(bool probe, Instant now) {
    if (!open_) {
        remember(false, now);
        return;
    }
    // Answers to calls from before the opening are no news; only the probe's counts.
    if (!probe) return;
    open_ = false;
    probing_ = false;
    calls_.clear();
    failed_ = 0;
    distance_ = settings_.first_probe;
}

void Breaker::on_weather(bool probe, Milliseconds at_least, Instant now) {
    if (open_) {
        if (!probe) return;
        probing_ = false;
        distance_ = std::min(distance_ * 2, settings_.last_probe);
        wait_for_probe(at_least, now);
        return;
    }
    remember(true, now);
    const auto share = static_cast<double>(failed_) / static_cast<double>(calls_.size());
    if (calls_.size() < settings_.least || share < settings_.ratio) return;
    open_ = true;
    wait_for_probe(at_least, now);
}

void Breaker::on_nothing(bool probe) {
    if (probe) probing_ = false;
}

std::optional<Instant> Breaker::wake_at() const {
    if (!open_ || probing_) return std::nullopt;
    return probe_at_;
}

void Breaker::remember(bool failed, Instant now) {
    calls_.push_back({.at = now, .failed = failed});
    failed_ += failed ? 1 : 0;
    while (calls_.size() > settings_.window || calls_.front().at + settings_.memory < now) {
        failed_ -= calls_.front().failed ? 1 : 0;
        calls_.pop_front();
    }
}

void Breaker::wait_for_probe(Milliseconds at_least, Instant now) {
    probe_at_ = now + std::max(distance_, std::min(at_least, settings_.longest_wish));
}

}  // namespace hirewire::pipeline
