#include "common/sync/vocabulary.hpp"

#include <utility>

#include "common/json/value.hpp"

namespace hirewire::sync {

std::optional<Vocabulary> read_vocabulary(const std::string& json) {
    const auto document = json::Document::parse(json);
    if (!document) return std::nullopt;
    const auto stages = (*document)["stages"];
    const auto reasons = (*document)["archive_reasons"];
    if (!stages.is_array() || !reasons.is_array()) return std::nullopt;
    Vocabulary vocabulary;
    for (const auto& item : stages.items()) {
        Vocabulary::Stage stage;
        stage.id = item["id"].string();
        stage.name = item["name"].string();
        stage.pipeline = item["pipeline"].string();
        stage.rank = item["rank"].integer();
        if (stage.id.empty()) return std::nullopt;
        vocabulary.stages.push_back(std::move(stage));
    }
    for (const auto& item : reasons.items()) {
        Vocabulary::Reason reason;
        reason.id = item["id"].string();
        reason.name = item["name"].string();
        reason.type = item["type"].string();
        if (reason.id.empty()) return std::nullopt;
        vocabulary.reasons.push_back(std::move(reason));
    }
    return vocabulary;
}

}  // namespace hirewire::sync
