// The oracle never contradicts itself: whatever is sent, and however it is cut, the judge accepts what the strict stack
// does on a real connection, against the expectation that the strict stack gave in memory.
#include "property/cases.h"

#include "runner/engine/run.h"
#include "runner/engine/verdict/strict_expectation.h"

#include <ws/io/serve/echo_server.h>

using namespace touchstone;

namespace {

class LastResult : public RunObserver {
 public:
  void finished(const Result& finished) override { result = finished; }
  bool endpoint_died(const std::vector<const Case*>&, const std::string& why) override {
    RC_FAIL("the strict server died: " + why);
  }
  std::optional<Result> result;
};

// One server for all inputs.
Target strict_server() {
  static const auto server = ws::io::EchoServer::start({});
  Target target;
  if (!server) RC_FAIL("no server: " + server.error());
  target.url = {false, "127.0.0.1", (*server)->port(), "/"};
  target.name = "strict";
  return target;
}

Result judged(const Case& c) {
  RunOptions options;
  options.jobs = 1;
  Greeting greeting;
  greeting.round_trip = std::chrono::microseconds(500);
  const std::atomic<bool> stop = false;
  LastResult last;
  const RunOutcome outcome = run({&c}, strict_server(), greeting, options, last, stop);
  if (outcome.how != RunOutcome::How::complete || !last.result) RC_FAIL("the run did not end: " + outcome.text);
  return *last.result;
}

}  // namespace

RC_GTEST_PROP(Judge, AcceptsWhatTheStrictStackDoes, ()) {
  const laws::GeneratedCase generated = *laws::any_case();
  const Case c = with_expectation(generated.c, 1);
  const Result result = judged(c);
  if (result.behavior != Behavior::ok) {
    std::string why = result.summary + "\n" + to_json(c);
    for (const Finding& finding : result.findings) why += finding.expected + " / " + finding.seen + "\n";
    RC_FAIL(why);
  }
}
