#include "runner/live/watcher.h"

#include <ws/core/http/handshake.h>
#include <ws/rules/answer.h>

#include <utility>

namespace touchstone {
namespace {

using Kind = ws::testing::Transcript::Kind;

constexpr std::size_t kMostBehind = 4 * 1024 * 1024;  // octets of a side that wait for the opening handshake
constexpr ws::HeadLimits kHeads{.octets = 64 * 1024, .fields = 1000};
// What the oracle remembers of a connection grows with it: beyond so many octets one is followed and not judged.
constexpr std::uint64_t kMostJudged = 256ULL * 1024 * 1024;

Json head_fields(const std::vector<ws::Field>& fields) {
  Json json = Json::array();
  for (const ws::Field& field : fields) json.push_back({field.name, field.value});
  return json;
}

// What the answer is held against, of a request that may break any rule.
ws::RequestFacts facts_of(const ws::RequestHead& request) {
  ws::RequestFacts facts;
  if (const auto* key = ws::find_field(request.fields, "Sec-WebSocket-Key")) facts.key = key->value;
  for (const auto value : ws::field_values(request.fields, "Sec-WebSocket-Protocol"))
    for (const auto element : ws::list_elements(value)) facts.subprotocols.emplace_back(element);
  if (auto extensions = ws::parse_extensions(request.fields)) facts.extensions = std::move(*extensions);
  return facts;
}

// Somebody who asks for a page, or whether anybody is there, has not begun an opening handshake (RFC 6455 4.1).
bool is_plain(const ws::RequestHead& request) {
  for (const ws::Field& field : request.fields) {
    if (ws::equals_ignoring_case(std::string_view(field.name).substr(0, 14), "Sec-WebSocket-")) return false;
  }
  return !ws::list_has_token(request.fields, "Upgrade", "websocket");
}

}  // namespace

Watcher::Watcher(std::uint64_t connection, Judged judged, Events& events, Totals& totals)
    : connection_(connection), events_(events), totals_(totals) {
  if (judged.client) side(ws::Role::client).judge.emplace(ws::Role::client);
  if (judged.server) side(ws::Role::server).judge.emplace(ws::Role::server);
}

void Watcher::spoke(ws::Role who, ws::ByteView octets) {
  if (octets.empty()) return;
  judge(who, Kind::came, octets);
  Side& its = side(who);
  if (its.follower) return its.follower->take(octets);
  if (plain_http_ || illegible_ || opaque_) return;
  ws::append(its.head, octets);
  if (its.head.size() > kMostBehind) {  // after a head that is not answered: nobody has to keep it
    opaque_ = true;
    its.head = {};
    return;
  }
  if (who == ws::Role::client) {
    read_request();
  } else {
    read_answer();
  }
}

void Watcher::heard(ws::Role who, ws::ByteView octets) { judge(who, Kind::sent, octets); }

void Watcher::ended(ws::Role who, End how) {
  if (std::exchange(side(who).has_ended, true)) return;
  Json more;
  more["from"] = name(who);
  more["how"] = how == End::fin ? "fin" : "reset";
  events_.tell("ended", connection_, more);
  judge(who, how == End::fin ? Kind::it_ended : Kind::it_reset);
}

void Watcher::left(ws::Role who) { judge(who, Kind::we_ended); }
void Watcher::waited_in_vain(ws::Role who) { judge(who, Kind::nothing_came); }
void Watcher::acquit(ws::Role who) { side(who).judge.reset(); }

void Watcher::finish() {
  if (std::exchange(finished_, true)) return;
  for (const ws::Role who : {ws::Role::client, ws::Role::server}) {
    Side& its = side(who);
    if (!its.judge || !decided_) continue;  // not even a request came: nobody is judged
    its.judge->finish();
    tell_complaints(who);
  }
}

// --- Judging ---

void Watcher::judge(ws::Role who, Kind kind, ws::ByteView octets) {
  Side& its = side(who);
  if (!its.judge || plain_http_) return;
  its.octets += octets.size();
  if (its.octets > kMostJudged) {
    its.judge.reset();
    Json more;
    more["side"] = name(who);
    more["why"] = "more than 256 MiB went over the connection";
    events_.tell("unjudged", connection_, more);
    return;
  }
  if (!decided_) {
    its.pending.push_back({kind, ws::to_bytes(octets)});
    return;
  }
  its.judge->take(kind, octets);
  tell_complaints(who);
}

// The same fault in every frame is one thing to say.
void Watcher::tell_complaints(ws::Role who) {
  Side& its = side(who);
  const auto& complaints = its.judge->complaints();
  for (; its.told < complaints.size(); ++its.told) {
    const auto& complaint = complaints[its.told];
    std::string kind(ws::testing::name(complaint));
    kind.append(" ").append(complaint.requirement);
    if (!its.kinds.insert(std::move(kind)).second) continue;
    ++(complaint.weight == ws::testing::Complaint::Weight::must ? totals_.musts : totals_.shoulds);
    events_.tell("violation", connection_, violation_json(who, complaint));
  }
}

void Watcher::decide_plain(bool plain) {
  decided_ = true;
  plain_http_ = plain;
  for (const ws::Role who : {ws::Role::client, ws::Role::server}) {
    const auto pending = std::exchange(side(who).pending, {});
    if (plain || !side(who).judge) continue;
    for (const auto& piece : pending) side(who).judge->take(piece.kind, piece.octets);
    tell_complaints(who);
  }
}

// --- The opening handshake ---

void Watcher::read_request() {
  if (request_) return;
  Side& client = side(ws::Role::client);
  const auto end = ws::head_end(client.head, kHeads);
  if (end && !*end) return;
  auto request = end ? ws::parse_request(ws::ByteView(client.head).first(**end), kHeads)
                     : std::expected<ws::RequestHead, ws::Violation>(std::unexpected(end.error()));
  if (!request) {
    illegible_ = true;
    events_.tell("illegible", connection_, {{"from", "client"}, {"why", ws::rule(request.error()).text}});
    return decide_plain(false);
  }
  client.head.erase(client.head.begin(), client.head.begin() + static_cast<std::ptrdiff_t>(**end));
  client.frames_begin = *end;
  Json more;
  more["method"] = request->method;
  more["target"] = request->target;
  more["fields"] = head_fields(request->fields);
  const bool plain = is_plain(*request);
  request_ = std::move(*request);
  if (plain) more["plain"] = true;
  events_.tell("request", connection_, more);
  decide_plain(plain);
}

void Watcher::read_answer() {
  Side& server = side(ws::Role::server);
  while (!answer_) {
    const auto end = ws::head_end(server.head, kHeads);
    if (end && !*end) return;
    auto answer = end ? ws::parse_response(ws::ByteView(server.head).first(**end), kHeads)
                      : std::expected<ws::ResponseHead, ws::Violation>(std::unexpected(end.error()));
    if (!answer) {
      opaque_ = true;
      events_.tell("illegible", connection_, {{"from", "server"}, {"why", ws::rule(answer.error()).text}});
      return;
    }
    server.head.erase(server.head.begin(), server.head.begin() + static_cast<std::ptrdiff_t>(**end));
    server.head_octets += **end;
    if (answer->status < 200 && answer->status != 101) continue;  // RFC 9110 15.2: interim answers
    answer_ = std::move(*answer);
  }
  if (answer_->status == 101 && request_) return open();
  opaque_ = true;  // a body is no frames
  Json more;
  more["status"] = answer_->status;
  more["fields"] = head_fields(answer_->fields);
  events_.tell("refused", connection_, more);
}

void Watcher::open() {
  const auto reading = ws::rules::read_answer(*answer_, facts_of(*request_));
  Json more;
  more["target"] = request_->target;
  if (!reading.agreement || reading.agreement->unknown_extension) {
    opaque_ = true;  // nobody here knows what its frames mean
  } else {
    deflate_ = reading.agreement->deflate;
    more["subprotocol"] = reading.agreement->subprotocol;
    more["deflate"] = deflate_.has_value();
  }
  events_.tell("opened", connection_, more);
  open_ = true;
  side(ws::Role::server).frames_begin = side(ws::Role::server).head_octets;
  if (opaque_) return;
  follow(ws::Role::client);
  follow(ws::Role::server);
}

void Watcher::follow(ws::Role who) {
  Side& its = side(who);
  its.follower.emplace(who, deflate_);
  its.follower->on_frame = [this, who](const SaidFrame& frame) {
    if (frame.header.opcode == ws::Opcode::close) {
      events_.tell("close", connection_, close_json(who, frame.payload));
    } else {
      events_.tell("frame", connection_, frame_json(who, frame));
    }
    if (on_frame) on_frame(who, frame);
  };
  its.follower->on_message = [this, who](SaidMessage message) {
    events_.tell("message", connection_, message_json(who, message));
    if (on_message) on_message(who, std::move(message));
  };
  const ws::Bytes behind = std::exchange(its.head, {});
  if (!behind.empty()) its.follower->take(behind);
}

}  // namespace touchstone
