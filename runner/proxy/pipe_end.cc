#include "runner/proxy/pipe_end.h"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/error.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace touchstone::proxy {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";

// Lines that are fields; others are left out. The intermediary is judged by what it sent, not by how it reads.
std::vector<ws::Field> fields_of(std::string_view lines) {
  std::vector<ws::Field> fields;
  while (!lines.empty()) {
    const auto end = std::min(lines.find("\r\n"), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 2, lines.size()));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) continue;
    fields.push_back({std::string(line.substr(0, colon)), std::string(ws::trim(line.substr(colon + 1)))});
  }
  return fields;
}

// "HTTP/1.1"
bool read_version(std::string_view text, HeadSeen& head) {
  if (text.size() != 8 || !text.starts_with("HTTP/") || text[6] != '.') return false;
  head.version_major = text[5] - '0';
  head.version_minor = text[7] - '0';
  return head.version_major >= 0 && head.version_major <= 9 && head.version_minor >= 0 && head.version_minor <= 9;
}

std::pair<std::string_view, std::string_view> start_and_fields(std::string_view text) {
  while (text.starts_with("\r\n")) text.remove_prefix(2);
  const auto end = std::min(text.find("\r\n"), text.size());
  return {text.substr(0, end), text.substr(std::min(end + 2, text.size()))};
}

std::optional<std::uint64_t> content_length(const HeadSeen& head) {
  const ws::Field* field = ws::find_field(head.fields, "Content-Length");
  if (field == nullptr) return std::nullopt;
  std::uint64_t value = 0;
  const char* const end = field->value.data() + field->value.size();
  const auto [stop, error] = std::from_chars(field->value.data(), end, value);
  return error == std::errc{} && stop == end ? std::optional(value) : std::nullopt;
}

}  // namespace

std::optional<HeadSeen> read_request(ws::ByteView octets) {
  const auto [start, fields] = start_and_fields(ws::as_text(octets));
  const auto first = start.find(' '), last = start.rfind(' ');
  HeadSeen head;
  if (first == std::string_view::npos || last == first || !ws::is_token(start.substr(0, first))) return std::nullopt;
  if (!read_version(start.substr(last + 1), head)) return std::nullopt;
  head.start = start;
  head.method = start.substr(0, first);
  head.target = start.substr(first + 1, last - first - 1);
  head.fields = fields_of(fields);
  return head;
}

std::optional<HeadSeen> read_answer(ws::ByteView octets) {
  const auto [start, fields] = start_and_fields(ws::as_text(octets));
  HeadSeen head;
  if (start.size() < 12 || !read_version(start.substr(0, 8), head) || start[8] != ' ') return std::nullopt;
  const auto [stop, error] = std::from_chars(start.data() + 9, start.data() + 12, head.status);
  if (error != std::errc{} || stop != start.data() + 12 || head.status < 100) return std::nullopt;
  head.start = start;
  head.fields = fields_of(fields);
  return head;
}

PipeEnd::PipeEnd(std::unique_ptr<ws::io::Stream> stream, Of of, ws::Bytes read, std::size_t keep)
    : stream_(std::move(stream)), of_(of), recorder_(keep), method_("GET") {
  if (!read.empty()) take(read);
}

asio::awaitable<void> PipeEnd::read_all(std::shared_ptr<PipeEnd> self, std::shared_ptr<ws::io::Signal> changed) {
  ws::Bytes buffer(64 * 1024);
  while (true) {
    while (self->paused_) {
      if (co_await self->resumed_.wait()) co_return;
    }
    const auto got = co_await self->stream_->read_some(buffer);
    if (!got) {
      if (got.error() == asio::error::operation_aborted) co_return;
      self->eof_ = got.error() == asio::error::eof;
      self->reset_ = !self->eof_;
      if (self->mode_ == Mode::until_end) self->end_content();
      self->recorder_.finish();
      self->recorder_.note(Entry::Direction::received, self->eof_ ? Entry::Kind::eof : Entry::Kind::reset);
      changed->notify_all();
      co_return;
    }
    self->take(ws::ByteView(buffer).first(*got));
    changed->notify_all();
  }
}

void PipeEnd::say(const std::shared_ptr<PipeEnd>& self, ws::Bytes octets, bool fin, bool reset,
                  std::shared_ptr<ws::io::Signal> changed) {
  self->words_.push_back({std::move(octets), fin, reset});
  if (std::exchange(self->writing_, true)) return;
  asio::co_spawn(self->stream_->executor(), write_all(self, std::move(changed)), asio::detached);
}

// In pieces, so that others see how far it came.
asio::awaitable<bool> PipeEnd::write_pieces(PipeEnd& self, ws::ByteView octets, ws::io::Signal& changed) {
  constexpr std::size_t kPiece = 64 * 1024;
  while (!octets.empty()) {
    const std::size_t size = std::min(kPiece, octets.size());
    if (co_await self.stream_->write(octets.first(size))) co_return false;
    octets = octets.subspan(size);
    self.written_ += size;
    changed.notify_all();
  }
  co_return true;
}

asio::awaitable<void> PipeEnd::write_all(std::shared_ptr<PipeEnd> self, std::shared_ptr<ws::io::Signal> changed) {
  while (!self->words_.empty()) {
    const Words words = std::move(self->words_.front());
    self->words_.pop_front();
    const bool written = co_await write_pieces(*self, words.octets, *changed);
    if (!written) break;
    if (words.fin) {
      self->recorder_.note(Entry::Direction::sent, Entry::Kind::eof);
      (void)co_await self->stream_->shutdown_send();
    }
    if (words.reset) {
      self->recorder_.note(Entry::Direction::sent, Entry::Kind::reset);
      self->stream_->reset();
    }
  }
  self->writing_ = false;
  changed->notify_all();
}

void PipeEnd::take(ws::ByteView octets) {
  recorder_.transcript().octets_received += octets.size();
  ws::append(in_, octets);
  parse();
}

void PipeEnd::parse() {
  while (true) {
    bool more = false;
    switch (mode_) {
      case Mode::head:
        more = parse_head();
        break;
      case Mode::fixed:
        more = take_fixed();
        break;
      case Mode::chunked:
        more = take_chunk();
        break;
      case Mode::until_end:
        ws::append(current().content, ws::ByteView(in_).subspan(at_));
        at_ = in_.size();
        break;
      case Mode::octets: {
        ws::ByteView rest = ws::ByteView(in_).subspan(at_);
        ws::append(octets_, rest);
        at_ = in_.size();
        while (!rest.empty()) {
          const auto step = recorder_.received(rest);
          if (step.taken == 0) break;
          rest = rest.subspan(step.taken);
        }
        break;
      }
    }
    if (!more) break;
  }
  if (at_ == in_.size()) {
    in_.clear();
    at_ = 0;
  }
}

bool PipeEnd::parse_head() {
  std::string_view rest = ws::as_text(ws::ByteView(in_).subspan(at_));
  std::size_t lead = 0;
  while (rest.substr(lead).starts_with("\r\n")) lead += 2;
  const auto end = rest.find(kHeadEnd, lead);
  if (end == std::string_view::npos) return false;
  const std::size_t size = end + kHeadEnd.size();
  const ws::ByteView octets = ws::ByteView(in_).subspan(at_, size);
  auto head = of_ == Of::server ? read_request(octets) : read_answer(octets);
  if (!head) return false;
  raw_heads_ += rest.substr(0, size);
  recorder_.note(Entry::Direction::received, Entry::Kind::head, std::string(rest.substr(lead, end - lead)));
  at_ += size;
  last_interim_ = of_ == Of::client && head->interim();
  (last_interim_ ? interim_ : heads_).push_back(std::move(*head));
  begin_content(current());
  return true;
}

// RFC 9112 6.3.
void PipeEnd::begin_content(HeadSeen& head) {
  mode_ = Mode::head;
  if (of_ == Of::client) {
    if (head.status == 101) {
      mode_ = Mode::octets;
      return;
    }
    if (head.interim() || head.status == 204 || head.status == 304 || method_ == "HEAD") return;
  }
  head.content_whole = false;
  const auto length = content_length(head);
  if (ws::list_has_token(head.fields, "Transfer-Encoding", "chunked")) {
    mode_ = Mode::chunked;
  } else if (length) {
    mode_ = Mode::fixed;
    left_ = *length;
    if (left_ == 0) end_content();
  } else if (of_ == Of::client) {
    mode_ = Mode::until_end;
  } else {
    head.content_whole = true;
  }
}

bool PipeEnd::take_fixed() {
  const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in_.size() - at_));
  ws::append(current().content, ws::ByteView(in_).subspan(at_, count));
  at_ += count;
  left_ -= count;
  if (left_ > 0) return false;
  end_content();
  return at_ < in_.size();
}

// One chunk with its line, or nothing until it is all there.
bool PipeEnd::take_chunk() {
  const std::string_view rest = ws::as_text(ws::ByteView(in_).subspan(at_));
  const auto line = rest.find("\r\n");
  if (line == std::string_view::npos) return false;
  std::uint64_t size = 0;
  if (std::from_chars(rest.begin(), rest.begin() + line, size, 16).ec != std::errc{}) {
    mode_ = Mode::octets;
    return true;
  }
  if (size == 0) {
    const auto end = rest.find(kHeadEnd, line);
    if (end == std::string_view::npos) return false;
    at_ += end + kHeadEnd.size();
    end_content();
    return at_ < in_.size();
  }
  if (rest.size() < line + 2 + size + 2) return false;
  ws::append(current().content, ws::as_octets(rest.substr(line + 2, static_cast<std::size_t>(size))));
  at_ += line + 2 + static_cast<std::size_t>(size) + 2;
  return true;
}

void PipeEnd::end_content() {
  current().content_whole = true;
  mode_ = Mode::head;
}

void PipeEnd::switch_protocols() {
  mode_ = Mode::octets;
  parse();
}

void PipeEnd::give_up_heads() {
  if (at_ < in_.size() && mode_ != Mode::octets) switch_protocols();
}

}  // namespace touchstone::proxy
