#include "runner/catalogue/case.h"

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

}  // namespace touchstone
