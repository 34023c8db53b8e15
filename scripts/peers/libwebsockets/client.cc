// Echo client with libwebsockets: client ws://ADDRESS:PORT/TARGET. Connects once and echoes until the server closes;
// whole messages, collected while they come, reading stops until one is back. When permessage-deflate is agreed on, the
// library hands an uncompressed message or a Pong over again and again, without end: then the driver gives up.
#include <libwebsockets.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

static std::vector<unsigned char> message(LWS_PRE);  // room for the frame header, then the payload
static bool binary = false, complete = false, over = false;

static int echo(lws* wsi, lws_callback_reasons reason, void*, void* in, size_t size) {
  switch (reason) {
    case LWS_CALLBACK_CLIENT_RECEIVE: {
      if (complete) return -1;  // The same message again: nothing else comes while reading is stopped.
      if (lws_is_first_fragment(wsi)) binary = lws_frame_is_binary(wsi);
      const auto* octets = static_cast<unsigned char*>(in);
      message.insert(message.end(), octets, octets + size);
      if (message.size() > (64u << 20)) return -1;
      if (lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0) {
        complete = true;
        lws_rx_flow_control(wsi, 0);
        lws_callback_on_writable(wsi);
      }
      break;
    }
    case LWS_CALLBACK_CLIENT_WRITEABLE: {
      if (!complete) break;  // The library also calls after it has sent what the kernel did not take at once.
      const size_t length = message.size() - LWS_PRE;
      const auto kind = binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT;
      if (lws_write(wsi, message.data() + LWS_PRE, length, kind) < static_cast<int>(length)) return -1;
      message.resize(LWS_PRE);
      complete = false;
      lws_rx_flow_control(wsi, 1);
      break;
    }
    case LWS_CALLBACK_CLIENT_CLOSED:
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
      over = true;
      break;
    default:
      break;
  }
  return 0;
}

int main(int, char** argv) {
  // The end of a client that is stuck; the server has given up on it before.
  std::signal(SIGALRM, [](int) { _exit(0); });
  alarm(10);
  const std::string url = argv[1], rest = url.substr(url.find("//") + 2);
  const std::string host = rest.substr(0, rest.find('/')), address = host.substr(0, host.find(':'));
  const std::string target = rest.substr(rest.find('/'));
  const lws_protocols protocols[] = {{"echo", echo, 0, 0, 0, nullptr, 0}, {}};
  const lws_extension extensions[] = {
      {"permessage-deflate", lws_extension_callback_pm_deflate, "permessage-deflate; client_max_window_bits"}, {}};
  lws_context_creation_info info = {};
  info.port = CONTEXT_PORT_NO_LISTEN;
  info.protocols = protocols;
  info.extensions = extensions;
  info.options = LWS_SERVER_OPTION_VALIDATE_UTF8;
  lws_set_log_level(0, nullptr);
  lws_context* context = lws_create_context(&info);
  if (context == nullptr) return 1;
  lws_client_connect_info connect = {};
  connect.context = context;
  connect.address = address.c_str();
  connect.port = std::atoi(host.c_str() + host.find(':') + 1);
  connect.path = target.c_str();
  connect.host = host.c_str();
  connect.local_protocol_name = "echo";
  if (lws_client_connect_via_info(&connect) == nullptr) return 1;
  while (!over && lws_service(context, 0) >= 0) {
  }
  lws_context_destroy(context);
}
