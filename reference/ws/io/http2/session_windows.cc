// session_windows.cc - what is given back of the windows, and when. RFC 9113 5.2, 6.9.
#include <ws/io/http2/session_impl.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <utility>

namespace ws::io::http2 {

void Session::Impl::give_back(std::int32_t id, std::size_t octets) {
  if (holds) {
    owed_to[id] += octets;
    return;
  }
  nghttp2_session_consume_stream(session.get(), id, octets);
  settle();
}

// nghttp2 takes what is consumed for little or much by the window that the peer has acknowledged. With a smaller one it
// may be time now to open it.
void Session::Impl::windows_have_settled() {
  ++acknowledged;
  changed.notify_all();
  for (const auto& [id, stream] : streams) nghttp2_session_consume_stream(session.get(), id, 0);
}

bool Session::Impl::window_is_used_up() const {
  if (nghttp2_session_get_local_window_size(session.get()) <= 0) return true;
  for (const auto& [id, stream] : streams)
    if (nghttp2_session_get_stream_local_window_size(session.get(), id) <= 0) return true;
  return false;
}

// All the padding that is wanted fits more than twice, so that what is used up comes back before it is missed.
bool Session::Impl::gets_wide_windows(std::size_t padding) const {
  return nghttp2_session_get_remote_settings(session.get(), NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE) > 2 * padding;
}

void Session::Impl::watch_windows() {
  if (std::exchange(watches, true)) return;
  asio::co_spawn(executor, hold(shared_from_this()), asio::detached);
}

// RFC 9113 6.9.1: a peer that keeps to the windows stops now. What comes before the answer to the last PING, although a
// window is used up, it sent without leave.
asio::awaitable<void> Session::Impl::hold(std::shared_ptr<Impl> self) {
  for (std::size_t before = 0; !self->window_is_used_up() && self->came != before;) {
    before = self->came;
    if (co_await ping(self, Clock::time_point::max())) co_return;
  }
  self->options.stalled();
  if (co_await ping(self, Clock::time_point::max())) co_return;
  self->holds = false;
  nghttp2_session_consume_connection(self->session.get(), std::exchange(self->owed, 0));
  for (const auto& [id, octets] : std::exchange(self->owed_to, {})) self->give_back(id, octets);
  self->settle();
}

}  // namespace ws::io::http2
