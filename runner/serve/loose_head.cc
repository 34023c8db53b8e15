#include "runner/serve/loose_head.h"

#include <algorithm>
#include <cctype>

namespace touchstone::serve {
namespace {

constexpr std::string_view kBlanks = " \t\v\f\r";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Up to and with the empty line.
std::optional<std::size_t> end_of(std::string_view text) {
  bool started = false;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string_view::npos) return std::nullopt;
    const bool is_empty = trimmed(text.substr(begin, end - begin)).empty();
    begin = end + 1;
    if (is_empty && started) return begin;
    started = started || !is_empty;
  }
  return std::nullopt;
}

// TLS, another protocol: a method is a word, and nobody waits for more of what has a NUL.
bool may_be_http(std::string_view text) {
  const std::string_view start = text.substr(
      text.find_first_not_of("\r\n") == std::string_view::npos ? text.size() : text.find_first_not_of("\r\n"));
  const std::string_view word = start.substr(0, start.find_first_of(" \t\r\n"));
  return ws::is_token(word) && text.find('\0') == std::string_view::npos;
}

// "GET  /a b http/1.1" -> "GET /a%20b HTTP/1.1".
std::optional<std::string> mended_line(std::string_view line) {
  const auto first = line.find_first_of(kBlanks), last = line.find_last_of(kBlanks);
  if (first == std::string_view::npos || first == last) return std::nullopt;
  std::string version(line.substr(last + 1));
  std::ranges::transform(version, version.begin(), [](unsigned char c) { return std::toupper(c); });
  std::string out(line.substr(0, first));
  out += ' ';
  for (const char c : trimmed(line.substr(first, last - first))) {
    if (kBlanks.contains(c)) {
      out += "%20";
    } else {
      out += c;
    }
  }
  return out + ' ' + version;
}

std::string mended_value(std::string_view text) {
  std::string out(trimmed(text));
  std::erase_if(out, [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
  return out;
}

}  // namespace

std::expected<std::optional<LooseHead>, ws::Violation> loose_head(ws::ByteView octets, const ws::HeadLimits& limits) {
  std::string_view text = ws::as_text(octets);
  const auto end = end_of(text.substr(0, limits.octets));
  if (!may_be_http(text.substr(0, end.value_or(text.size())))) return std::unexpected(ws::Violation::head_malformed);
  if (!end && text.size() >= limits.octets) return std::unexpected(ws::Violation::head_too_big);
  if (!end) return std::nullopt;
  text = text.substr(0, *end);
  std::string mended;
  std::vector<ws::Field> fields;
  while (!text.empty()) {
    const std::size_t stop = text.find('\n');
    const std::string_view whole = text.substr(0, stop), line = trimmed(whole);
    text.remove_prefix(stop + 1);
    const auto colon = line.find(':');
    if (line.empty()) continue;
    if (mended.empty()) {
      auto start = mended_line(line);
      if (!start) return std::unexpected(ws::Violation::head_malformed);
      mended = *start + "\r\n";
    } else if (kBlanks.contains(whole.front()) && !fields.empty()) {
      fields.back().value += " " + mended_value(line);  // RFC 9112 5.2
    } else if (colon != std::string_view::npos && ws::is_token(trimmed(line.substr(0, colon)))) {
      fields.push_back({std::string(trimmed(line.substr(0, colon))), mended_value(line.substr(colon + 1))});
    }
  }
  for (const ws::Field& field : fields) mended += field.name + ": " + field.value + "\r\n";
  mended += "\r\n";
  auto head = ws::parse_request(ws::as_octets(mended), limits);
  if (!head) return std::unexpected(head.error());
  return LooseHead{std::move(*head), *end};
}

}  // namespace touchstone::serve
