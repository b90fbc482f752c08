#pragma once
// 48 hexadecimal characters, which is what tokens and signature tokens of Lever are made of.
#include <string>

#include "common/core/uuid.hpp"
#include "common/crypto/hash.hpp"

namespace hirewire::sandbox {

inline std::string random_token() {
    return crypto::hex(crypto::sha256(random_uuid() + random_uuid())).substr(0, 48);
}

}  // namespace hirewire::sandbox
