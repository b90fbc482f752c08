#pragma once
// What must not leave Lever by way of a topic or a log: the names, addresses and numbers of the people of a test, and
// the secrets of its services.
#include <string>
#include <string_view>
#include <vector>

namespace hirewire::testing {

struct Person {
    std::string name{};  // "Given Family": both are looked for on their own, too
    std::string email{};
    std::string phone{};
};

class PersonalData {
public:
    void add(const Person& person);
    void add_secret(std::string_view secret);
    // The first of them that is in `bytes`, without regard to case, as plain text; "" when there is none.
    [[nodiscard]] std::string found_in(std::string_view bytes) const;

private:
    std::vector<std::string> needles_;  // lower case
};

}  // namespace hirewire::testing
