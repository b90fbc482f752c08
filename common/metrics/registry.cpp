#include "common/metrics/registry.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace hirewire::metrics {
namespace {

const prometheus::Histogram::BucketBoundaries buckets{
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600};

}  // namespace

struct Registry::Impl {
    prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
};

Registry::Registry() : impl_{std::make_unique<Impl>()} {}
Registry::~Registry() = default;

Counter Registry::counter(const Name& name, const Labels& labels) {
    Counter handle;
    handle.counter_ =
        &prometheus::BuildCounter().Name(name.name).Help(name.help).Register(impl_->registry).Add(labels);
    return handle;
}

Gauge Registry::gauge(const Name& name, const Labels& labels) {
    Gauge handle;
    handle.gauge_ = &prometheus::BuildGauge().Name(name.name).Help(name.help).Register(impl_->registry).Add(labels);
    return handle;
}

Histogram Registry::histogram(const Name& name, const Labels& labels) {
    Histogram handle;
    handle.histogram_ =
        &prometheus::BuildHistogram().Name(name.name).Help(name.help).Register(impl_->registry).Add(labels, buckets);
    return handle;
}

std::string Registry::text() const {
    return prometheus::TextSerializer{}.Serialize(impl_->registry.Collect());
}

void Counter::add(double n) const {
    counter_->Increment(n);
}
void Gauge::set(double value) const {
    gauge_->Set(value);
}
void Histogram::observe(double seconds) const {
    histogram_->Observe(seconds);
}

}  // namespace hirewire::metrics
