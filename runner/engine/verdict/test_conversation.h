// test_conversation.h - a connection told in octets, for tests of the judge.
#pragma once
#include "runner/engine/compose/composer.h"
#include "runner/engine/talk/inbound.h"
#include "runner/engine/verdict/judge.h"

#include <string_view>
#include <vector>

namespace touchstone {

inline Payload literal(std::string_view text) { return {recipe::Literal{ws::to_bytes(text)}}; }

inline Reply text_reply(std::string_view text) {
  return {.kind = Reply::Kind::text, .sent = false, .payload = literal(text), .mark = {}};
}

// A conversation told in octets: what the tester sent, and what the endpoint answered.
class Conversation {
 public:
  Conversation() {
    c_.id = "test/case";
    c_.requirements = {"rfc6455-5.6-4"};
    c_.expect = Expect{};
    inbound_.open(ws::Role::client, std::nullopt);
  }

  Conversation& expects(std::vector<Reply> replies, End end = end::Polite{}) {
    c_.expect = Expect{std::move(replies), false, std::move(end)};
    return *this;
  }
  Conversation& sends(ws::Opcode opcode, std::string_view payload) {
    inbound_.sent(opcode, true, ws::as_octets(payload));
    return *this;
  }
  Conversation& sends_data(std::string_view payload, bool rsv1) {
    inbound_.sent(ws::Opcode::text, true, ws::as_octets(payload), rsv1);
    return *this;
  }
  Conversation& sends_close(std::uint16_t code) {
    o_.sent_close_in_steps = true;
    o_.local_close_code = code;
    return *this;
  }
  Conversation& closes_politely() {
    o_.local_close_code = 1000;
    o_.seen.push_back({.kind = Seen::Kind::tester_close, .message = 0, .payload = {}});
    return *this;
  }
  Conversation& gets(ws::Opcode opcode, ws::ByteView payload, bool fin = true, bool rsv2 = false) {
    ws::FrameHeader header;
    header.fin = fin;
    header.rsv2 = rsv2;
    header.opcode = opcode;
    ws::Bytes octets;
    ws::encode_frame(header, payload, octets);
    inbound_.take(octets);
    return *this;
  }
  Conversation& gets(ws::Opcode opcode, std::string_view payload) { return gets(opcode, ws::as_octets(payload)); }
  Conversation& gets_close(std::uint16_t code) { return gets(ws::Opcode::close, close_payload(code, {})); }
  Conversation& survives() {
    o_.survived = true;
    return *this;
  }
  Conversation& ends(bool reset = false) {
    (reset ? o_.reset : o_.eof) = true;
    o_.seen.push_back({.kind = reset ? Seen::Kind::reset : Seen::Kind::eof, .message = 0, .payload = {}});
    return *this;
  }
  Verdict verdict() { return judge(c_, o_, 1); }
  Case& as_case() { return c_; }
  Observation& observation() { return o_; }

 private:
  Case c_;
  Observation o_;
  Recorder recorder_{1024};
  Inbound inbound_{o_, recorder_, false};
};

}  // namespace touchstone
