// Boost.Beast: its synchronous stream on its own stream of octets for tests.
#include <boost/asio/io_context.hpp>
#include <boost/beast/_experimental/test/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/version.hpp>

#include "fuzz/differential/library.h"

namespace differential {
namespace {

namespace asio = boost::asio;
namespace beast_lib = boost::beast;
namespace websocket = beast_lib::websocket;

Did run(std::string_view frames, bool deflate, std::size_t piece) {
  Did did;
  static asio::io_context context;
  beast_lib::test::stream ours(context);
  auto peer = beast_lib::test::connect(ours);
  const std::string request = opening_request(deflate);
  ours.append({request.data(), request.size()});
  ours.append({frames.data(), frames.size()});
  if (piece != 0) ours.read_size(piece);
  peer.close();

  websocket::stream<beast_lib::test::stream> stream(std::move(ours));
  stream.read_message_max(kMostMessage);
  websocket::permessage_deflate extension;
  extension.server_enable = deflate;
  stream.set_option(extension);
  beast_lib::error_code error;
  try {
    stream.accept(error);
    while (!error) {
      beast_lib::flat_buffer buffer;
      stream.read(buffer, error);
      if (error) break;
      const auto data = buffer.data();
      did.messages.emplace_back(stream.got_text(), std::string(static_cast<const char*>(data.data()), data.size()));
    }
  } catch (const std::exception& thrown) {
    did.fault = std::string("throws ") + thrown.what();
    return did;
  }
  did.gave_up = error != asio::error::eof && error != beast_lib::test::error::test_failure;
  const auto written = peer.str();
  did.output = behind_answer(std::string(written.data(), written.size()), deflate, did.fault);
  return did;
}

}  // namespace

Library beast() { return {"Boost.Beast", BOOST_LIB_VERSION, true, run}; }

}  // namespace differential
