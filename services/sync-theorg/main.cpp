#include "services/sync-theorg/theorg.hpp"

int main(int argc, char** argv) {
    return hirewire::runtime::run(argc, argv, "sync-theorg", std::make_unique<hirewire::theorg::TheOrg>());
}
