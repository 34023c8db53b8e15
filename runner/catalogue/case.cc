#include "runner/catalogue/case.h"

#include <algorithm>

namespace touchstone {

std::uint64_t length(const step::Message& message) {
  std::uint64_t octets = length(message.payload);
  for (const Payload& part : message.parts) octets += length(part);
  return octets;
}

std::uint64_t traffic(const Step& step) {
  const Overloaded octets_of{
      [](const step::Frame& frame) { return length(frame.payload); },
      [](const step::Message& message) { return length(message); },
      [](const step::Octets& raw) { return length(raw.octets); },
      [](const step::Repeat& repeat) { return repeat.count * traffic(repeat.steps); },
      [](const step::Close&) { return std::uint64_t{0}; },
      [](const step::WithoutPayload auto&) { return std::uint64_t{0}; },
  };
  return std::visit(octets_of, step.action);
}

std::uint64_t traffic(const std::vector<Step>& steps) {
  std::uint64_t octets = 0;
  for (const Step& step : steps) octets += traffic(step);
  return octets;
}

namespace {

bool is_of(const Step& step, std::string_view name) {
  return step.on == name && !std::holds_alternative<step::Open>(step.action);
}

}  // namespace

Case on_connection(const Case& c, std::string_view name) {
  if (c.connections.empty()) return c;
  Case one = c;
  one.connections.clear();
  std::erase_if(one.steps, [&](const Step& step) { return !is_of(step, name); });
  for (Step& step : one.steps) step.on.clear();
  for (const Beside& beside : c.connections) {
    if (beside.name != name) continue;
    one.request = beside.request;
    one.expect = beside.expect;
    if (beside.offer) one.offer = *beside.offer;
    one.needs_deflate = c.needs_deflate && !one.offer.empty();
  }
  return one;
}

std::vector<Case> each_connection(const Case& c) {
  std::vector<Case> all{on_connection(c, {})};
  for (const Beside& beside : c.connections) all.push_back(on_connection(c, beside.name));
  return all;
}

std::chrono::milliseconds waits(const Case& c) {
  std::chrono::milliseconds sum{0};
  for (const Step& step : c.steps) {
    if (const auto* idle = std::get_if<step::Idle>(&step.action)) sum += idle->length;
    if (const auto* stuck = std::get_if<step::Stuck>(&step.action)) sum += stuck->length;
  }
  return sum;
}

bool belongs_to(const Case& c, Profile profile) {
  if (profile == Profile::core) return !c.bulk && waits(c) <= kLongestWaitInCore;
  return profile == Profile::full || waits(c) <= kLongestWaitInStandard;
}

bool is_scenario(const Case& c) {
  if (!c.connections.empty() || (c.request && !c.request->earlier.empty())) return true;
  bool staged = false;
  each_step(c.steps, [&](const Step& step) {
    staged = staged || std::visit([]<class Kind>(const Kind&) { return step::Staging<Kind>; }, step.action);
  });
  return staged;
}

bool is_held(const std::vector<Step>& steps) {
  return std::ranges::any_of(steps, [](const Step& step) { return std::holds_alternative<step::Hold>(step.action); });
}

}  // namespace touchstone
