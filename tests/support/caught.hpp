#pragma once
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace hirewire::testing {

// Standard error of a piece of code.
template <typename Code>
std::string caught(Code code) {
    char name[] = "/tmp/hirewire-caught-XXXXXX";
    const int file = mkstemp(name);
    REQUIRE(file >= 0);
    std::fflush(stderr);
    const int before = dup(STDERR_FILENO);
    dup2(file, STDERR_FILENO);
    code();
    std::fflush(stderr);
    dup2(before, STDERR_FILENO);
    close(before);
    close(file);
    std::ostringstream text;
    text << std::ifstream{name}.rdbuf();
    std::remove(name);
    return text.str();
}

}  // namespace hirewire::testing
