#include <ws/core/bytes.h>
#include <ws/io/http2/serve.h>
#include <ws/testing/relay/relay.h>
#include <ws/testing/relay/relay_heads_impl.h>
#include <ws/testing/relay/relay_http2_impl.h>
#include <ws/testing/relay/relay_tunnel_impl.h>

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <charconv>
#include <thread>
#include <utility>

namespace ws::testing {
namespace {

using enum RelayFault;

constexpr std::size_t kMostHead = 64 * 1024, kMostContent = 16 * 1024 * 1024;
constexpr std::string_view kEndOfHead = "\r\n\r\n";

// A stream with what was read of it and not used yet.
struct Side {
  std::shared_ptr<io::Stream> stream;
  Bytes ahead{};

  asio::awaitable<bool> more() {
    Bytes buffer(16 * 1024);
    const auto got = co_await stream->read_some(buffer);
    if (!got) co_return false;
    append(ahead, std::span(buffer).first(*got));
    co_return true;
  }
  Bytes take(std::size_t count) {
    Bytes front(ahead.begin(), ahead.begin() + static_cast<std::ptrdiff_t>(count));
    ahead.erase(ahead.begin(), ahead.begin() + static_cast<std::ptrdiff_t>(count));
    return front;
  }
  asio::awaitable<bool> say(std::string text) {
    const auto error = co_await stream->write(as_octets(text));
    co_return !error;
  }
};

// Up to and including the empty line; nothing: TCP ended, or the head is too big.
asio::awaitable<std::optional<std::string>> read_head(Side& side) {
  while (true) {
    std::string_view text = as_text(side.ahead);
    std::size_t lead = 0;
    while (text.substr(lead).starts_with("\r\n")) lead += 2;
    const auto end = text.find(kEndOfHead, lead);
    if (end != std::string_view::npos) {
      const Bytes head = side.take(end + kEndOfHead.size());
      co_return std::string(as_text(head).substr(lead, end + 2 - lead));
    }
    if (side.ahead.size() > kMostHead) co_return std::nullopt;
    const bool more = co_await side.more();
    if (!more) co_return std::nullopt;
  }
}

asio::awaitable<std::optional<Bytes>> read_length(Side& side, std::uint64_t length) {
  if (length > kMostContent) co_return std::nullopt;
  while (side.ahead.size() < length) {
    const bool more = co_await side.more();
    if (!more) co_return std::nullopt;
  }
  co_return side.take(static_cast<std::size_t>(length));
}

asio::awaitable<std::optional<std::string>> read_line(Side& side) {
  while (true) {
    const auto end = as_text(side.ahead).find("\r\n");
    if (end != std::string_view::npos) {
      const Bytes line = side.take(end + 2);
      co_return std::string(as_text(line).substr(0, end));
    }
    if (side.ahead.size() > kMostHead) co_return std::nullopt;
    const bool more = co_await side.more();
    if (!more) co_return std::nullopt;
  }
}

// RFC 9112 7.1; extensions and trailers end here.
asio::awaitable<std::optional<Bytes>> read_chunks(Side& side) {
  Bytes content;
  while (true) {
    const auto line = co_await read_line(side);
    if (!line) co_return std::nullopt;
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(line->data(), line->data() + line->size(), size, 16);
    const bool whole = end == line->data() + line->size() || *end == ';' || *end == ' ';
    if (error != std::errc{} || !whole || content.size() + size > kMostContent) co_return std::nullopt;
    if (size == 0) break;
    const auto chunk = co_await read_length(side, size + 2);
    if (!chunk) co_return std::nullopt;
    append(content, ByteView(*chunk).first(static_cast<std::size_t>(size)));
  }
  while (true) {
    const auto trailer = co_await read_line(side);
    if (!trailer) co_return std::nullopt;
    if (trailer->empty()) co_return content;
  }
}

asio::awaitable<std::optional<Bytes>> read_until_end(Side& side) {
  while (side.ahead.size() <= kMostContent) {
    const bool more = co_await side.more();
    if (!more) co_return std::exchange(side.ahead, {});
  }
  co_return std::nullopt;
}

asio::awaitable<std::optional<Bytes>> read_content(Side& side, RelayedFraming framing) {
  switch (framing.kind) {
    case RelayedFraming::Kind::length:
      co_return co_await read_length(side, framing.length);
    case RelayedFraming::Kind::chunked:
      co_return co_await read_chunks(side);
    case RelayedFraming::Kind::until_end:
      co_return co_await read_until_end(side);
    case RelayedFraming::Kind::none:
      co_return Bytes{};
    case RelayedFraming::Kind::bad:
      break;
  }
  co_return std::nullopt;
}

std::string own_answer(std::string_view status, bool last) {
  return std::string("HTTP/1.1 ").append(status).append("\r\nContent-Length: 0\r\n") +
         (last ? "Connection: close\r\n\r\n" : "\r\n");
}

// One client's connection.
class Relay {
 public:
  Relay(std::unique_ptr<io::Stream> stream, RelayServer::Server server, RelayFault fault,
        std::shared_ptr<RelayShared> shared)
      : client_{std::shared_ptr<io::Stream>(std::move(stream))},
        address_(std::move(server)),
        over_http2_(client_.stream->protocol() == "h2"),
        fault_(fault),
        shared_(std::move(shared)) {}

  asio::awaitable<void> serve() {
    while (true) {
      const bool goes_on = co_await one_request();
      if (!goes_on) break;
    }
    if (!tunneled_) (void)co_await client_.stream->shutdown_send();
  }

 private:
  // False: nothing more is read as HTTP.
  asio::awaitable<bool> one_request() {
    const auto text = co_await read_head(client_);
    if (!text) co_return false;
    request_ = relayed_request(*text, fault_).value_or(RelayedHead{});
    const RelayedFraming framing = framing_of_request(request_, fault_);
    if (request_.method.empty() || framing.kind == RelayedFraming::Kind::bad) {
      (void)co_await client_.say(own_answer("400 Bad Request", true));
      co_return false;
    }
    if (list_has_token(request_.fields, "Expect", "100-continue") && request_.minor > 0)
      (void)co_await client_.say("HTTP/1.1 100 Continue\r\n\r\n");
    auto content = co_await read_content(client_, framing);
    if (!content) co_return false;
    const bool connected = co_await connect();
    if (!connected) co_return co_await refuse("502 Bad Gateway");
    upgrade_ = asks_for_upgrade(request_, fault_);
    const bool forwarded = co_await forward(framing, std::move(*content));
    if (!forwarded) co_return co_await refuse("502 Bad Gateway");
    if (upgrade_ && fault_ == makes_101_of_refusal) co_return co_await open_unheard();
    co_return co_await answer();
  }

  // In HTTP/2 the stream ends with it.
  asio::awaitable<bool> refuse(std::string_view status) {
    const bool said = co_await client_.say(own_answer(status, over_http2_));
    co_return said && !over_http2_;
  }

  asio::awaitable<bool> connect() {
    if (!shared_->kept.empty()) {
      server_ = Side{std::move(shared_->kept.back().stream), std::move(shared_->kept.back().ahead)};
      shared_->kept.pop_back();
      co_return true;
    }
    io::DialOptions dial;
    dial.host = address_.host;
    dial.port = address_.port;
    auto stream = co_await io::dial(std::move(dial));
    if (!stream) co_return false;
    server_ = Side{std::shared_ptr<io::Stream>(std::move(*stream))};
    co_return true;
  }

  asio::awaitable<bool> forward(const RelayedFraming& framing, Bytes content) {
    const bool has_content = framing.kind != RelayedFraming::Kind::none;
    std::optional<std::uint64_t> length;
    if (has_content) length = content.size();
    std::string out = request_to_forward(request_, length, fault_);
    if (fault_ == forwards_length_without_content && upgrade_) content.clear();
    if (fault_ == cuts_content && !content.empty()) content.pop_back();
    const bool chunks = fault_ == keeps_length_beside_chunked && framing.kind == RelayedFraming::Kind::chunked &&
                        find_field(request_.fields, "Content-Length") != nullptr;
    if (chunks) {
      out += "4\r\n" + to_string(content) + "\r\n0\r\n\r\n";
    } else {
      out += to_string(content);
    }
    co_return co_await server_.say(std::move(out));
  }

  // The fault that believes in the server.
  asio::awaitable<bool> open_unheard() {
    (void)co_await client_.say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    const auto text = co_await read_head(server_);
    RelayedHead head;
    if (text) head = relayed_answer(*text).value_or(RelayedHead{});
    co_await become_tunnel(head);
    co_return false;
  }

  // Interim answers, and the final one.
  asio::awaitable<bool> answer() {
    while (true) {
      const auto text = co_await read_head(server_);
      const RelayedHead head = text ? relayed_answer(*text).value_or(RelayedHead{}) : RelayedHead{};
      if (head.start.empty()) co_return co_await refuse("502 Bad Gateway");
      const bool interim = head.status < 200 && head.status != 101 && fault_ != takes_interim_as_answer;
      if (!interim) co_return co_await final_answer(head);
      // RFC 9110 15.2: no 1xx to HTTP/1.0.
      if (request_.minor > 0) (void)co_await client_.say(answer_to_forward(head, fault_) + "\r\n");
    }
  }

  asio::awaitable<bool> final_answer(const RelayedHead& head) {
    if (head.status == 101) co_return co_await switch_protocols(head);
    if (over_http2_ && fault_ == http2_resets_refusals) {
      client_.stream->reset();
      co_return false;
    }
    // RFC 8441 5: a 2xx says that the WebSocket is open, and this one says that it is not.
    const bool opens = over_http2_ && head.status < 300 && fault_ != http2_opens_for_200;
    if (opens) {
      (void)co_await client_.say(own_answer("502 Bad Gateway", true));
      co_return false;
    }
    const auto content = co_await read_content(server_, framing_of_answer(head, request_.method));
    if (!content) co_return co_await refuse("502 Bad Gateway");
    std::string out = answer_to_forward(head, fault_);
    const bool without = head.status < 200 || head.status == 204 || head.status == 304;
    if (!without && request_.method != "HEAD") out += "Content-Length: " + std::to_string(content->size()) + "\r\n";
    const bool last = over_http2_ || request_.minor == 0 || list_has_token(request_.fields, "Connection", "close");
    out += last ? "Connection: close\r\n\r\n" : "\r\n";
    const bool said = co_await client_.say(out + to_string(*content));
    const bool carries =
        upgrade_ &&
        (fault_ == tunnels_after_refusal || (fault_ == tunnels_after_426 && head.status == 426) ||
         (fault_ == tunnels_after_200 && head.status == 200) || (fault_ == http2_opens_for_200 && head.status == 200));
    if (!carries) {
      if (fault_ == serves_leftovers && !server_.ahead.empty()) {
        shared_->kept.push_back({server_.stream, std::move(server_.ahead)});
      } else {
        server_.stream->close();
      }
      co_return said && !last;
    }
    co_await become_tunnel(head);
    co_return false;
  }

  asio::awaitable<bool> switch_protocols(const RelayedHead& head) {
    // RFC 9110 7.8: to nothing that was not asked for.
    const bool asked = upgrade_ && is_asked_for(request_, head);
    if (!asked && fault_ != passes_unasked_101) co_return co_await refuse("502 Bad Gateway");
    if (over_http2_ && !accepts(request_.fields, head.fields, fault_)) co_return co_await refuse("502 Bad Gateway");
    client_.stream = co_await open_http2(client_.stream, answer_to_forward(head, fault_) + "\r\n", fault_);
    if (fault_ == takes_length_of_101 && find_field(head.fields, "Content-Length") != nullptr) {
      const std::string_view length = find_field(head.fields, "Content-Length")->value;
      std::uint64_t left = 0;
      std::from_chars(length.data(), length.data() + length.size(), left);
      const auto content = co_await read_length(server_, left);
      if (content) (void)co_await client_.stream->write(*content);
      while (co_await server_.more()) server_.ahead.clear();
      co_return false;
    }
    co_await become_tunnel(head);
    co_return false;
  }

  asio::awaitable<void> become_tunnel(const RelayedHead& head) {
    tunneled_ = true;
    if (fault_ == loses_octets_after_101) server_.ahead.clear();
    if (fault_ == loses_octets_after_request) client_.ahead.clear();
    const bool extension = find_field(head.fields, "Sec-WebSocket-Extensions") != nullptr;
    co_await tunnel(client_.stream, server_.stream, std::move(client_.ahead), std::move(server_.ahead), extension,
                    fault_, shared_);
  }

  Side client_, server_;
  RelayServer::Server address_;
  bool over_http2_;  // a stream of HTTP/2, with one request
  RelayFault fault_;
  std::shared_ptr<RelayShared> shared_;
  RelayedHead request_;
  bool upgrade_ = false, tunneled_ = false;
};

asio::awaitable<void> serve_http1(std::unique_ptr<io::Stream> stream, RelayServer::Server server, RelayFault fault,
                                  std::shared_ptr<RelayShared> shared) {
  Relay relay(std::move(stream), std::move(server), fault, std::move(shared));
  co_await relay.serve();
}

asio::awaitable<void> serve_stream(std::unique_ptr<io::http2::Http2Stream> stream, RelayServer::Server server,
                                   RelayFault fault, std::shared_ptr<RelayShared> shared) {
  auto request = co_await translated(std::move(stream), fault);
  if (!request) co_return;
  co_await serve_http1(std::move(request), std::move(server),
                       fault == http2_ends_all_with_one ? ends_all_with_one : fault, std::move(shared));
}

asio::awaitable<void> serve_one(std::unique_ptr<io::Stream> stream, RelayServer::Server server, RelayFault fault,
                                std::shared_ptr<RelayShared> shared) {
  auto detected = co_await io::http2::detect(std::move(stream));
  if (!detected) co_return;
  if (!detected->is_http2) {
    co_await serve_http1(std::move(detected->stream), std::move(server), fault, std::move(shared));
    co_return;
  }
  io::http2::SessionOptions options;
  options.role = Role::server;
  const auto session = io::http2::Session::start(std::move(detected->stream), std::move(options));
  while (true) {
    auto request = co_await session->accept();
    if (!request) co_return;
    asio::co_spawn(session->executor(), serve_stream(std::move(*request), server, fault, shared), asio::detached);
  }
}

}  // namespace

struct RelayServer::Impl {
  asio::io_context context{1};
  std::unique_ptr<io::Listener> listener;
  std::shared_ptr<RelayShared> shared = std::make_shared<RelayShared>();
  std::jthread thread;

  asio::awaitable<void> accept_all(Server server, RelayFault fault) {
    while (true) {
      auto stream = co_await listener->accept();
      if (!stream) co_return;
      asio::co_spawn(context, serve_one(std::move(*stream), server, fault, shared), asio::detached);
    }
  }
};

RelayServer::RelayServer(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}

RelayServer::~RelayServer() {
  impl_->context.stop();
  impl_->thread = {};
}

std::uint16_t RelayServer::port() const noexcept { return impl_->listener->port(); }

std::expected<std::unique_ptr<RelayServer>, std::string> RelayServer::start(RelayFault fault, io::ListenOptions listen,
                                                                            Server server) {
  auto impl = std::make_unique<Impl>();
  auto listener = io::Listener::open(impl->context.get_executor(), std::move(listen));
  if (!listener) return std::unexpected(std::move(listener.error()));
  impl->listener = std::move(*listener);
  asio::co_spawn(impl->context, impl->accept_all(std::move(server), fault), asio::detached);
  impl->thread = std::jthread([context = &impl->context] { context->run(); });
  return std::unique_ptr<RelayServer>(new RelayServer(std::move(impl)));
}

}  // namespace ws::testing
