// Echo client with WebSocket++: client URL. Connects once and echoes until the server closes.
#include <websocketpp/client.hpp>
#include <websocketpp/config/asio_no_tls_client.hpp>
#include <websocketpp/extensions/permessage_deflate/enabled.hpp>

struct Config : websocketpp::config::asio_client {
  struct permessage_deflate_config {};
  using permessage_deflate_type = websocketpp::extensions::permessage_deflate::enabled<permessage_deflate_config>;
};
using Client = websocketpp::client<Config>;

int main(int, char** argv) {
  Client client;
  client.clear_access_channels(websocketpp::log::alevel::all);
  client.clear_error_channels(websocketpp::log::elevel::all);
  client.init_asio();
  client.set_max_message_size(64u << 20);
  client.set_message_handler([&](websocketpp::connection_hdl peer, Client::message_ptr message) {
    websocketpp::lib::error_code ignored;  // The peer may be gone already.
    client.send(peer, message->get_payload(), message->get_opcode(), ignored);
  });
  websocketpp::lib::error_code error;
  const auto connection = client.get_connection(argv[1], error);
  if (error) return 1;
  client.connect(connection);
  client.run();
}
