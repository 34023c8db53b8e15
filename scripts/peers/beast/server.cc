// Echo server with Boost.Beast: server PORT. A thread per connection, like the library's websocket_server_sync example.
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <cstdlib>
#include <thread>

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using boost::asio::ip::tcp;

static void echo(tcp::socket socket) {
  try {
    websocket::stream<tcp::socket> ws(std::move(socket));
    websocket::permessage_deflate deflate;
    deflate.server_enable = true;
    ws.set_option(deflate);
    ws.read_message_max(64u << 20);
    ws.accept();
    for (;;) {
      beast::flat_buffer buffer;
      ws.read(buffer);
      ws.text(ws.got_text());
      ws.write(buffer.data());
    }
  } catch (const beast::system_error&) {  // The connection has ended, in whatever way.
  }
}

int main(int, char** argv) {
  boost::asio::io_context context;
  const auto port = static_cast<unsigned short>(std::atoi(argv[1]));
  tcp::acceptor acceptor(context, {boost::asio::ip::make_address("127.0.0.1"), port});
  for (;;) std::thread(echo, acceptor.accept()).detach();
}
