#include "runner/engine/talk/dialogue.h"
#include "runner/engine/verdict/judge_ending.h"
#include "runner/engine/verdict/opening_judge.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <fmt/format.h>
#include <ws/rules/codes.h>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>

namespace touchstone {

asio::awaitable<void> Dialogue::finish() {
  const End end = case_.expect ? case_.expect->end : End{end::Polite{}};
  set_reading(true);
  if (options_.brief_end)
    options_.timeout =
        std::min(options_.timeout, std::chrono::duration_cast<std::chrono::milliseconds>(moment(options_)));
  const bool of_frames = case_.http2 && case_.http2->outcome != Http2Script::Outcome::works &&
                         case_.http2->outcome != Http2Script::Outcome::either;
  if (of_frames) {
    co_await see_stream_end();
    co_return;
  }
  if (std::holds_alternative<end::Abandoned>(end)) {
    co_await abandon();
    co_return;
  }
  const bool fails = refusal_expected(case_, o_) || std::holds_alternative<end::Fails>(end);
  if (fails) {
    co_await end_in_failure();
  } else if (std::holds_alternative<end::Polite>(end) || std::holds_alternative<end::MayFail>(end)) {
    co_await end_politely();
  } else {
    co_await outbound_.flush();
    co_await wait_for([this] { return closed_or_failed(); }, "a Close in answer to ours");
  }
  co_await end_tcp();
}

// RFC 7692 5: an endpoint may decline the extension. What nothing could be learnt from is not sent then.
bool Dialogue::is_idle() const { return case_.needs_deflate && !o_.deflate && o_.answer_faults.empty(); }

asio::awaitable<void> Dialogue::leave() {
  co_await send_close();
  note_seen(Seen::Kind::tester_close);
  co_await wait_for([this] { return closed_or_failed(); }, "a Close in answer to ours");
  co_await end_tcp();
}

asio::awaitable<void> Dialogue::end_politely() {
  // What the RFC leaves to the endpoint it has decided when it answers a Ping after it; our Close might be faster.
  if (std::holds_alternative<end::MayFail>(case_.expect->end) && !over() && !close_sent_) gather_sentinel("after");
  co_await outbound_.flush();
  if (!gave_up_) {
    const Waited waited =
        co_await wait_for([this] { return all_messages_in() || closed_or_failed(); }, "the rest of the replies");
    if (waited == Waited::done)
      co_await wait_for([this] { return all_replies_in() || closed_or_failed(); }, "the Pongs of the Pings before");
  }
  if (closed_or_failed()) co_return;
  if (outbound_.can_send()) note_seen(Seen::Kind::tester_close);
  at_its_end_ = true;
  co_await send_close();
  co_await wait_for([this] { return closed_or_failed(); }, "a Close in answer to ours, after all else");
}

// RFC 6455 7.2.1: TCP may be lost at any time. Whatever the endpoint still says, it gives up the connection too.
asio::awaitable<void> Dialogue::abandon() {
  co_await outbound_.flush();
  if (!o_.ended_tcp_in_steps && outbound_.can_send()) co_await outbound_.end();
  if (!heard_all_ && co_await wait_for([] { return false; }, "the end of TCP after our FIN") != Waited::ended) {
    o_.ended_by_tester = true;
  }
}

bool Dialogue::all_replies_in() const { return all_messages_in() && inbound_.all_answered(); }

bool Dialogue::all_messages_in() const {
  const auto expected =
      case_.expect->echoes
          ? o_.sent_messages.size()
          : static_cast<std::size_t>(std::ranges::count_if(case_.expect->replies, [](const Reply& reply) {
              return reply.kind == Reply::Kind::text || reply.kind == Reply::Kind::binary;
            }));
  return o_.messages.size() >= expected;
}

// A sentinel goes right after what must fail the connection: its Pong proves that the endpoint went on.
asio::awaitable<void> Dialogue::end_in_failure() {
  if (over()) co_return;
  const bool can_ask = !close_sent_;
  const std::size_t ping = o_.sent_pings.size();
  gather_sentinel("after");
  o_.sent_pings.back().after_fault = std::holds_alternative<end::Fails>(case_.expect->end);
  co_await outbound_.flush();
  co_await wait_for([this, ping] { return closed_or_failed() || inbound_.answered(ping); },
                    "the end of the connection");
  end_awaited_ = !closed_or_failed() && !inbound_.answered(ping) && !heard_all_;
  if (closed_or_failed() || !inbound_.answered(ping)) co_return;
  o_.survived = true;
  // It may yet notice: a Close of ours asks once more.
  if (can_ask) co_await send_close();
  co_await wait_for([this] { return closed_or_failed(); }, "a Close in answer to ours");
}

// What the case did to the stream or the connection ends it: a Ping that is answered shows that it goes on. After an
// END_STREAM nothing more can be asked.
asio::awaitable<void> Dialogue::see_stream_end() {
  constexpr std::uint8_t kMostWithEnd = 1, kEndStream = 1;  // DATA and HEADERS have that flag
  const bool ended = std::ranges::any_of(case_.http2->frames, [&](const Http2Frame& frame) {
    return frame.on == Http2Frame::On::tunnel && frame.type <= kMostWithEnd && (frame.flags & kEndStream) != 0;
  });
  const std::size_t ping = o_.sent_pings.size();
  if (case_.http2->outcome == Http2Script::Outcome::keeps_connection) co_return co_await outbound_.flush();
  if (!ended) gather_sentinel("after");
  co_await outbound_.flush();
  co_await wait_for([&] { return !ended && inbound_.answered(ping); }, "the end of the stream");
  o_.survived = !ended && inbound_.answered(ping);
}

asio::awaitable<void> Dialogue::send_close() {
  if (close_sent_ || !outbound_.can_send()) co_return;
  close_sent_ = true;
  std::uint16_t code = ws::close_code::kNormal;
  if (o_.close && *o_.close && ws::close_code_on_wire((*o_.close)->code)) code = (*o_.close)->code;
  // RFC 6455 7.1.6 leaves the answer's body open; an empty Close gets an empty answer.
  if (inbound_.failed()) code = std::max(ws::close_code::kProtocolError, ws::rule(*o_.violation).close_code);
  const bool empty = o_.close && !*o_.close;
  if (!empty) o_.local_close_code = code;
  composer_.frame(ws::Opcode::close, true, 0, empty ? ws::Bytes{} : close_payload(code, {}), outbound_.sink());
  co_await outbound_.put_gathered();
}

// RFC 6455 7.1.1: the server closes TCP first. As the client, the tester waits for that, and ends TCP itself only
// after the time-out. As the server, it ends TCP; a client may have done so before (5.5.1).
asio::awaitable<void> Dialogue::end_tcp() {
  if (inbound_.failed()) {
    // RFC 6455 7.1.7: it is the tester that fails the connection now, and there is nothing left to wait for.
    co_await send_close();
    co_return;
  }
  at_its_end_ = true;
  const bool began = close_sent_ && o_.close;
  if (o_.close) co_await send_close();
  // Who fails the connection may give our Close some time to come. What ends at once elsewhere says nothing of that.
  const bool failed = o_.close && *o_.close && ws::rules::says_error((*o_.close)->code);
  const std::string what = failed ? "the end of TCP where it failed the connection" : "the end of TCP";
  const bool first = role_ == ws::Role::server;
  // A client SHOULD wait for the server (7.1.1). One that does not ends TCP together with its answer: that is looked
  // for where it is the matter, for a moment that delays nobody else.
  constexpr std::chrono::milliseconds kTogether{100};
  if (first && began && !heard_all_ && is_about_a_clean_end(case_))
    (void)co_await wait_for([] { return false; }, std::max<Clock::duration>(kTogether, moment(options_)));
  o_.ended_tcp_first = first && began && heard_all_ && !outbound_.has_ended();
  if (heard_all_) co_return;
  if (!first && !end_awaited_) {
    const Waited waited = co_await wait_for([] { return false; }, what);
    if (waited == Waited::ended) co_return;
    o_.kept_tcp = o_.close && close_sent_ && !torn_ && !o_.out_of_time;
  }
  const bool broken = !outbound_.can_send() && !outbound_.has_ended();
  co_await outbound_.end();
  if (co_await wait_for([] { return false; }, what + " after our FIN") != Waited::ended) {
    o_.ended_by_tester = true;
  } else {
    // A reset that broke a write of ours came before our FIN.
    o_.ended_after_half_close = !(broken && o_.reset);
  }
}

// The endpoint has ended its half. What is still on its way to it arrives, or it has closed its socket and the kernel
// answers with a reset: a matter of a round trip. Our own half is open, so that nothing but a reset closes the socket.
asio::awaitable<void> Dialogue::look_for_reset() {
  const auto until = Clock::now() + options_.timeout;
  for (Clock::duration pause = std::chrono::microseconds(50); Clock::now() < until; pause *= 2) {
    tcp_info info{};
    socklen_t size = sizeof info;
    int on_its_way = 0;
    if (::getsockopt(stream_->descriptor(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) co_return;  // not TCP
    o_.reset = info.tcpi_state == TCP_CLOSE;
    if (o_.reset || ::ioctl(stream_->descriptor(), SIOCOUTQ, &on_its_way) != 0 || on_its_way == 0) co_return;
    asio::steady_timer timer(stream_->executor(), pause);
    std::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

}  // namespace touchstone
