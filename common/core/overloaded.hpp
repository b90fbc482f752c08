#pragma once
// std::visit with one lambda per alternative.

namespace hirewire {

template <typename... F>
struct overloaded : F... {
    using F::operator()...;
};
template <typename... F>
overloaded(F...) -> overloaded<F...>;

}  // namespace hirewire
