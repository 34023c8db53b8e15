// session_frames.cc - what nghttp2 says of frames that come and go, and what it asks for.
#include <ws/io/http2/session_impl.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace ws::io::http2 {

void PassedOver::opened(std::int32_t id) {
  constexpr std::size_t kMost = 100;  // frames on those before are ignored, as RFC 9113 5.1 has it for closed streams
  if (id <= newest_) return;
  if (id > newest_ + 2) gaps_.emplace_back(newest_ + 2, id - 2);
  if (gaps_.size() > kMost) gaps_.pop_front();
  newest_ = id;
}

bool PassedOver::has(std::int32_t id) const noexcept {
  return std::ranges::any_of(gaps_, [id](const auto& gap) { return gap.first <= id && id <= gap.second; });
}

// RFC 9113 5.1.1: HEADERS on a stream that was passed over are an error of the connection. nghttp2 ignores them.
int Session::Impl::begin_frame(nghttp2_session*, const nghttp2_frame_hd* head, void* user) {
  Impl& self = of(user);
  if (self.options.role != Role::server || head->type != NGHTTP2_HEADERS || head->stream_id % 2 == 0) return 0;
  if (self.passed_over.has(head->stream_id)) {
    self.last_words = "HEADERS on a stream that was passed over";
    return NGHTTP2_ERR_CALLBACK_FAILURE;  // take() ends the connection
  }
  self.passed_over.opened(head->stream_id);
  return 0;
}

int Session::Impl::begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  Impl& self = of(user);
  if (frame->hd.type != NGHTTP2_HEADERS) return 0;
  auto stream = self.find(frame->hd.stream_id);
  if (!stream) {
    stream = std::make_shared<StreamState>(self.executor);
    stream->id = frame->hd.stream_id;
    self.streams.emplace(stream->id, stream);
  }
  stream->section.clear();
  stream->section_octets = 0;
  return 0;
}

int Session::Impl::header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                          const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
  Impl& self = of(user);
  const auto stream = self.find(frame->hd.stream_id);
  if (!stream) return 0;
  constexpr std::size_t kOverhead = 32;  // RFC 9113 6.5.2
  stream->section_octets += name_size + value_size + kOverhead;
  if (stream->section_octets > self.options.head_limit) return 0;  // decoded all the same: HPACK has one state
  stream->section.push_back({std::string(reinterpret_cast<const char*>(name), name_size),
                             std::string(reinterpret_cast<const char*>(value), value_size)});
  return 0;
}

void Session::Impl::fail_stream(StreamState& stream, ErrorCode code) {
  if (stream.broken) return;
  stream.broken = stream_reset(code);
  nghttp2_submit_rst_stream(session.get(), NGHTTP2_FLAG_NONE, stream.id, static_cast<std::uint32_t>(code));
  stream.changed.notify_all();
}

void Session::Impl::announce(const std::shared_ptr<StreamState>& stream) {
  if (options.role != Role::server || std::exchange(stream->announced, true)) return;
  requests.push_back(stream);
  changed.notify_all();
}

void Session::Impl::on_section(const nghttp2_frame& frame) {
  const auto stream = find(frame.hd.stream_id);
  if (!stream) return;
  // RFC 9113 8.5: on a tunnel there is only DATA, and what manages the stream.
  if (stream->tunnel) return fail_stream(*stream, ErrorCode::protocol_error);
  if (stream->section_octets > options.head_limit) return fail_stream(*stream, ErrorCode::enhance_your_calm);
  stream->heads.push_back(std::exchange(stream->section, {}));
  constexpr std::size_t kMostHeads = 64;  // interim answers
  if (stream->heads.size() > kMostHeads) return fail_stream(*stream, ErrorCode::enhance_your_calm);
  announce(stream);
  stream->changed.notify_all();
}

void Session::Impl::on_end_stream(StreamState& stream) {
  stream.in_ended = true;
  stream.changed.notify_all();
}

int Session::Impl::frame_recv(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  Impl& self = of(user);
  if (frame->hd.type == NGHTTP2_SETTINGS && (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) {
    self.settings_came = true;
    self.changed.notify_all();
  }
  if (frame->hd.type == NGHTTP2_SETTINGS && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) self.windows_have_settled();
  if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) {
    ++self.pongs;
    self.changed.notify_all();
  }
  if (frame->hd.type == NGHTTP2_GOAWAY && self.last_words.empty())
    self.last_words = "GOAWAY with " + std::string(http2::name(static_cast<ErrorCode>(frame->goaway.error_code)));
  if (frame->hd.type == NGHTTP2_WINDOW_UPDATE && self.options.padding) {
    for (const auto& [id, stream] : self.streams) nghttp2_session_resume_data(self.session.get(), id);
  }
  if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
  const auto stream = self.find(frame->hd.stream_id);
  if (stream && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) self.on_end_stream(*stream);
  if (frame->hd.type == NGHTTP2_HEADERS) self.on_section(*frame);
  return 0;
}

int Session::Impl::invalid_frame(nghttp2_session*, const nghttp2_frame* frame, int error, void* user) {
  Impl& self = of(user);
  if (self.last_words.empty())
    self.last_words =
        "a frame of type " + std::to_string(frame->hd.type) + " that breaks HTTP/2: " + nghttp2_strerror(error);
  return 0;
}

int Session::Impl::frame_send(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  Impl& self = of(user);
  if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
  const auto stream = self.find(frame->hd.stream_id);
  if (!stream || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
  stream->end_sent = true;
  if (self.options.role == Role::server && stream->wants_no_more()) self.stop_request(*stream);
  return 0;
}

void Session::Impl::stop_request(StreamState& stream) {
  nghttp2_submit_rst_stream(session.get(), NGHTTP2_FLAG_NONE, stream.id,
                            static_cast<std::uint32_t>(ErrorCode::no_error));
}

int Session::Impl::data_chunk(nghttp2_session* session, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                              std::size_t size, void* user) {
  Impl& self = of(user);
  // One stream that is not read must not stop the others: the window of the connection opens at once.
  self.came += size;
  if (self.holds) {
    self.owed += size;
    self.watch_windows();
  } else {
    nghttp2_session_consume_connection(session, size);
  }
  const auto stream = self.find(id);
  if (!stream || stream->abandoned || stream->broken) {
    self.give_back(id, size);
    return 0;
  }
  append(stream->in, std::as_bytes(std::span(data, size)));
  stream->changed.notify_all();
  return 0;
}

int Session::Impl::stream_close(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user) {
  Impl& self = of(user);
  const auto found = self.streams.find(id);
  if (found == self.streams.end()) return 0;
  const auto stream = std::move(found->second);
  self.streams.erase(found);
  stream->gone = true;
  const bool in_order = stream->in_ended && stream->out_ended;
  if (!in_order && !stream->broken) stream->broken = stream_reset(static_cast<ErrorCode>(code));
  stream->changed.notify_all();
  return 0;
}

ssize_t Session::Impl::select_padding(nghttp2_session*, const nghttp2_frame* frame, std::size_t most, void* user) {
  const auto& padding = of(user).options.padding;
  if (frame->hd.type != NGHTTP2_DATA || !padding) return static_cast<ssize_t>(frame->hd.length);
  return static_cast<ssize_t>(std::min(most, frame->hd.length + 1 + *padding));
}

ssize_t Session::Impl::read_source(nghttp2_session*, std::int32_t id, std::uint8_t* into, std::size_t size,
                                   std::uint32_t* flags, nghttp2_data_source*, void* user) {
  const auto stream = of(user).find(id);
  if (!stream) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  const SessionOptions& options = of(user).options;
  const std::size_t padding = options.padding ? std::size_t{1} + *options.padding : 0;
  if (options.padding && size <= padding && of(user).gets_wide_windows(padding)) return NGHTTP2_ERR_DEFERRED;
  const std::size_t room = size > padding ? size - padding : size;
  const std::size_t wanted =
      options.data_size == 0 ? stream->out.size() : std::min(options.data_size, stream->out.size());
  const std::size_t count = std::min(room, wanted);
  if (count == 0 && !stream->out_ends) return NGHTTP2_ERR_DEFERRED;
  if (count != 0) std::memcpy(into, stream->out.data(), count);
  stream->out = stream->out.subspan(count);
  if (stream->out.empty() && stream->out_ends) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    stream->out_ended = true;
  }
  stream->out_round = of(user).round;
  return static_cast<ssize_t>(count);
}

}  // namespace ws::io::http2
