// autobahn.cc - index.json and one JSON file a case in the shape of Autobahn|Testsuite 25.10.1, so that scripts
// which read its reports read ours. Each case file has Autobahn's 39 keys and one more, `touchstone`: our whole
// result, with the transcript and its times where something was found or all is kept.
#include <fmt/format.h>
#include <ws/core/utf8.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "reports/render.h"
#include "reports/result/result_json.h"
#include "reports/result/shorten.h"
#include "reports/text.h"

namespace touchstone {
namespace {

using Direction = Entry::Direction;
using Kind = Entry::Kind;

constexpr std::size_t kShownOctets = Transcript::kShortOctets;
constexpr std::uint8_t kClose = 8, kPing = 9, kPong = 10;

// Autobahn knows five verdicts. What it has no word for becomes the nearest one that scripts act upon rightly.
std::string_view autobahn_behavior(const Result& result) {
  if (result.hidden || result.behavior == Behavior::errored) return name(Behavior::failed);
  if (result.behavior == Behavior::not_applicable) return name(Behavior::unimplemented);
  return name(result.behavior);
}

std::int64_t whole_ms(const Result& result) { return std::llround(result.duration_ms); }

Json code_or_null(const std::optional<std::uint16_t>& code) { return code ? Json(*code) : Json(nullptr); }

// Autobahn shows payloads as text when they are UTF-8, and cuts them at 64 octets. More is in `touchstone`. `whole` is
// the length of all of it: what is kept of it may have been cut before.
std::string hex_shown(std::string_view octets, std::uint64_t whole) {
  return to_hex(octets.substr(0, kShownOctets)) + (whole > kShownOctets ? " ..." : "");
}

std::string as_shown(std::string_view octets, std::uint64_t whole) {
  // A cut may be inside a code point: up to three octets less may be text.
  std::string_view head = octets.substr(0, kShownOctets);
  const std::size_t least = whole > kShownOctets && head.size() > 3 ? head.size() - 3 : head.size();
  for (;; head.remove_suffix(1)) {
    if (ws::is_utf8(ws::as_octets(head))) return std::string(head) + (whole > kShownOctets ? " ..." : "");
    if (head.size() <= least) return "0x" + hex_shown(octets, whole);
  }
}

bool is_frame(const Entry& entry, Direction direction, std::uint8_t opcode) {
  return entry.kind == Kind::frame && entry.direction == direction && entry.opcode == opcode;
}

bool has_close(const Transcript& transcript, Direction direction) {
  return std::any_of(transcript.entries.begin(), transcript.entries.end(),
                     [&](const Entry& entry) { return is_frame(entry, direction, kClose); });
}

Json wirelog_row(const Transcript& transcript, const Entry& entry) {
  const bool sent = entry.direction == Direction::sent;
  const std::string& payload = kept_payload(transcript, entry);
  if (entry.kind == Kind::frame) {
    const Json mask = entry.mask ? Json(fmt::format("{:08x}", *entry.mask)) : Json(nullptr);
    const Json shown = Json::array({entry.length, as_shown(payload, entry.length)});
    if (sent) return Json::array({"TF", shown, entry.opcode, entry.fin, entry.rsv, mask, nullptr, nullptr, false});
    return Json::array({"RF", shown, entry.opcode, entry.fin, entry.rsv, entry.mask.has_value(), mask});
  }
  const std::uint64_t length = std::max<std::uint64_t>(entry.length, payload.size());
  const Json octets = Json::array({length, hex_shown(payload, length)});
  if (sent) return Json::array({"TO", octets, false});
  return Json::array({"RO", octets});
}

Json wirelog(const Transcript& transcript) {
  Json rows = Json::array();
  for (const Entry& entry : transcript.entries) {
    if (entry.kind == Kind::frame || (entry.kind == Kind::octets && entry.direction != Direction::local))
      rows.push_back(wirelog_row(transcript, entry));
    if (entry.kind == Kind::timeout) rows.push_back(Json::array({"KLE"}));
  }
  return rows;
}

// Whole messages and control frames as they came: ["message", text, binary], ["ping", payload].
Json received(const Transcript& transcript) {
  Json events = Json::array();
  std::optional<std::string> message;  // its first octets
  std::uint64_t length = 0;
  bool binary = false;
  for (const Entry& entry : transcript.entries) {
    if (entry.kind != Kind::frame || entry.direction != Direction::received || entry.opcode == kClose) continue;
    const std::string& payload = kept_payload(transcript, entry);
    if (entry.opcode == kPing || entry.opcode == kPong) {
      events.push_back(Json::array({entry.opcode == kPing ? "ping" : "pong", as_shown(payload, entry.length)}));
      continue;
    }
    if (entry.opcode != 0) {
      message.emplace();
      length = 0;
      binary = entry.opcode == 2;
    }
    if (!message) continue;  // a continuation of nothing
    // Nothing is added after a gap; every payload keeps its first kShownOctets.
    if (message->size() == length) *message += payload;
    length += entry.length;
    if (!entry.fin) continue;
    events.push_back(Json::array({"message", as_shown(*message, length), binary}));
    message.reset();
  }
  return events;
}

Json frame_stats(const Transcript& transcript, Direction direction) {
  std::map<int, std::uint64_t> counts;
  for (const Entry& entry : transcript.entries)
    if (entry.kind == Kind::frame && entry.direction == direction) counts[entry.opcode] += entry.repeated;
  Json out = Json::object();
  for (const auto& [opcode, count] : counts) out[std::to_string(opcode)] = count;
  return out;
}

// Autobahn counts reads and writes by size; what crossed the wire is one number here.
Json octet_stats(std::uint64_t octets) { return octets == 0 ? Json::object() : Json{{std::to_string(octets), 1}}; }

std::string_view closing_in_words(Closing closing) {
  switch (closing) {
    case Closing::ok:
      return "Connection was properly closed";
    case Closing::unclean:
      return "The connection ended without a complete closing handshake";
    case Closing::wrong_code:
      return "The close code was not one of those expected";
    case Closing::failed_by_client:
      return "The endpoint dropped or failed the connection where the tester should have";
    case Closing::informational:
      return "The case makes no statement about closing";
    case Closing::failed:
      break;
  }
  return "The connection was not closed as RFC 6455 asks for";
}

void add_closing(Json& out, const Result& result) {
  const Transcript& transcript = result.transcript;
  const bool sent = has_close(transcript, Direction::sent), came = has_close(transcript, Direction::received);
  const bool timeout = std::any_of(transcript.entries.begin(), transcript.entries.end(),
                                   [](const Entry& entry) { return entry.kind == Kind::timeout; });
  out["closedByMe"] = sent && !result.closed_by_peer_first;
  out["failedByMe"] = timeout;
  out["droppedByMe"] = !result.dropped_by_peer;
  out["wasClean"] = result.clean;
  out["wasNotCleanReason"] = result.clean ? Json(nullptr) : Json(closing_in_words(result.closing));
  out["wasOpenHandshakeTimeout"] = timeout && transcript.response.empty();
  out["wasCloseHandshakeTimeout"] = timeout && !transcript.response.empty() && sent && !came;
  out["wasServerConnectionDropTimeout"] = timeout && sent && came;
  out["localCloseCode"] = code_or_null(result.local_close_code);
  out["localCloseReason"] = nullptr;
  out["remoteCloseCode"] = code_or_null(result.remote_close_code);
  out["remoteCloseReason"] =
      came ? Json(as_shown(result.remote_close_reason, result.remote_close_reason.size())) : Json(nullptr);
}

// Our whole result. Of a quiet one only what Autobahn has no key for: there are thousands of them, and the journal has
// all of it.
Json ours(const Result& result) {
  Json out = to_json(result);
  if (!is_quiet(result) || result.transcript.whole) return out;
  for (const char* said_above : {"transcript", "title", "expectation", "summary", "started", "duration_ms", "flaky",
                                 "remote_close_code", "remote_close_reason", "local_close_code", "clean"}) {
    out.erase(said_above);
  }
  return out;
}

Json case_json(const Report& report, const Result& result, const std::string& id, std::size_t number) {
  const Transcript& transcript = result.transcript;
  const bool tester_is_server = std::none_of(
      report.run().endpoints.begin(), report.run().endpoints.end(),
      [&](const RunInfo::Endpoint& endpoint) { return endpoint.name == result.endpoint && !endpoint.url.empty(); });
  Json out{{"agent", result.endpoint},
           {"behavior", autobahn_behavior(result)},
           {"behaviorClose", name(result.closing)},
           {"case", number},
           {"id", id},
           {"description", result.title},
           {"expectation", result.expectation},
           {"expected", Json::object()},       // the expectation is in words, and in the catalogue
           {"expectedClose", Json::object()},  // likewise
           {"received", received(transcript)},
           {"result", result.summary},
           {"resultClose", closing_in_words(result.closing)},
           {"started", format_time(result.started)},
           {"duration", whole_ms(result)},
           {"isServer", tester_is_server},
           {"httpRequest", transcript.request},
           {"httpResponse", transcript.response},
           {"reportTime", false},
           {"reportCompressionRatio", false},
           {"createStats", true},
           {"createWirelog", true},
           {"rxFrameStats", frame_stats(transcript, Direction::received)},
           {"txFrameStats", frame_stats(transcript, Direction::sent)},
           {"rxOctetStats", octet_stats(transcript.octets_received)},
           {"txOctetStats", octet_stats(transcript.octets_sent)},
           {"trafficStats",
            {{"incomingOctetsWireLevel", transcript.octets_received},
             {"incomingWebSocketFrames", transcript.frames_received},
             {"outgoingOctetsWireLevel", transcript.octets_sent},
             {"outgoingWebSocketFrames", transcript.frames_sent}}},
           {"wirelog", wirelog(transcript)}};
  add_closing(out, result);
  out["touchstone"] = ours(result);
  return out;
}

}  // namespace

std::expected<void, FileError> render_autobahn(const Report& report, const Sink& sink) {
  Json index = Json::object();
  for (const EndpointResults& endpoint : report.endpoints()) {
    Json& of_endpoint = index[endpoint.name] = Json::object();
    std::size_t number = 0;
    for (const Result* result : endpoint.results) {
      for (const std::string& id : autobahn_ids(*result)) {
        const std::string& file = report.case_file(endpoint.name, id);
        of_endpoint[id] = Json{{"behavior", autobahn_behavior(*result)},
                               {"behaviorClose", name(result->closing)},
                               {"duration", whole_ms(*result)},
                               {"remoteCloseCode", code_or_null(result->remote_close_code)},
                               {"reportfile", file}};
        ++number;
        if (!has_own_file(*result)) continue;
        if (auto written = sink(file, write_json(case_json(report, *result, id, number)) + "\n"); !written)
          return written;
      }
    }
  }
  // Last: an index never names a file that is not there. Autobahn indents by three.
  return sink("index.json", index.dump(3, ' ', true, Json::error_handler_t::replace) + "\n");
}

}  // namespace touchstone
