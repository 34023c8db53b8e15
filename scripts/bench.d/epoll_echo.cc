// The limit for every echo server on this machine: epoll_echo PORT sends back whatever octets come, in one thread. No
// WebSocket: one epoll_wait for many sockets, then one recv and one send for each.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <unordered_map>

static std::unordered_map<int, std::string> unsent;  // what the kernel did not take at once

static void watch(int epoll, int operation, int socket, unsigned events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = socket;
  epoll_ctl(epoll, operation, socket, &event);
}

static void end(int socket) {
  unsent.erase(socket);
  close(socket);
}

static void echo(int epoll, int socket) {
  static char octets[256 * 1024];
  const ssize_t count = recv(socket, octets, sizeof octets, 0);
  if (count <= 0) return end(socket);
  const ssize_t sent = send(socket, octets, static_cast<size_t>(count), MSG_NOSIGNAL);
  if (sent == count) return;
  unsent[socket].assign(octets + (sent > 0 ? sent : 0), octets + count);
  watch(epoll, EPOLL_CTL_MOD, socket, EPOLLOUT);  // and read no more until it is out
}

static void go_on(int epoll, int socket) {
  std::string& rest = unsent[socket];
  const ssize_t sent = send(socket, rest.data(), rest.size(), MSG_NOSIGNAL);
  if (sent > 0) rest.erase(0, static_cast<size_t>(sent));
  if (!rest.empty()) return;
  unsent.erase(socket);
  watch(epoll, EPOLL_CTL_MOD, socket, EPOLLIN);
}

int main(int, char** argv) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0), epoll = epoll_create1(0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<unsigned short>(std::atoi(argv[1])));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener, SOMAXCONN) != 0) return 1;
  watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN);
  for (;;) {
    epoll_event events[1024];
    const int count = epoll_wait(epoll, events, 1024, -1);
    for (int i = 0; i < count; ++i) {
      const int socket = events[i].data.fd;
      if (socket == listener) {
        const int client = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
        if (client < 0) continue;
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(epoll, EPOLL_CTL_ADD, client, EPOLLIN);
      } else if (events[i].events & EPOLLOUT) {
        go_on(epoll, socket);
      } else {
        echo(epoll, socket);
      }
    }
  }
}
