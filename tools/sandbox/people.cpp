#include "tools/sandbox/people.hpp"

#include <array>
#include <cstdio>
#include <string_view>

namespace hirewire::sandbox {
namespace {

constexpr std::array<std::string_view, 64> given_names{
    "Aldith",   "Anselma",   "Bartolo",   "Berengar", "Calixta",   "Cassiel",  "Cosima",   "Damaris",
    "Delphina", "Dorotheo",  "Eldrida",   "Emrys",    "Evander",   "Fabiola",  "Ferelith", "Fulgencia",
    "Galadine", "Gerwyn",    "Ghislain",  "Hesperia", "Honorata",  "Idonea",   "Isembard", "Jacinda",
    "Jessamyn", "Jorunn",    "Kassandra", "Kerensa",  "Leocadia",  "Lisandro", "Lovisa",   "Malvina",
    "Marcelin", "Melisande", "Merrick",   "Nerissa",  "Nikomedes", "Octavian", "Odalys",   "Ottoline",
    "Parthena", "Peregrin",  "Philippa",  "Quenby",   "Quillon",   "Radomir",  "Rosamund", "Rosalba",
    "Saskia",   "Severin",   "Sidonie",   "Sunniva",  "Tamsin",    "Theodric", "Thessaly", "Ulrika",
    "Valdemar", "Verity",    "Wilfrida",  "Winifred", "Xanthe",    "Yseult",   "Zebedee",  "Zenobia"};

constexpr std::array<std::string_view, 32> family_heads{
    "Amber",  "Black", "Brindle", "Candle",  "Copper",  "Dapple", "Ember",  "Fennel",  "Fother", "Garland", "Gossa",
    "Harrow", "Hazel", "Inkle",   "Juniper", "Kestrel", "Lark",   "Marble", "Mistle",  "Nettle", "Otter",   "Pepper",
    "Quill",  "Raven", "Saffron", "Sparrow", "Tinder",  "Umber",  "Velvet", "Whistle", "Winter", "Yarrow"};

constexpr std::array<std::string_view, 32> family_tails{
    "beck",  "bourne", "bridge", "brook",  "combe",  "croft",   "dale",   "feather", "field", "ford",  "gate",
    "grave", "hollow", "hurst",  "kettle", "leigh",  "lock",    "mantle", "mere",    "mond",  "pool",  "quist",
    "ridge", "shaw",   "stead",  "stone",  "thorpe", "thwaite", "vale",   "wick",    "worth", "wright"};

std::string invent_name(std::uint32_t n) {
    // An odd factor visits every combination once, neighbours far apart.
    const std::uint32_t mixed = (n * 40503U + 7919U) % 65536U;
    std::string name{given_names[mixed % 64]};
    name += ' ';
    name += family_heads[mixed / 64 % 32];
    name += family_tails[mixed / 2048];
    return name;
}

std::string invent_email(const std::string& name, std::uint32_t n) {
    std::string email;
    for (const char c : name) {
        if (c >= 'A' && c <= 'Z')
            email += static_cast<char>(c - 'A' + 'a');
        else if (c >= 'a' && c <= 'z')
            email += c;
        else if (c == ' ')
            email += '.';
    }
    return email + "." + std::to_string(n) + "@post.example";
}

std::string invent_phone(std::uint32_t n) {
    std::array<char, 24> phone{};
    std::snprintf(phone.data(), phone.size(), "+1555%07u", 1000000U + n % 9000000U);
    return phone.data();
}

}  // namespace

Person invent_person(std::uint32_t n, Person known) {
    if (known.name.empty()) known.name = invent_name(n);
    if (known.email.empty()) known.email = invent_email(known.name, n);
    if (known.phone.empty()) known.phone = invent_phone(n);
    return known;
}

}  // namespace hirewire::sandbox
