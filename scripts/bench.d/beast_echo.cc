// Echo server with Boost.Beast for measuring: beast_echo PORT. One thread, asynchronous, a handler per operation, like
// the library's websocket_server_async example.
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <cstdlib>
#include <memory>

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using boost::asio::ip::tcp;

struct Session : std::enable_shared_from_this<Session> {
  explicit Session(tcp::socket socket) : stream(std::move(socket)) {}

  void run() {
    websocket::permessage_deflate deflate;
    deflate.server_enable = true;
    stream.set_option(deflate);
    stream.read_message_max(64u << 20);
    stream.next_layer().set_option(tcp::no_delay(true));
    stream.async_accept([self = shared_from_this()](beast::error_code error) {
      if (!error) self->read();
    });
  }
  void read() {
    stream.async_read(buffer, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->write();
    });
  }
  void write() {
    stream.text(stream.got_text());
    stream.async_write(buffer.data(), [self = shared_from_this()](beast::error_code error, std::size_t) {
      self->buffer.clear();
      if (!error) self->read();
    });
  }

  websocket::stream<tcp::socket> stream;
  beast::flat_buffer buffer;
};

static void accept(tcp::acceptor& acceptor) {
  acceptor.async_accept([&](beast::error_code error, tcp::socket socket) {
    if (!error) std::make_shared<Session>(std::move(socket))->run();
    accept(acceptor);
  });
}

int main(int, char** argv) {
  boost::asio::io_context context{1};
  const auto port = static_cast<unsigned short>(std::atoi(argv[1]));
  tcp::acceptor acceptor(context, {boost::asio::ip::make_address("127.0.0.1"), port});
  accept(acceptor);
  context.run();
}
