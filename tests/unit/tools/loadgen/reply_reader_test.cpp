#include "tools/loadgen/reply_reader.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace hirewire::loadgen;

TEST_CASE("reply reader: an answer is complete with its last byte, not before") {
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\ncontent-length: 4\r\n\r\nnull";
    for (std::size_t size = 0; size < answer.size(); ++size) {
        CAPTURE(size);
        CHECK(std::holds_alternative<Incomplete>(read_reply(std::string_view{answer}.substr(0, size))));
    }
    const auto state = read_reply(answer + "HTTP/1.1 503");
    REQUIRE(std::holds_alternative<Complete>(state));
    CHECK(std::get<Complete>(state).status == 200);
    CHECK(std::get<Complete>(state).size == answer.size());
    CHECK(std::get<Complete>(state).keep_alive);
}

TEST_CASE("reply reader: Connection: close and HTTP/1.0 end the connection") {
    const auto closed =
        read_reply("HTTP/1.1 503 Service Unavailable\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n");
    REQUIRE(std::holds_alternative<Complete>(closed));
    CHECK(std::get<Complete>(closed).status == 503);
    CHECK_FALSE(std::get<Complete>(closed).keep_alive);
    const auto old = read_reply("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n");
    REQUIRE(std::holds_alternative<Complete>(old));
    CHECK_FALSE(std::get<Complete>(old).keep_alive);
}

TEST_CASE("reply reader: what it cannot read is malformed, not waited for") {
    for (const std::string answer :
         {"SSH-2.0-OpenSSH\r\n\r\n",
          "HTTP/1.1 abc\r\n\r\n",
          "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
        CAPTURE(answer);
        CHECK(std::holds_alternative<Malformed>(read_reply(answer)));
    }
}
