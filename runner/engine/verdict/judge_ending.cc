#include "runner/engine/verdict/judge_ending.h"

#include <ws/core/close.h>
#include <ws/rules/codes.h>

#include <algorithm>

namespace touchstone {
namespace {

using enum FindingKind;
using Codes = std::vector<std::uint16_t>;
namespace codes_of = ws::close_code;

bool holds(const Codes& codes, std::uint16_t code) { return std::ranges::find(codes, code) != codes.end(); }

// The code of the endpoint's Close, if it sent one with a code.
std::optional<std::uint16_t> code_seen(const Observation& o) {
  if (!o.close || !*o.close) return std::nullopt;
  return (*o.close)->code;
}

// RFC 6455 5.5.1 forbids data frames after a Close. A Ping or a Pong that breaks no rule itself is none, and is no
// excuse.
bool is_lawful_control(const step::Frame& frame) {
  const bool asks = frame.opcode == ws::Opcode::ping || frame.opcode == ws::Opcode::pong;
  return asks && frame.fin && frame.rsv == 0 && frame.form.ordinary() &&
         length(frame.payload) <= ws::kMaxControlPayload;
}

bool sends_behind_its_close(const Case& c) {
  bool closed = false, behind = false;
  each_step(c.steps, [&](const Step& step) {
    const auto* frame = std::get_if<step::Frame>(&step.action);
    const bool junk = (frame != nullptr && !is_lawful_control(*frame)) ||
                      std::holds_alternative<step::Message>(step.action) ||
                      std::holds_alternative<step::Octets>(step.action);
    behind = behind || (closed && junk);
    closed = closed || std::holds_alternative<step::Close>(step.action) ||
             (frame != nullptr && frame->opcode == ws::Opcode::close);
  });
  return behind;
}

class EndingJudge {
 public:
  EndingJudge(const Scene& scene, Findings& findings)
      : scene_(scene), o_(scene.o), code_(code_seen(scene.o)), findings_(findings) {}

  void operator()(const end::Polite&) {
    if (scene_.gave_up_on_who_does_not_read()) {
      find(closed_unasked, {.instead = scene_.how_it_ended()});
    } else if (o_.close && scene_.position(Seen::Kind::close) < scene_.position(Seen::Kind::tester_close)) {
      ended_unasked();
    } else if (o_.end_unproved && !o_.close) {
      return;  // other cases show it
    } else if (scene_.came(Seen::Kind::tester_close)) {
      answer_to_close({codes_of::kNormal});
    } else if (scene_.ended_without_close()) {
      refused();
    }
  }

  void operator()(const end::Replies& end) {
    if (!was_never_asked()) answer_to_close(end.codes);
  }

  void operator()(const end::MayFail& end) {
    if (!scene_.failed_by_choice()) return (*this)(end::Polite{});
    const bool fits = !code_ || holds(end.codes, *code_);
    find(fits ? failed_by_choice : failed_by_choice_code,
         {.codes = end.codes, .code = code_, .instead = scene_.how_it_ended()});
  }

  // C-40: what the endpoint still said does not matter, only that it does not keep what is left of the connection.
  void operator()(const end::Abandoned&) {
    if (o_.ended_by_tester && !o_.close) find(tcp_left_open_after_fin);  // with a Close: see judge_tcp()
  }

  void operator()(const end::Open& end) {
    if (was_never_asked()) return;
    if (scene_.ended_without_close() || code_ == codes_of::kProtocolError)
      return find(close_code_left_open, {.instead = scene_.how_it_ended()});
    answer_to_close(end.codes);
  }

  void operator()(const end::Fails& end) {
    if (was_never_asked()) return;
    if (o_.close) {
      failing_code(end.codes);
    } else if (o_.violation && !o_.survived) {
      return;  // it did send a Close: what is wrong with that is said
    } else if (scene_.ended_without_close() && !o_.violation) {
      find(failed_without_close, {.codes = end.codes, .instead = scene_.how_it_ended()});
    } else {
      if (has(findings_, fault_ignored)) return;  // said of a message
      const std::string instead =
          o_.survived ? "it went on: it answered a Ping that was sent after the fault" : scene_.how_it_ended();
      // RFC 6455 5.5.1: a Close is answered whatever it says. That nobody has to refuse its code (C-29) changes
      // nothing.
      find(scene_.sent_a_bad_code() ? close_unanswered : fault_ignored, {.codes = end.codes, .instead = instead});
    }
  }

 private:
  // The octets that the end answers were not sent, since an echo before them did not come: that is what is said.
  [[nodiscard]] bool was_never_asked() const { return o_.echo_lacked && !o_.sent_close_in_steps && !o_.survived; }

  void find(FindingKind kind, const Facts& facts = {}) { findings_.push_back(scene_.finding(kind, facts)); }

  // An endpoint may close at any time (C-27), but not for a legal case's sake.
  void ended_unasked() {
    const bool takes_such = scene_.c.expect->compares_messages && !scene_.was_left_idle();
    if (code_ && ws::rules::refuses_legal_octets(*code_, takes_such)) return refused();
    find(closed_unasked, {.instead = scene_.how_it_ended()});
  }

  void refused() {
    if (has(findings_, legal_octets_refused) || has(findings_, tcp_ended_unasked)) return;  // said at a mark
    if (auto finding = refusal_of_legal_octets(scene_)) findings_.push_back(std::move(*finding));
  }

  // RFC 6455 5.5.1. An orderly end comes after all that the endpoint sent, so that there was no Close; and the tester's
  // was on its way before. A reset may have destroyed one. Who sees TCP end together with the Close, or may end it for
  // another reason, as the tester's octets after its Close (which 5.5.1 forbids) give one, need not have found the
  // time.
  [[nodiscard]] FindingKind kind_of_missing_answer() const {
    if (!scene_.ended_without_close()) return close_unanswered;
    const bool may_fail = std::holds_alternative<end::MayFail>(scene_.c.expect->end) ||
                          sends_behind_its_close(scene_.c) ||
                          scene_.was_not_read();  // it may have given the connection up before
    return o_.reset || o_.ended_tcp_in_steps || may_fail ? close_answer_lost : close_answered_by_end_of_tcp;
  }

  void answer_to_close(const Codes& codes) {
    if (!o_.close) {
      if (o_.violation) return;  // said already
      return find(kind_of_missing_answer(), {.instead = scene_.how_it_ended()});
    }
    if (!code_) {
      if (o_.local_close_code) find(close_answer_empty);
      return;
    }
    if (holds(codes, *code_)) return;  // as usual: the tester's own code, too, which may accuse
    if (ws::rules::accuses(*code_) && sends_behind_its_close(scene_.c))
      return;  // of what the tester sent after its Close (RFC 6455 5.5.1)
    if (ws::rules::accuses(*code_) && has(findings_, message_before_close_unanswered)) {
      refused();  // a message before the Close, and not the Close
    } else {
      find(ws::rules::says_error(*code_) ? close_answer_says_error : close_answer_other_code,
           {.codes = codes, .code = code_});
    }
  }

  void failing_code(const Codes& codes) {
    if (has(findings_, fault_ignored) && !scene_.closed_for_an_error()) return;  // said of a message, or of a Pong
    const Facts facts{.codes = codes, .code = code_};
    if (o_.survived) {
      // It went on for a while. Only a Close that names the fault shows that it did notice.
      if (code_ && ws::rules::says_error(*code_)) return find(fault_noticed_late, facts);
      find(fault_ignored, {.codes = codes,
                           .instead = "it went on: it answered a Ping that was sent after the fault, and then closed "
                                      "as if nothing had been wrong"});
    } else if (!code_) {
      find(failing_close_empty, facts);
    } else if (!holds(codes, *code_)) {
      find(failing_code_wrong, facts);
    }
  }

  const Scene& scene_;
  const Observation& o_;
  const std::optional<std::uint16_t> code_;
  Findings& findings_;
};

// RFC 6455 7.1.1: TCP, and TLS, are closed cleanly, and what still comes is discarded. A reset, or an end of TCP alone,
// is a race in most cases, and the same in all: cases that are about it say it. Once both have sent a Close, a reset
// takes nothing away (C-24).
void judge_clean_end(const Scene& scene, Findings& findings) {
  const Observation& o = scene.o;
  if (!o.close || o.ended_tcp_in_steps || !is_about_a_clean_end(scene.c)) return;
  const bool failing = std::holds_alternative<end::Fails>(scene.c.expect->end);
  if (o.reset && failing && !o.survived) findings.push_back(scene.finding(tcp_reset_after_failing));
  if (o.tls_cut) findings.push_back(scene.finding(tls_not_closed));
}

}  // namespace

bool is_about_a_clean_end(const Case& c) {
  constexpr std::string_view kCleanEnd = "rfc6455-7.1.1-1";
  return std::ranges::find(c.requirements, kCleanEnd) != c.requirements.end();
}

std::optional<Finding> refusal_of_legal_octets(const Scene& scene) {
  const bool fails = std::holds_alternative<end::Fails>(scene.c.expect->end);
  const auto code = code_seen(scene.o);
  const Facts facts{.code = code, .instead = scene.how_it_ended()};
  const std::size_t unanswered = scene.o.messages.size();
  if (scene.ended_without_close() && !fails) return scene.finding_of_message(tcp_ended_unasked, unanswered, facts);
  if (!code || !ws::rules::refuses_legal_octets(*code, scene.c.expect->compares_messages)) return std::nullopt;
  return scene.finding_of_message(fails ? failed_too_early : legal_octets_refused, unanswered, facts);
}

void judge_ending(const Scene& scene, Findings& findings) {
  if (scene.was_cut_short() && !scene.o.survived) return;
  std::visit(EndingJudge(scene, findings), scene.c.expect->end);
}

void judge_tcp(const Scene& scene, Findings& findings) {
  const Observation& o = scene.o;
  judge_clean_end(scene, findings);
  if (o.end_unproved) return;  // the same
  const bool left_open = o.ended_by_tester && (o.close || o.survived);
  if (scene.is_client()) {
    // RFC 6455 7.1.1: the tester, as the server, closed TCP first. A client may have done so before it (5.5.1).
    // No clause says how soon it must, and some wait for longer than the tester does.
    if (left_open) findings.push_back(scene.finding(tcp_left_open_after_close));
    // A client SHOULD wait for it (7.1.1), but in abnormal cases. One that does not shows it everywhere, and what is
    // about it says it.
    const bool normal = std::holds_alternative<end::Polite>(scene.c.expect->end);
    if (o.ended_tcp_first && normal && is_about_a_clean_end(scene.c))
      findings.push_back(scene.finding(tcp_ended_first));
  } else if (left_open) {
    // RFC 6455 5.5.1 has a server close TCP at once when a Close was sent and received. An end of TCP inside a frame
    // is no Close, and a server may give one time to come.
    const bool answered = scene.came(Seen::Kind::tester_close) || o.sent_close_in_steps;
    const bool half = std::holds_alternative<end::Abandoned>(scene.c.expect->end) && !answered;
    findings.push_back(scene.finding(half ? tcp_left_open_after_fin : tcp_left_open));
  } else if (o.ended_after_half_close && o.close) {
    // Where it failed the connection it may give the tester's Close some time to come (7.1.1, 7.1.7).
    const End& end = scene.c.expect->end;
    const auto code = code_seen(o);
    const bool failed = std::holds_alternative<end::Fails>(end) ||
                        (std::holds_alternative<end::MayFail>(end) && scene.failed_by_choice()) ||
                        (std::holds_alternative<end::Open>(end) && code && ws::rules::says_error(*code));
    findings.push_back(scene.finding(o.kept_tcp && !failed ? tcp_kept_open : tcp_ended_second));
  }
}

}  // namespace touchstone
