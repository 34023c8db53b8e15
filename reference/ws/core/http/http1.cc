// http1.cc - heads of requests and responses: where they end, and what they say. RFC 9112.
#include <ws/core/http/http1.h>

#include <algorithm>

namespace ws {
namespace {

constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

// Every octet of a head is looked at, so what it may stand in comes from a table.
struct OctetClass {
  bool token = false;  // RFC 9110 5.6.2: tchar
  bool field = false;  // RFC 9110 5.5: VCHAR, obs-text, SP and HTAB; no other control characters
};

constexpr std::array<OctetClass, 256> kClasses = [] {
  std::array<OctetClass, 256> classes{};
  for (std::size_t octet = 0; octet < classes.size(); ++octet) {
    const auto c = static_cast<char>(octet);
    classes[octet].token = is_digit(c) || is_alpha(c) || std::string_view("!#$%&'*+-.^_`|~").contains(c);
    classes[octet].field = octet == '\t' || (octet >= 0x20 && octet != 0x7F);
  }
  return classes;
}();

constexpr bool is_token_octet(char c) noexcept { return kClasses[static_cast<unsigned char>(c)].token; }
constexpr bool is_field_octet(char c) noexcept { return kClasses[static_cast<unsigned char>(c)].field; }

// Cuts the next line off the front; the caller knows that line ends are CRLF.
std::optional<std::string_view> take_line(std::string_view& text) noexcept {
  const auto end = text.find("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 2);
  return line;
}

struct Phrase {
  int status;
  std::string_view text;
};

// RFC 9110 15; RFC 6585 for 429 and 431.
constexpr Phrase kPhrases[] = {
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

// RFC 9112 2.3: case-sensitive name, one digit, a dot, one digit.
bool parse_version(std::string_view text, int& major, int& minor) noexcept {
  if (text.size() != 8 || !text.starts_with("HTTP/") || !is_digit(text[5]) || text[6] != '.' || !is_digit(text[7]))
    return false;
  major = text[5] - '0';
  minor = text[7] - '0';
  return true;
}

enum class Folding : std::uint8_t { refused, unfolded };

// The field lines, up to and including the empty line, which must be the end of the head.
std::expected<std::vector<Field>, Violation> parse_fields(std::string_view text, const HeadLimits& limits,
                                                          Folding folding) {
  std::vector<Field> fields;
  for (;;) {
    const auto line = take_line(text);
    if (!line) return std::unexpected(Violation::head_malformed);
    if (line->empty()) break;
    if (!std::ranges::all_of(*line, is_field_octet)) return std::unexpected(Violation::head_malformed);
    if (is_blank(line->front())) {
      // RFC 9112 5.2: a server refuses folded lines, a user agent replaces the fold by a space.
      if (folding == Folding::refused || fields.empty()) return std::unexpected(Violation::head_malformed);
      // Blanks around the whole value are no part of it (RFC 9110 5.5).
      std::string& value = fields.back().value;
      value.append(" ").append(trim(*line));
      value = std::string(trim(value));
      continue;
    }
    const auto colon = line->find(':');
    // RFC 9112 5.1: nothing stands between the name and the colon; is_token sees blanks too.
    if (colon == std::string_view::npos || !is_token(line->substr(0, colon)))
      return std::unexpected(Violation::head_malformed);
    if (fields.size() == limits.fields) return std::unexpected(Violation::too_many_fields);
    fields.push_back({std::string(line->substr(0, colon)), std::string(trim(line->substr(colon + 1)))});
  }
  if (!text.empty()) return std::unexpected(Violation::head_malformed);
  return fields;
}

void serialize_fields(const std::vector<Field>& fields, std::string& out) {
  for (const Field& field : fields) out.append(field.name).append(": ").append(field.value).append("\r\n");
  out.append("\r\n");
}

std::string version_text(int major, int minor) { return "HTTP/" + std::to_string(major) + "." + std::to_string(minor); }

}  // namespace

std::expected<std::optional<std::size_t>, Violation> head_end(ByteView octets, const HeadLimits& limits,
                                                              HeadScan& scan) {
  // One pass, position by position, so that the cut of the input cannot change which fault is found first.
  const std::string_view text = as_text(octets);
  for (; scan.next < text.size(); ++scan.next) {
    if (scan.next >= limits.octets) return std::unexpected(Violation::head_too_big);
    const char c = text[scan.next];
    // RFC 9112 2.2: a bare CR is invalid, a bare LF may be refused; RFC 9110 5.5: no NUL.
    if (scan.after_cr != (c == '\n') || c == '\0') return std::unexpected(Violation::head_malformed);
    if (c == '\n') {
      // RFC 9112 2.2: empty lines in front of the start line are skipped.
      if (scan.line_empty && scan.started) return ++scan.next;
      scan.line_empty = true;
    } else if (c != '\r') {
      scan.line_empty = false;
      scan.started = true;
    }
    scan.after_cr = c == '\r';
  }
  return std::optional<std::size_t>{};
}

std::expected<std::optional<std::size_t>, Violation> head_end(ByteView octets, const HeadLimits& limits) {
  HeadScan scan;
  return head_end(octets, limits, scan);
}

std::expected<RequestHead, Violation> parse_request(ByteView head, const HeadLimits& limits) {
  if (head.size() > limits.octets) return std::unexpected(Violation::head_too_big);
  std::string_view text = as_text(head);
  while (text.starts_with("\r\n")) text.remove_prefix(2);
  const auto line = take_line(text);
  if (!line) return std::unexpected(Violation::head_malformed);
  // RFC 9112 3: method SP request-target SP HTTP-version, with single spaces.
  const auto first = line->find(' ');
  const auto last = line->rfind(' ');
  if (first == std::string_view::npos || first == last) return std::unexpected(Violation::head_malformed);
  RequestHead request;
  request.method = line->substr(0, first);
  request.target = line->substr(first + 1, last - first - 1);
  const bool target_ok = !request.target.empty() &&
                         std::ranges::all_of(request.target, [](char c) { return is_field_octet(c) && !is_blank(c); });
  if (!is_token(request.method) || !target_ok ||
      !parse_version(line->substr(last + 1), request.version_major, request.version_minor))
    return std::unexpected(Violation::head_malformed);
  auto fields = parse_fields(text, limits, Folding::refused);
  if (!fields) return std::unexpected(fields.error());
  request.fields = std::move(*fields);
  return request;
}

std::expected<ResponseHead, Violation> parse_response(ByteView head, const HeadLimits& limits) {
  if (head.size() > limits.octets) return std::unexpected(Violation::head_too_big);
  std::string_view text = as_text(head);
  const auto line = take_line(text);
  // RFC 9112 4: HTTP-version SP status-code SP [reason-phrase]; the second space stands even before nothing.
  if (!line || line->size() < 13 || (*line)[8] != ' ' || (*line)[12] != ' ')
    return std::unexpected(Violation::head_malformed);
  ResponseHead response;
  const auto status = line->substr(9, 3);
  if (!parse_version(line->substr(0, 8), response.version_major, response.version_minor) ||
      !std::ranges::all_of(status, is_digit) || status[0] == '0' ||
      !std::ranges::all_of(line->substr(13), is_field_octet))
    return std::unexpected(Violation::head_malformed);
  response.status = (status[0] - '0') * 100 + (status[1] - '0') * 10 + (status[2] - '0');
  response.reason = line->substr(13);
  auto fields = parse_fields(text, limits, Folding::unfolded);
  if (!fields) return std::unexpected(fields.error());
  response.fields = std::move(*fields);
  return response;
}

std::string serialize(const RequestHead& head) {
  std::string out =
      head.method + " " + head.target + " " + version_text(head.version_major, head.version_minor) + "\r\n";
  serialize_fields(head.fields, out);
  return out;
}

std::string serialize(const ResponseHead& head) {
  std::string out = version_text(head.version_major, head.version_minor) + " " + std::to_string(head.status) + " " +
                    head.reason + "\r\n";
  serialize_fields(head.fields, out);
  return out;
}

const Field* find_field(const std::vector<Field>& fields, std::string_view name) noexcept {
  const auto it = std::ranges::find_if(fields, [&](const Field& f) { return equals_ignoring_case(f.name, name); });
  return it == fields.end() ? nullptr : &*it;
}

std::vector<std::string_view> field_values(const std::vector<Field>& fields, std::string_view name) {
  std::vector<std::string_view> values;
  for (const Field& field : fields)
    if (equals_ignoring_case(field.name, name)) values.push_back(field.value);
  return values;
}

bool list_has_token(const std::vector<Field>& fields, std::string_view name, std::string_view token) {
  return std::ranges::any_of(field_values(fields, name), [&](std::string_view value) {
    return std::ranges::any_of(list_elements(value),
                               [&](auto element) { return equals_ignoring_case(element, token); });
  });
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> list_elements(std::string_view value) {
  std::vector<std::string_view> elements;
  while (!value.empty()) {
    const auto comma = std::min(value.find(','), value.size());
    const auto element = trim(value.substr(0, comma));
    value.remove_prefix(std::min(comma + 1, value.size()));
    if (!element.empty()) elements.push_back(element);
  }
  return elements;
}

std::string_view reason_phrase(int status) noexcept {
  const auto it = std::ranges::find(kPhrases, status, &Phrase::status);
  return it == std::ranges::end(kPhrases) ? std::string_view() : it->text;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, to_lower, to_lower);
}

bool is_token(std::string_view text) noexcept { return !text.empty() && std::ranges::all_of(text, is_token_octet); }

bool is_field_value(std::string_view text) noexcept {
  return std::ranges::all_of(text, is_field_octet) && trim(text) == text;
}

}  // namespace ws
