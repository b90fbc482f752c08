#include "common/sync/daemon.hpp"
#include "services/sync-clara/rules.hpp"

int main(int argc, char** argv) {
    return hirewire::sync::run_daemon(argc, argv, hirewire::clara::make_destination());
}
