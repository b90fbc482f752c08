#include "tools/hirewire/wrong_words.hpp"

#include <algorithm>

namespace hirewire::cli {
namespace {

bool is_flag(const std::string& word) {
    return word.starts_with('-');
}

// "list, show or redrive"
std::string choice_of(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
        text += names[i];
    }
    return text;
}

std::optional<std::string> wrong_below(
    const std::string& verb, const std::vector<std::string>& below, const std::vector<std::string>& words) {
    const std::string remedy = "hirewire " + verb + " " + choice_of(below);
    if (words.size() < 2) return "what of " + verb + "? There is " + remedy;
    const auto& word = words[1];
    if (is_flag(word)) return word + " comes behind the verb: " + remedy;
    if (std::find(below.begin(), below.end(), word) != below.end()) return std::nullopt;
    return "there is no \"" + verb + " " + word + "\", only " + remedy;
}

}  // namespace

std::optional<std::string> wrong_word(const std::vector<std::string>& words, const VerbNames& verbs) {
    const std::string remedy = "hirewire --help lists the verbs";
    if (words.empty()) return "what is to be done? " + remedy;
    const auto& word = words.front();
    if (is_flag(word)) return word + " comes behind the verb: " + remedy;
    const auto found = verbs.find(word);
    if (found == verbs.end()) return "there is no verb \"" + word + "\"; " + remedy;
    if (found->second.empty()) return std::nullopt;
    return wrong_below(word, found->second, words);
}

}  // namespace hirewire::cli
