#include "services/receiver/receiver.hpp"

int main(int argc, char** argv) {
    return hirewire::runtime::run(argc, argv, "receiver", std::make_unique<hirewire::receiver::Receiver>());
}
