#include "runner/engine/plan.h"

#include "runner/engine/over_http2.h"
#include "runner/engine/verdict/strict_expectation.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>
#include <variant>

namespace touchstone {
namespace {

constexpr unsigned kMostWaiting = 128;  // slow cases at a time: they wait side by side and cost nothing meanwhile
constexpr unsigned kBulkShare = 4;      // bulk cases fill the machine by themselves: fewer at a time

// A connection beside its own first one.
bool opens_more(const Case& c) {
  bool found = !c.connections.empty();
  each_step(c.steps, [&](const Step& step) { found = found || std::holds_alternative<step::Alive>(step.action); });
  return found;
}

bool measures(const std::vector<Step>& steps) {
  bool found = false;
  each_step(steps, [&](const Step& step) {
    const auto* stuck = std::get_if<step::Stuck>(&step.action);
    found = found || std::holds_alternative<step::Alive>(step.action) || (stuck != nullptr && stuck->memory_mib);
  });
  return found;
}

// A head that costs its reader more than others do keeps a slow one from all others (RFC 6455 10.7).
bool is_costly_head(const Case& c) { return c.request && std::ranges::find(c.tags, "attack") != c.tags.end(); }

// "close/code-valid" of "close/code-valid/1000": cases of a group are alike.
std::string_view group_of(const Case& c) {
  const std::string_view id = c.id;
  return id.substr(0, id.rfind('/'));
}

// Different kinds first: one of each group, then the second of each, and so on. What time there is tells most so.
std::deque<const Case*> in_turns(const std::deque<const Case*>& cases) {
  std::map<std::string_view, std::size_t> of_group;
  std::vector<std::pair<std::size_t, const Case*>> turns;
  for (const Case* c : cases) turns.emplace_back(of_group[group_of(*c)]++, c);
  std::ranges::stable_sort(turns, {}, &std::pair<std::size_t, const Case*>::first);
  std::deque<const Case*> out;
  for (const auto& turn : turns) out.push_back(turn.second);
  return out;
}

std::vector<Plan::Pass> passes_of(const std::deque<Case>& cases, const RunOptions& options) {
  const unsigned jobs = options.jobs == 0 ? kDefaultJobs : options.jobs;
  const unsigned waiting = jobs < kDefaultJobs ? jobs : kMostWaiting;  // who asks for few means it
  Plan::Pass plain{{}, jobs}, slow{{}, waiting}, bulk{{}, std::max(1u, jobs / kBulkShare)}, measured{{}, 1},
      last{{}, 1};
  for (const Case& c : cases) {
    // What it costs must be its own doing.
    const bool alone = (options.process != 0 && measures(c.steps)) || (options.owner && asks_for_memory(c));
    const bool crowd = options.owner && asks_what_is_left_behind(c);  // what all the others left behind counts too
    const bool several = options.endpoint.most_connections && opens_more(c);  // and it may need all that there are
    const bool waits_long = waits(c) > kLongestWaitInCore;
    (crowd                                   ? last
     : alone || several || is_costly_head(c) ? measured
     : c.bulk                                ? bulk
     : waits_long                            ? slow
                                             : plain)
        .cases.push_back(&c);
  }
  for (Plan::Pass* pass : {&plain, &slow, &bulk, &measured, &last}) pass->cases = in_turns(pass->cases);
  return {std::move(plain), std::move(slow), std::move(bulk), std::move(measured), std::move(last)};
}

}  // namespace

bool asks_what_is_left_behind(const Case& c) {
  bool found = false;
  each_step(c.steps, [&](const Step& step) {
    const auto* alive = std::get_if<step::Alive>(&step.action);
    found = found || (alive != nullptr && alive->is_crowd());
  });
  return found;
}

bool asks_for_memory(const Case& c) { return std::ranges::find(c.tags, "memory") != c.tags.end(); }

Plan plan_of(const std::vector<const Case*>& cases, const RunOptions& options, bool over_http2) {
  Plan plan;
  for (const Case* c : cases) {
    Case whole = with_expectation(scaled(*c, options.profile), options.seed);
    if (const auto other = not_over_this_http(whole, over_http2)) {
      plan.skipped.push_back({std::move(whole), *other, false});
    } else if (auto fitting = adapted(whole, options.endpoint)) {
      plan.cases.push_back(std::move(*fitting));
    } else {
      const auto beyond = beyond_limit(whole, options.endpoint);
      const bool without_close = beyond && beyond->limit == options.endpoint.without_close;
      plan.skipped.push_back({std::move(whole), fitting.error(), without_close});
    }
  }
  plan.passes = passes_of(plan.cases, options);
  return plan;
}

}  // namespace touchstone
