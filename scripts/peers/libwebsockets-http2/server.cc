// Echo server with libwebsockets over HTTP/2: server PORT, with certificate.pem and key.pem beside it.
#include <libwebsockets.h>

#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <utility>

namespace {

struct Message {
  std::string octets;
  bool binary = false;
};

struct Connection {
  Message coming;
  std::deque<Message> going;
};

int on_event(lws* socket, lws_callback_reasons reason, void* user, void* in, size_t size) {
  auto** const slot = static_cast<Connection**>(user);
  switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
      *slot = new Connection;
      break;
    case LWS_CALLBACK_CLOSED:
      delete *slot;
      *slot = nullptr;
      break;
    case LWS_CALLBACK_RECEIVE: {
      Connection& connection = **slot;
      if (lws_is_first_fragment(socket)) connection.coming.binary = lws_frame_is_binary(socket) != 0;
      connection.coming.octets.append(static_cast<const char*>(in), size);
      if (!lws_is_final_fragment(socket) || lws_remaining_packet_payload(socket) != 0) break;
      connection.going.push_back(std::exchange(connection.coming, {}));
      lws_callback_on_writable(socket);
      break;
    }
    case LWS_CALLBACK_SERVER_WRITEABLE: {
      Connection& connection = **slot;
      if (connection.going.empty()) break;
      const Message message = std::move(connection.going.front());
      connection.going.pop_front();
      std::string buffer(LWS_PRE, '\0');
      buffer += message.octets;
      lws_write(socket, reinterpret_cast<unsigned char*>(buffer.data()) + LWS_PRE, message.octets.size(),
                message.binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT);
      if (!connection.going.empty()) lws_callback_on_writable(socket);
      break;
    }
    default:
      break;
  }
  return 0;
}

}  // namespace

int main(int, char** arguments) {
  lws_set_log_level(LLL_ERR, nullptr);
  static lws_protocols protocols[2] = {};
  protocols[0].name = "default";
  protocols[0].callback = on_event;
  protocols[0].per_session_data_size = sizeof(Connection*);
  protocols[0].rx_buffer_size = 65536;
  lws_context_creation_info info = {};
  info.port = std::atoi(arguments[1]);
  info.iface = "127.0.0.1";
  info.protocols = protocols;
  info.gid = static_cast<gid_t>(-1);
  info.uid = static_cast<uid_t>(-1);
  info.vhost_name = "localhost";
  info.options = LWS_SERVER_OPTION_DISABLE_IPV6 | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_VALIDATE_UTF8;
  info.ssl_cert_filepath = "certificate.pem";
  info.ssl_private_key_filepath = "key.pem";
  info.alpn = "h2,http/1.1";
  lws_context* const context = lws_create_context(&info);
  if (context == nullptr) return 1;
  while (lws_service(context, 0) >= 0) {
  }
}
