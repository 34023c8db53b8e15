// The limit for every server over HTTP/2: nghttp2_echo PORT answers each CONNECT with 200 and sends back the octets of its
// DATA frames, in one thread, without WebSocket. What carries the streams is nghttp2's own session.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

struct Connection {
  int socket = -1;
  nghttp2_session* session = nullptr;
  std::map<int32_t, std::string> owed;  // of each stream
  std::string unsent;
};

static ssize_t read_owed(nghttp2_session*, int32_t stream, uint8_t* into, size_t size, uint32_t*, nghttp2_data_source*,
                         void* user) {
  std::string& owed = static_cast<Connection*>(user)->owed[stream];
  if (owed.empty()) return NGHTTP2_ERR_DEFERRED;
  const size_t count = std::min(size, owed.size());
  std::memcpy(into, owed.data(), count);
  owed.erase(0, count);
  return static_cast<ssize_t>(count);
}

static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void*) {
  if (frame->hd.type != NGHTTP2_HEADERS) return 0;
  static uint8_t name[] = ":status", value[] = "200";
  const nghttp2_nv status = {name, value, 7, 3, NGHTTP2_NV_FLAG_NONE};
  nghttp2_data_provider source{};
  source.read_callback = read_owed;
  return nghttp2_submit_response(session, frame->hd.stream_id, &status, 1, &source);
}

static int on_data(nghttp2_session* session, uint8_t, int32_t stream, const uint8_t* data, size_t size, void* user) {
  static_cast<Connection*>(user)->owed[stream].append(reinterpret_cast<const char*>(data), size);
  nghttp2_session_resume_data(session, stream);
  return 0;
}

// False: the connection is over.
static bool send_all(int epoll, Connection& connection) {
  while (true) {
    if (connection.unsent.empty()) {
      const uint8_t* octets = nullptr;
      const ssize_t size = nghttp2_session_mem_send(connection.session, &octets);
      if (size < 0) return false;
      if (size == 0) break;
      connection.unsent.assign(reinterpret_cast<const char*>(octets), static_cast<size_t>(size));
    }
    const ssize_t sent = send(connection.socket, connection.unsent.data(), connection.unsent.size(), MSG_NOSIGNAL);
    if (sent < 0) break;
    connection.unsent.erase(0, static_cast<size_t>(sent));
  }
  epoll_event event{};
  event.events = connection.unsent.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT;
  event.data.ptr = &connection;
  epoll_ctl(epoll, EPOLL_CTL_MOD, connection.socket, &event);
  return true;
}

static bool serve(int epoll, Connection& connection, unsigned events) {
  static uint8_t octets[256 * 1024];
  if (events & EPOLLIN) {
    const ssize_t count = recv(connection.socket, octets, sizeof octets, 0);
    if (count == 0 || (count > 0 && nghttp2_session_mem_recv(connection.session, octets, static_cast<size_t>(count)) < 0))
      return false;
  }
  return send_all(epoll, connection);
}

static void welcome(int epoll, int socket, nghttp2_session_callbacks* callbacks) {
  auto* connection = new Connection{socket, nullptr, {}, {}};
  nghttp2_session_server_new(&connection->session, callbacks, connection);
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
                                             {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1000}};
  nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, settings, 2);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = connection;
  epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
  send_all(epoll, *connection);
}

int main(int, char** argv) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0), epoll = epoll_create1(0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(std::atoi(argv[1])));
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener, 4096) != 0) return 1;
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  while (true) {
    epoll_event events[256];
    const int count = epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < count; ++i) {
      if (events[i].data.ptr == nullptr) {
        const int socket = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
        if (socket < 0) continue;
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        welcome(epoll, socket, callbacks);
        continue;
      }
      auto* connection = static_cast<Connection*>(events[i].data.ptr);
      if (serve(epoll, *connection, events[i].events)) continue;
      close(connection->socket);
      nghttp2_session_del(connection->session);
      delete connection;
    }
  }
}
