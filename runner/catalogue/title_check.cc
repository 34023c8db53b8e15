#include "runner/catalogue/title_check.h"

#include <ws/core/close.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <span>

namespace touchstone {
namespace {

// What the steps of a case put on the wire, as far as titles speak of it.
struct Sent {
  std::set<unsigned> opcodes, codes;
  unsigned rsv = 0;  // all bits of all frames
  std::set<std::uint64_t> lengths;
  bool fragments = false;

  void add_code(const Payload& body) {
    const auto* cat = std::get_if<recipe::Cat>(&body.recipe);
    if (cat != nullptr && !cat->parts.empty()) return add_code(cat->parts.front());
    const auto* literal = std::get_if<recipe::Literal>(&body.recipe);
    if (literal == nullptr) return;
    if (const auto code = ws::close_code_of(literal->octets)) codes.insert(*code);
  }

  void add(const step::Frame& frame) {
    opcodes.insert(static_cast<unsigned>(frame.opcode));
    rsv |= frame.rsv;
    lengths.insert(length(frame.payload));
    if (frame.form.announces) lengths.insert(*frame.form.announces);
    if (frame.form.cut) lengths.insert(*frame.form.cut);
    fragments = fragments || !frame.fin;
    if (frame.opcode == ws::Opcode::close) add_code(frame.payload);
  }
  void add(const step::Message& message) {
    opcodes.insert(static_cast<unsigned>(message.opcode));
    lengths.insert({length(message.payload), message.fragment});
    fragments = fragments || message.fragment > 0 || message.parts.size() > 1;
    if (fragments) opcodes.insert(static_cast<unsigned>(ws::Opcode::cont));
  }
  void add(const step::Close& close) {
    opcodes.insert(static_cast<unsigned>(ws::Opcode::close));
    lengths.insert({(close.code ? 2U : 0U) + length(close.reason), length(close.reason)});
    if (close.code) codes.insert(*close.code);
  }
  void add(const Http2Script& script) {
    lengths.insert({script.data_size, script.data_padding.value_or(0), script.head_padding.value_or(0)});
    for (const auto& [id, value] : script.settings) lengths.insert(value);
    for (const Http2Frame& frame : script.frames) lengths.insert(length(frame.payload));
  }
  void add(const step::Repeat& repeat) { add(std::span(repeat.steps)); }
  void add(const step::Sentinel&) {}
  void add(const step::AwaitEcho&) {}
  void add(const step::Octets& raw) { lengths.insert(length(raw.octets)); }
  void add(const step::Tcp&) {}
  void add(const step::Reading&) {}
  void add(const step::Alive&) {}
  void add(const step::Staging auto&) {}
  void add(std::span<const Step> steps) {
    for (const Step& step : steps) {
      std::visit([this](const auto& action) { add(action); }, step.action);
    }
  }
};

bool has_word(std::string_view title, std::string_view word) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  for (auto at = title.find(word); at != std::string_view::npos; at = title.find(word, at + 1)) {
    auto end = at + word.size();
    if (end < title.size() && title[end] == 's') ++end;
    if ((at == 0 || !letter(title[at - 1])) && (end >= title.size() || !letter(title[end]))) return true;
  }
  return false;
}

// Every number that comes directly after `word`.
std::vector<std::uint64_t> numbers_after(std::string_view title, std::string_view word) {
  std::vector<std::uint64_t> numbers;
  for (auto at = title.find(word); at != std::string_view::npos; at = title.find(word, at + 1)) {
    std::uint64_t number = 0;
    const auto* begin = title.data() + at + word.size();
    if (std::from_chars(begin, title.data() + title.size(), number).ec == std::errc{}) numbers.push_back(number);
  }
  return numbers;
}

std::vector<std::uint64_t> numbers_before(std::string_view title, std::string_view word) {
  std::vector<std::uint64_t> numbers;
  for (auto at = title.find(word); at != std::string_view::npos; at = title.find(word, at + 1)) {
    auto start = at;
    while (start > 0 && title[start - 1] >= '0' && title[start - 1] <= '9') --start;
    std::uint64_t number = 0;
    if (std::from_chars(title.data() + start, title.data() + at, number).ec == std::errc{}) numbers.push_back(number);
  }
  return numbers;
}

void check_words(std::string_view title, const Sent& sent, std::vector<TitleComplaint>& complaints) {
  const auto sends = [&](ws::Opcode opcode) { return sent.opcodes.contains(static_cast<unsigned>(opcode)); };
  const struct {
    std::string_view word;
    bool is_sent;
  } kNamed[] = {{"Ping", sends(ws::Opcode::ping)},
                {"Pong", sends(ws::Opcode::pong)},
                {"Close", sends(ws::Opcode::close)},
                {"binary", sends(ws::Opcode::binary)},
                {"continuation frame", sends(ws::Opcode::cont)},
                {"RSV1", (sent.rsv & 4) != 0},
                {"RSV2", (sent.rsv & 2) != 0},
                {"RSV3", (sent.rsv & 1) != 0},
                {"fragment", sent.fragments}};
  for (const auto& [word, is_sent] : kNamed) {
    if (!is_sent && has_word(title, word)) {
      complaints.push_back({fmt::format("'{}' in the title \"{}\"", word, title), "what the steps send"});
    }
  }
}

void check_numbers(const Case& c, const Sent& sent, std::vector<TitleComplaint>& complaints) {
  const auto check = [&](std::string_view what, const std::vector<std::uint64_t>& named, const auto& is_sent) {
    for (const auto number : named) {
      if (is_sent(number)) continue;
      complaints.push_back({fmt::format("{} {} in the title \"{}\"", what, number, c.title), "what the steps send"});
    }
  };
  const auto in = [](const std::set<unsigned>& all) {
    return [&all](std::uint64_t number) { return number <= 65535 && all.contains(static_cast<unsigned>(number)); };
  };
  check("opcode", numbers_after(c.title, "opcode "), in(sent.opcodes));
  check("status code", numbers_after(c.title, "status code "), in(sent.codes));
  const auto is_length = [&](std::uint64_t number) {
    const bool cuts = c.wire.cut == Wire::Cut::octets || c.wire.cut == Wire::Cut::after;
    return sent.lengths.contains(number) || (cuts && c.wire.octets == number);
  };
  check("length", numbers_before(c.title, " bytes"), is_length);
  check("length", numbers_before(c.title, " octets"), is_length);  // the RFC's word, which users' files may have
}

}  // namespace

std::vector<TitleComplaint> title_complaints(const Case& c) {
  std::vector<TitleComplaint> complaints;
  if (c.title.empty()) complaints.push_back({"no title", "a title"});
  if (c.title.ends_with('.')) complaints.push_back({fmt::format("\"{}\"", c.title), "a title without a period"});
  if (c.two_sided) return complaints;  // its title speaks of heads and ends as well
  Sent sent;
  sent.add(std::span(c.steps));
  if (c.http2) sent.add(*c.http2);
  check_words(c.title, sent, complaints);
  check_numbers(c, sent, complaints);
  return complaints;
}

}  // namespace touchstone
