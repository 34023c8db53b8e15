#include "runner/engine/make_result.h"

#include "runner/catalogue/catalogue.h"

#include "runner/engine/verdict/describe_expect.h"

#include <algorithm>

namespace touchstone {

Result make_result(const Case& c, const std::string& endpoint, Observation o, const Verdict& verdict) {
  Result r;
  r.case_id = c.id;
  r.aliases = c.aliases;
  r.title = c.title;
  r.endpoint = endpoint;
  r.behavior = verdict.behavior;
  r.closing = verdict.closing;
  r.requirements = c.requirements;
  r.bugs = bugs_in_words(c);
  r.expectation = describe(c);
  r.summary = verdict.summary;
  r.findings = verdict.findings;
  r.hidden = verdict.hidden;
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
