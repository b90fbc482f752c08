#include "services/lever-source/lever_source.hpp"

int main(int argc, char** argv) {
    return hirewire::runtime::run(argc, argv, "lever-source", std::make_unique<hirewire::source::LeverSource>());
}
