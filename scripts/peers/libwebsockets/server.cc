// Echo server with libwebsockets: server PORT. Whole messages: collected while they come, queued, and echoed one by one
// whenever the socket is writable.
#include <libwebsockets.h>

#include <cstdlib>
#include <deque>
#include <vector>

struct Message {
  std::vector<unsigned char> octets = std::vector<unsigned char>(LWS_PRE);  // room for the frame header, then the payload
  bool binary = false;
};

struct Session {
  Message* incoming;
  std::deque<Message>* outgoing;
};

static int echo(lws* wsi, lws_callback_reasons reason, void* user, void* in, size_t size) {
  auto* session = static_cast<Session*>(user);
  switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
      session->incoming = new Message;
      session->outgoing = new std::deque<Message>;
      break;
    case LWS_CALLBACK_CLOSED:
      delete session->incoming;
      delete session->outgoing;
      break;
    case LWS_CALLBACK_RECEIVE: {
      Message& message = *session->incoming;
      if (lws_is_first_fragment(wsi)) message.binary = lws_frame_is_binary(wsi);
      const auto* octets = static_cast<unsigned char*>(in);
      message.octets.insert(message.octets.end(), octets, octets + size);
      if (message.octets.size() > (64u << 20)) return -1;
      if (lws_is_final_fragment(wsi)) {
        session->outgoing->push_back(std::move(message));
        message = Message();
        lws_callback_on_writable(wsi);
      }
      break;
    }
    case LWS_CALLBACK_SERVER_WRITEABLE: {
      if (session->outgoing->empty()) break;  // The library also calls after it has sent what the kernel did not take at once.
      Message& message = session->outgoing->front();
      const size_t length = message.octets.size() - LWS_PRE;
      const auto kind = message.binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT;
      if (lws_write(wsi, message.octets.data() + LWS_PRE, length, kind) < static_cast<int>(length)) return -1;
      session->outgoing->pop_front();
      if (!session->outgoing->empty()) lws_callback_on_writable(wsi);
      break;
    }
    default:
      break;
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
