#include <ws/core/mask.h>
#include <ws/io/net/wait.h>
#include <ws/rules/frame_walker.h>
#include <ws/testing/relay/relay_tunnel_impl.h>

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/error.hpp>

#include <utility>

namespace ws::testing {
namespace {

using enum RelayFault;

constexpr std::size_t kBlock = 4096, kMebibyte = 1024 * 1024, kLostAt = 65535;
constexpr std::byte kZero{0}, kLineFeed{'\n'}, kChanged{0x7f}, kChangedTo{0x7e};

// What a fault makes of the octets of one direction.
class Filter {
 public:
  Filter(RelayFault fault, bool extension) : fault_(fault), extension_(extension) {}

  Bytes pass(ByteView octets) {
    Bytes out = changed(octets);
    const std::size_t before = std::exchange(carried_, carried_ + octets.size());
    if (fault_ == loses_an_octet && before <= kLostAt && carried_ > kLostAt && out.size() > kLostAt - before)
      out.erase(out.begin() + static_cast<std::ptrdiff_t>(kLostAt - before));
    if (fault_ == repeats_a_piece && ++pieces_ == 2 && out.size() < kBlock) append(out, Bytes(out));
    if (fault_ != waits_for_blocks) return out;
    append(held_, out);
    const std::size_t whole = held_.size() / kBlock * kBlock;
    out.assign(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(whole));
    held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(whole));
    return out;
  }
  Bytes rest() { return std::exchange(held_, {}); }
  [[nodiscard]] bool is_full() const { return fault_ == ends_after_a_mebibyte && carried_ >= kMebibyte; }
  // For the other direction.
  Bytes answers() { return std::exchange(answers_, {}); }

 private:
  [[nodiscard]] bool looks_at_frames() const {
    return fault_ == drops_pings || fault_ == drops_pongs || fault_ == answers_pings || fault_ == unmasks ||
           fault_ == clears_rsv || (fault_ == joins_fragments && extension_);
  }

  Bytes changed(ByteView octets) {
    if (looks_at_frames()) return frames(octets);
    Bytes out;
    for (const std::byte octet : octets) {
      if (fault_ == drops_zeros && octet == kZero) continue;
      if (fault_ == ends_lines && octet == kLineFeed) out.push_back(std::byte{'\r'});
      out.push_back(fault_ == changes_an_octet && octet == kChanged ? kChangedTo : octet);
    }
    constexpr std::string_view kWord = "http://", kOther = "https:/";
    const auto at = fault_ == changes_words ? as_text(out).find(kWord) : std::string_view::npos;
    if (at != std::string_view::npos)
      std::ranges::copy(as_octets(kOther), out.begin() + static_cast<std::ptrdiff_t>(at));
    return out;
  }

  // Whole frames, one after the other; what is not whole yet waits.
  Bytes frames(ByteView octets) {
    append(pending_, octets);
    Bytes out;
    ByteView rest = pending_;
    while (!rest.empty()) {
      rules::FrameWalker walker;
      Bytes payload;
      std::size_t taken = 0;
      while (taken < rest.size() && !walker.complete()) {
        const auto step = walker.take(rest.subspan(taken));
        append(payload, step.payload);
        taken += step.taken;
      }
      if (!walker.complete()) break;
      frame(*walker.header(), payload, out);
      rest = rest.subspan(taken);
    }
    pending_ = to_bytes(rest);
    return out;
  }

  void frame(FrameHeader header, Bytes payload, Bytes& out) {
    if (fault_ == drops_pings && header.opcode == Opcode::ping) return;
    if (fault_ == drops_pongs && header.opcode == Opcode::pong) return;
    if (fault_ == clears_rsv) header.rsv1 = false;
    if (header.mask && (fault_ == unmasks || fault_ == answers_pings || fault_ == joins_fragments)) {
      Bytes plain = payload;
      apply_mask(plain, *header.mask);
      if (fault_ == unmasks) {
        header.mask.reset();
        payload = plain;
      } else if (fault_ == answers_pings && header.opcode == Opcode::ping) {
        FrameHeader pong;
        pong.fin = true;
        pong.opcode = Opcode::pong;
        pong.length = plain.size();
        write(pong, plain, answers_);
      }
    }
    if (fault_ == joins_fragments && !is_control(header.opcode)) return join(header, std::move(payload), out);
    write(header, payload, out);
  }

  void join(const FrameHeader& header, Bytes payload, Bytes& out) {
    if (header.mask) apply_mask(payload, *header.mask);
    if (header.opcode != Opcode::cont) {
      first_ = header;
      message_.clear();
    }
    append(message_, payload);
    if (!header.fin) return;
    first_.fin = true;
    first_.length = message_.size();
    if (first_.mask) apply_mask(message_, *first_.mask);
    write(first_, message_, out);
  }

  static void write(const FrameHeader& header, ByteView payload, Bytes& out) {
    encode_header(header, out);
    append(out, payload);
  }

  RelayFault fault_;
  bool extension_;
  std::size_t carried_ = 0;
  int pieces_ = 0;
  Bytes held_, pending_, answers_, message_;
  FrameHeader first_;
};

struct Tunnel {
  std::shared_ptr<io::Stream> client, server;
  RelayFault fault = none;
  bool extension = false;
  std::shared_ptr<RelayShared> shared{};
  io::Signal changed{};
  bool client_spoke = false;
  int running = 2;
};

// A Close without masking would be another fault: zero is a masking key as well.
const Bytes kOwnClose = to_bytes(std::string_view("\x88\x82\0\0\0\0\x03\xe9", 8));

asio::awaitable<void> end(Tunnel& all, bool from_client, bool reset) {
  io::Stream& to = from_client ? *all.server : *all.client;
  const bool keeps = all.fault == (from_client ? keeps_server_after_client : keeps_client_after_server);
  if (keeps) co_return;
  if (from_client && all.fault == adds_a_close) (void)co_await to.write(kOwnClose);
  if (reset) {
    to.reset();
  } else {
    (void)co_await to.shutdown_send();
  }
}

asio::awaitable<bool> write_to(Tunnel& all, io::Stream& to, bool from_client, ByteView octets) {
  RelayShared& shared = *all.shared;
  if (all.fault == stops_all_for_one_reader) {
    while (shared.writing) (void)co_await shared.changed.wait();
    shared.writing = true;
  }
  std::shared_ptr<io::Stream> other;
  if (all.fault == mixes_tunnels && !from_client && !shared.clients.empty()) other = shared.clients.back().lock();
  const auto error = co_await (other ? *other : to).write(octets);
  if (all.fault == stops_all_for_one_reader) {
    shared.writing = false;
    shared.changed.notify_all();
  }
  co_return !error;
}

asio::awaitable<void> carry(std::shared_ptr<Tunnel> all, bool from_client, Bytes octets) {
  io::Stream& from = from_client ? *all->client : *all->server;
  io::Stream& to = from_client ? *all->server : *all->client;
  Filter filter(all->fault, all->extension);
  const bool loses = all->fault == (from_client ? loses_last_octets_of_client : loses_last_octets_of_server);
  Bytes buffer(64 * 1024);
  bool reset = false;
  while (true) {
    if (loses && !octets.empty()) {
      // What comes with the end goes with it: the next read tells.
      const auto more = co_await from.read_some(buffer);
      if (!more) break;
      (void)co_await to.write(octets);
      octets.assign(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*more));
      continue;
    }
    if (!octets.empty()) {
      while (!from_client && all->fault == waits_for_the_client && !all->client_spoke) {
        if (co_await all->changed.wait()) break;
      }
      const Bytes out = filter.pass(octets);
      if (!out.empty()) {
        const bool written = co_await write_to(*all, to, from_client, out);
        if (!written) break;
      }
      if (const Bytes own = filter.answers(); !own.empty()) (void)co_await from.write(own);
      if (filter.is_full()) break;
    }
    const auto got = co_await from.read_some(buffer);
    if (!got) {
      reset = got.error() != asio::error::eof;  // of TCP, or of a stream of HTTP/2
      break;
    }
    octets.assign(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*got));
    if (from_client) {
      all->client_spoke = true;
      all->changed.notify_all();
    }
  }
  if (const Bytes rest = filter.rest(); !rest.empty()) (void)co_await to.write(rest);
  if (filter.is_full()) {
    from.close();
    to.close();
  } else {
    co_await end(*all, from_client, reset);
  }
  --all->running;
  all->changed.notify_all();
}

}  // namespace

asio::awaitable<void> tunnel(std::shared_ptr<io::Stream> client, std::shared_ptr<io::Stream> server, Bytes from_client,
                             Bytes from_server, bool extension, RelayFault fault, std::shared_ptr<RelayShared> shared) {
  auto all = std::make_shared<Tunnel>();
  all->client = std::move(client);
  all->server = std::move(server);
  all->fault = fault;
  all->extension = extension;
  shared->clients.push_back(all->client);
  all->shared = std::move(shared);
  asio::co_spawn(all->client->executor(), carry(all, true, std::move(from_client)), asio::detached);
  asio::co_spawn(all->client->executor(), carry(all, false, std::move(from_server)), asio::detached);
  while (all->running > 0) (void)co_await all->changed.wait();
  std::erase_if(all->shared->clients, [&](const auto& one) { return one.expired() || one.lock() == all->client; });
  if (fault != ends_all_with_one) co_return;
  for (const auto& one : all->shared->clients) {
    if (const auto left = one.lock()) left->close();
  }
}

}  // namespace ws::testing
