#pragma once
// Identities. A name-based UUID (RFC 9562 version 5) gives the same transition the same id in every process and after
// every restart; a random one (version 4) names what happens once.
#include <initializer_list>
#include <string>
#include <string_view>

namespace hirewire {

// UUIDv5 under Hirewire's own namespace. Parts are joined with the ASCII unit separator, so ("ab","c") != ("a","bc").
std::string uuid_v5(std::initializer_list<std::string_view> parts);

std::string random_uuid();

}  // namespace hirewire
