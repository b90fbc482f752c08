#include "common/sync/daemon.hpp"
#include "tests/toy/rules.hpp"

int main(int argc, char** argv) {
    return hirewire::sync::run_daemon(argc, argv, hirewire::toy::make_destination());
}
