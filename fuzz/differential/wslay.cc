// wslay: its event API, which answers Pings and Closes by itself.
#include <wslay/wslay.h>

#include <algorithm>

#include "fuzz/differential/library.h"

namespace differential {
namespace {

struct Peer {
  std::string_view rest;
  std::size_t piece;
  Did did;
};

ssize_t give(wslay_event_context_ptr context, uint8_t* to, size_t most, int, void* peer_octets) {
  Peer& peer = *static_cast<Peer*>(peer_octets);
  if (peer.rest.empty()) {
    wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
    return -1;
  }
  const std::size_t n = std::min({most, peer.rest.size(), peer.piece == 0 ? most : peer.piece});
  std::copy_n(peer.rest.begin(), n, to);
  peer.rest.remove_prefix(n);
  return static_cast<ssize_t>(n);
}

ssize_t take(wslay_event_context_ptr, const uint8_t* octets, size_t size, int, void* peer) {
  static_cast<Peer*>(peer)->did.output.append(reinterpret_cast<const char*>(octets), size);
  return static_cast<ssize_t>(size);
}

void message(wslay_event_context_ptr, const wslay_event_on_msg_recv_arg* arg, void* peer) {
  if (arg->opcode != WSLAY_TEXT_FRAME && arg->opcode != WSLAY_BINARY_FRAME) return;
  static_cast<Peer*>(peer)->did.messages.emplace_back(
      arg->opcode == WSLAY_TEXT_FRAME, std::string(reinterpret_cast<const char*>(arg->msg), arg->msg_length));
}

Did run(std::string_view frames, bool, std::size_t piece) {
  Peer peer{frames, piece, {}};
  wslay_event_callbacks callbacks{};
  callbacks.recv_callback = give;
  callbacks.send_callback = take;
  callbacks.on_msg_recv_callback = message;
  wslay_event_context_ptr context = nullptr;
  if (wslay_event_context_server_init(&context, &callbacks, &peer) != 0) {
    peer.did.fault = "could not start";
    return peer.did;
  }
  wslay_event_config_set_max_recv_msg_length(context, kMostMessage);
  // A call may return before the input is used up when it comes in pieces.
  int received = 0;
  for (std::size_t before = frames.size() + 1;
       received == 0 && peer.rest.size() < before && wslay_event_want_read(context);) {
    before = peer.rest.size();
    received = wslay_event_recv(context);
  }
  const int sent = wslay_event_send(context);
  // A protocol error is answered by a Close and is no error of these calls.
  peer.did.gave_up = received != 0 || sent != 0 || !wslay_event_want_read(context);
  wslay_event_context_free(context);
  return peer.did;
}

}  // namespace

Library wslay() { return {"wslay", WSLAY_VERSION, false, run}; }

}  // namespace differential
