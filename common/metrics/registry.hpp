#pragma once
// Counters, gauges and histograms in Prometheus' text form (prometheus-cpp behind). A handle is two words, made once
// and kept; using it is an atomic operation.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/metrics/names.hpp"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace hirewire::metrics {

using Labels = std::map<std::string, std::string>;

class Counter {
public:
    void add(double n = 1) const;

private:
    friend class Registry;
    prometheus::Counter* counter_ = nullptr;
};

class Gauge {
public:
    void set(double value) const;

private:
    friend class Registry;
    prometheus::Gauge* gauge_ = nullptr;
};

class Histogram {
public:
    void observe(double seconds) const;

private:
    friend class Registry;
    prometheus::Histogram* histogram_ = nullptr;
};

class Registry {
public:
    Registry();
    ~Registry();
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;

    Counter counter(const Name& name, const Labels& labels = {});
    Gauge gauge(const Name& name, const Labels& labels = {});
    // Buckets from a millisecond to ten minutes.
    Histogram histogram(const Name& name, const Labels& labels = {});

    // The text exposition format, version 0.0.4.
    [[nodiscard]] std::string text() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace hirewire::metrics
