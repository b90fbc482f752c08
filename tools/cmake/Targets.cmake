# The four words of which every folder's CMakeLists.txt is made. USES is the layer diagram: tools/layers holds #include
# lines against it.

# hirewire_library(name SOURCES a.cpp … USES other libraries of ours LINKS libraries of others)
function(hirewire_library name)
    cmake_parse_arguments(ARG "" "" "SOURCES;USES;LINKS" ${ARGN})
    add_library(hirewire_${name} STATIC ${ARG_SOURCES})
    add_library(hirewire::${name} ALIAS hirewire_${name})
    list(TRANSFORM ARG_USES PREPEND hirewire::)
    target_link_libraries(hirewire_${name} PUBLIC hirewire_build ${ARG_USES} ${ARG_LINKS} PRIVATE hirewire::warnings)
    hirewire_precompile(hirewire_${name})
endfunction()

# What tests start: all programs but the benchmarks.
add_custom_target(programs)

# hirewire_program(name SOURCES … USES … LINKS …): the binary hirewire-<name>
function(hirewire_program name)
    cmake_parse_arguments(ARG "" "" "SOURCES;USES;LINKS" ${ARGN})
    add_executable(hirewire-${name} ${ARG_SOURCES})
    list(TRANSFORM ARG_USES PREPEND hirewire::)
    target_link_libraries(hirewire-${name} PRIVATE hirewire_build hirewire::warnings ${ARG_USES} ${ARG_LINKS})
    hirewire_precompile(hirewire-${name})
    if(NOT name MATCHES "^bench-")
        add_dependencies(programs hirewire-${name})
    endif()
    if(HIREWIRE_JEMALLOC)
        target_link_libraries(hirewire-${name} PRIVATE PkgConfig::jemalloc)
    endif()
endfunction()

# hirewire_service(name SOURCES … USES …): a library of everything but main.cpp, so that tests link it, and the binary
function(hirewire_service name)
    cmake_parse_arguments(ARG "" "" "SOURCES;USES;LINKS" ${ARGN})
    hirewire_library(${name} SOURCES ${ARG_SOURCES} USES ${ARG_USES} LINKS ${ARG_LINKS})
    hirewire_program(${name} SOURCES main.cpp USES ${name})
endfunction()

# hirewire_tests(name LABEL unit SOURCES … USES …): one doctest binary, one CTest test
function(hirewire_tests name)
    cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;USES;LINKS" ${ARGN})
    add_executable(hirewire-test-${name} ${ARG_SOURCES})
    list(TRANSFORM ARG_USES PREPEND hirewire::)
    target_link_libraries(hirewire-test-${name} PRIVATE hirewire_build hirewire::warnings doctest::doctest ${ARG_USES} ${ARG_LINKS})
    target_compile_definitions(hirewire-test-${name} PRIVATE
        HIREWIRE_SOURCE_DIR="${CMAKE_SOURCE_DIR}" HIREWIRE_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
    if(HIREWIRE_SANITIZE STREQUAL "address")
        set_target_properties(hirewire-test-${name} PROPERTIES HIREWIRE_ADDRESSES_ALONE ON)
    else()
        hirewire_precompile(hirewire-test-${name})
    endif()
    add_test(NAME ${name} COMMAND hirewire-test-${name})
    set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL})
endfunction()
