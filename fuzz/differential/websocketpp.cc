// WebSocket++: a server on its iostream transport.
#include <sstream>

#include <websocketpp/config/core.hpp>
#include <websocketpp/extensions/permessage_deflate/enabled.hpp>
#include <websocketpp/server.hpp>
#include <websocketpp/version.hpp>

#include "fuzz/differential/library.h"

namespace differential {
namespace {

struct Config : websocketpp::config::core {
  struct permessage_deflate_config {};
  using permessage_deflate_type = websocketpp::extensions::permessage_deflate::enabled<permessage_deflate_config>;
};
using Server = websocketpp::server<Config>;

Did run(std::string_view frames, bool deflate, std::size_t piece) {
  Did did;
  std::ostringstream written;
  try {
    Server server;
    server.clear_access_channels(websocketpp::log::alevel::all);
    server.clear_error_channels(websocketpp::log::elevel::all);
    server.set_max_message_size(kMostMessage);
    server.register_ostream(&written);
    server.set_message_handler([&](websocketpp::connection_hdl, Server::message_ptr message) {
      did.messages.emplace_back(message->get_opcode() == websocketpp::frame::opcode::text, message->get_payload());
    });
    const auto connection = server.get_connection();
    connection->start();
    const std::string request = opening_request(deflate);
    connection->read_all(request.data(), request.size());
    while (!frames.empty() && connection->get_state() != websocketpp::session::state::closed) {
      const std::size_t n = piece == 0 ? frames.size() : std::min(piece, frames.size());
      const std::size_t taken = connection->read_all(frames.data(), n);
      if (taken == 0) break;
      frames.remove_prefix(taken);
    }
    did.gave_up = connection->get_state() == websocketpp::session::state::closed;
    connection->eof();
  } catch (const std::exception& error) {
    did.fault = std::string("throws ") + error.what();
    return did;
  }
  did.output = behind_answer(written.str(), deflate, did.fault);
  return did;
}

}  // namespace

Library websocketpp() { return {"WebSocket++", ::websocketpp::user_agent + 12, true, run}; }

}  // namespace differential
