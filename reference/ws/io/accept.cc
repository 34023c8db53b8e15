// accept.cc - the server's side of the opening handshake, and what both sides of it share. RFC 6455 4.2.
#include <ws/io/http_request_impl.h>
#include <ws/io/websocket_impl.h>

#include <algorithm>
#include <asio/error.hpp>

namespace ws::io {

Options limited() {
  Options options;
  options.limits.frame = options.limits.message = kReadLimit;
  return options;
}

asio::awaitable<std::error_code> WebSocket::Impl::opening(std::shared_ptr<Impl> self, Clock::time_point until) {
  while (!self->undecided && !self->opened && !self->rejected && !self->ended) {
    if (self->feed()) continue;
    if (const auto error = co_await more(self, until)) co_return error;
  }
  co_return std::error_code{};
}

OpenError WebSocket::Impl::not_opened(const std::error_code& error) const {
  OpenError result{.code = error ? error : ending.error, .violation = ending.violation};
  if (rejected) result.rejected = *rejected;
  result.text = "opening handshake with " + peer + ": ";
  if (rejected) {
    result.text += "refused with status " + std::to_string(rejected->status);
  } else if (result.violation) {
    result.text += rule(*result.violation).text;
  } else if (result.code == asio::error::timed_out) {
    result.text += "no answer in time";
  } else {
    result.text += result.code ? result.code.message() : "the connection ended before it was complete";
  }
  return result;
}

namespace {

Answer plain_refusal(int status, std::string text) {
  Answer answer;
  answer.status = status;
  answer.fields.push_back({"Content-Type", "text/plain; charset=utf-8"});
  answer.body = std::move(text) + "\n";
  return answer;
}

Asking asking(Stream& stream, const RequestHead& request) {
  return {.request = request,
          .peer = stream.peer_address(),
          .certificate = stream.peer_certificate(),
          .secure = stream.secure()};
}

asio::awaitable<Answer> decide(const Asking& asking, const AcceptOptions& options) {
  if (auto why = refuse_origin(asking.request, options.origins)) co_return plain_refusal(403, std::move(*why));
  if (options.answer) co_return co_await options.answer(asking);
  co_return Answer();
}

std::expected<void, Misuse> submit_answer(Connection& connection, const Answer& answer, const RequestFacts& facts,
                                          const std::vector<std::string>& spoken) {
  if (answer.status != 101) return connection.submit(command::Reject{answer.status, answer.fields, answer.body});
  // RFC 6455 4.2.2: the first of the client's that we speak, if any.
  const auto& wanted = facts.subprotocols;
  const auto common = std::ranges::find_first_of(wanted, spoken);
  const std::string chosen = common == wanted.end() ? std::string() : *common;
  return connection.submit(command::Accept{answer.subprotocol ? *answer.subprotocol : chosen, answer.fields});
}

// Sends the answer. When it cannot be sent as it is, the client learns no more than that: 500.
std::expected<void, Misuse> give(Connection& connection, const Answer& answer, const RequestFacts& facts,
                                 const std::vector<std::string>& spoken) {
  const auto sent = submit_answer(connection, answer, facts, spoken);
  if (!sent && sent.error() != Misuse::wrong_state) (void)connection.submit(command::Reject{.status = 500});
  return sent;
}

OpenError refused_by_us(const std::string& peer, const Answer& answer) {
  OpenError error;
  error.refused = answer.status;
  error.text = "opening handshake with " + peer + ": we refused with status " + std::to_string(answer.status);
  const std::string reason = answer.body.substr(0, answer.body.find('\n'));
  if (!reason.empty()) error.text += ": " + reason;
  return error;
}

OpenError not_sendable(const std::string& peer, Misuse misuse) {
  OpenError error;
  error.refused = 500;
  error.code = make_error_code(misuse);
  error.text = "opening handshake with " + peer + ": our answer cannot be sent: " + std::string(describe(misuse));
  return error;
}

// The opening handshake on a stream of which some octets have been read already.
asio::awaitable<Opened> open(std::unique_ptr<Stream> stream, Bytes first, AcceptOptions options) {
  options.connection.role = Role::server;
  std::string peer = stream->peer(), address = stream->peer_address().address;
  const auto self = std::make_shared<WebSocket::Impl>(std::move(stream), std::move(options.connection));
  self->peer = std::move(peer);
  self->account = options.account;
  WebSocket socket(self);  // drops the connection unless it is handed out
  if (!first.empty()) {
    self->input.allocate(first.size());
    std::ranges::copy(first, self->input.memory.get());
    self->input.end = first.size();
  }
  self->settle();
  std::error_code error = co_await WebSocket::Impl::opening(self, Clock::time_point::max());
  std::optional<OpenError> refused;
  if (!error && self->undecided) {
    Answer answer = co_await decide(asking(*self->stream, *self->requested), options);
    const auto given = give(self->connection, answer, *self->undecided, options.subprotocols);
    if (given && answer.status != 101) refused = refused_by_us(self->peer, answer);
    if (!given && given.error() != Misuse::wrong_state) refused = not_sendable(self->peer, given.error());
    self->value = std::move(answer.value);
    self->undecided.reset();
    self->collect();
    error = co_await WebSocket::Impl::opening(self, Clock::time_point::max());
  }
  if (!error && self->opened) co_return std::move(socket);
  OpenError failed = refused ? std::move(*refused) : self->not_opened(error);
  failed.address = std::move(address);
  co_return std::unexpected(std::move(failed));
}

// A request that is not for a WebSocket and was answered; nothing: it was not.
asio::awaitable<std::optional<OpenError>> answered(Stream& stream, const FirstHead& head, const AcceptOptions& options,
                                                   Clock::time_point until) {
  const Asking asked = asking(stream, *head.request);
  auto body = co_await read_body(stream, head, options.http_body, until);
  std::optional<HttpAnswer> answer;
  if (body) {
    answer = co_await options.http(asked, *body);
  } else {
    answer = std::move(body.error());
  }
  if (!answer) co_return std::nullopt;
  OpenError done;
  done.address = asked.peer.address;
  done.text = "HTTP with " + stream.peer();
  done.answered = co_await answer_and_end(stream, *head.request, std::move(*answer),
                                          deadline_after(options.connection.limits.close));
  done.text += ": " + head.request->method + " was answered with " + std::to_string(*done.answered);
  co_return done;
}

}  // namespace

asio::awaitable<Opened> accept(std::unique_ptr<Stream> stream, AcceptOptions options) {
  if (!options.http) co_return co_await open(std::move(stream), Bytes(), std::move(options));
  Limits& limits = options.connection.limits;
  const auto until = deadline_after(limits.handshake);
  auto head = co_await read_first_head(*stream, limits.head, until);
  if (!head) {
    OpenError error{.code = head.error()};
    error.text = "opening handshake with " + stream->peer() + ": " + head.error().message();
    error.address = stream->peer_address().address;
    co_return std::unexpected(std::move(error));
  }
  if (head->request && !asks_for_websocket(*head->request)) {
    if (auto done = co_await answered(*stream, *head, options, until)) co_return std::unexpected(std::move(*done));
  }
  limits.handshake = std::max(time_left(until), std::chrono::milliseconds(1));
  co_return co_await open(std::move(stream), std::move(head->octets), std::move(options));
}

asio::awaitable<Opened> accept(std::unique_ptr<Stream> stream, RequestHead request, Bytes already_read,
                               AcceptOptions options) {
  Bytes octets = to_bytes(as_octets(serialize(request)));
  append(octets, already_read);
  co_return co_await open(std::move(stream), std::move(octets), std::move(options));
}

}  // namespace ws::io
