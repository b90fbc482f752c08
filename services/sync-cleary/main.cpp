#include "common/sync/daemon.hpp"
#include "services/sync-cleary/rules.hpp"

int main(int argc, char** argv) {
    return hirewire::sync::run_daemon(argc, argv, hirewire::cleary::make_destination());
}
