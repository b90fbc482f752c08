#pragma once
// hirewire dlq list|show|redrive|discard --dest DEST: what a destination could not be told for good, and what becomes
// of it. Everything is read from Kafka, one record at a time; see letter_book.hpp for what is kept of each.
#include <string>

#include "common/kafka/settings.hpp"

namespace hirewire::cli {

struct DlqCommand {
    kafka::Settings kafka{};
    std::string destination{};
    std::string id{};  // "3/1042"; "" = none is named
    std::string reason{};
    int status = 0;
    std::string opportunity{};
    std::string from{};
    std::string until{};
    std::string rate = "50/s";  // of redrive
    bool all = false;           // list, show: also what needs nobody, and every one; else: without any filter
    bool yes = false;
    bool as_json = false;
};

// All answer the exit code (1: stopped half-way) and throw config::Error for what cannot be meant, else
// std::runtime_error, with one sentence each: so for a letter that is named, and not there or not open any more, when
// it is to be redriven or discarded.
int list_letters(const DlqCommand& command);
int show_letters(const DlqCommand& command);
int redrive_letters(const DlqCommand& command);
int discard_letters(const DlqCommand& command);

}  // namespace hirewire::cli
