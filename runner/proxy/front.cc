#include "runner/proxy/front.h"

#include "runner/catalogue/two_sided.h"
#include "runner/engine/compose/http2_frame.h"
#include "runner/engine/talk/way.h"

#include <ws/io/http2/dial.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace touchstone::proxy {
namespace {

using ws::io::http2::TunnelStream;

// Fields of HTTP/1.1 itself, which have other means in HTTP/2, or none (RFC 8441 5, RFC 9113 8.2.2).
bool is_of_http1(std::string_view name) {
  constexpr std::array<std::string_view, 13> kNames = {
      "Connection",           "Upgrade",           "Host",   "Sec-WebSocket-Key",
      "Sec-WebSocket-Accept", "Transfer-Encoding", "TE",     "Keep-Alive",
      "Proxy-Connection",     "Content-Length",    "Expect", "Trailer",
      "HTTP2-Settings"};
  return std::ranges::any_of(kNames, [&](std::string_view other) { return ws::equals_ignoring_case(name, other); });
}

bool fits_extended_connect(const RelayHead& head) {
  const HeadScript& script = head.script;
  return head.kind == RelayHead::Kind::request && script.start.empty() && !script.raw && length(script.before) == 0 &&
         length(script.behind) == 0 && script.wire == 0 && !script.glue && !script.stop && script.earlier.empty() &&
         std::ranges::none_of(script.fields, [](const FieldEdit& edit) {
           return edit.kind == FieldEdit::Kind::line || is_of_http1(edit.name);
         });
}

// HTTP/2 takes any 2xx for an open tunnel (RFC 9113 8.5): the suite proxy-http2 asks what becomes of it.
bool answers_2xx(const RelayStep& step) {
  const auto* head = std::get_if<RelayHead>(&step.action);
  if (head == nullptr || head->kind != RelayHead::Kind::respond) return false;
  return head->script.start.empty() || head->script.start.find(" 2") != std::string::npos;
}

// What a peer does not read takes up the window of the connection, and so of its other streams (RFC 9113 5.2).
bool stops_reading(const RelayStep& step) {
  const auto* steps = std::get_if<std::vector<Step>>(&step.action);
  return steps != nullptr && step.as == Side::server && std::ranges::any_of(*steps, [](const Step& one) {
           const auto* reading = std::get_if<step::Reading>(&one.action);
           return reading != nullptr && !reading->on;
         });
}

// One head of a client on each connection, and an extended CONNECT can say it.
bool asks_as_http2_can(const TwoSided& both) {
  std::set<std::string_view> asked;
  return std::ranges::all_of(both.steps, [&](const RelayStep& step) {
    const auto* head = std::get_if<RelayHead>(&step.action);
    if (head == nullptr || step.as == Side::server) return true;
    return asked.insert(step.on).second && fits_extended_connect(*head);
  });
}

// RFC 9110 15.5.22: a 426 says what to upgrade to, and in HTTP/2 there is nothing. Fields that HTTP/2 does not have are
// not looked for at the client.
bool is_about_http1(const Claim& claim, const TwoSided& both) {
  const bool of_status = claim.verb == Claim::Verb::keeps && claim.what == "@status";
  const bool refuses_by_426 = std::ranges::any_of(both.steps, [](const RelayStep& step) {
    const auto* head = std::get_if<RelayHead>(&step.action);
    return head != nullptr && head->script.start.find(" 426") != std::string::npos;
  });
  const bool of_key = claim.verb == Claim::Verb::keeps && claim.what == "Sec-WebSocket-Key";
  return (of_status && refuses_by_426) || of_key || (claim.at == Side::client && is_of_http1(claim.what));
}

std::string in_lines(const ws::io::http2::Fields& section) {
  std::string text;
  for (const ws::Field& field : section) text += fmt::format("{}: {}\r\n", field.name, field.value);
  return text;
}

TunnelStream* tunnel_of(PipeEnd& end) { return dynamic_cast<TunnelStream*>(&end.stream()); }

}  // namespace

std::optional<std::string> not_over_this_front(const Case& c, bool over_http2) {
  if (c.http2 && !over_http2) return "the case is about HTTP/2 in front of the intermediary: --http 2";
  if (!over_http2 || c.http2) return std::nullopt;
  const TwoSided& both = *c.two_sided;
  const bool fits = asks_as_http2_can(both) && std::ranges::none_of(both.steps, answers_2xx) &&
                    std::ranges::none_of(both.steps, stops_reading) &&
                    std::ranges::none_of(both.claims, [&](const Claim& claim) { return is_about_http1(claim, both); });
  if (fits) return std::nullopt;
  return "the case is about heads as HTTP/1.1 writes them, and this run speaks HTTP/2 in front";
}

asio::awaitable<Front::Dialed> Front::dial(std::chrono::milliseconds patience) {
  if (connection_ && !connection_->is_over() && has_room()) {
    ++streams_;
    co_return std::make_unique<TunnelStream>(connection_);
  }
  streams_ = 1;
  watch_ = std::make_shared<Http2Watch>(ws::Role::server);
  ws::io::http2::SessionOptions session;
  session.sent = [watch = watch_](ws::ByteView octets) { watch->sent(octets); };
  session.received = [watch = watch_](ws::ByteView octets) { return watch->received(octets); };
  if (c_.http2) {
    framing_ = std::make_shared<Http2Framing>(*c_.http2, seed_, watch_);
    framing_->apply_to(session);
  }
  auto stream = co_await ws::io::http2::dial(way_to(target_, patience), target_.http, session);
  if (!stream) co_return std::move(stream);
  if (const auto* tunnel = dynamic_cast<TunnelStream*>(stream->get())) connection_ = tunnel->session();
  co_return std::move(stream);
}

// RFC 9113 5.1.2.
bool Front::has_room() const {
  const auto most = watch_->setting(http2::max_concurrent_streams);
  return !most || streams_ < *most;
}

void Front::prepare(PipeEnd& end, bool first, std::string& request) {
  TunnelStream* const tunnel = tunnel_of(end);
  if (tunnel == nullptr) return;
  // Who asks waits until it has gone out, so that both live longer.
  tunnel->edit_head([framing = framing_, &end, &request, first](ws::io::http2::Fields section) {
    TunnelStream::Edited edited{std::move(section), false};
    if (framing && first) edited = framing->request(std::move(edited.section));
    if (framing && !first) framing->expect(edited.section);
    std::string text = in_lines(edited.section);
    if (first) request = text;
    end.recorder().note(Entry::Direction::sent, Entry::Kind::head, std::move(text));
    return edited;
  });
}

void Front::opened(PipeEnd& end) {
  TunnelStream* const tunnel = tunnel_of(end);
  if (tunnel == nullptr || !framing_ || tunnel->stream() == nullptr) return;
  if (c_.http2->last_data_ends) tunnel->stream()->keep_until_end();
  framing_->send_frames(Http2Frame::When::open, *connection_, &end.recorder());
}

void Front::look(PipeEnd& end, Arrival& arrival, Relayed& seen) {
  TunnelStream* const tunnel = tunnel_of(end);
  if (tunnel == nullptr || tunnel->answer_section().empty()) return;
  const std::string text = in_lines(tunnel->answer_section());
  if (seen.transcript.response.empty()) seen.transcript.response = text;
  if (!arrival.heads.empty()) arrival.heads.back().start = text.substr(0, text.find("\r\n"));
  watch_->answered(tunnel->answer_section());
  if (!tunnel->violation()) return;
  seen.answer_broken = true;
  const ws::http2::Rule& rule = ws::http2::rule(*tunnel->violation());
  of_answers_.push_back({std::string(rule.requirement), "an answer that HTTP/2 allows", std::string(rule.text)});
}

std::vector<Http2Fault> Front::faults() const {
  std::vector<Http2Fault> all;
  if (watch_) all = watch_->seen().faults;
  all.insert(all.end(), of_answers_.begin(), of_answers_.end());
  return all;
}

}  // namespace touchstone::proxy
