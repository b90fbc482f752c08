#include "tools/hirewire/letter_book.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "common/sync/destination.hpp"
#include "common/sync/ledger_rebuild.hpp"

namespace hirewire::cli {
namespace {

constexpr std::string_view unreadable = "unreadable:";

// FNV-1a, 64 bits, with a last stir.
std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    hash ^= hash >> 32U;
    return hash * 0x9e3779b97f4a7c15U;
}

std::uint64_t whose(const Letter& letter) {
    return hash_of(letter.readable ? letter.opportunity : std::string{unreadable} + id_of(letter));
}

std::uint16_t short_hash_of(const std::string& run) {
    return run.empty() ? std::uint16_t{0} : static_cast<std::uint16_t>((hash_of(run) >> 48U) | 1U);
}

// Of the last redrive that this outcome answers; 0 when it answers none. Other runs have no word of their own that
// could come late.
std::uint16_t redrive_answered(const v1::Outcome& outcome) {
    std::uint16_t run = 0;
    for (const auto& id : outcome.run_ids()) {
        if (id.starts_with(sync::redrive_prefix)) run = short_hash_of(id);
    }
    return run;
}

// The word on a redrive is written after the letter, and the daemon may have been faster: then it says nothing new.
bool comes_late(const v1::Outcome& redriven, std::uint16_t answered) {
    const auto is_it = [answered](const auto& id) { return short_hash_of(id) == answered; };
    return answered != 0 && std::any_of(redriven.run_ids().begin(), redriven.run_ids().end(), is_it);
}

bool arrived(v1::OutcomeKind outcome) {
    return outcome == v1::OUTCOME_KIND_APPLIED || outcome == v1::OUTCOME_KIND_UNCHANGED ||
           outcome == v1::OUTCOME_KIND_SUPERSEDED;
}

}  // namespace

std::string_view name_of(Standing standing) {
    switch (standing) {
        case Standing::open:
            return "open";
        case Standing::resolved:
            return "resolved";
        case Standing::overtaken:
            return "overtaken";
        case Standing::redriven:
            return "redriven";
        case Standing::discarded:
            return "discarded";
        case Standing::repeated:
            return "repeated";
    }
    return "open";
}

LetterBook::LetterBook(std::string destination) : destination_{std::move(destination)} {}

bool LetterBook::in_order(const Entry& a, const Entry& b) {
    return std::tie(a.whose, a.version, a.partition, a.offset) < std::tie(b.whose, b.version, b.partition, b.offset);
}

void LetterBook::add(const Letter& letter) {
    Entry entry;
    entry.whose = whose(letter);
    entry.version = letter.version;
    entry.offset = letter.offset;
    entry.partition = letter.partition;
    entry.run = short_hash_of(letter.run);
    oldest_ms_ = entries_.empty() ? letter.dead_at_ms : std::min(oldest_ms_, letter.dead_at_ms);
    entries_.push_back(entry);
}

void LetterBook::close() {
    entries_.shrink_to_fit();
    std::sort(entries_.begin(), entries_.end(), &in_order);
    for (std::size_t i = 0; i + 1 < entries_.size(); ++i) {
        auto& entry = entries_[i];
        const auto& next = entries_[i + 1];
        if (entry.whose == next.whose && entry.version == next.version) entry.standing = Standing::repeated;
    }
}

bool LetterBook::concerns(const kafka::Record& outcome) const {
    const auto type = kafka::header(outcome.headers, "ce_type");
    // A word on a letter without a change in it lies under another key than its own.
    if (type == "hirewire.outcome.redriven" || type == "hirewire.outcome.discarded") return true;
    Entry first;
    first.whose = hash_of(outcome.key);
    const auto by_whose = [](const Entry& a, const Entry& b) { return a.whose < b.whose; };
    return std::binary_search(entries_.begin(), entries_.end(), first, by_whose);
}

void LetterBook::hear(const kafka::Record& record) {
    v1::Outcome outcome;
    // Most outcomes are about no letter, and parsing takes longer than looking.
    if (!concerns(record) || !record.value || !outcome.ParseFromString(*record.value)) return;
    if (outcome.destination() != destination_) return;
    const bool has_no_change = outcome.version() == 0 && outcome.resource().starts_with(unreadable);
    const auto who = hash_of(has_no_change ? outcome.resource() : outcome.opportunity_id());
    Entry first;
    first.whose = who;
    const auto by_whose = [](const Entry& a, const Entry& b) { return a.whose < b.whose; };
    const auto [begin, end] = std::equal_range(entries_.begin(), entries_.end(), first, by_whose);
    for (auto entry = begin; entry != end; ++entry) judge(*entry, outcome);
}

void LetterBook::judge(Entry& entry, const v1::Outcome& outcome) {
    if (entry.standing == Standing::repeated || entry.standing == Standing::overtaken) return;
    if (outcome.version() > entry.version && arrived(outcome.outcome())) entry.standing = Standing::overtaken;
    if (outcome.version() != entry.version) return;
    switch (outcome.outcome()) {
        case v1::OUTCOME_KIND_RETRYING:
        case v1::OUTCOME_KIND_HELD:
        case v1::OUTCOME_KIND_UNSPECIFIED:
            return;
        case v1::OUTCOME_KIND_REDRIVEN:
            if (!comes_late(outcome, entry.run)) entry.standing = Standing::redriven;
            return;
        case v1::OUTCOME_KIND_DISCARDED:
            entry.standing = Standing::discarded;
            return;
        default:
            break;
    }
    if (const auto run = redrive_answered(outcome); run != 0) entry.run = run;
    if (sync::is_state(outcome.outcome())) {
        entry.standing = Standing::resolved;
    } else if (outcome.outcome() == v1::OUTCOME_KIND_DEAD || entry.standing == Standing::redriven) {
        // Dead again; or skipped, not mapped, in shadow: the destination still does not know of it.
        entry.standing = Standing::open;
    }
}

const LetterBook::Entry* LetterBook::find(const Letter& letter) const {
    Entry wanted;
    wanted.whose = whose(letter);
    wanted.version = letter.version;
    wanted.partition = letter.partition;
    wanted.offset = letter.offset;
    const auto found = std::lower_bound(entries_.begin(), entries_.end(), wanted, &in_order);
    const bool there = found != entries_.end() && !in_order(wanted, *found);
    return there ? &*found : nullptr;
}

Standing LetterBook::standing(const Letter& letter) const {
    const auto* entry = find(letter);
    return entry != nullptr ? entry->standing : Standing::open;
}

std::optional<Standing> LetterBook::standing_at(const LetterId& id) const {
    const auto is_it = [&id](const Entry& entry) {
        return entry.partition == id.partition && entry.offset == id.offset;
    };
    const auto found = std::find_if(entries_.begin(), entries_.end(), is_it);
    return found != entries_.end() ? std::optional{found->standing} : std::nullopt;
}

bool LetterBook::knows(const Letter& letter) const {
    return find(letter) != nullptr;
}

std::optional<std::int64_t> oldest_of(const std::vector<LetterBook>& books) {
    std::optional<std::int64_t> oldest;
    for (const auto& book : books) {
        if (book.size() > 0) oldest = std::min(oldest.value_or(book.oldest_ms()), book.oldest_ms());
    }
    return oldest;
}

}  // namespace hirewire::cli
