// http_request.cc - a little HTTP server, for one request: AcceptOptions::http.
#include <ws/io/http_request_impl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

namespace ws::io {
namespace {

constexpr std::size_t kHeadBuffer = 4 * 1024;
constexpr std::size_t kLinger = 256 * 1024;  // octets of a client that goes on after our answer

// One read, which ends with the stream when it is late.
asio::awaitable<std::expected<std::size_t, std::error_code>> read_until(Stream& stream, std::span<std::byte> into,
                                                                        Clock::time_point until) {
  const Watchdog late(stream.executor(), until, [&stream] { stream.close(); });
  auto count = co_await stream.read_some(into);
  if (!count && late.fired()) count = std::unexpected(make_error_code(asio::error::timed_out));
  co_return count;
}

asio::awaitable<std::error_code> write_until(Stream& stream, std::string text, Clock::time_point until) {
  const Watchdog late(stream.executor(), until, [&stream] { stream.close(); });
  co_return co_await stream.write(as_octets(text));
}

HttpAnswer plain(int status, std::string text) { return {.status = status, .body = std::move(text) + "\n"}; }

// RFC 9112 6.3. Equal values may be repeated there; here they are not, and nobody sends them so.
std::expected<std::uint64_t, HttpAnswer> body_length(const RequestHead& request) {
  if (find_field(request.fields, "Transfer-Encoding") != nullptr)
    return std::unexpected(plain(411, "a body needs a Content-Length here"));
  const auto lengths = field_values(request.fields, "Content-Length");
  if (lengths.empty()) return 0u;
  std::uint64_t length = 0;
  const std::string_view text = trim(lengths.front());
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (lengths.size() > 1 || text.empty() || error != std::errc() || end != text.data() + text.size())
    return std::unexpected(plain(400, "Content-Length is no number"));
  return length;
}

// Those that the library sends itself. RFC 9112 6.2, 9.6; RFC 9110 7.8
bool is_own_field(const Field& field) {
  constexpr std::array<std::string_view, 5> kNames = {"Content-Length", "Transfer-Encoding", "Connection", "Upgrade",
                                                      "Keep-Alive"};
  return std::ranges::any_of(kNames, [&](std::string_view own) { return equals_ignoring_case(own, field.name); });
}

bool is_sendable(const HttpAnswer& answer) {
  return answer.status >= 200 && answer.status <= 599 && std::ranges::all_of(answer.fields, [](const Field& field) {
           return is_token(field.name) && is_field_value(field.value);
         });
}

ResponseHead head_of(const HttpAnswer& answer) {
  ResponseHead head{.status = answer.status, .reason = std::string(reason_phrase(answer.status)), .fields = {}};
  std::ranges::copy_if(answer.fields, std::back_inserter(head.fields),
                       [](const Field& field) { return !is_own_field(field); });
  const auto set = [&](const char* name, std::string value) {
    if (find_field(head.fields, name) == nullptr) head.fields.push_back({name, std::move(value)});
  };
  set("Date", http_date(std::chrono::system_clock::now()));  // RFC 9110 6.6.1
  if (!answer.body.empty()) set("Content-Type", "text/plain; charset=utf-8");
  // RFC 9110 8.6: not with 204, and 304 would have to say the other answer's.
  if (answer.status != 204 && answer.status != 304) set("Content-Length", std::to_string(answer.body.size()));
  set("Connection", "close");
  return head;
}

}  // namespace

std::string http_date(std::chrono::system_clock::time_point when) {
  using namespace std::chrono;
  constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = floor<days>(when);
  const year_month_day date(day);
  const hh_mm_ss time(floor<seconds>(when - day));
  std::array<char, 64> text{};
  const int size =
      std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT", kDays[weekday(day).c_encoding()],
                    static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                    static_cast<int>(date.year()), static_cast<int>(time.hours().count()),
                    static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

asio::awaitable<std::expected<FirstHead, std::error_code>> read_first_head(Stream& stream, HeadLimits limits,
                                                                           Clock::time_point until) {
  FirstHead head;
  HeadScan scan;
  Bytes buffer(kHeadBuffer);
  while (true) {
    const auto count = co_await read_until(stream, buffer, until);
    if (!count) co_return std::unexpected(count.error());
    append(head.octets, std::span(buffer).first(*count));
    const auto end = head_end(head.octets, limits, scan);
    if (!end) co_return head;
    if (!*end) continue;
    head.size = **end;
    if (auto request = parse_request(ByteView(head.octets).first(head.size), limits))
      head.request = std::move(*request);
    co_return head;
  }
}

bool asks_for_websocket(const RequestHead& request) { return list_has_token(request.fields, "Upgrade", "websocket"); }

asio::awaitable<std::expected<std::string, HttpAnswer>> read_body(Stream& stream, const FirstHead& head,
                                                                  std::size_t most, Clock::time_point until) {
  const auto length = body_length(*head.request);
  if (!length) co_return std::unexpected(length.error());
  if (*length > most) co_return std::unexpected(plain(413, "the body is too long"));
  std::string body(as_text(ByteView(head.octets).subspan(head.size)));
  // RFC 9110 10.1.1
  const bool asked = list_has_token(head.request->fields, "Expect", "100-continue");
  if (asked && body.size() < *length && co_await write_until(stream, "HTTP/1.1 100 Continue\r\n\r\n", until))
    co_return std::unexpected(plain(408, "the body did not come"));
  Bytes buffer(kHeadBuffer);
  while (body.size() < *length) {
    const auto count = co_await read_until(stream, buffer, until);
    if (!count) co_return std::unexpected(plain(408, "the body did not come"));
    body += as_text(std::span(buffer).first(*count));
  }
  body.resize(static_cast<std::size_t>(*length));  // what follows belongs to a request that is not answered
  co_return body;
}

asio::awaitable<int> answer_and_end(Stream& stream, const RequestHead& request, HttpAnswer answer,
                                    Clock::time_point until) {
  if (!is_sendable(answer)) answer = plain(500, "the answer cannot be sent");
  std::string text = serialize(head_of(answer));
  const bool bodiless = request.method == "HEAD" || answer.status == 204 || answer.status == 304;  // RFC 9110 6.4.1
  if (!bodiless) text += answer.body;
  if (co_await write_until(stream, std::move(text), until) || co_await stream.shutdown_send()) co_return answer.status;
  // RFC 9112 9.6: closing at once, with octets unread, would reset TCP and could take the answer away.
  Bytes buffer(kHeadBuffer);
  for (std::size_t dropped = 0; dropped < kLinger;) {
    const auto count = co_await read_until(stream, buffer, until);
    if (!count) break;
    dropped += *count;
  }
  stream.close();
  co_return answer.status;
}

}  // namespace ws::io
