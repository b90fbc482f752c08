#include "common/core/uuid.hpp"

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid.hpp>
#include <boost/uuid/uuid_io.hpp>

namespace hirewire {
namespace {

// Made once, at random, for this project. Changing it changes every change_id and every Idempotency-Key.
constexpr boost::uuids::uuid hirewire_namespace{
    {0x5f, 0x8d, 0x1c, 0x3e, 0x92, 0x47, 0x4b, 0x0a, 0x8e, 0x61, 0x2d, 0x70, 0xc4, 0xb9, 0x1f, 0x35}};

}  // namespace

std::string uuid_v5(std::initializer_list<std::string_view> parts) {
    std::string name;
    for (const auto& part : parts) {
        if (&part != parts.begin()) name += '\x1f';
        name += part;
    }
    boost::uuids::name_generator_sha1 generate{hirewire_namespace};
    return boost::uuids::to_string(generate(name));
}

std::string random_uuid() {
    thread_local boost::uuids::random_generator generate;
    return boost::uuids::to_string(generate());
}

}  // namespace hirewire
