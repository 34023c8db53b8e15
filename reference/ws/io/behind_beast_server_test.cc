// Boost.Beast's side of behind_beast_test.cc.
#if __has_include(<boost/beast/http.hpp>)
#include <ws/io/test_beast.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace ws::io::test {

struct BeastServer::Impl {
  boost::asio::io_context context;
  boost::asio::ip::tcp::acceptor acceptor{context, {boost::asio::ip::make_address("127.0.0.1"), 0}};
};

BeastServer::BeastServer() : impl_(new Impl) {}
BeastServer::~BeastServer() { delete impl_; }
std::uint16_t BeastServer::port() const { return impl_->acceptor.local_endpoint().port(); }

BeastRequest BeastServer::accept() {
  namespace http = boost::beast::http;
  auto socket = impl_->acceptor.accept();
  boost::beast::flat_buffer buffer;
  http::request<http::string_body> read;
  http::read(socket, buffer, read);
  BeastRequest request;
  request.method = std::string(read.method_string());
  request.target = std::string(read.target());
  request.version_minor = static_cast<int>(read.version() % 10);
  for (const auto& field : read)
    request.fields.emplace_back(std::string(field.name_string()), std::string(field.value()));
  request.rest.assign(static_cast<const char*>(buffer.data().data()), buffer.size());
  request.descriptor = socket.release();
  return request;
}

}  // namespace ws::io::test
#pragma GCC diagnostic pop
#endif
