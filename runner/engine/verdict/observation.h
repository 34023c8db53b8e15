// observation.h - what one connection showed: everything that the judge looks at, and nothing else.
#pragma once
#include "reports/result/result.h"
#include "runner/catalogue/case.h"
#include "runner/engine/verdict/http2_seen.h"
#include "runner/engine/verdict/mask_key_history.h"
#include "runner/engine/verdict/nonces.h"

#include <ws/core/close.h>
#include <ws/core/http/extensions.h>
#include <ws/core/http/http1.h>
#include <ws/core/violation.h>
#include <ws/rules/answer.h>
#include <ws/rules/request.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace touchstone {

// A whole message that the tester sent. The octets are let go once they came back in a case that only
// counts echoes, so that a case of 1000 large messages does not keep them all.
struct SentMessage {
  ws::Opcode opcode = ws::Opcode::text;
  std::uint64_t length = 0;
  std::shared_ptr<const ws::Bytes> octets;
  bool as_data = false;  // RSV1 was set on octets of the case's own: DEFLATE data in the form that it asks about
};

struct SentPing {
  std::string payload;
  bool sentinel = false;
  std::string mark;             // of the sentinel
  std::size_t seen_before = 0;  // how much of Observation::seen was there when it was sent
  bool after_fault = false;     // it went out after what has to fail the connection
};

// What the endpoint did, in the order in which it came in.
struct Seen {
  enum class Kind : std::uint8_t {
    message,                 // a whole message: `message` is its index in Observation::messages
    pong,                    // `payload`
    ping,                    // the endpoint's own
    close,                   // its first Close
    close_again,             // one more Close
    data_after_close,        // a data frame behind its own Close (RFC 6455 5.5.1)
    answered_after_failing,  // a Pong behind its own Close, for a Ping that came after the fault (7.1.7)
    passed,                  // local: the sentinel or pause `payload` was passed
    silent,                  // local: nothing came for the time-out while waiting for `payload`
    idle,                    // local: the tester began to send nothing for some time
    steps_done,              // local: all steps of the case were sent
    tester_close,            // local: the tester's own Close of a polite end went out
    reset,
    eof,  // the end of the stream
  };
  Kind kind = Kind::message;
  std::size_t message = 0;
  std::string payload;
};

struct SeenMessage {
  ws::Opcode opcode = ws::Opcode::text;
  std::uint64_t length = 0;
  bool as_sent = false;  // equals the message of the same index that the tester sent
  ws::Bytes octets;      // when not; a beginning only, when there is very much
};

struct Harm {
  std::string expected, seen;                                       // for people
  std::string of;                                                   // "connection", "memory", "CPU", "time"
  static constexpr std::string_view kTime = "time";                 // by the clock alone
  static constexpr std::string_view kOthers = "other connections";  // one was kept from what it got before
};

struct Observation {
  // The opening handshake.
  std::optional<ws::RequestHead> request;               // of a client under test
  std::optional<ws::ResponseHead> response;             // of a server under test
  std::optional<ws::Violation> handshake_violation;     // of a head with which the connection cannot be used
  std::vector<ws::rules::AnswerFault> answer_faults;    // of a server's 101, which was taken at its word all the same
  std::vector<ws::rules::RequestFault> request_faults;  // of a client's request, which was answered all the same
  bool request_unclear = false;                         // so that no client has to take the answer that it got
  bool unknown_extension = false;         // that 101 accepts an extension whose effect on frames nobody here knows
  std::string handshake_failure;          // for people; set when the connection did not open for another reason
  bool opened = false;                    // as the tester sees it; a client may still have refused the answer
  bool opening_silent = false;            // no answer within the time-out
  bool spoke_early = false;               // the endpoint sent octets before it had all of the tester's head
  bool answer_lawful = true;              // a client under test has to take the tester's answer
  std::optional<NonceFault> nonce_fault;  // of the client, over all of its connections
  std::optional<int> answer_status;       // of the tester's answer
  std::optional<ws::DeflateParams> deflate;

  // What was sent.
  std::vector<SentMessage> sent_messages;
  std::vector<SentPing> sent_pings;
  std::vector<std::string> sent_pongs;
  bool sent_close_in_steps = false;
  bool ended_tcp_in_steps = false;
  std::optional<std::uint16_t> local_close_code;

  // What came.
  std::vector<Seen> seen;
  std::vector<SeenMessage> messages;
  std::optional<std::optional<ws::CloseReason>> close;  // outer: a Close came; inner: it had a body
  bool repeated_our_bad_code = false;  // its Close has a code that nobody should send, but it is the one that it got
  std::optional<ws::Violation> violation;       // the first rule that the endpoint's own octets broke
  std::optional<std::uint16_t> bad_close_code;  // that of close_code_invalid
  std::uint64_t violation_offset = 0;           // into the octets received after the opening handshake

  std::vector<std::uint32_t> mask_keys;           // of its frames, in order, when it is a client; a bounded number
  std::optional<MaskKeysOfRun> mask_keys_of_run;  // what they show beside those of its other connections
  bool empty_compressed = false;                  // it sent a compressed message without a single octet (C-37)

  // What the case did to the endpoint beside this connection: fresh connections that failed, memory, CPU.
  std::vector<Harm> harm;

  // How it ended.
  bool survived = false;  // the last sentinel, sent after what must fail the connection, got its Pong
  bool eof = false, reset = false;
  bool tls_cut = false;                 // TCP ended, and TLS had not (RFC 8446 6.1); `eof` holds too
  bool ended_by_tester = false;         // the endpoint left TCP open; the tester gave up
  bool ended_after_half_close = false;  // TCP ended only when the tester had sent its own FIN
  bool waited_briefly = false;          // in vain, for what other cases had waited for in vain (Silences)
  std::string lacks;                    // what was waited for in vain first, its kind; but for `end_unproved`
  bool end_unproved = false;            // so was the end of the connection alone, after all else
  bool ended_tcp_first = false;         // a client ended TCP after the closing handshake, before the tester did
  bool kept_tcp = false;                // a server left TCP open after the closing handshake for a whole time-out
  bool out_of_time = false;             // the case's deadline passed
  bool echo_lacked = false;             // an echo that the steps wait for did not come: what is after it was not sent
  bool flooded = false;                 // more came than the tester keeps, and nothing after it was read

  std::optional<Http2Seen> http2;  // a stream of HTTP/2 carried it (RFC 8441); "TCP" above is that stream

  // Of a case with several connections: the others, each by itself, in the order of opening.
  std::vector<Observation> beside{};
  std::string connection{};  // its name among them; empty: the first one
  std::string unasked{};  // why the connection could not be asked for, through no fault of the endpoint's; for people
  std::chrono::steady_clock::time_point began{};

  Transcript transcript;
};

}  // namespace touchstone
