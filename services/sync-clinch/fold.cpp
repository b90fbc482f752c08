#include "services/sync-clinch/fold.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace hirewire::clinch {
namespace {

constexpr char32_t not_a_character = 0xFFFD;

// Each `every`-th letter from first to last is a capital; its small one lies `to_small` behind.
struct Capitals {
    char32_t first;
    char32_t last;
    std::int32_t to_small;
    char32_t every;
};
constexpr std::array capitals{
    Capitals{0x41, 0x5A, 32, 1},        Capitals{0xC0, 0xD6, 32, 1},     Capitals{0xD8, 0xDE, 32, 1},
    Capitals{0x100, 0x12E, 1, 2},       Capitals{0x130, 0x130, -199, 1}, Capitals{0x132, 0x136, 1, 2},
    Capitals{0x139, 0x147, 1, 2},       Capitals{0x14A, 0x176, 1, 2},    Capitals{0x178, 0x178, -121, 1},
    Capitals{0x179, 0x17D, 1, 2},       Capitals{0x18F, 0x18F, 202, 1},  Capitals{0x1A0, 0x1A4, 1, 2},
    Capitals{0x1AF, 0x1AF, 1, 1},       Capitals{0x1CD, 0x1DB, 1, 2},    Capitals{0x1F4, 0x1F4, 1, 1},
    Capitals{0x1DE, 0x1EE, 1, 2},       Capitals{0x1F8, 0x21E, 1, 2},    Capitals{0x222, 0x232, 1, 2},
    Capitals{0x386, 0x386, 38, 1},      Capitals{0x388, 0x38A, 37, 1},   Capitals{0x38C, 0x38C, 64, 1},
    Capitals{0x38E, 0x38F, 63, 1},      Capitals{0x391, 0x3A1, 32, 1},   Capitals{0x3A3, 0x3AB, 32, 1},
    Capitals{0x400, 0x40F, 80, 1},      Capitals{0x410, 0x42F, 32, 1},   Capitals{0x460, 0x480, 1, 2},
    Capitals{0x48A, 0x4BE, 1, 2},       Capitals{0x4C0, 0x4C0, 15, 1},   Capitals{0x4C1, 0x4CD, 1, 2},
    Capitals{0x4D0, 0x52E, 1, 2},       Capitals{0x531, 0x556, 48, 1},   Capitals{0x1E00, 0x1E94, 1, 2},
    Capitals{0x1E9E, 0x1E9E, -7615, 1}, Capitals{0x1EA0, 0x1EFE, 1, 2},  Capitals{0xFF21, 0xFF3A, 32, 1}};

// A combining mark, and letters each followed by itself with the mark on it (Unicode's canonical decompositions).
struct Mark {
    char32_t mark;
    std::u32string_view letters;
};
constexpr std::array marks{
    Mark{0x300, U"aàeèiìoòuùüǜnǹеѐиѝēḕōṑwẁâầăằêềôồơờưừyỳ"},
    Mark{0x301, U"aáeéiíoóuúyýcćlĺnńrŕsśzźüǘgǵåǻæǽøǿϊΐαάεέηήιίϋΰοόυύωώгѓкќçḉēḗïḯkḱmḿõṍōṓpṕũṹwẃâấăắêếôốơớưứ"},
    Mark{0x302, U"aâeêiîoôuûcĉgĝhĥjĵsŝwŵyŷzẑạậẹệọộ"},
    Mark{0x303, U"aãnñoõiĩuũvṽâẫăẵeẽêễôỗơỡưữyỹ"},
    Mark{0x304, U"aāeēiīoōuūüǖäǟȧǡæǣǫǭöȫõȭȯȱyȳиӣуӯgḡḷḹṛṝ"},
    Mark{0x306, U"aăeĕgğiĭoŏuŭийуўжӂаӑеӗȩḝạặ"},
    Mark{0x307, U"cċeėgġzżaȧoȯbḃdḋfḟhḣmṁnṅpṗrṙsṡśṥšṧṣṩtṫwẇxẋyẏſẛ"},
    Mark{0x308, U"aäeëiïoöuüyÿιϊυϋеёіїаӓәӛжӝзӟиӥоӧөӫэӭуӱчӵыӹhḧõṏūṻwẅxẍtẗ"},
    Mark{0x309, U"aảâẩăẳeẻêểiỉoỏôổơởuủưửyỷ"},
    Mark{0x30A, U"aåuůwẘyẙ"},
    Mark{0x30B, U"oőuűуӳ"},
    Mark{0x30C, U"cčdďeělľnňrřsštťzžaǎiǐoǒuǔüǚgǧkǩʒǯjǰhȟ"},
    Mark{0x30F, U"aȁeȅiȉoȍrȑuȕѵѷ"},
    Mark{0x311, U"aȃeȇiȋoȏrȓuȗ"},
    Mark{0x31B, U"oơuư"},
    Mark{0x323, U"bḅdḍhḥkḳlḷmṃnṇrṛsṣtṭvṿwẉzẓaạeẹiịoọơợuụưựyỵ"},
    Mark{0x324, U"uṳ"},
    Mark{0x325, U"aḁ"},
    Mark{0x326, U"sștț"},
    Mark{0x327, U"cçgģkķlļnņrŗsştţeȩdḑhḩ"},
    Mark{0x328, U"aąeęiįuųoǫ"},
    Mark{0x32D, U"dḓeḙlḽnṋtṱuṷ"},
    Mark{0x32E, U"hḫ"},
    Mark{0x330, U"eḛiḭuṵ"},
    Mark{0x331, U"bḇdḏkḵlḻnṉrṟtṯzẕhẖ"}};

char32_t take(std::string_view& text) {
    const auto byte = [&text](std::size_t i) -> char32_t { return static_cast<unsigned char>(text[i]); };
    const char32_t first = byte(0);
    std::size_t length = 1;
    if (first >= 0xF0) {
        length = 4;
    } else if (first >= 0xE0) {
        length = 3;
    } else if (first >= 0xC0) {
        length = 2;
    }
    char32_t character = length == 1 ? first : first & (0x7FU >> length);
    bool good = first < 0x80 || (first >= 0xC2 && first < 0xF5 && length <= text.size());
    for (std::size_t i = 1; good && i < length; ++i) {
        good = (byte(i) & 0xC0U) == 0x80;
        character = (character << 6U) | (byte(i) & 0x3FU);
    }
    text.remove_prefix(good ? length : 1);
    return good ? character : not_a_character;
}

void put(std::string& out, char32_t character) {
    const auto byte = [&out](char32_t value) { out += static_cast<char>(static_cast<unsigned char>(value)); };
    if (character < 0x80) {
        byte(character);
    } else if (character < 0x800) {
        byte(0xC0U | (character >> 6U));
        byte(0x80U | (character & 0x3FU));
    } else if (character < 0x10000) {
        byte(0xE0U | (character >> 12U));
        byte(0x80U | ((character >> 6U) & 0x3FU));
        byte(0x80U | (character & 0x3FU));
    } else {
        byte(0xF0U | (character >> 18U));
        byte(0x80U | ((character >> 12U) & 0x3FU));
        byte(0x80U | ((character >> 6U) & 0x3FU));
        byte(0x80U | (character & 0x3FU));
    }
}

bool is_space(char32_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xA0 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F ||
           c == 0x3000;
}

bool is_mark(char32_t c) {
    return c >= 0x300 && c <= 0x36F;
}

char32_t small(char32_t c) {
    for (const auto& range : capitals) {
        if (c < range.first || c > range.last || (c - range.first) % range.every != 0) continue;
        return static_cast<char32_t>(static_cast<std::int32_t>(c) + range.to_small);
    }
    return c;
}

// The letter and then its marks, one by one.
void decompose(std::u32string& out, char32_t c) {
    for (const auto& [mark, letters] : marks) {
        for (std::size_t i = 0; c >= 0x80 && i + 1 < letters.size(); i += 2) {
            if (letters[i + 1] != c) continue;
            decompose(out, letters[i]);
            out += mark;
            return;
        }
    }
    out += c;
}

// Letters that only differ in where they stand in a word, or that have no capital of their own.
void fold(std::u32string& out, char32_t c) {
    constexpr char32_t sharp_s = 0xDF;
    constexpr char32_t long_s = 0x17F;
    constexpr char32_t final_sigma = 0x3C2;
    constexpr char32_t sigma = 0x3C3;
    if (c == sharp_s) {
        out += U"ss";
    } else if (c == long_s) {
        out += U's';
    } else {
        decompose(out, c == final_sigma ? sigma : c);
    }
}

}  // namespace

std::string lower_case(std::string_view text) {
    std::string out;
    std::size_t end = 0;  // behind the last character that is no blank
    while (!text.empty()) {
        const char32_t c = take(text);
        if (out.empty() && is_space(c)) continue;
        put(out, small(c));
        if (!is_space(c)) end = out.size();
    }
    out.resize(end);
    return out;
}

std::string comparable(std::string_view text) {
    std::u32string folded;
    bool gap = false;
    while (!text.empty()) {
        const char32_t c = take(text);
        if (is_space(c)) {
            gap = !folded.empty();
            continue;
        }
        if (gap) folded += U' ';
        gap = false;
        fold(folded, small(c));
    }
    // Marks above and below a letter have no order of their own.
    for (auto it = folded.begin(); it != folded.end();) {
        const auto from = std::find_if(it, folded.end(), is_mark);
        it = std::find_if_not(from, folded.end(), is_mark);
        std::sort(from, it);
    }
    std::string out;
    for (const char32_t c : folded) put(out, c);
    return out;
}

}  // namespace hirewire::clinch
