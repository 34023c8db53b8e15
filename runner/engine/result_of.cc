#include "runner/engine/result_of.h"

#include <algorithm>

namespace touchstone {

Result result_of(const Case& c, Observation o, const Verdict& verdict) {
  Result r;
  r.case_id = c.id;
  r.aliases = c.aliases;
  r.title = c.title;
  r.behavior = verdict.behavior;
  r.closing = verdict.closing;
  r.requirements = c.requirements;
  r.expectation = describe(*c.expect);
  r.summary = verdict.summary;
  r.findings = verdict.findings;
  if (o.close && *o.close) {
    r.remote_close_code = (*o.close)->code;
    r.remote_close_reason = (*o.close)->text;
  }
  r.local_close_code = o.local_close_code;
  const auto first = [&](Seen::Kind kind) { return std::ranges::find(o.seen, kind, &Seen::kind); };
  r.closed_by_peer_first =
      o.close && !o.sent_close_in_steps && first(Seen::Kind::close) < first(Seen::Kind::tester_close);
  r.dropped_by_peer = (o.eof || o.reset) && !o.ended_after_half_close;
  r.clean = o.close.has_value() && (o.eof || o.reset);
  r.transcript = std::move(o.transcript);
  return r;
}

}  // namespace touchstone
