#include "common/sync/daemon.hpp"
#include "services/sync-clinch/rules.hpp"

int main(int argc, char** argv) {
    return hirewire::sync::run_daemon(argc, argv, hirewire::clinch::make_destination());
}
