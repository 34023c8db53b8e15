#include "runner/engine/verdict/judge.h"

#include "runner/catalogue/catalogue.h"
#include "runner/engine/verdict/describe_expect.h"
#include "runner/engine/verdict/mask_keys.h"
#include "runner/engine/verdict/opening_judge.h"
#include "runner/engine/verdict/oracle.h"

#include <ws/core/violation.h>
#include <ws/rules/codes.h>

#include <fmt/format.h>

#include <algorithm>

namespace touchstone {
namespace {

using Weight = Finding::Weight;
namespace cc = ws::close_code;

std::string show(ws::ByteView octets) {
  constexpr std::size_t kShown = 32;
  const auto head = octets.first(std::min(octets.size(), kShown));
  const bool printable =
      std::ranges::all_of(head, [](std::byte b) { return b >= std::byte{0x20} && b < std::byte{0x7f}; });
  std::string text;
  if (printable) {
    text = fmt::format("\"{}\"", ws::as_text(head));
  } else {
    for (const std::byte b : head) text += fmt::format("{:02x}", std::to_integer<unsigned>(b));
  }
  if (octets.size() > kShown) text += "...";
  return fmt::format("{} ({} octets)", text, octets.size());
}

using ws::rules::says_error;

class Judge {
 public:
  Judge(const Case& c, const Observation& o, std::uint64_t seed)
      : case_(c), o_(o), is_client_(o.request.has_value()), payloads_(seed) {}

  Verdict run() {
    if (!opening()) return std::move(verdict_);
    legality();
    messages();
    pings();
    marks();
    std::visit([this](const auto& end) { ending(end); }, case_.expect->end);
    tcp();
    settle();
    return std::move(verdict_);
  }

 private:
  // What the case is about: the first rule that binds the endpoint's side.
  [[nodiscard]] const std::string& own_requirement() const {
    static const std::string none;
    const auto binds_it = [&](const std::string& id) {
      const Requirement* rule = Catalogue::built_in().requirement(id);
      return rule == nullptr || rule->binds != (is_client_ ? "server" : "client");
    };
    const auto own = std::ranges::find_if(case_.requirements, binds_it);
    if (own != case_.requirements.end()) return *own;
    return case_.requirements.empty() ? none : case_.requirements.front();
  }

  void find(Weight weight, std::string requirement, std::string expected, std::string seen) {
    verdict_.findings.push_back({weight, std::move(requirement), std::move(expected), std::move(seen)});
  }

  void closing(Closing closing) {
    if (verdict_.closing == Closing::ok || closing == Closing::failed) verdict_.closing = closing;
  }

  [[nodiscard]] bool came(Seen::Kind kind) const {
    return std::ranges::find(o_.seen, kind, &Seen::kind) != o_.seen.end();
  }

  [[nodiscard]] std::size_t position(Seen::Kind kind) const {
    return static_cast<std::size_t>(std::ranges::find(o_.seen, kind, &Seen::kind) - o_.seen.begin());
  }

  // A failing end, or one where a Close of the case's own cuts the replies short.
  [[nodiscard]] bool tail_may_be_missing() const {
    if (std::holds_alternative<end::MayFail>(case_.expect->end)) return failed_by_choice();
    return !std::holds_alternative<end::Polite>(case_.expect->end);
  }

  // Of MayFail: before the tester's own Close, if that ever came, or with a status code that speaks of the fault: two
  // Closes may cross.
  [[nodiscard]] bool failed_by_choice() const {
    const auto& codes = std::get<end::MayFail>(case_.expect->end).codes;
    const std::size_t asked = position(Seen::Kind::tester_close);
    const bool of_the_fault = o_.close && *o_.close && std::ranges::find(codes, (*o_.close)->code) != codes.end();
    return of_the_fault || position(Seen::Kind::close) < asked ||
           (ended_without_close() && std::min(position(Seen::Kind::eof), position(Seen::Kind::reset)) < asked);
  }

  // --- Opening handshake -------------------------------------------------------------------------------

  bool opening() {
    judge_head(o_, verdict_.findings);
    const bool asked = !(is_client_ && o_.handshake_violation);
    if (case_.expect->opening && asked && !judge_opening(case_, o_, verdict_.findings)) {
      settle();
      return false;
    }
    if (o_.handshake_violation) {
      const ws::Rule& rule = ws::rule(*o_.handshake_violation);
      find(Weight::violation, duty(*o_.handshake_violation),
           is_client_ ? "a request for the opening handshake that keeps this rule"
                      : "an answer to the opening handshake that keeps this rule",
           fmt::format("{}{}", rule.text, answered_extensions()));
      verdict_.behavior = Behavior::failed;
      verdict_.closing = Closing::failed;
      verdict_.summary = fmt::format("The opening handshake failed. {}{}", rule.text, answered_extensions());
      return false;
    }
    // A case of offers may find the end of TCP instead of an answer; to others that only happened.
    const bool refused = o_.response ? o_.response->status != 101 : (o_.eof || o_.reset) && !case_.needs_deflate;
    if (refused && !is_client_ && !case_.offer.empty()) {
      // It opens without this offer, or the run would not have begun. A server may decline an offer, and may refuse a
      // client, but there is no reason to refuse a client for a legal offer.
      find(Weight::weak, "rfc7692-7-4", "101, with the extension or without it", o_.handshake_failure);
      verdict_.behavior = Behavior::non_strict;
      verdict_.summary =
          fmt::format("A legal offer of extensions was not declined but refused: {}.", o_.handshake_failure);
      return false;
    }
    if (!o_.handshake_failure.empty()) {
      verdict_.behavior = Behavior::errored;
      verdict_.closing = Closing::failed;
      verdict_.summary = fmt::format("The case could not run: {}.", o_.handshake_failure);
      return false;
    }
    limit_repeated();
    if (case_.needs_deflate && !o_.deflate) {
      verdict_.behavior = Behavior::unimplemented;
      if (is_client_) {
        verdict_.summary = "The client's offer does not allow the answer that this case is about, as it may.";
        find(Weight::choice, "rfc7692-5-1", "an offer that allows the answer, or none", offered_extensions());
      } else {
        verdict_.summary = "The server did not accept the offer of permessage-deflate, as it may.";
        find(Weight::choice, "rfc7692-5-14", "any acceptable offer, or none", "no extension was chosen");
      }
      return false;
    }
    if (o_.deflate && exceeds_agreement(case_, is_client_ ? Side::client : Side::server, *o_.deflate)) {
      verdict_.behavior = Behavior::not_applicable;
      verdict_.summary = "The data of this case does not fit the window or the context takeover that was agreed.";
      find(Weight::choice, "rfc7692-7-4", "parameters under which the data is legal",
           is_client_ ? offered_extensions() : answered_extensions());
      return false;
    }
    return true;
  }

  [[nodiscard]] std::string duty(ws::Violation violation) const {
    const auto id = ws::requirement_of_sender(violation, is_client_ ? ws::Role::client : ws::Role::server);
    return id.empty() ? own_requirement() : std::string(id);
  }

  [[nodiscard]] std::string answered_extensions() const {
    if (!o_.response) return {};
    const auto values = ws::field_values(o_.response->fields, "Sec-WebSocket-Extensions");
    return values.empty() ? std::string() : fmt::format(" The answer: {}", fmt::join(values, ", "));
  }

  [[nodiscard]] std::string offered_extensions() const {
    const auto values = ws::field_values(o_.request->fields, "Sec-WebSocket-Extensions");
    return values.empty() ? "no extension was offered" : fmt::format("the offer: {}", fmt::join(values, ", "));
  }

  // RFC 7692 7.1.2.1: an offer with server_max_window_bits is accepted by including it in the answer. To leave out the
  // largest window says the same, so the strict stack takes it; any smaller one it does not.
  void limit_repeated() {
    constexpr std::string_view kLimit = "server_max_window_bits";
    if (is_client_ || !o_.deflate || answered_extensions().find(kLimit) != std::string::npos) return;
    const bool offered =
        std::ranges::all_of(case_.offer, [&](const auto& e) { return e.find(kLimit) != std::string::npos; });
    if (!offered || case_.offer.empty()) return;
    find(Weight::weak, "rfc7692-7.1.2.1-5", "the accepted limit repeated in the answer",
         fmt::format("it is left out, which says 15 as well.{}", answered_extensions()));
  }

  // --- What holds in every case --------------------------------------------------------------------------

  void legality() {
    if (o_.violation) {
      const ws::Rule& rule = ws::rule(*o_.violation);
      find(Weight::violation, duty(*o_.violation), "octets that keep this rule",
           fmt::format("{} (at octet {} of what the endpoint sent)", rule.text, o_.violation_offset));
      closing(Closing::failed);
    }
    if (o_.repeated_our_bad_code) {
      find(Weight::weak, "rfc6455-7.4.2-1", "no status code that has no meaning",
           "the endpoint repeated ours in its Close (C-29)");
    }
    if (came(Seen::Kind::close_again)) {
      find(Weight::violation, "rfc6455-5.5.1-14", "at most one Close frame", "a second Close frame");
      closing(Closing::failed);
    }
    if (came(Seen::Kind::data_after_close)) {
      find(Weight::violation, "rfc6455-5.5.1-9", "no data frames behind one's own Close",
           "a data frame behind its Close");
      closing(Closing::failed);
    }
    // RFC 6455 7.4.1: only clients have reason to send 1010. Repeating ours is another matter (5.5.1).
    const bool says_1010 = o_.close && *o_.close && (*o_.close)->code == cc::kMandatoryExtension;
    if (!is_client_ && says_1010 && o_.local_close_code != cc::kMandatoryExtension) {
      find(Weight::violation, "rfc6455-7.4.1-16", "a server does not send status code 1010", "Close 1010");
      closing(Closing::failed);
    }
    if (o_.empty_compressed) {
      find(Weight::weak, "rfc7692-7.2.2-12", "a compressed empty message is a single octet 00",
           "RSV1 without any payload (C-37)");
    }
    for (const Harm& harm : o_.harm) find(Weight::violation, own_requirement(), harm.expected, harm.seen);
    if (is_client_) std::ranges::copy(judge_mask_keys(o_.mask_keys), std::back_inserter(verdict_.findings));
    if (o_.flooded) find(Weight::violation, own_requirement(), "what the case expects", "an endless flood of frames");
  }

  // --- Messages --------------------------------------------------------------------------------------------

  [[nodiscard]] std::vector<const Reply*> expected_messages() const {
    std::vector<const Reply*> out;
    for (const Reply& reply : case_.expect->replies) {
      if (reply.kind == Reply::Kind::text || reply.kind == Reply::Kind::binary) out.push_back(&reply);
    }
    return out;
  }

  void messages() {
    if (!case_.expect->compares_messages) {
      if (o_.sent_messages.empty()) return;
      find(Weight::choice, own_requirement(), "messages come back from an endpoint that echoes",
           "this one does not: that it took them is what was checked");
      return;
    }
    const auto listed = expected_messages();
    const std::size_t expected = case_.expect->echoes ? o_.sent_messages.size() : listed.size();
    for (std::size_t i = 0; i < o_.messages.size(); ++i) {
      if (i >= expected) {
        extra_message(i);
        return;
      }
      if (!message_matches(i, case_.expect->echoes ? nullptr : listed[i])) return;
    }
    if (o_.messages.size() == expected) return;
    missing_messages(expected);
  }

  void extra_message(std::size_t i) {
    const bool fails = std::holds_alternative<end::Fails>(case_.expect->end);
    // RFC 6455 7.1.7: nothing more is processed once the connection failed.
    find(Weight::violation, fails ? "rfc6455-7.1.7-7" : own_requirement(),
         fails ? "no message is delivered from the fault on" : "no further message",
         fmt::format("{} message {}: {}", ws::name(o_.messages[i].opcode), i + 1,
                     o_.messages[i].as_sent ? "the one that was sent" : show(o_.messages[i].octets)));
  }

  [[nodiscard]] static bool is_without_mark(ws::ByteView got, ws::ByteView text) {
    constexpr std::string_view kMark = "\xef\xbb\xbf";
    return got.size() + kMark.size() == text.size() && ws::as_text(text.first(kMark.size())) == kMark &&
           std::ranges::equal(text.subspan(kMark.size()), got);
  }

  bool message_matches(std::size_t i, const Reply* listed) {
    const SeenMessage& seen = o_.messages[i];
    ws::Opcode opcode = ws::Opcode::text;
    ws::Bytes expected;
    if (listed != nullptr && !listed->sent) {
      opcode = listed->kind == Reply::Kind::text ? ws::Opcode::text : ws::Opcode::binary;
      expected = payloads_.make(listed->payload);
    } else {
      if (seen.as_sent) return true;
      opcode = o_.sent_messages[i].opcode;
      if (o_.sent_messages[i].octets) expected = *o_.sent_messages[i].octets;
    }
    const ws::ByteView got = seen.as_sent ? ws::ByteView(*o_.sent_messages[i].octets) : ws::ByteView(seen.octets);
    if (seen.opcode == opcode && std::ranges::equal(got, expected)) return true;
    if (seen.opcode == opcode && opcode == ws::Opcode::text && is_without_mark(got, expected)) {
      // RFC 3629 6: RECOMMENDED, no more, since RFC 6455 does not forbid to take it for a signature.
      find(Weight::weak, "rfc3629-6-1", "U+FEFF at the beginning of the text comes back", "the text without it");
      return true;
    }
    const auto differ = std::ranges::mismatch(got, expected);
    find(Weight::violation, own_requirement(),
         fmt::format("{} message {}: {}", ws::name(opcode), i + 1, show(expected)),
         fmt::format("{} message of {} octets: {}; first difference at octet {}", ws::name(seen.opcode), seen.length,
                     show(got), differ.in1 - got.begin()));
    return false;
  }

  void missing_messages(std::size_t expected) {
    const std::string seen = fmt::format("{} of {} messages came back", o_.messages.size(), expected);
    if (tail_may_be_missing()) {
      const bool fails = !std::holds_alternative<end::Replies>(case_.expect->end) &&
                         !std::holds_alternative<end::Open>(case_.expect->end);
      if (std::holds_alternative<end::Abandoned>(case_.expect->end)) return;  // it may have noticed our end first
      find(Weight::choice, fails ? "rfc6455-7.1.7-1" : "rfc6455-5.5.1-15",
           fails ? "messages before the fault may or may not be answered (C-14)"
                 : "messages before a Close may or may not be answered (C-19)",
           seen);
      return;
    }
    find(Weight::violation, own_requirement(), fmt::format("{} messages in answer", expected),
         seen + "; " + how_it_ended());
  }

  [[nodiscard]] std::string how_it_ended() const {
    if (o_.close)
      return *o_.close ? fmt::format("the endpoint sent Close {}", (*o_.close)->code)
                       : "the endpoint sent an empty Close";
    if (o_.ended_after_half_close) return "nothing more came until the tester ended TCP";
    if (o_.reset) return "the endpoint reset TCP";
    if (o_.eof) return "the endpoint closed TCP without a Close";
    if (o_.out_of_time) return "the case's time was up";
    return "nothing more came";
  }

  // --- Pings and Pongs ---------------------------------------------------------------------------------------

  void pings() {
    std::size_t next = 0;
    std::vector<bool> answered(o_.sent_pings.size(), false);
    for (const Seen& seen : o_.seen) {
      if (seen.kind == Seen::Kind::pong) next = pong(seen.payload, next, answered);
    }
    if (last_pong_fits_last_ping()) next = o_.sent_pings.size();
    if (o_.sent_pings.empty() || std::ranges::all_of(answered, [](bool yes) { return yes; })) return;
    if (next == o_.sent_pings.size()) {
      find(Weight::choice, "rfc6455-5.5.3-2", "one Pong a Ping, or Pongs for the latest only (C-26)",
           fmt::format("{} of {} Pings were answered, the latest among them", std::ranges::count(answered, true),
                       answered.size()));
    } else if (!tail_may_be_missing()) {
      find(Weight::violation, "rfc6455-5.5.2-2", fmt::format("a Pong for Ping {}", o_.sent_pings.size()),
           fmt::format("no Pong for it; {}", how_it_ended()));
    }
  }

  // Of Pings with equal payloads nobody can tell which one a Pong answers: the latest, then (RFC 6455 5.5.3).
  [[nodiscard]] bool last_pong_fits_last_ping() const {
    const auto last =
        std::find_if(o_.seen.rbegin(), o_.seen.rend(), [](const Seen& seen) { return seen.kind == Seen::Kind::pong; });
    return last != o_.seen.rend() && !o_.sent_pings.empty() && last->payload == o_.sent_pings.back().payload;
  }

  std::size_t pong(const std::string& payload, std::size_t next, std::vector<bool>& answered) {
    for (std::size_t i = next; i < o_.sent_pings.size(); ++i) {
      if (o_.sent_pings[i].payload != payload) continue;
      answered[i] = true;
      return i + 1;
    }
    const bool ours = std::ranges::any_of(o_.sent_pongs, [&](const auto& sent) { return sent == payload; });
    if (ours && !payload.empty()) {
      find(Weight::violation, "rfc6455-5.5.3-4", "a Pong is never answered",
           fmt::format("a Pong with the payload of ours: {}", show(ws::as_octets(payload))));
    } else if (std::ranges::any_of(o_.sent_pings, [&](const auto& ping) { return ping.payload == payload; }) &&
               !payload.empty()) {
      find(Weight::weak, "rfc6455-5.5.3-2", "one Pong a Ping, in order",
           fmt::format("a second or late Pong: {}", show(ws::as_octets(payload))));
    } else {
      find(Weight::choice, "rfc6455-5.5.3-3", "unsolicited Pongs are allowed (C-25)",
           fmt::format("Pong {}", show(ws::as_octets(payload))));
    }
    return next;
  }

  // --- Sentinels ------------------------------------------------------------------------------------------

  // What lies before a mark is legal, so the endpoint must get past it. Not where it might have refused the opening
  // handshake, and may find the same fault only now.
  void marks() {
    const bool may_refuse = case_.expect->opening && std::holds_alternative<end::MayFail>(case_.expect->end);
    if (may_refuse && failed_by_choice()) return;
    for (const Reply& reply : case_.expect->replies) {
      if (reply.kind != Reply::Kind::mark || passed(reply.mark)) continue;
      const bool late = answered_later(reply.mark);
      find(late ? Weight::weak : Weight::violation, late ? "rfc6455-5.5.2-3" : own_requirement(),
           fmt::format("the endpoint is alive at point {}", reply.mark),
           late ? "it answered a Ping there only later" : fmt::format("it was not; {}", how_it_ended()));
    }
  }

  [[nodiscard]] bool passed(const std::string& mark) const {
    return std::ranges::any_of(o_.seen,
                               [&](const Seen& s) { return s.kind == Seen::Kind::passed && s.payload == mark; });
  }

  // By its own Pong or by that of a later Ping, which may stand for it (RFC 6455 5.5.3).
  [[nodiscard]] bool answered_later(const std::string& mark) const {
    const auto ping = std::ranges::find(o_.sent_pings, mark, &SentPing::mark);
    return std::any_of(ping, o_.sent_pings.end(), [&](const SentPing& later) {
      return std::ranges::any_of(
          o_.seen, [&](const Seen& s) { return s.kind == Seen::Kind::pong && s.payload == later.payload; });
    });
  }

  // --- Ends -----------------------------------------------------------------------------------------------

  void ending(const end::Polite&) {
    const bool asked = came(Seen::Kind::tester_close);
    if (o_.close && position(Seen::Kind::close) < position(Seen::Kind::tester_close)) {
      closed_unasked();
    } else if (asked) {
      reply_to_close({cc::kNormal});
    } else if (ended_without_close()) {
      find(Weight::violation, own_requirement(), "the connection stays open", how_it_ended());
      closing(Closing::failed);
    }
  }

  // The endpoint closed before the tester did. It may do so at any time (C-27), but not for a legal case's sake.
  void closed_unasked() {
    const bool error = *o_.close && says_error((*o_.close)->code);
    find(error ? Weight::violation : Weight::choice, error ? own_requirement() : "rfc6455-7.3-1",
         "the connection stays open until the tester closes it", how_it_ended());
    if (error) closing(Closing::failed);
  }

  void ending(const end::Replies& end) { reply_to_close(end.codes); }

  void ending(const end::MayFail& end) {
    if (!failed_by_choice()) return ending(end::Polite{});
    const bool fits = !o_.close || !*o_.close || std::ranges::find(end.codes, (*o_.close)->code) != end.codes.end();
    find(fits ? Weight::choice : Weight::weak, own_requirement(),
         fmt::format("the endpoint goes on, or fails the connection with {}: the RFC leaves it open (C-15, C-16)",
                     codes_text(end.codes)),
         how_it_ended());
    if (!fits) closing(Closing::wrong_code);
  }

  // C-40: what the endpoint still said does not matter, only that it does not keep what is left of the connection.
  void ending(const end::Abandoned&) {
    if (!o_.ended_by_tester || o_.close) return;  // with a Close: see tcp()
    find(Weight::weak, "rfc6455-7.2.1-2", "TCP ends on the endpoint's side too",
         "it left the connection open after our FIN");
    closing(Closing::unclean);
  }

  void ending(const end::Open& end) {
    if (ended_without_close() || (o_.close && *o_.close && (*o_.close)->code == cc::kProtocolError)) {
      find(Weight::choice, "rfc6455-7.4.2-1", "accept or refuse: the RFC leaves it open (C-29)", how_it_ended());
      return;
    }
    reply_to_close(end.codes);
  }

  // By the endpoint's own decision, that is: an end in answer to the tester's FIN shows nothing.
  [[nodiscard]] bool ended_without_close() const {
    return !o_.close && (o_.eof || o_.reset) && !o_.ended_after_half_close;
  }

  void reply_to_close(const std::vector<std::uint16_t>& codes) {
    if (!o_.close) {
      if (o_.violation) return;  // said already
      if (ended_without_close()) {
        find(Weight::weak, "rfc6455-5.5.1-10", "a Close in answer to a Close", how_it_ended());
        closing(Closing::unclean);
      } else {
        find(Weight::violation, "rfc6455-5.5.1-10", "a Close in answer to a Close", how_it_ended());
        closing(Closing::failed);
      }
      return;
    }
    const auto& reason = *o_.close;
    if (!reason) {
      if (o_.local_close_code)
        find(Weight::choice, "rfc6455-5.5.1-11", "the answer's status code is free (C-22)", "an empty Close");
      return;
    }
    if (std::ranges::find(codes, reason->code) != codes.end()) return;
    if (!says_error(reason->code)) {
      find(Weight::choice, "rfc6455-5.5.1-11", "the answer's status code is free (C-22)",
           fmt::format("Close {}", reason->code));
      return;
    }
    find(Weight::weak, "rfc6455-5.5.1-11", fmt::format("Close {}", codes_text(codes)),
         fmt::format("Close {}, which says that something was wrong", reason->code));
    closing(Closing::wrong_code);
  }

  void ending(const end::Fails& end) {
    if (o_.close) {
      failing_code(end.codes);
    } else if (ended_without_close()) {
      find(Weight::weak, "rfc6455-7.1.7-5", fmt::format("Close {} before the end of TCP", codes_text(end.codes)),
           how_it_ended());
      closing(Closing::unclean);
    } else if (!o_.violation) {
      find(Weight::violation, own_requirement(),
           fmt::format("the connection fails: Close {} or the end of TCP", codes_text(end.codes)),
           o_.survived ? "the endpoint went on: it answered a Ping sent behind the fault" : how_it_ended());
      closing(Closing::failed);
    }
  }

  void failing_code(const std::vector<std::uint16_t>& codes) {
    const auto& reason = *o_.close;
    const bool fits = reason && std::ranges::find(codes, reason->code) != codes.end();
    if (o_.survived) {
      // It went on for a while. Only a Close that names the fault shows that it did notice.
      const bool noticed = reason && says_error(reason->code);
      find(noticed ? Weight::weak : Weight::violation, own_requirement(),
           fmt::format("the connection fails: Close {}", codes_text(codes)),
           noticed
               ? fmt::format("it failed late, with Close {}: a Ping behind the fault was still answered", reason->code)
               : "the endpoint went on: it answered a Ping sent behind the fault, and then an ordinary Close");
      if (!noticed) closing(Closing::failed);
    } else if (!reason) {
      find(Weight::choice, "rfc6455-7.1.7-5", fmt::format("Close {}", codes_text(codes)), "an empty Close (C-13)");
    } else if (!fits) {
      find(Weight::weak, "rfc6455-7.1.7-5", fmt::format("Close {}", codes_text(codes)),
           fmt::format("Close {}", reason->code));
      closing(Closing::wrong_code);
    }
  }

  // --- TCP --------------------------------------------------------------------------------------------------

  void tcp() {
    if (is_client_) {
      // RFC 6455 7.1.1: the tester, as the server, closed TCP first. A client may have done so before it (5.5.1).
      // No clause says how soon it must, and some wait for longer than the tester does.
      if (!o_.ended_by_tester || !(o_.close || o_.survived)) return;
      find(Weight::weak, "rfc6455-5.5.1-16", "the client closes TCP after the closing handshake and our FIN",
           "it left the connection open for as long as the tester waited");
      closing(Closing::unclean);
    } else if (o_.ended_by_tester && (o_.close || o_.survived)) {
      // RFC 6455 5.5.1 has a server close TCP at once when a Close was sent and received. An end of TCP inside a frame
      // is no Close, and a server may give one time to come.
      const bool answered = came(Seen::Kind::tester_close) || o_.sent_close_in_steps;
      const bool open = std::holds_alternative<end::Abandoned>(case_.expect->end) && !answered;
      find(open ? Weight::weak : Weight::violation, "rfc6455-7.1.1-3",
           "the server closes TCP after the closing handshake", "it left the connection open, also after our FIN");
      closing(open ? Closing::unclean : Closing::failed);
    } else if (o_.ended_after_half_close && o_.close) {
      find(Weight::weak, "rfc6455-7.1.1-3", "the server closes TCP first", "it closed TCP only when the client had");
      closing(Closing::unclean);
    }
  }

  // --- The sum ------------------------------------------------------------------------------------------------

  void settle() {
    const auto worst = std::ranges::max_element(verdict_.findings, {}, &Finding::weight);
    if (worst != verdict_.findings.end() && worst->weight == Weight::violation) {
      verdict_.behavior = Behavior::failed;
    } else if (!case_.informational.empty()) {
      verdict_.behavior = Behavior::informational;
      if (verdict_.closing == Closing::ok) verdict_.closing = Closing::informational;
    } else if (worst != verdict_.findings.end() && worst->weight == Weight::weak) {
      verdict_.behavior = Behavior::non_strict;
    }
    if (worst != verdict_.findings.end()) {
      verdict_.summary = fmt::format("Expected {}; seen: {}.", worst->expected, worst->seen);
    } else {
      verdict_.summary = "All as expected.";
    }
  }

  const Case& case_;
  const Observation& o_;
  const bool is_client_;  // the endpoint
  PayloadGenerator payloads_;
  Verdict verdict_;
};

}  // namespace

Verdict judge(const Case& c, const Observation& observation, std::uint64_t seed) {
  return Judge(c, observation, seed).run();
}

}  // namespace touchstone
