#pragma once
// The sandbox's control calls, one after the other and blocking.
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "common/http/client.hpp"
#include "common/json/value.hpp"

namespace hirewire::sandbox {

class Control {
public:
    explicit Control(const std::string& url);

    // All throw std::runtime_error when there is no answer or it is not 2xx.
    json::Document get(const std::string& path) { return call(http::Method::get, path, ""); }
    json::Document post(const std::string& path, const std::string& body) {
        return call(http::Method::post, path, body);
    }
    json::Document patch(const std::string& path, const std::string& body) {
        return call(http::Method::patch, path, body);
    }

private:
    json::Document call(http::Method method, const std::string& path, const std::string& body);

    std::string url_;
    boost::asio::io_context context_{1};
    std::unique_ptr<http::Client> client_;
};

}  // namespace hirewire::sandbox
