#pragma once
// "Already in ATS", pure: who is to be looked up of a page of Cluster's candidates, and who of them is to be marked.
// Only addresses that Cluster has are asked about; what else Lever knows is never told. They live for one page.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/message.hpp"

namespace hirewire::cluster {

struct Candidate {
    std::string id{};
    std::vector<std::string> emails{};
    bool already_in_ats = false;
};
struct Page {
    std::vector<Candidate> candidates{};
    std::string next{};  // cursor of the page behind it; "" = there is none
    int malformed = 0;   // candidates that are not what the contract says, and are left out
};
// Nothing when the page as a whole is not what the contract says.
std::optional<Page> read_page(std::string_view body);

// Without white space around it and case, so that " Ann@X.com " is "ann@x.com". Only ASCII; nothing else is taken for
// the same: neither what is behind a plus nor a dot is dropped. What is no address is "".
std::string folded_address(std::string_view email);

// Of those who are not marked yet, each address once, folded.
std::vector<std::string> addresses_to_ask(const Page& page);

// By folded address: an opportunity of who has it.
using Known = std::map<std::string, std::string>;

struct Mark {
    std::string candidate{};
    std::string opportunity{};
    friend bool operator==(const Mark&, const Mark&) = default;
};
// Of those who are not marked yet; who has no address that is known is left alone.
std::vector<Mark> marks(const Page& page, const Known& known);

http::Request candidates_request(const std::string& job, const std::string& cursor);
http::Request mark_request(const std::string& job, const Mark& mark);

}  // namespace hirewire::cluster
