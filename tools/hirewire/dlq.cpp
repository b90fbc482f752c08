#include "tools/hirewire/dlq.hpp"

#include <chrono>
#include <cstdio>
#include <functional>
#include <optional>
#include <stdexcept>
#include <utility>

#include "common/config/schema.hpp"
#include "common/core/uuid.hpp"
#include "common/kafka/probe.hpp"
#include "common/kafka/reader.hpp"
#include "common/kafka/topics.hpp"
#include "common/sync/destination.hpp"
#include "tools/hirewire/dlq_view.hpp"
#include "tools/hirewire/letter_book.hpp"
#include "tools/hirewire/letter_reading.hpp"
#include "tools/hirewire/letter_work.hpp"
#include "tools/hirewire/pause.hpp"
#include "tools/hirewire/place.hpp"
#include "tools/hirewire/terminal.hpp"

namespace hirewire::cli {
namespace {

using Each = std::function<void(const kafka::Record&, const Letter&, Standing)>;

LetterFilter filter_of(const DlqCommand& command) {
    if (!command.id.empty() && !read_id(command.id)) {
        throw config::Error{
            "letter: \"" + command.id +
            "\" is no dead letter's id; give its partition and offset, as dlq list names it: 3/1042"};
    }
    const auto now = SystemClock{}.now();
    LetterFilter filter;
    filter.id = command.id;
    filter.reason = command.reason;
    filter.status = command.status;
    filter.opportunity = command.opportunity;
    if (!command.from.empty()) filter.from_ms = to_ms(moment_of("--from", command.from, now));
    if (!command.until.empty()) filter.until_ms = to_ms(moment_of("--until", command.until, now));
    if (filter.from_ms && filter.until_ms && *filter.from_ms >= *filter.until_ms) {
        throw config::Error{"--until: must be later than --from, or nothing lies between them"};
    }
    return filter;
}

// Those that are meant, open ones only unless `also_closed`.
void each_letter(const DlqCommand& command, const LetterBook& book, bool also_closed, const Each& each) {
    const auto filter = filter_of(command);
    const auto look = [&](const kafka::Record& record) {
        const auto letter = read_letter(record);
        if (!matches(filter, letter)) return;
        const auto standing = book.standing(letter);
        if (also_closed || standing == Standing::open) each(record, letter, standing);
    };
    kafka::read_all(command.kafka, dead_letters_of(command.destination), look);
}

LetterBook open_book(const DlqCommand& command) {
    filter_of(command);  // what cannot be meant is said before anything is read
    kafka::check_broker(command.kafka);
    need_destination(kafka::existing_topics(command.kafka), command.destination);
    return read_book(command.kafka, command.destination);
}

LetterSummary summary_of(const DlqCommand& command, const LetterBook& book) {
    LetterSummary summary;
    const auto add = [&](const kafka::Record&, const Letter& letter, Standing s) { summary.add(letter, s); };
    each_letter(command, book, false, add);
    return summary;
}

void need_choice(const DlqCommand& command, const char* verb) {
    if (command.all || !is_empty(filter_of(command))) return;
    throw config::Error{
        std::string{verb} +
        ": which letters? Give a letter's id, --reason, --status, --opportunity, --from or --until, or --all"};
}

void print_end(const DlqCommand& command, const LetterTask& task, std::int64_t count, Milliseconds took) {
    if (command.as_json) {
        std::printf("%s\n", json_of(task, count, took).c_str());
        return;
    }
    const bool redrives = task.word == v1::OUTCOME_KIND_REDRIVEN;
    const double seconds = std::chrono::duration<double>(took).count();
    const bool one = count == 1;
    std::printf(
        "%s dead %s of %s %s in %.1f s by %s.\n",
        grouped(count).c_str(),
        one ? "letter" : "letters",
        command.destination.c_str(),
        redrives ? "redriven" : "discarded",
        seconds,
        task.why.c_str());
    if (redrives) {
        std::printf(
            "sync-%s works %s off behind all that is live; hirewire dlq list --dest %s shows what dies again.\n",
            command.destination.c_str(),
            one ? "it" : "them",
            command.destination.c_str());
    }
}

// None that is open is meant. Of several that is no fault, but who names one counts on it.
int nothing_to_do(const DlqCommand& command, const LetterTask& task, const LetterBook& book) {
    if (const auto id = read_id(command.id)) {
        throw std::runtime_error{why_left(command.destination, command.id, book.standing_at(*id))};
    }
    if (command.as_json) {
        print_end(command, task, 0, Milliseconds{0});
    } else {
        std::printf("No open dead letter of %s is meant: nothing to do.\n", command.destination.c_str());
    }
    return 0;
}

int work_on(const DlqCommand& command, LetterTask task, const std::string& consequence) {
    const auto book = open_book(command);
    const auto summary = summary_of(command, book);
    if (summary.count() == 0) return nothing_to_do(command, task, book);
    if (!confirmed(words_of(command.destination, summary) + ". " + consequence, command.yes)) {
        std::fprintf(stderr, "Nothing was done.\n");
        return 1;
    }
    // The question may have stood for an hour: what somebody else has seen to meanwhile is not done once more.
    std::optional<LetterBook> read_again;
    if (!command.yes) read_again = read_book(command.kafka, command.destination);
    const LetterBook& now = read_again ? *read_again : book;
    const SystemClock clock;
    const auto began = clock.monotonic();
    const Interrupts interrupts;
    Progress progress{command.as_json};
    const auto total = summary.count();
    const auto show = [&](std::int64_t count) {
        progress.show(bar(count, total), grouped(count) + " of " + grouped(total));
    };
    LetterWork work{command.kafka, task, show};
    // Read a second time rather than kept: memory stays what it is, however many there are.
    each_letter(command, now, false, [&](const kafka::Record& record, const Letter& letter, Standing) {
        // What died since the question is not what was asked about.
        if (book.knows(letter)) work.add(record, letter);
    });
    const bool all = work.finish();
    progress.clear();
    print_end(command, task, work.count(), std::chrono::duration_cast<Milliseconds>(clock.monotonic() - began));
    if (!all) std::fprintf(stderr, "Stopped: the others are as they were.\n");
    return all ? 0 : 1;
}

}  // namespace

int list_letters(const DlqCommand& command) {
    const auto book = open_book(command);
    if (!command.all) {
        const auto summary = summary_of(command, book);
        const auto text =
            command.as_json ? json_of(command.destination, summary) + "\n" : table_of(command.destination, summary);
        std::printf("%s", text.c_str());
        return 0;
    }
    // Each as it is read: nobody holds all of them.
    LetterSummary summary;
    each_letter(command, book, true, [&](const kafka::Record&, const Letter& letter, Standing standing) {
        summary.add(letter, standing);
        const auto line = command.as_json ? json_of(letter, standing) : line_of(letter, standing);
        std::printf("%s\n", line.c_str());
    });
    if (!command.as_json) std::fprintf(stderr, "%s letters\n", grouped(summary.count()).c_str());
    return 0;
}

int show_letters(const DlqCommand& command) {
    need_choice(command, "dlq show");
    const auto book = open_book(command);
    std::int64_t shown = 0;
    // One that is named, or an opportunity's, is shown whatever has become of it.
    const bool also_closed = command.all || !command.id.empty() || !command.opportunity.empty();
    each_letter(
        command, book, also_closed, [&](const kafka::Record& record, const Letter& letter, Standing standing) {
            const bool first = shown++ == 0;
            if (command.as_json) {
                std::printf("%s\n", details_json_of(record, letter, standing).c_str());
            } else {
                std::printf("%s%s", first ? "" : "\n", details_of(record, letter, standing).c_str());
            }
        });
    if (shown > 0) return 0;
    std::fprintf(stderr, "hirewire: no such dead letter of %s\n", command.destination.c_str());
    return 1;
}

int redrive_letters(const DlqCommand& command) {
    need_choice(command, "dlq redrive");
    LetterTask task;
    task.destination = command.destination;
    task.word = v1::OUTCOME_KIND_REDRIVEN;
    task.run_id = std::string{sync::redrive_prefix} + random_uuid();
    task.why = who_is_here() + ", " + task.run_id;
    task.per_second = rate_of("--rate", command.rate);
    return work_on(
        command,
        std::move(task),
        "They are tried once more at " + command.rate + ", through the ledger, and no candidate is asked anything.");
}

int discard_letters(const DlqCommand& command) {
    need_choice(command, "dlq discard");
    LetterTask task;
    task.destination = command.destination;
    task.word = v1::OUTCOME_KIND_DISCARDED;
    task.why = who_is_here();
    return work_on(
        command,
        std::move(task),
        command.destination + " is never told of them, unless a newer change or a replay tells it.");
}

}  // namespace hirewire::cli
