// websocket_events.cc - what the connection's events mean to those who wait.
#include <ws/io/websocket_impl.h>

#include <algorithm>

namespace ws::io {
namespace {

template <class... F>
struct Overload : F... {
  using F::operator()...;
};

}  // namespace

void WebSocket::Impl::call(std::shared_ptr<const Hook> hook, ByteView payload) {
  if (!hook || !*hook || ended) return;
  try {
    (*hook)(payload);
  } catch (...) {
    fail_as_application();
  }
}

void WebSocket::Impl::fail_as_application() {
  (void)connection.submit(
      command::Close{CloseReason{close_code::kInternalError, {}}});  // refused: it is closing already
  discarding = true;
}

void WebSocket::Impl::handle(Event event) {
  const auto keep = [this](auto& message) {
    if (account) ++account->messages_received;
    if (!discarding) inbox.emplace_back(std::move(message));
  };
  std::visit(Overload{
                 [this](event::Requested& e) {
                   requested = std::move(e.request);
                   requested->fields.shrink_to_fit();  // it stays
                   undecided = std::make_unique<RequestFacts>(std::move(e.facts));
                 },
                 [this](event::Opened& e) { opened = std::move(e); },
                 [this](event::Rejected& e) { rejected = std::make_unique<ResponseHead>(std::move(e.response)); },
                 [](event::Frame&) {},
                 [&](event::Text& e) { keep(e); },
                 [&](event::Binary& e) { keep(e); },
                 [this](event::Ping& e) { call(ping_hook, e.payload); },
                 [this](event::Pong& e) {
                   call(pong_hook, e.payload);
                   const auto it = std::ranges::find(pings, e.payload, [](const auto& ping) { return ping->payload; });
                   if (it == pings.end()) return;  // RFC 6455 5.5.3: an unsolicited Pong is no fault
                   // RFC 6455 5.5.3: who has several Pings to answer may answer the latest only.
                   for (auto answered = pings.begin(); answered <= it; ++answered) (*answered)->answered = true;
                   pings.erase(pings.begin(), it + 1);
                 },
                 [this](event::Close& e) {
                   if (e.reason) ending.reason = std::move(e.reason->text);
                 },
                 [this](event::Failed& e) {
                   if (!ending.violation) ending.violation = e.violation;
                 },
                 [this](event::Closed& e) {
                   Ended how = std::move(ending);
                   how.code = e.code;
                   how.clean = e.clean;
                   end(std::move(how));
                 },
             },
             event);
}

}  // namespace ws::io
