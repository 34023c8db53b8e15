#include "runner/engine/verdict/opening_judge.h"

#include "runner/catalogue/catalogue.h"

#include <fmt/format.h>

#include <algorithm>

namespace touchstone {
namespace {

using Level = ExpectOpening::Level;
using Outcome = ExpectOpening::Outcome;
using Weight = Finding::Weight;

Weight weight(Level level) {
  switch (level) {
    case Level::must:
      return Weight::violation;
    case Level::should:
      return Weight::weak;
    case Level::may:
      return Weight::choice;
  }
  return Weight::violation;
}

std::string statuses_text(const std::vector<std::uint16_t>& statuses) {
  return statuses.empty() || statuses.front() < 400 ? "a status that says an error"
                                                    : fmt::format("{}", fmt::join(statuses, " or "));
}

class OpeningJudge {
 public:
  OpeningJudge(const Case& c, const Observation& o, std::vector<Finding>& findings)
      : case_(c), o_(o), expect_(*c.expect->opening), findings_(findings) {}

  bool run() { return o_.request ? client() : server(); }

 private:
  [[nodiscard]] std::string own_requirement() const {
    return case_.requirements.empty() ? std::string() : case_.requirements.front();
  }

  void find(Weight weight, std::string requirement, std::string expected, std::string seen) {
    findings_.push_back({weight, std::move(requirement), std::move(expected), std::move(seen)});
  }

  // --- A server ------------------------------------------------------------------------------------------------

  bool server() {
    const bool switched = o_.opened || (o_.response && o_.response->status == 101);
    if (expect_.outcome == Outcome::refuse) {
      if (!switched) return refused(), false;
      find(weight(expect_.level), own_requirement(), "a refusal: " + statuses_text(expect_.statuses), "101");
      // What such a request and its answer agree on is nobody's to say.
      return expect_.level != Level::must && o_.opened && o_.answer_faults.empty();
    }
    if (switched) return true;
    if (silent() || !o_.handshake_failure.empty() || o_.handshake_violation) {
      find(weight(expect_.level), own_requirement(), "101 Switching Protocols", what_came());
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

  // It did not open, as it should not or need not. How?
  void refused() {
    const bool gave_up = case_.request && case_.request->stop.has_value();
    if (gave_up && case_.request->stop->reset) return;  // nobody is left to be answered
    if (silent() && is_unfinished()) {
      find(Weight::choice, own_requirement(), "an answer, or patience until an empty line ends with CRLF",
           o_.handshake_failure);
    } else if (silent()) {
      find(gave_up ? Weight::weak : Weight::violation, "rfc6455-4.2.1-1", statuses_text(expect_.statuses),
           o_.handshake_failure);
    } else if (o_.handshake_violation) {
      find(Weight::weak, "rfc6455-10.7-4", statuses_text(expect_.statuses), what_came());
    } else if (!o_.response) {
      // A request that is not whole has nothing to be answered.
      if (!gave_up) find(Weight::weak, "rfc6455-10.7-4", statuses_text(expect_.statuses), o_.handshake_failure);
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
    if (says_error(status) && names_errors && std::ranges::find(named, status) == named.end()) {
      find(Weight::weak, own_requirement(), statuses_text(named), fmt::format("{}", status));
    } else if (!says_error(status) && !ordinary_fits) {
      find(Weight::weak, "rfc6455-4.2.1-1", statuses_text(named), fmt::format("{}, which says no error", status));
    }
    for (const ws::Field& field : expect_.with) {
      if (ws::list_has_token(answer.fields, field.name, field.value)) continue;
      find(Weight::violation, own_requirement(), fmt::format("{} with {} in it", field.name, field.value),
           fmt::format("{} without it", status));
    }
    // RFC 9110 15.5.22; C-08: it is HTTP's rule, not RFC 6455's.
    if (status == 426 && ws::field_values(answer.fields, "Upgrade").empty()) {
      find(Weight::weak, "rfc9110-15.5.22-1", "426 with an Upgrade field", "426 without one");
    }
  }

  // --- A client ------------------------------------------------------------------------------------------------

  bool client() {
    const bool refuse = refusal_expected(case_, o_);
    if (refuse) {
      if (opened()) {
        find(weight(expect_.level), own_requirement(), "the client does not take this answer", how_it_went_on());
      } else {
        ended();
      }
      return false;
    }
    if (opened() || !ended_by_client()) return true;
    const std::string how = o_.close ? "a Close instead" : "it ended TCP instead";
    if (expect_.outcome == Outcome::judge) {
      // RFC 7692 5.1, 7: a legal configuration that the client does not want ends the connection as well (C-34).
      find(Weight::choice, "rfc7692-5.1-1", "the client takes this answer and opens, if it can and wants to", how);
    } else {
      find(weight(expect_.level), own_requirement(), "the client takes this answer and opens", how);
    }
    return false;
  }

  [[nodiscard]] bool seen(Seen::Kind kind) const {
    return std::ranges::find(o_.seen, kind, &Seen::kind) != o_.seen.end();
  }

  [[nodiscard]] bool closed_for_a_fault() const {
    if (!o_.close || o_.survived) return false;
    const auto own = std::ranges::find(o_.seen, Seen::Kind::close, &Seen::kind);
    const auto ours = std::ranges::find(o_.seen, Seen::Kind::tester_close, &Seen::kind);
    return own < ours && (!*o_.close || (*o_.close)->code != ws::close_code::kNormal);
  }

  // Only an open connection has frames on it.
  [[nodiscard]] bool opened() const {
    return o_.survived || seen(Seen::Kind::message) || seen(Seen::Kind::pong) || seen(Seen::Kind::ping) ||
           (o_.close && !closed_for_a_fault());
  }

  [[nodiscard]] bool ended_by_client() const { return o_.eof || o_.reset || o_.close; }

  [[nodiscard]] std::string how_it_went_on() const {
    if (o_.survived || seen(Seen::Kind::pong)) return "it took it: a Ping behind it was answered";
    return "it took it: frames came";
  }

  void ended() {
    if (case_.answer && case_.answer->stop) {
      // The tester ended TCP; what is left is that the client does so too.
      if (o_.ended_by_tester) find(Weight::weak, own_requirement(), "the client ends TCP as well", "it left it open");
      return;
    }
    const bool by_status = !o_.answer_status || *o_.answer_status != 101;
    if (o_.close) {
      // RFC 6455 7.1.7 has a Close only where a connection was established.
      const bool about_extensions = own_requirement().starts_with("rfc7692");
      find(about_extensions ? Weight::choice : Weight::weak,
           about_extensions ? std::string("rfc7692-5.1-1") : std::string("rfc6455-4.1-36"),
           "the client fails the connection before it is open", "a Close for the fault (C-34)");
    } else if (o_.ended_by_tester) {
      find(by_status ? Weight::weak : Weight::violation, own_requirement(), "the client ends TCP",
           "it left the connection open, also after our FIN");
    } else if (o_.ended_after_half_close && !by_status) {
      find(Weight::weak, "rfc6455-7.1.7-2", "the client ends TCP", "it ended TCP only when we had");
    }
  }

  const Case& case_;
  const Observation& o_;
  const ExpectOpening& expect_;
  std::vector<Finding>& findings_;
};

// --- Every head ---------------------------------------------------------------------------------------------------

class HeadJudge {
 public:
  HeadJudge(const Observation& o, std::vector<Finding>& findings) : o_(o), findings_(findings) {}

  void run() {
    const auto& fields = o_.request ? o_.request->fields : o_.response->fields;
    if (o_.spoke_early) {
      find(Weight::violation, o_.request ? "rfc6455-4.1-35" : "rfc6455-4.2.1-20",
           "nothing before the other side's head is complete", "octets before that");
    }
    for (const auto* name : {"Connection", "Upgrade", "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"}) {
      if (has_empty_element(fields, name) && !is_found_already(name)) {
        find(Weight::violation, "rfc9110-5.6.1.1-1", fmt::format("a list without empty elements in {}", name),
             fmt::format("{}: {}", name, ws::field_values(fields, name).front()));
      }
    }
    for (const auto* name : {"Host", "Origin", "User-Agent", "Server", "Date", "Content-Length"}) {
      if (ws::field_values(fields, name).size() < 2) continue;
      find(Weight::violation, "rfc9110-5.3-1", fmt::format("{} at most once", name), "more than one");
    }
    if (o_.transcript.response.contains("\r\n ") || o_.transcript.response.contains("\r\n\t")) folded();
    if (o_.request) request(*o_.request);
  }

 private:
  void find(Weight weight, std::string requirement, std::string expected, std::string seen) {
    findings_.push_back({weight, std::move(requirement), std::move(expected), std::move(seen)});
  }

  // That the whole field is empty has a clause of its own.
  [[nodiscard]] bool is_found_already(std::string_view name) const {
    using Kind = ws::rules::AnswerFault::Kind;
    const auto found = [&](Kind kind) {
      return std::ranges::find(o_.answer_faults, kind, &ws::rules::AnswerFault::kind) != o_.answer_faults.end();
    };
    return (name == "Sec-WebSocket-Extensions" && found(Kind::extensions_empty)) ||
           (name == "Sec-WebSocket-Protocol" && found(Kind::subprotocol_empty));
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

  void folded() {
    if (o_.request) return;  // the response is the tester's
    find(Weight::violation, "rfc9112-5.2-1", "no folded field lines", "a line that starts with a blank");
  }

  void request(const ws::RequestHead& request) {
    const ws::Field* const key = ws::find_field(request.fields, "Sec-WebSocket-Key");
    if (key != nullptr && key->value.size() == 24 && !std::string_view("AQgw").contains(key->value[21])) {
      // The RFC's own example in print has such a key (C-09).
      find(Weight::weak, "rfc6455-4.1-24", "Base64 with pad bits of zero (RFC 4648 3.5)", key->value);
    }
    if (o_.nonce_fault) {
      // How a random value looks is no matter of one key: only a repeat is beyond doubt.
      find(o_.nonce_fault->repeated ? Weight::violation : Weight::weak, "rfc6455-4.1-25",
           "a new key, chosen at random, for each connection", o_.nonce_fault->text);
    }
    std::vector<ws::Extension> offers;
    if (auto parsed = ws::parse_extensions(request.fields)) offers = std::move(*parsed);
    for (const ws::Extension& element : offers) {
      if (element.name != "permessage-deflate" || ws::read_offer(element)) continue;
      find(Weight::violation, "rfc6455-9.1-4", "an offer with the parameters that RFC 7692 7.1 defines",
           ws::serialize({element}));
    }
  }

  const Observation& o_;
  std::vector<Finding>& findings_;
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

bool judge_opening(const Case& c, const Observation& o, std::vector<Finding>& findings) {
  return OpeningJudge(c, o, findings).run();
}

void judge_head(const Observation& o, std::vector<Finding>& findings) {
  if (o.request || o.response) HeadJudge(o, findings).run();
}

}  // namespace touchstone
