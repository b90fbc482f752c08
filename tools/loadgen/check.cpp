#include "tools/loadgen/check.hpp"

#include <algorithm>
#include <map>

#include "common/kafka/reader.hpp"

namespace hirewire::loadgen {

const std::vector<std::string>& raw_topics() {
    static const std::vector<std::string> topics{
        "lever.stage-changes",
        "lever.hires",
        "lever.archives",
        "lever.applications",
        "lever.deletions",
        "lever.interviews",
        "lever.contacts",
        "lever.unrecognized"};
    return topics;
}

Stored check(const kafka::Settings& kafka, const Webhooks& webhooks, const std::vector<Answer>& answers) {
    Stored stored;
    std::vector<std::uint8_t> found(answers.size());
    std::map<kafka::Partition, kafka::Offset> first;
    for (const auto& topic : raw_topics()) {
        kafka::read_all(kafka, topic, [&](const kafka::Record& record) {
            first.try_emplace(record.partition, record.offset);
            const auto number = webhooks.number_of(record.value.value_or(std::string{}));
            if (number && *number < found.size() && found[*number] < 2) ++found[*number];
        });
    }
    for (const auto& entry : first) stored.dropped += static_cast<std::uint64_t>(entry.second);
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (answers[i] != Answer::accepted) {
            if (found[i] > 0) ++stored.extra;
            continue;
        }
        ++stored.accepted;
        if (found[i] == 0) ++stored.missing;
        if (found[i] > 1) ++stored.doubled;
    }
    return stored;
}

}  // namespace hirewire::loadgen
