// scene.h - one observed case as all parts of the judge see it: the questions that they share.
#pragma once
#include "runner/engine/verdict/observation.h"
#include "runner/engine/verdict/weigh.h"

namespace touchstone {

using Findings = std::vector<Finding>;

struct Scene {
  const Case& c;  // with an expectation
  const Observation& o;

  [[nodiscard]] bool is_client() const noexcept { return o.request.has_value(); }  // the endpoint
  [[nodiscard]] ws::Role role() const noexcept { return is_client() ? ws::Role::client : ws::Role::server; }

  [[nodiscard]] bool came(Seen::Kind kind) const;
  [[nodiscard]] std::size_t position(Seen::Kind kind) const;  // of the first; beyond the last when none came

  // By the endpoint's own decision, that is: an end in answer to the tester's FIN shows nothing.
  [[nodiscard]] bool ended_without_close() const noexcept;
  // Of end::MayFail: before the tester's own Close, if that ever came, or with a status code that speaks of the fault:
  // two Closes may cross.
  [[nodiscard]] bool failed_by_choice() const;
  // A failing end, or one where a Close of the case's own cuts the replies short.
  [[nodiscard]] bool tail_may_be_missing() const;
  // Its octets broke a rule before its Close came, or were more than the tester keeps, and nothing after them was read
  // (RFC 6455 7.1.7): what is missing from then on is no fault of its own.
  [[nodiscard]] bool was_cut_short() const;
  // The time of the case was up while it still answered, message by message, and the tester ended it there.
  [[nodiscard]] bool went_on_for_too_long() const;
  // C-27: who does not echo may close at any time, whatever its application makes of the messages. To say that the
  // tester broke a rule (1002, 1007) it needs a reason.
  [[nodiscard]] bool closed_by_its_application() const;
  // The tester does not read from this connection for some time. Whoever ends one for that is within its rights (RFC
  // 6455 7.2.1, 10.4), with a Close or without, for which there may be no room any more.
  [[nodiscard]] bool was_not_read() const;
  [[nodiscard]] bool gave_up_on_who_does_not_read() const;
  // The case sent a Close whose code nobody may send, and nobody has to refuse (C-29).
  [[nodiscard]] bool sent_a_bad_code() const;
  // A Close that names an error, which is how a fault is told (RFC 6455 7.4.1).
  [[nodiscard]] bool closed_for_an_error() const;
  // C-27: a connection on which nothing was sent for some time was closed, with a Close that accuses nobody.
  [[nodiscard]] bool was_left_idle() const;
  [[nodiscard]] std::string how_it_ended() const;  // "it reset TCP"

  // What the case is about: the first of its requirements that binds the endpoint's side. It is cited only where what
  // the case plants was overlooked, and where the RFC leaves that open.
  [[nodiscard]] std::string own_requirement() const;

  // What is misread where message `i` (from 0) gets no answer, or a wrong one, and the rule for that is the case's: the
  // body of its request, or compressed data in the form that it asks about. Empty where it is nothing of the kind.
  [[nodiscard]] std::string misread(std::size_t i) const;

  // Cites the kind's own requirement, or where that is the case's the case's.
  [[nodiscard]] Finding finding(FindingKind kind, const Facts& facts = {}) const;
  // The same of message `i`, or of what came in its place: cites misread() where there is something.
  [[nodiscard]] Finding finding_of_message(FindingKind kind, std::size_t i, const Facts& facts) const;
};

}  // namespace touchstone
