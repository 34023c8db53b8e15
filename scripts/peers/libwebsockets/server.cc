// Echo server with libwebsockets: server PORT. Whole messages: collected while they come, echoed when the socket is
// writable; reading stops until then.
#include <libwebsockets.h>

#include <cstdlib>
#include <vector>

struct Session {
  std::vector<unsigned char>* message;  // LWS_PRE octets of room for the frame header, then the payload
  bool binary;
  bool complete;
};

static int echo(lws* wsi, lws_callback_reasons reason, void* user, void* in, size_t size) {
  auto* session = static_cast<Session*>(user);
  switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
      session->message = new std::vector<unsigned char>(LWS_PRE);
      break;
    case LWS_CALLBACK_CLOSED:
      delete session->message;
      break;
    case LWS_CALLBACK_RECEIVE: {
      if (lws_is_first_fragment(wsi)) session->binary = lws_frame_is_binary(wsi);
      const auto* octets = static_cast<unsigned char*>(in);
      session->message->insert(session->message->end(), octets, octets + size);
      if (session->message->size() > (64u << 20)) return -1;
      if (lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0) {
        session->complete = true;
        lws_rx_flow_control(wsi, 0);
        lws_callback_on_writable(wsi);
      }
      break;
    }
    case LWS_CALLBACK_SERVER_WRITEABLE: {
      if (!session->complete) break;  // The library also calls after it has sent what the kernel did not take at once.
      const size_t length = session->message->size() - LWS_PRE;
      const auto kind = session->binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT;
      if (lws_write(wsi, session->message->data() + LWS_PRE, length, kind) < static_cast<int>(length)) return -1;
      session->message->resize(LWS_PRE);
      session->complete = false;
      lws_rx_flow_control(wsi, 1);
      break;
    }
    default:
      return lws_callback_http_dummy(wsi, reason, user, in, size);  // 404 for a request that is no opening handshake
  }
  return 0;
}

int main(int, char** argv) {
  const lws_protocols protocols[] = {{"echo", echo, sizeof(Session), 0, 0, nullptr, 0}, {}};
  const lws_extension extensions[] = {{"permessage-deflate", lws_extension_callback_pm_deflate, "permessage-deflate"}, {}};
  lws_context_creation_info info = {};
  info.port = std::atoi(argv[1]);
  info.iface = "127.0.0.1";
  info.protocols = protocols;
  info.extensions = extensions;
  info.options = LWS_SERVER_OPTION_VALIDATE_UTF8;
  lws_set_log_level(LLL_ERR | LLL_WARN, nullptr);
  lws_context* context = lws_create_context(&info);
  if (context == nullptr) return 1;
  while (lws_service(context, 0) >= 0) {
  }
}
