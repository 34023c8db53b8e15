#include "runner/engine/verdict/opening_judge.h"

#include "runner/catalogue/catalogue.h"
#include "runner/engine/compose/http2_frame.h"
#include "runner/engine/verdict/describe_expect.h"

#include <fmt/format.h>
#include <ws/core/http/handshake.h>

#include <algorithm>

namespace touchstone {
namespace {

using Level = ExpectOpening::Level;
using Outcome = ExpectOpening::Outcome;
using enum FindingKind;

// What a case asks for is what the level of its requirement says, or a row of choices.json says why not: a test holds
// them together.
Finding::Weight weight(Level level) {
  switch (level) {
    case Level::must:
      return Finding::Weight::violation;
    case Level::should:
      return Finding::Weight::weak;
    case Level::may:
      return Finding::Weight::choice;
  }
  return Finding::Weight::violation;
}

class OpeningJudge {
 public:
  OpeningJudge(const Scene& scene, Findings& findings)
      : scene_(scene), case_(scene.c), o_(scene.o), expect_(*scene.c.expect->opening), findings_(findings) {}

  bool run() { return o_.request ? client() : server(); }

 private:
  void find(FindingKind kind, const Facts& facts = {}) { findings_.push_back(scene_.finding(kind, facts)); }

  // What the case is about: it says how much it asks.
  void find_own(FindingKind kind, const Facts& facts = {}) {
    find(kind, facts);
    Finding& finding = findings_.back();
    finding.weight = weight(expect_.level);
    if (finding.weight == weight_of_level(finding.requirement)) {
      finding.choice.clear();
    } else if (finding.choice.empty()) {
      if (const Requirement* rule = Catalogue::built_in().requirement(finding.requirement))
        finding.choice = rule->choice;
    }
  }

  [[nodiscard]] std::string refusal_wanted() const { return statuses_text(expect_.statuses); }

  // --- A server ------------------------------------------------------------------------------------------------

  bool server() {
    const bool switched = o_.opened || (o_.response && o_.response->status == 101);
    if (expect_.outcome == Outcome::refuse) {
      if (!switched) return refused(), false;
      find_own(opening_accepted, {.wanted = refusal_wanted()});
      // What such a request and its answer agree on is nobody's to say.
      return expect_.level != Level::must && o_.opened && o_.answer_faults.empty();
    }
    if (switched) return true;
    if (silent() || !o_.handshake_failure.empty() || o_.handshake_violation) {
      find_own(opening_refused, {.instead = what_came()});
      if (expect_.level == Level::may) refused();
    }
    return false;
  }

  [[nodiscard]] bool silent() const { return o_.opening_silent; }

  [[nodiscard]] std::string what_came() const {
    if (o_.handshake_violation) return "an answer that is no HTTP";
    return o_.handshake_failure;
  }

  // RFC 9112 2.2: who does not take a bare LF for the end of a line may wait for the CRLF of the empty one.
  [[nodiscard]] bool is_unfinished() const {
    if (!case_.request || !case_.request->raw) return false;
    return ws::as_text(PayloadGenerator(1).make(*case_.request->raw)).find("\r\n\r\n") == std::string_view::npos;
  }

  // RFC 9113 3.3, 3.4: who speaks HTTP/2 as well answers its preface with SETTINGS.
  [[nodiscard]] bool answers_preface() const {
    const std::string& answer = o_.transcript.response;
    return o_.transcript.request.starts_with(http2::kPreface) && answer.size() >= http2::kHead &&
           http2::head_of(ws::as_octets(answer)).type == http2::settings;
  }

  // It did not open, as it should not or need not. How?
  void refused() {
    if (answers_preface()) return;
    const bool gave_up = case_.request && case_.request->stop.has_value();
    if (gave_up && case_.request->stop->reset) return;  // nobody is left to be answered
    const Facts facts{.wanted = refusal_wanted(), .instead = what_came()};
    if (silent() && is_unfinished()) {
      find(opening_unfinished, facts);
    } else if (silent() && !gave_up) {
      find(opening_unanswered, facts);
    } else if (silent() || o_.handshake_violation) {
      find(o_.handshake_violation ? refusal_not_http : refusal_by_end_of_tcp, facts);
    } else if (!o_.response) {
      // A request that is not whole has nothing to be answered.
      if (!gave_up) find(refusal_by_end_of_tcp, facts);
    } else {
      refusal(*o_.response);
    }
  }

  void refusal(const ws::ResponseHead& answer) {
    const auto status = static_cast<std::uint16_t>(answer.status);
    const auto says_error = [](std::uint16_t code) { return code >= 400; };
    const auto& named = expect_.statuses;
    const bool names_errors = std::ranges::any_of(named, says_error);
    const bool ordinary_fits = !std::ranges::all_of(named, says_error);
    const Facts facts{.code = status, .wanted = refusal_wanted()};
    if (says_error(status) && names_errors && std::ranges::find(named, status) == named.end()) {
      find(refusal_status, facts);
    } else if (!says_error(status) && !ordinary_fits) {
      find(refusal_says_no_error, facts);
    }
    for (const ws::Field& field : expect_.with) {
      if (!ws::list_has_token(answer.fields, field.name, field.value))
        find(refusal_field_missing, {.code = status, .what = field.name, .wanted = field.value});
    }
    // RFC 9110 15.5.2, 15.5.6, 15.5.22: each a MUST, and it binds the server.
    const auto lacks = [&](std::string_view name) { return ws::field_values(answer.fields, name).empty(); };
    if (status == 401 && lacks("WWW-Authenticate")) find(refusal_challenge_missing);
    if (status == 405 && lacks("Allow")) find(refusal_allow_missing);
    if (status == 426 && lacks("Upgrade")) find(refusal_upgrade_missing);
  }

  // --- A client ------------------------------------------------------------------------------------------------

  bool client() {
    const bool refuse = refusal_expected(case_, o_);
    if (refuse) {
      if (opened()) {
        find_own(answer_accepted, {.instead = how_it_went_on()});
      } else {
        ended();
      }
      return false;
    }
    if (opened() || !ended_by_client()) return true;
    const Facts facts{.instead = o_.close ? "it sent a Close" : "it ended TCP"};
    // RFC 7692 5.1, 7: a legal configuration that the client does not want ends the connection as well (C-34).
    if (expect_.outcome == Outcome::judge) {
      find(answer_not_wanted, facts);
    } else {
      find_own(answer_refused, facts);
    }
    return false;
  }

  [[nodiscard]] bool closed_for_a_fault() const {
    if (!o_.close || o_.survived) return false;
    return scene_.position(Seen::Kind::close) < scene_.position(Seen::Kind::tester_close) &&
           (!*o_.close || (*o_.close)->code != ws::close_code::kNormal);
  }

  // Only an open connection has frames on it.
  [[nodiscard]] bool opened() const {
    return o_.survived || scene_.came(Seen::Kind::message) || scene_.came(Seen::Kind::pong) ||
           scene_.came(Seen::Kind::ping) || (o_.close && !closed_for_a_fault());
  }

  [[nodiscard]] bool ended_by_client() const { return o_.eof || o_.reset || o_.close; }

  [[nodiscard]] std::string how_it_went_on() const {
    if (o_.survived || scene_.came(Seen::Kind::pong)) return "it took it: a Ping that came after it was answered";
    return "it took it: frames came";
  }

  void ended() {
    if (case_.answer && case_.answer->stop) {
      // The tester ended TCP; what is left is that the client does so too.
      if (o_.ended_by_tester) find(tcp_left_open_after_fin);
      return;
    }
    const bool by_status = !o_.answer_status || *o_.answer_status != 101;
    if (o_.close) {
      // RFC 6455 7.1.7 has a Close only where a connection was established; RFC 7692 5.1 has one for its parameters.
      const bool about_extensions = scene_.own_requirement().starts_with("rfc7692");
      find(about_extensions ? answer_not_wanted : answer_refused_by_close,
           {.instead = "it sent a Close for the fault"});
    } else if (o_.ended_by_tester) {
      find(by_status ? answer_kept_open : answer_left_open);
    } else if (o_.ended_after_half_close && !by_status) {
      find(answer_refused_late);
    }
  }

  const Scene& scene_;
  const Case& case_;
  const Observation& o_;
  const ExpectOpening& expect_;
  Findings& findings_;
};

// --- Every head ---------------------------------------------------------------------------------------------------

class HeadJudge {
 public:
  HeadJudge(const Scene& scene, Findings& findings) : scene_(scene), o_(scene.o), findings_(findings) {}

  void run() {
    const auto& fields = o_.request ? o_.request->fields : o_.response->fields;
    if (o_.spoke_early && !refuses_early()) find(answer_before_request);
    for (const auto* name : {"Connection", "Upgrade", "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"}) {
      if (has_empty_element(fields, name) && !is_found_already(name))
        find(list_element_empty, {.what = name, .instead = std::string(ws::field_values(fields, name).front())});
    }
    for (const auto* name : {"Host", "Origin", "User-Agent", "Server", "Date", "Content-Length"}) {
      if (ws::field_values(fields, name).size() > 1) find(field_repeated, {.what = name});
    }
    if (o_.transcript.response.contains("\r\n ") || o_.transcript.response.contains("\r\n\t")) {
      if (!o_.request) find(field_folded);  // else the response is the tester's
    }
    body(fields);
    if (o_.request) request(*o_.request);
  }

 private:
  void find(FindingKind kind, const Facts& facts = {}) { findings_.push_back(scene_.finding(kind, facts)); }

  // RFC 9110 8.6, RFC 9112 6.1, 6.2: neither field has a meaning in a 101. It is the same in every answer, so that the
  // cases about the opening handshake say it.
  void body(const std::vector<ws::Field>& fields) {
    const auto lengths = ws::field_values(fields, "Content-Length");
    const auto codings = ws::field_values(fields, "Transfer-Encoding");
    if (!is_about_the_opening(scene_.c)) return;
    if (!lengths.empty() && !codings.empty()) find(length_beside_coding);
    const bool switches = !o_.request && o_.response->status == 101;
    if (switches && !lengths.empty()) find(answer_has_length, {.instead = std::string(lengths.front())});
    if (switches && !codings.empty()) find(answer_has_coding, {.instead = std::string(codings.front())});
    if (o_.request && !lengths.empty()) find(request_has_length, {.instead = std::string(lengths.front())});
  }

  // C-08: a server may refuse a request as soon as it has seen enough of it.
  [[nodiscard]] bool refuses_early() const { return !o_.request && o_.response && o_.response->status != 101; }

  // That the whole field is empty has a clause of its own.
  [[nodiscard]] bool is_found_already(std::string_view name) const {
    using Kind = ws::rules::AnswerFault::Kind;
    const auto found = [&](Kind kind) {
      return std::ranges::find(o_.answer_faults, kind, &ws::rules::AnswerFault::kind) != o_.answer_faults.end();
    };
    const auto asked = [&](ws::Violation violation) {
      const auto& faults = o_.request_faults;
      return std::ranges::find(faults, violation, &ws::rules::RequestFault::violation) != faults.end();
    };
    return (name == "Sec-WebSocket-Extensions" &&
            (found(Kind::extensions_empty) || asked(ws::Violation::extensions_malformed))) ||
           (name == "Sec-WebSocket-Protocol" &&
            (found(Kind::subprotocol_empty) || asked(ws::Violation::subprotocol_malformed)));
  }

  static bool has_empty_element(const std::vector<ws::Field>& fields, std::string_view name) {
    const auto values = ws::field_values(fields, name);
    return std::ranges::any_of(values, [](std::string_view value) {
      bool quoted = false, empty = true;
      for (std::size_t i = 0; i < value.size(); ++i) {
        const char c = value[i];
        if (quoted && c == '\\') {
          ++i;
        } else if (c == '"') {
          quoted = !quoted;
        }
        if (c == ',' && !quoted) {
          if (empty) return true;
          empty = true;
        } else if (c != ' ' && c != '\t') {
          empty = false;
        }
      }
      return empty;
    });
  }

  void request(const ws::RequestHead& request) {
    const ws::Field* const key = ws::find_field(request.fields, "Sec-WebSocket-Key");
    if (key != nullptr && ws::is_valid_key(key->value) && !std::string_view("AQgw").contains(key->value[21])) {
      // The RFC's own example in print has such a key (C-09).
      find(key_pad_bits, {.instead = key->value});
    }
    if (o_.nonce_fault) {
      // How a random value looks is no matter of one key: only a repeat is beyond doubt.
      find(o_.nonce_fault->beyond_doubt ? key_repeated : key_biased, {.instead = o_.nonce_fault->text});
    }
  }

  const Scene& scene_;
  const Observation& o_;
  Findings& findings_;
};

}  // namespace

bool refusal_expected(const Case& c, const Observation& o) {
  if (!o.request || !c.expect || !c.expect->opening) return false;
  const ExpectOpening& opening = *c.expect->opening;
  return opening.outcome == Outcome::refuse || (opening.outcome == Outcome::judge && !o.answer_lawful);
}

bool is_about_the_opening(const Case& c) {
  if ((c.expect && c.expect->opening) || c.request || c.answer) return true;
  const Requirement* rule =
      c.requirements.empty() ? nullptr : Catalogue::built_in().requirement(c.requirements.front());
  if (rule == nullptr) return false;
  const auto in = [&](std::string_view section) {
    return rule->section == section || rule->section.starts_with(std::string(section) + ".");
  };
  if (rule->rfc == 6455) return in("4") || in("9") || in("11.3");
  if (rule->rfc == 7692) return in("5") || rule->section == "7" || in("7.1");
  return rule->rfc == 9110 || rule->rfc == 9112;
}

bool judge_opening(const Scene& scene, Findings& findings) { return OpeningJudge(scene, findings).run(); }

void judge_head(const Scene& scene, Findings& findings) {
  if (scene.o.request || scene.o.response) HeadJudge(scene, findings).run();
}

}  // namespace touchstone
