#include "common/sync/daemon.hpp"
#include "services/sync-cluster/rules.hpp"

int main(int argc, char** argv) {
    return hirewire::sync::run_daemon(argc, argv, hirewire::cluster::make_destination());
}
