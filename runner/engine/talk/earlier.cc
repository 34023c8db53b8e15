#include "runner/engine/talk/earlier.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace touchstone {
namespace {

constexpr ws::HeadLimits kEarlierHeadLimits{.octets = 64 * 1024, .fields = 1000};
constexpr std::size_t kMostBody = 1024 * 1024;

bool lists(const std::vector<ws::Field>& fields, std::string_view name, std::string_view wanted) {
  for (const std::string_view value : ws::field_values(fields, name)) {
    for (const std::string_view element : ws::list_elements(value)) {
      if (ws::equals_ignoring_case(element, wanted)) return true;
    }
  }
  return false;
}

// RFC 9112 6.3: where the body of an answer to a GET ends.
enum class Body : std::uint8_t { none, counted, chunked, until_end };

Body body_of(const ws::ResponseHead& head) {
  if (head.status == 204 || head.status == 304) return Body::none;
  if (lists(head.fields, "Transfer-Encoding", "chunked")) return Body::chunked;
  return ws::find_field(head.fields, "Content-Length") != nullptr ? Body::counted : Body::until_end;
}

std::optional<std::size_t> number_of(std::string_view text, int base) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end == text.data() || value > kMostBody) return std::nullopt;
  return value;
}

// The answers that come on one stream, one after the other.
class EarlierAnswers {
 public:
  explicit EarlierAnswers(ws::io::Stream& stream) : stream_(stream) {}

  // Reads one final answer with its body. Empty: it came, and the connection goes on; else why not, for people.
  asio::awaitable<std::string> next() {
    std::optional<ws::ResponseHead> head;
    while (!head) {
      const auto end = ws::head_end(came_, kEarlierHeadLimits);
      if (!end) co_return "its answer to an earlier request is no HTTP";
      if (!*end) {
        if (!co_await more()) co_return "it ends TCP after an earlier request, as it may (RFC 9112 9.6)";
        continue;
      }
      const auto parsed = ws::parse_response(ws::ByteView(came_).first(**end), kEarlierHeadLimits);
      if (!parsed) co_return "its answer to an earlier request is no HTTP";
      take(**end);
      // RFC 9110 15.2: interim answers go before the final one.
      if (parsed->status == 101 || parsed->status >= 200) head = *parsed;
    }
    if (head->status == 101) co_return "an earlier request opened a WebSocket already";
    if (!co_await pass_body(*head))
      co_return "it ends TCP with its answer to an earlier request, as it may (RFC 9112 9.6)";
    const bool persists = head->version_minor >= 1 || lists(head->fields, "Connection", "keep-alive");
    if (!persists || lists(head->fields, "Connection", "close"))
      co_return "it closes the connection after an earlier request, as it may (RFC 9112 9.6)";
    co_return std::string();
  }

  ws::Bytes came_;  // and was not taken yet

 private:
  void take(std::size_t count) { came_.erase(came_.begin(), came_.begin() + static_cast<std::ptrdiff_t>(count)); }

  asio::awaitable<bool> more() {
    ws::Bytes buffer(16 * 1024);
    const auto n = co_await stream_.read_some(buffer);
    if (!n || came_.size() > kMostBody) co_return false;
    ws::append(came_, std::span(buffer).first(*n));
    co_return true;
  }

  asio::awaitable<bool> pass(std::size_t count) {
    bool there = true;
    while (there && came_.size() < count) there = co_await more();
    if (there) take(count);
    co_return there;
  }

  asio::awaitable<std::optional<std::string>> line() {
    std::optional<std::string> text;
    bool there = true;
    while (there && !text) {
      const auto end = ws::as_text(came_).find("\r\n");
      if (end == std::string_view::npos) {
        there = co_await more();
      } else {
        text = std::string(ws::as_text(came_).substr(0, end));
        take(end + 2);
      }
    }
    co_return text;
  }

  // RFC 9112 7.1, 7.1.2: chunks, then fields, then an empty line.
  asio::awaitable<bool> pass_chunks() {
    bool there = true, last = false;
    while (there && !last) {
      const auto size = co_await line();
      std::optional<std::size_t> octets;
      if (size) octets = number_of(size->substr(0, size->find(';')), 16);
      there = octets.has_value();
      last = there && *octets == 0;
      if (there && !last) there = co_await pass(*octets + 2);
    }
    std::optional<std::string> trailer("");
    if (there) trailer = co_await line();
    while (trailer && !trailer->empty()) trailer = co_await line();
    co_return there&& trailer.has_value();
  }

  asio::awaitable<bool> pass_body(const ws::ResponseHead& head) {
    const Body body = body_of(head);
    if (body == Body::none) co_return true;
    if (body == Body::until_end) co_return false;
    if (body == Body::chunked) co_return co_await pass_chunks();
    const auto count = number_of(ws::find_field(head.fields, "Content-Length")->value, 10);
    if (!count) co_return false;
    co_return co_await pass(*count);
  }

  ws::io::Stream& stream_;
};

}  // namespace

asio::awaitable<AfterEarlier> ask_earlier(Opening& opening, const HeadScript& script,
                                          const std::vector<ws::Bytes>& requests) {
  using enum Entry::Kind;
  AfterEarlier after;
  EarlierAnswers answers(*opening.stream);
  for (const ws::Bytes& request : requests) {
    opening.recorder.note(Entry::Direction::sent, head, ws::to_string(request));
    if (!script.pipelined) (void)co_await opening.stream->write(request);
    opening.observation.unasked = co_await answers.next();
    if (!opening.observation.unasked.empty()) {
      opening.observation.handshake_failure = opening.observation.unasked;
      co_return after;
    }
    opening.recorder.note(Entry::Direction::local, mark, "an earlier request was answered");
  }
  after.goes_on = true;
  after.came = std::move(answers.came_);
  co_return after;
}

}  // namespace touchstone
