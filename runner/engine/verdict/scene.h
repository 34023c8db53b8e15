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
  // Its octets broke a rule before its Close came, and nothing after them was read (RFC 6455 7.1.7): what is missing
  // from then on is no fault of its own.
  [[nodiscard]] bool was_cut_short() const noexcept;
  [[nodiscard]] std::string how_it_ended() const;  // "it reset TCP"

  // What the case is about: the first of its requirements that binds the endpoint's side. It is cited only where what
  // the case plants was overlooked, and where the RFC leaves that open.
  [[nodiscard]] std::string own_requirement() const;

  // Cites the kind's own requirement, or where that is the case's the case's.
  [[nodiscard]] Finding finding(FindingKind kind, const Facts& facts = {}) const;
};

}  // namespace touchstone
