// event.h - what is told to the program that started us: one JSON object a line, each with its `event`.
//
// The lines are an interface (events.schema.json): keys are added, and none is renamed or taken away.
#pragma once
#include "runner/catalogue/strict_json.h"
#include "runner/live/follower.h"

#include <ws/testing/oracle/oracle.h>

#include <chrono>
#include <functional>
#include <string>

namespace touchstone {

// Where the lines go. Of one thread.
class Events {
 public:
  using Sink = std::function<void(const std::string& line)>;
  // `people`: sentences in place of JSON.
  Events(Sink sink, bool people) : sink_(std::move(sink)), people_(people) {}

  // The event with its time in front; `connection` 0: of none.
  void tell(std::string_view event, std::uint64_t connection, Json more = Json::object());
  // An object as it is: the first line, and the last one.
  void tell_object(const Json& object);

 private:
  Sink sink_;
  bool people_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

[[nodiscard]] std::string_view name(ws::Role role) noexcept;  // "client", "server"

[[nodiscard]] std::string hex_of(ws::ByteView octets);
// {"text": ...} when it is valid UTF-8 of a text, else {"hex": ...}; with "length" and without the rest when it is
// long.
[[nodiscard]] Json payload_json(ws::ByteView octets, bool is_text);
[[nodiscard]] Json frame_json(ws::Role from, const SaidFrame& frame);
[[nodiscard]] Json message_json(ws::Role from, const SaidMessage& message);
// {"code": 1000, "reason": "bye"}; of an empty Close {"code": null}.
[[nodiscard]] Json close_json(ws::Role from, ws::ByteView payload);
[[nodiscard]] Json violation_json(ws::Role by, const ws::testing::Complaint& complaint);
// "rfc6455-5.5.1-4": "RFC 6455 5.5.1".
[[nodiscard]] std::string clause_of(std::string_view requirement);

}  // namespace touchstone
