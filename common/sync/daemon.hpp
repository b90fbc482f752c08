#pragma once
// The main() of every sync daemon: its destination over the shared engine, ledger and delivery.
#include <memory>

#include "common/sync/destination.hpp"

namespace hirewire::sync {

int run_daemon(int argc, char** argv, std::unique_ptr<Destination> destination);

}  // namespace hirewire::sync
