// Echo server with WebSocket++: server PORT. The library's echo_server example, with its permessage-deflate extension.
#include <boost/asio/ip/address.hpp>
#include <cstdlib>
#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/extensions/permessage_deflate/enabled.hpp>
#include <websocketpp/server.hpp>

struct Config : websocketpp::config::asio {
  struct permessage_deflate_config {};
  using permessage_deflate_type = websocketpp::extensions::permessage_deflate::enabled<permessage_deflate_config>;
};
using Server = websocketpp::server<Config>;

int main(int, char** argv) {
  Server server;
  server.clear_access_channels(websocketpp::log::alevel::all);
  server.init_asio();
  server.set_reuse_addr(true);
  server.set_max_message_size(64u << 20);
  server.set_message_handler([&](websocketpp::connection_hdl peer, Server::message_ptr message) {
    websocketpp::lib::error_code ignored;  // The peer may be gone already.
    server.send(peer, message->get_payload(), message->get_opcode(), ignored);
  });
  const auto port = static_cast<unsigned short>(std::atoi(argv[1]));
  server.listen(boost::asio::ip::tcp::endpoint(boost::asio::ip::make_address("127.0.0.1"), port));
  server.start_accept();
  server.run();
}
