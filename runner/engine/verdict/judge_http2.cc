#include "runner/engine/verdict/judge_http2.h"

#include "runner/engine/compose/http2_frame.h"
#include "runner/engine/verdict/judge_handshake.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace touchstone {
namespace {

using Outcome = Http2Script::Outcome;

Finding finding_by(std::string requirement, std::string_view kind, std::string expected, std::string seen) {
  Finding finding;
  finding.requirement = std::move(requirement);
  finding.kind = kind;
  const Weighed weighed = weigh(kind, finding.requirement);
  finding.weight = weighed.weight;
  finding.choice = weighed.choice;
  finding.expected = std::move(expected);
  finding.seen = std::move(seen);
  return finding;
}

// Cites what the case is about: the level of that requirement decides the weight.
Finding finding_of(const Scene& scene, std::string_view kind, std::string expected, std::string seen) {
  return finding_by(scene.own_requirement(), kind, std::move(expected), std::move(seen));
}

std::string status_line(const Observation& o) {
  const auto& answer = o.transcript.response;
  const auto end = answer.find("\r\n");
  return answer.starts_with(":status: ") ? answer.substr(0, end) : std::string("no status");
}

// RFC 9113 7: these say that the peer broke a rule of HTTP/2.
bool accuses(std::optional<std::uint32_t> code) {
  constexpr std::array kAccusing = {http2::protocol_error, http2::flow_control_error, http2::settings_timeout,
                                    http2::stream_closed,  http2::frame_size_error,   http2::compression_error};
  return code && std::ranges::find(kAccusing, *code) != kAccusing.end();
}

// "RST_STREAM with CANCEL", or empty.
std::string what_it_said(const Http2Seen& seen) {
  if (seen.goaway && *seen.goaway != 0) return "GOAWAY with " + http2::name_of_error(*seen.goaway);
  if (seen.reset) return "RST_STREAM with " + http2::name_of_error(*seen.reset);
  return seen.last_words;
}

std::string with_what_it_said(std::string text, const Http2Seen& seen) {
  const std::string said = what_it_said(seen);
  return said.empty() ? text : fmt::format("{} ({})", text, said);
}

// How a connection ends is the same in every case, and no matter of the one that is asked about here.
bool is_about_the_end(const Finding& finding) {
  using enum FindingKind;
  constexpr std::array kOfTheEnd = {tcp_left_open,     tcp_kept_open,           tcp_left_open_after_close,
                                    tcp_ended_second,  tcp_left_open_after_fin, close_answered_by_end_of_tcp,
                                    close_answer_lost, close_answer_other_code, close_answer_says_error};
  return std::ranges::any_of(kOfTheEnd, [&](FindingKind kind) { return finding.kind == ws::rules::name(kind); });
}

// A rule that names the error (RFC 9113 8.1.1, 5.4.1) is not obeyed by one that says that nothing was wrong. Any other
// code does: PROTOCOL_ERROR and INTERNAL_ERROR are general.
bool says_nothing_wrong(std::optional<std::uint32_t> code) {
  constexpr std::uint32_t kNoError = 0, kRefusedStream = 7, kCancel = 8;
  return code == kNoError || code == kRefusedStream || code == kCancel;
}

bool is_kind(std::string_view kind, std::initializer_list<FindingKind> kinds) {
  return std::ranges::any_of(kinds, [&](FindingKind each) { return kind == ws::rules::name(each); });
}

// Whether the fault is one of what the case does to HTTP/2, and not one that the endpoint has on every tunnel, which
// has the clause that it has anywhere. A tunnel that stalls where nothing departs from the ordinary may still be one
// whose window nobody opens.
bool is_of_http2(const Scene& scene, const Http2Seen& seen, const Finding& finding) {
  if (finding.weight != Finding::Weight::violation || is_about_the_end(finding)) return false;
  if (std::ranges::find(seen.ordinary, finding.kind) != seen.ordinary.end()) return false;
  return departs(*scene.c.http2) || (scene.own_requirement() == "rfc8441-5-18" && !scene.o.close &&
                                     is_kind(finding.kind, {FindingKind::message_missing, FindingKind::pong_missing}));
}

// Of what is wrong on other streams. RFC 9113 4.3: only who decoded a field section wrongly calls a legal one that.
constexpr std::string_view kOthers = "rfc8441-5-17";

std::string clause_of_beside(const Scene& scene, const Http2Seen& seen) {
  constexpr std::string_view kState = "rfc9113-4.3-2";
  const bool about_state = std::ranges::find(scene.c.requirements, kState) != scene.c.requirements.end();
  return std::string(about_state && seen.goaway == http2::compression_error ? kState : kOthers);
}

std::string clause_of_case(const Scene& scene, const Http2Seen& seen) {
  std::string own = scene.own_requirement();
  return own == kOthers ? clause_of_beside(scene, seen) : own;
}

// RFC 8441 5: a tunnel on which nothing happened ends with END_STREAM.
std::string clause_of_accusation(const Scene& scene, const Http2Seen& seen) {
  constexpr std::string_view kAccused = "http2-accused";
  if (std::ranges::find(seen.ordinary, kAccused) != seen.ordinary.end()) return "rfc8441-5-15";
  return clause_of_case(scene, seen);
}

// The endpoint answers Pings on no tunnel as it should.
bool has_trouble_with_pongs(const Http2Seen& seen) {
  return std::ranges::any_of(seen.ordinary, [](std::string_view kind) {
    return kind.starts_with("pong-") || is_kind(kind, {FindingKind::octets_illegal});
  });
}

constexpr std::string_view kMalformed = "rfc9113-8.1.1-1";

constexpr std::string_view kRefusal = "the request is refused: RST_STREAM, a status of 4xx or 5xx, or GOAWAY";

void judge_refusal(const Scene& scene, const Http2Seen& seen, Findings& findings) {
  const Observation& o = scene.o;
  const bool malformed = std::ranges::find(scene.c.requirements, kMalformed) != scene.c.requirements.end();
  const bool answered = o.transcript.response.starts_with(":status: ");
  if (malformed && !o.opened && !answered && !accuses(seen.goaway) && says_nothing_wrong(seen.reset))
    findings.push_back(finding_by(std::string(kMalformed), "http2-wrong-code",
                                  "RST_STREAM with PROTOCOL_ERROR, or a status before it", what_it_said(seen)));
  if (o.opened)
    findings.push_back(finding_of(scene, "http2-accepted", std::string(kRefusal),
                                  fmt::format("it opened the tunnel ({})", status_line(o))));
  if (o.opening_silent)
    findings.push_back(finding_of(scene, "http2-unanswered", std::string(kRefusal), "no answer came"));
}

// RFC 9113 8.5 names no code for what comes on a tunnel and is no DATA. After END_STREAM a server may reset the stream
// for a reason of its own (5.1), before it sees what comes then.
bool is_typed(const Scene& scene) {
  const std::string own = scene.own_requirement();
  return own.starts_with("rfc9113-") && own != "rfc9113-5.1-2";
}

// C-42: RFC 9113 5.1 allows it on any closed stream.
bool drops_what_is_older(const Scene& scene, const Http2Seen& seen) {
  const auto is_older = [](const Http2Frame& frame) { return frame.on == Http2Frame::On::older; };
  const auto answered = [&](const Http2Fault& fault) { return fault.requirement == scene.own_requirement(); };
  return scene.o.survived && std::ranges::any_of(scene.c.http2->frames, is_older) &&
         std::ranges::none_of(seen.faults, answered);
}

// RFC 9113 5.4.1: an error of the connection ends it, after a GOAWAY; 5.4.2: one of the stream ends that.
void judge_end(const Scene& scene, const Http2Seen& seen, Findings& findings) {
  const Observation& o = scene.o;
  const bool whole = scene.c.http2->outcome == Outcome::ends_connection;
  const std::string expected =
      whole ? "GOAWAY, and the end of the connection" : "RST_STREAM, or the end of the connection";
  const bool erred = seen.goaway && *seen.goaway != 0;
  if (drops_what_is_older(scene, seen)) {
    findings.push_back(finding_of(scene, "http2-older-ignored", expected, "it was ignored, and a Ping was answered"));
  } else if (o.survived) {
    findings.push_back(finding_of(scene, "http2-went-on", expected, "it went on: a Ping on the tunnel was answered"));
  } else if (erred && !o.eof && !o.reset) {
    findings.push_back(finding_by("rfc9113-5.4.1-1", "http2-left-open",
                                  "after GOAWAY for an error the connection is closed",
                                  with_what_it_said("it was left open", seen)));
  } else if (!o.eof && !o.reset) {
    findings.push_back(finding_of(scene, "http2-unanswered", expected, "nothing came"));
  } else if (whole && seen.connection_lives && !erred) {
    findings.push_back(finding_of(scene, "http2-connection-went-on", expected,
                                  "it ended the stream alone: a PING on the connection was answered"));
  } else if (whole && seen.goaway == 0u) {
    findings.push_back(finding_of(scene, "http2-wrong-code", "GOAWAY says which error it was", "GOAWAY with NO_ERROR"));
  } else if (!whole && is_typed(scene) && !seen.reset_after_ours && !accuses(seen.goaway) &&
             says_nothing_wrong(seen.reset)) {
    findings.push_back(finding_of(scene, "http2-wrong-code", "RST_STREAM says which error it was", what_it_said(seen)));
  }
}

void judge_keeping(const Scene& scene, const Http2Seen& seen, Findings& findings) {
  // RFC 9113 6.8: an endpoint may end the connection in order at any time.
  if (!seen.connection_lives && !seen.left_in_order)
    findings.push_back(finding_of(scene, "http2-connection-ended", "the connection lives on: a PING is answered",
                                  with_what_it_said("it ended, or no answer came", seen)));
  if (seen.reset_after_ours && scene.c.steps.empty())
    findings.push_back(finding_by("rfc9113-5.4.2-1", "http2-reset-answered", "no RST_STREAM in answer to RST_STREAM",
                                  with_what_it_said("one came", seen)));
}

}  // namespace

bool departs(const Http2Script& script) {
  return !script.settings.empty() || !script.fields.empty() || script.end_stream || script.head_padding ||
         script.data_padding || script.head_pieces != 1 || script.head_priority || script.data_size != 0 ||
         script.data_empty || script.held || script.last_data_ends || !script.frames.empty() || !script.beside.empty();
}

bool is_about_frames(const Case& c) {
  return c.http2 && c.http2->outcome != Outcome::works && c.http2->outcome != Outcome::either;
}

namespace {

constexpr std::uint64_t kFrameSize = 16'384;  // RFC 9113 6.5.2: what everybody takes

std::uint64_t longest_frame(const Http2Script& script) {
  std::uint64_t longest = 0;
  for (const Http2Frame& frame : script.frames) longest = std::max(longest, length(frame.payload));
  return longest;
}

}  // namespace

Verdict judge_http2(const Scene& scene) {
  Verdict verdict;
  const Outcome outcome = scene.c.http2->outcome;
  const Http2Seen seen = scene.o.http2.value_or(Http2Seen());
  if (const auto longest = longest_frame(*scene.c.http2); longest > kFrameSize && longest <= seen.frame_size) {
    verdict.behavior = Behavior::not_applicable;
    verdict.summary = fmt::format("Not applicable: the endpoint takes frames of {} bytes.", seen.frame_size);
    return verdict;
  }
  if (outcome == Outcome::refuses) {
    judge_refusal(scene, seen, verdict.findings);
  } else if (!scene.o.opened) {
    if (judge_handshake(scene, verdict)) settle(scene, verdict);
    return verdict;
  } else if (outcome == Outcome::keeps_connection) {
    judge_keeping(scene, seen, verdict.findings);
  } else {
    judge_end(scene, seen, verdict.findings);
  }
  judge_http2_faults(scene, verdict.findings);
  settle(scene, verdict);
  return verdict;
}

Verdict judge_http2_opening(const Scene& scene) {
  Verdict verdict;
  const Observation& o = scene.o;
  if (o.handshake_violation || !o.answer_faults.empty()) {
    if (judge_handshake(scene, verdict)) settle(scene, verdict);
    return verdict;
  }
  const std::string seen = o.handshake_failure.empty() ? status_line(o) : o.handshake_failure;
  if (scene.c.http2->outcome == Outcome::either) {
    verdict.behavior = Behavior::informational;
    verdict.summary = fmt::format("The tunnel did not open, as may be: {}.", seen);
    return verdict;
  }
  verdict.findings.push_back(finding_by(clause_of_case(scene, o.http2.value_or(Http2Seen())), "http2-refused",
                                        "the tunnel opens, as with an ordinary request", seen));
  judge_http2_faults(scene, verdict.findings);
  verdict.closing = Closing::failed;
  settle(scene, verdict);
  return verdict;
}

void judge_http2_frames(const Scene& scene, Findings& findings) {
  const Http2Seen seen = scene.o.http2.value_or(Http2Seen());
  if (scene.c.http2->outcome == Outcome::either) {
    std::erase_if(findings, [](const Finding& f) { return f.weight == Finding::Weight::violation; });
    return;
  }
  if (seen.gave_up) return findings.clear();
  for (Finding& finding : findings) {
    // RFC 8441 5: the end of TCP is that of the stream. How soon the other side ends is no clearer than there (C-40).
    if (finding.kind == ws::rules::name(FindingKind::tcp_left_open_after_fin))
      finding.requirement = scene.own_requirement();
    if (!is_of_http2(scene, seen, finding)) continue;
    finding.requirement = clause_of_case(scene, seen);
    const Weighed weighed = weigh(finding.kind, finding.requirement);
    finding.weight = weighed.weight;
    finding.choice = weighed.choice;
    finding.seen = with_what_it_said(finding.seen, seen);
  }
  const bool may_accuse =
      scene.c.expect && scene.c.expect->opening && scene.c.expect->opening->outcome == ExpectOpening::Outcome::refuse;
  if (!may_accuse && (accuses(seen.reset) || accuses(seen.goaway)))
    findings.push_back(finding_by(clause_of_accusation(scene, seen), "http2-accused",
                                  "no error of HTTP/2: every frame of this case is legal", what_it_said(seen)));
  if (scene.c.http2->last_data_ends && seen.answers_after_end && scene.o.messages.empty() && !scene.o.violation)
    findings.push_back(
        finding_of(scene, "http2-last-data-lost",
                   "a message whose DATA has END_STREAM is answered, for one with END_STREAM after it was",
                   with_what_it_said("no answer came", seen)));
  const auto complain = [&](const std::string& text) {
    findings.push_back(finding_by(clause_of_beside(scene, seen), "http2-beside",
                                  "other streams of the connection are not touched", text));
  };
  std::ranges::for_each(seen.beside, complain);
  if (!has_trouble_with_pongs(seen)) std::ranges::for_each(seen.beside_pongs, complain);
}

std::optional<Case> ordinary_tunnel(const Case& c, const Verdict& verdict) {
  const bool works = c.http2 && c.http2->outcome == Outcome::works && departs(*c.http2) && c.expect;
  const auto weighs = [](const Finding& f) { return f.weight != Finding::Weight::choice; };
  if (!works || std::ranges::none_of(verdict.findings, weighs)) return std::nullopt;
  Case plain = c;
  plain.http2 = Http2Script{};
  if (c.http2->beside.empty()) return plain;
  const std::string mark = "a Ping before all else";
  Reply passes;
  passes.kind = Reply::Kind::mark;
  passes.mark = mark;
  plain.steps.insert(plain.steps.begin(), Step{step::Sentinel{mark}});
  plain.expect->replies.insert(plain.expect->replies.begin(), std::move(passes));
  return plain;
}

void judge_http2_faults(const Scene& scene, Findings& findings) {
  if (!scene.o.http2) return;
  for (const Http2Fault& fault : scene.o.http2->faults)
    findings.push_back(finding_by(fault.requirement, "http2-frame-illegal", fault.expected, fault.seen));
}

}  // namespace touchstone
