// Echo client with Boost.Beast: client ws://ADDRESS:PORT/TARGET. Connects once and echoes until the server closes.
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <cstdlib>
#include <string>

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using boost::asio::ip::tcp;

int main(int, char** argv) {
  const std::string url = argv[1], rest = url.substr(url.find("//") + 2);
  const std::string host = rest.substr(0, rest.find('/')), target = rest.substr(rest.find('/'));
  const auto colon = host.find(':');
  try {
    boost::asio::io_context context;
    websocket::stream<tcp::socket> ws(context);
    const auto port = static_cast<unsigned short>(std::stoi(host.substr(colon + 1)));
    ws.next_layer().open(tcp::v4());
    ws.next_layer().set_option(tcp::no_delay(true));  // an echo does not wait for the acknowledgement of another
    ws.next_layer().connect({boost::asio::ip::make_address(host.substr(0, colon)), port});
    websocket::permessage_deflate deflate;
    deflate.client_enable = true;
    ws.set_option(deflate);
    ws.read_message_max(64u << 20);
    ws.handshake(host, target);
    for (;;) {
      beast::flat_buffer buffer;
      ws.read(buffer);
      ws.text(ws.got_text());
      ws.write(buffer.data());
    }
  } catch (const beast::system_error&) {  // The connection has ended, in whatever way.
  }
}
