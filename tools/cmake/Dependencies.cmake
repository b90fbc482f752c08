# Every dependency comes from the distribution's packages (tools/packages.txt). Lower bounds only: newer ones are welcome.

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS url)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Protobuf 3.21 REQUIRED)
find_package(tomlplusplus 3.3 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(spdlog 1.10 REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(doctest 2.4 REQUIRED)
find_package(date 3 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(rdkafka REQUIRED IMPORTED_TARGET rdkafka>=2.0.2)
pkg_check_modules(hiredis REQUIRED IMPORTED_TARGET hiredis>=0.14)
if(HIREWIRE_JEMALLOC)
    pkg_check_modules(jemalloc REQUIRED IMPORTED_TARGET jemalloc>=5.2)
endif()
find_path(RAPIDJSON_INCLUDE_DIR rapidjson/document.h REQUIRED)

# Headers of others are not ours to warn about.
add_library(hirewire_asio INTERFACE)
target_link_libraries(hirewire_asio INTERFACE Boost::headers Threads::Threads OpenSSL::SSL OpenSSL::Crypto)
target_compile_definitions(hirewire_asio INTERFACE
    BOOST_ASIO_NO_DEPRECATED
    BOOST_ASIO_DISABLE_BOOST_REGEX=1)
add_library(hirewire_rapidjson INTERFACE)
target_include_directories(hirewire_rapidjson SYSTEM INTERFACE ${RAPIDJSON_INCLUDE_DIR})
