# Language, warnings, sanitizers and hardening. Flags hang on two interface targets, never on the global list.

set(HIREWIRE_SANITIZE "" CACHE STRING "address (with undefined), thread, or empty")
option(HIREWIRE_FUZZ "Build the libFuzzer targets (clang only)" OFF)
option(HIREWIRE_HARDEN "Fortify, stack protector, full RELRO" OFF)
option(HIREWIRE_PRECOMPILE "Precompile what most files include; the release preset, without it, shows that each includes what it uses" OFF)
option(HIREWIRE_JEMALLOC "Link the programs against jemalloc" OFF)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

add_library(hirewire_warnings INTERFACE)
add_library(hirewire::warnings ALIAS hirewire_warnings)
target_compile_options(hirewire_warnings INTERFACE
    -Wall -Wextra -Wpedantic
    -Wconversion          # a narrowed offset or version is lost data
    -Wshadow              # a shadowed name in a coroutine is a bug that no test sees
    -Wold-style-cast
    -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(hirewire_warnings INTERFACE
        -Wno-mismatched-new-delete   # false on Asio's recycled coroutine frames when optimising
        -Wno-maybe-uninitialized)    # false on std::optional and std::variant when optimising or sanitizing
    if(HIREWIRE_SANITIZE STREQUAL "thread")
        target_compile_options(hirewire_warnings INTERFACE -Wno-tsan)   # Asio's fences
    endif()
endif()

add_library(hirewire_build INTERFACE)
target_include_directories(hirewire_build INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/gen)
target_compile_definitions(hirewire_build INTERFACE HIREWIRE_VERSION="${PROJECT_VERSION}")
if(HIREWIRE_SANITIZE STREQUAL "address")
    set(_sanitize -fsanitize=address -fno-omit-frame-pointer)
    # The code under test is watched for undefined behaviour, too. Of the tests' own, whose every CHECK is a page of it,
    # addresses are enough: it halves their compilation.
    set(_watched $<NOT:$<BOOL:$<TARGET_PROPERTY:HIREWIRE_ADDRESSES_ALONE>>>)
    target_compile_options(hirewire_build INTERFACE
        $<${_watched}:-fsanitize=undefined> $<${_watched}:-fno-sanitize-recover=undefined>)
    target_link_options(hirewire_build INTERFACE -fsanitize=undefined)
    if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
        list(APPEND _sanitize -fno-sanitize=function)   # clang 14 cannot emit its marks in front of coroutines
    endif()
elseif(HIREWIRE_SANITIZE STREQUAL "thread")
    set(_sanitize -fsanitize=thread -fno-omit-frame-pointer)
endif()
if(HIREWIRE_FUZZ)
    list(APPEND _sanitize -fsanitize=fuzzer-no-link)
endif()
if(_sanitize)
    target_compile_options(hirewire_build INTERFACE ${_sanitize})
    target_link_options(hirewire_build INTERFACE ${_sanitize})
endif()
# Linking takes half as long with it; what is shipped is linked with the compiler's own. Of clang's sanitizers it
# warns without end.
find_program(HIREWIRE_GOLD ld.gold)
if(HIREWIRE_GOLD AND CMAKE_BUILD_TYPE STREQUAL "Debug" AND NOT HIREWIRE_SANITIZE)
    target_link_options(hirewire_build INTERFACE -fuse-ld=gold)
endif()
if(HIREWIRE_HARDEN)
    target_compile_options(hirewire_build INTERFACE -fstack-protector-strong -fPIE)
    target_compile_definitions(hirewire_build INTERFACE _FORTIFY_SOURCE=2)
    target_link_options(hirewire_build INTERFACE -pie -Wl,-z,relro,-z,now)
endif()
# Half of the time that a file takes is spent on the same headers. One set of them serves all targets, so what changes
# their meaning is defined for all alike.
if(HIREWIRE_PRECOMPILE)
    target_compile_definitions(hirewire_build INTERFACE
        BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_REGEX=1 _FILE_OFFSET_BITS=64)
    file(WRITE ${CMAKE_BINARY_DIR}/gen/precompiled.cpp "")
    add_library(hirewire_precompiled STATIC ${CMAKE_BINARY_DIR}/gen/precompiled.cpp)
    target_link_libraries(hirewire_precompiled PRIVATE hirewire_build hirewire::warnings)
    target_precompile_headers(hirewire_precompiled PRIVATE
        <algorithm> <array> <chrono> <cstdint> <deque> <functional> <map> <memory> <optional> <set> <stdexcept>
        <string> <string_view> <unordered_map> <utility> <variant> <vector>
        <boost/asio/any_io_executor.hpp> <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp>
        <boost/asio/detached.hpp> <boost/asio/io_context.hpp> <boost/asio/steady_timer.hpp>
        <boost/asio/thread_pool.hpp> <boost/asio/use_awaitable.hpp> <boost/system/result.hpp>
        <google/protobuf/message.h>)
endif()
function(hirewire_precompile target)
    if(HIREWIRE_PRECOMPILE)
        target_precompile_headers(${target} REUSE_FROM hirewire_precompiled)
    endif()
endfunction()
