// Expectations: what may come back, and how it may end.
#include "runner/catalogue/read_case.h"

#include <fmt/format.h>

namespace touchstone {
namespace {

Reply read_reply(const Cursor& c) {
  Reply reply;
  if (c.has("passes")) {
    c.object({"passes"}, {});
    reply.kind = Reply::Kind::mark;
    reply.mark = c.at("passes").text().value_or("");
    return reply;
  }
  if (!c.object({"recv"}, {"payload"}) || !c.has("recv")) return reply;
  const auto kind = c.at("recv").text().value_or("text");
  if (kind == "binary") {
    reply.kind = Reply::Kind::binary;
  } else if (kind == "pong") {
    reply.kind = Reply::Kind::pong;
  } else if (kind != "text") {
    c.at("recv").wrong("text, binary or pong");
  }
  if (c.has("payload")) {
    const Cursor payload = c.at("payload");
    reply.sent = payload.value() == "@sent";
    if (!reply.sent) reply.payload = read_payload(payload);
  }
  return reply;
}

End read_end(const Cursor& c) {
  if (c.value() == "polite") return end::Polite{};
  if (c.value() == "abandoned") return end::Abandoned{};
  if (c.value().is_object() && c.value().size() == 1) {
    if (c.has("answers")) return end::Replies{read_codes(c.at("answers"))};
    if (c.has("fails")) return end::Fails{read_codes(c.at("fails"))};
    if (c.has("open")) return end::Open{read_codes(c.at("open"))};
    if (c.has("may_fail")) return end::MayFail{read_codes(c.at("may_fail"))};
  }
  c.wrong(
      "\"polite\", \"abandoned\", {\"answers\": [codes]}, {\"fails\": [codes]}, {\"may_fail\": [codes]} or {\"open\": "
      "[codes]}");
  return end::Polite{};
}

}  // namespace

Expect read_expect(const Cursor& c) {
  Expect expect;
  if (!c.object({}, {"opening", "replies", "echoes", "end"})) return expect;
  if (!c.has("opening") && !c.has("end")) c.fault("neither opening nor end", "at least one of the two");
  if (c.has("opening")) expect.opening = read_expect_opening(c.at("opening"));
  if (c.has("replies")) {
    each_unrolled(c.at("replies"), "replies", [&](const Cursor& element) {
      if (expect.replies.size() < kMaxUnrolled) return expect.replies.push_back(read_reply(element));
      element.fault("more replies", fmt::format("at most {} replies, repeats written out", kMaxUnrolled));
    });
  }
  if (c.has("echoes")) expect.echoes = c.at("echoes").boolean().value_or(false);
  if (c.has("end")) expect.end = read_end(c.at("end"));
  return expect;
}

}  // namespace touchstone
