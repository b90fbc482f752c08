#pragma once
// What is wrong with the verbs of a command line, in a sentence that says which there are. Pure.
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hirewire::cli {

// Each verb with the verbs below it, none for most: "dlq" -> list, show, redrive, discard.
using VerbNames = std::map<std::string, std::vector<std::string>>;

// `words` are those behind the program's name. Nothing when the verbs are right: then what is wrong is behind them.
std::optional<std::string> wrong_word(const std::vector<std::string>& words, const VerbNames& verbs);

}  // namespace hirewire::cli
