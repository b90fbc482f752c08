#include "tools/hirewire/config_declared.hpp"

#include <algorithm>
#include <utility>

#include "common/config/as_json.hpp"
#include "common/json/value.hpp"
#include "common/runtime/service.hpp"
#include "common/sync/settings.hpp"
#include "services/lever-source/settings.hpp"
#include "services/receiver/settings.hpp"
#include "services/sync-clara/rules.hpp"
#include "services/sync-cleary/rules.hpp"
#include "services/sync-clinch/rules.hpp"
#include "services/sync-cluster/rules.hpp"
#include "services/sync-theorg/theorg.hpp"

namespace hirewire::cli {
namespace {

// Of a program: the sections that all have, and its own.
template <typename Own>
struct Targets {
    runtime::Common common{};
    Own own{};
};

template <typename Own>
Declared begin(std::string program, std::string section, const std::shared_ptr<Targets<Own>>& targets) {
    Declared declared;
    declared.program = std::move(program);
    declared.section = std::move(section);
    declared.schema = std::make_shared<config::Schema>();
    declared.targets = targets;
    declared.fault = [] { return std::string{}; };
    runtime::declare_common(*declared.schema, targets->common);
    return declared;
}

Declared of_receiver() {
    const auto targets = std::make_shared<Targets<receiver::Settings>>();
    Declared declared = begin("receiver", "receiver", targets);
    receiver::declare(*declared.schema, targets->own);
    return declared;
}

Declared of_lever_source() {
    const auto targets = std::make_shared<Targets<source::Settings>>();
    Declared declared = begin("lever-source", "lever", targets);
    source::declare(*declared.schema, targets->own);
    return declared;
}

Declared of_sync_daemon(std::shared_ptr<sync::Destination> destination) {
    const auto targets = std::make_shared<Targets<sync::DaemonSettings>>();
    const std::string name{destination->name()};
    targets->own = sync::standard_settings(*destination);
    Declared declared = begin("sync-" + name, name, targets);
    sync::declare(*declared.schema, *destination, targets->own);
    declared.fault = [targets, destination] {
        auto fault = sync::fault_of(targets->own);
        return fault.empty() ? destination->fault() : fault;
    };
    declared.destination = std::move(destination);
    return declared;
}

Declared of_theorg() {
    const auto targets = std::make_shared<Targets<theorg::TheOrg>>();
    Declared declared = begin("sync-theorg", "theorg", targets);
    targets->own.declare(*declared.schema);
    declared.fault = [targets] { return targets->own.fault(); };
    return declared;
}

}  // namespace

std::vector<std::shared_ptr<sync::Destination>> destinations() {
    std::vector<std::shared_ptr<sync::Destination>> all;
    all.push_back(clara::make_destination());
    all.push_back(cluster::make_destination());
    all.push_back(cleary::make_destination());
    all.push_back(clinch::make_destination());
    return all;
}

std::vector<Declared> declarations() {
    std::vector<Declared> all;
    all.push_back(of_receiver());
    all.push_back(of_lever_source());
    for (auto& destination : destinations()) all.push_back(of_sync_daemon(std::move(destination)));
    all.push_back(of_theorg());
    return all;
}

void load(const Declared& declared, const std::string& file) {
    declared.schema->load(file, config::Secrets::left_alone);
    if (const auto fault = declared.fault(); !fault.empty()) throw config::Error{file + ": " + fault};
}

bool wants_postings(const std::string& destination, const std::string& file) {
    const auto sections = file.empty() ? std::vector<std::string>{} : sections_of(file);
    const bool configured = std::find(sections.begin(), sections.end(), destination) != sections.end();
    for (const auto& declared : declarations()) {
        if (!declared.destination || declared.section != destination) continue;
        if (configured) load(declared, file);
        return declared.destination->wants_postings();
    }
    return false;
}

std::vector<std::string> sections_of(const std::string& file) {
    const auto document = json::Document::parse(config::read_as_json(file));
    if (!document) throw config::Error{file + ": cannot be read."};
    std::vector<std::string> names;
    for (const auto& [name, value] : document->root().members()) names.emplace_back(name);
    return names;
}

}  // namespace hirewire::cli
