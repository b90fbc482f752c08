#pragma once
// Invented people. Their names, addresses and numbers occur nowhere else, so that a scan for personal data can look
// for each of them by its bytes.
#include <cstdint>
#include <string>

namespace hirewire::sandbox {

struct Person {
    std::string name{};
    std::string email{};
    std::string phone{};
};

// The n-th person; 65536 different names, and never the same address or number twice. What `known` gives stays; an
// invented address follows the name.
Person invent_person(std::uint32_t n, Person known = {});

}  // namespace hirewire::sandbox
