// sample.cc - a made-up run. Its cases resemble the catalogue's, but nothing here is read from it.
#include "reports/testing/sample.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>

#include "reports/result/result_json.h"
#include "reports/testing/sample_cases.h"
#include "reports/testing/sample_talk.h"

namespace touchstone {
namespace {

using enum Entry::Direction;
using enum Entry::Kind;
using Weight = Finding::Weight;

const RequirementText kTexts[] = {
    {"rfc6455-5.1-1", 6455, "5.1", "MUST", "client",
     "Every client-to-server frame is masked, control frames included."},
    {"rfc6455-5.2-3", 6455, "5.2", "MUST", "both", "Undefined RSV bits on a text or binary frame fail the connection."},
    {"rfc6455-5.2-6", 6455, "5.2", "MUST", "both",
     "RSV2/RSV3 fail the connection even when permessage-deflate defines RSV1."},
    {"rfc6455-5.2-8", 6455, "5.2", "MUST", "both", "Reserved non-control opcodes 3-7 fail the connection."},
    {"rfc6455-5.2-9", 6455, "5.2", "MUST", "both", "Reserved control opcodes B-F fail the connection."},
    {"rfc6455-5.2-12", 6455, "5.2", "MUST", "both", "Lengths 0-125 sit in the 7-bit field."},
    {"rfc6455-5.2-13", 6455, "5.2", "MUST", "both", "126 announces a 16-bit length."},
    {"rfc6455-5.2-14", 6455, "5.2", "MUST", "both", "127 announces a 64-bit length."},
    {"rfc6455-5.2-22", 6455, "5.2", "MUST", "both",
     "Receivers parse frames whatever the TCP segmentation, down to one byte per segment."},
    {"rfc6455-5.2-24", 6455, "5.2", "MUST", "both", "Zero-length data frames are valid messages."},
    {"rfc6455-5.4-2", 6455, "5.4", "MUST", "both",
     "Fragmented message: data opcode FIN=0, continuations FIN=0, last continuation FIN=1; payloads concatenate."},
    {"rfc6455-5.4-4", 6455, "5.4", "MUST", "both", "A continuation with no message to continue fails the connection."},
    {"rfc6455-5.4-5", 6455, "5.4", "MUST NOT", "both",
     "A new text frame inside an unfinished message is illegal interleaving and fails the connection."},
    {"rfc6455-5.4-9", 6455, "5.4", "MUST NOT", "both", "A fragmented ping or pong fails the connection."},
    {"rfc6455-5.4-13", 6455, "5.4", "MUST", "both", "Pings between fragments are handled and answered."},
    {"rfc6455-5.5-2", 6455, "5.5", "MUST", "both", "A ping longer than 125 bytes fails the connection."},
    {"rfc6455-5.5.1-3", 6455, "5.5.1", "MUST", "both", "A one-byte close body is a protocol error."},
    {"rfc6455-5.5.1-9", 6455, "5.5.1", "MUST NOT", "both", "No data frames follow one's own close frame."},
    {"rfc6455-5.5.1-10", 6455, "5.5.1", "MUST", "both",
     "A received close is answered with a close if none was sent yet."},
    {"rfc6455-5.5.1-11", 6455, "5.5.1", "MAY", "both",
     "The reply usually echoes the status code but may differ or be empty."},
    {"rfc6455-5.5.1-16", 6455, "5.5.1", "MUST", "both", "After sending and receiving close, close the TCP connection."},
    {"rfc6455-5.5.1-17", 6455, "5.5.1", "MUST", "server",
     "Server closes TCP immediately once close was sent and received."},
    {"rfc6455-5.5.2-2", 6455, "5.5.2", "MUST", "both",
     "A ping is answered with a pong unless a close was already received."},
    {"rfc6455-5.5.3-1", 6455, "5.5.3", "MUST", "both", "Pong carries exactly the ping's application data."},
    {"rfc6455-5.5.3-2", 6455, "5.5.3", "MAY", "both", "With several unanswered pings only the latest may be answered."},
    {"rfc6455-5.5.3-5", 6455, "5.5.3", "MUST", "both", "An unsolicited pong does not fail the connection."},
    {"rfc6455-5.6-4", 6455, "5.6", "MUST", "both",
     "Message type is preserved: text opcode for text, binary for binary."},
    {"rfc6455-7.1.7-2", 6455, "7.1.7", "MUST", "server", "Failing means the server closes the connection."},
    {"rfc6455-7.1.7-5", 6455, "7.1.7", "SHOULD", "both",
     "If established, send a close frame with an appropriate code before closing on failure."},
    {"rfc6455-7.4.1-5", 6455, "7.4.1", "MUST", "both", "A received 1005 is a protocol error."},
    {"rfc6455-7.4.1-6", 6455, "7.4.1", "MUST", "both", "A received 1006 is a protocol error."},
    {"rfc6455-7.4.1-9", 6455, "7.4.1", "MUST", "both", "Protocol errors are reported with 1002 when a code is sent."},
    {"rfc6455-7.4.1-11", 6455, "7.4.1", "MUST", "both",
     "Data inconsistent with its type (bad UTF-8) is reported with 1007 when a code is sent."},
    {"rfc6455-7.4.2-1", 6455, "7.4.2", "MUST", "both", "Codes 0-999 are not used."},
    {"rfc6455-7.4.2-3", 6455, "7.4.2", "MUST", "both", "3000-3999 are valid library/framework codes."},
    {"rfc6455-8.1-1", 6455, "8.1", "MUST", "both", "Text found not to be valid UTF-8 fails the connection."},
    {"rfc6455-8.1-2", 6455, "8.1", "MUST", "both",
     "A text message ending inside a UTF-8 sequence fails the connection."},
    {"rfc6455-8.1-3", 6455, "8.1", "MUST", "both", "UTF-8 split across fragments is validated over the whole message."},
    {"rfc6455-8.1-4", 6455, "8.1", "MUST", "both", "An invalid UTF-8 close reason fails the connection."},
    {"rfc7692-5-15", 7692, "5", "MUST", "both", "Without a PMCE in the response both sides go on uncompressed."},
    {"rfc7692-7.2.1-1", 7692, "7.2.1", "MUST", "both",
     "The whole message payload is compressed with raw DEFLATE, no zlib or gzip wrapper."},
    {"rfc7692-7.2.1-12", 7692, "7.2.1", "MUST", "server",
     "With server_no_context_takeover agreed, each server message starts with an empty window."},
    {"rfc7692-7.2.2-1", 7692, "7.2.2", "MUST", "both", "Append 00 00 FF FF to the message payload, then inflate."},
    {"rfc7692-7.2.2-4", 7692, "7.2.2", "MUST", "server",
     "Unless client_no_context_takeover is agreed, server inflates with the kept window, whatever the client hinted."},
    {"rfc7692-7.2.2-10", 7692, "7.2.2", "MUST", "both", "Payload that is not valid DEFLATE fails the connection."},
    {"rfc6455-10.4-1", 6455, "10.4", "MUST", "both",
     "Endpoints protect themselves against frames beyond their limits."},
};

constexpr std::array<SampleEndpoint, 10> kEndpoints{{
    {"Node ws 8.18.0", "ws://127.0.0.1:9001/", "", 0},
    {"python3-websockets 10.4", "ws://127.0.0.1:9002/", "Python/3.11 websockets/10.4", 47},
    {"libwebsockets 4.1.6", "wss://[::1]:9003/echo?deflate=1", "lwsws", 90},
    {"Boost.Beast 1.74", "ws://127.0.0.1:9004/", "Boost.Beast/292", 160},
    {"</script><script>window.hacked = 1</script>", "ws://127.0.0.1:9010/", "<img src=x onerror=\"window.hacked = 1\">",
     20},
    {"websocketpp 0.8.2", "ws://127.0.0.1:9005/", "WebSocket++/0.8.2", 120},
    {"gorilla/websocket 1.5.0", "ws://127.0.0.1:9006/", "", 130},
    {"nhooyr 1.8.7", "ws://127.0.0.1:9007/", "", 65},
    {"bun 1.2", "ws://127.0.0.1:9008/", "", 35},
    {"deno 2.1", "ws://127.0.0.1:9009/", "", 55},
}};

// What a made-up judge found.
struct Fault {
  std::string requirement, kind, expected, seen, evidence = {}, choice = {};
};

Finding finding(Weight weight, Fault fault) {
  return {weight,
          std::move(fault.requirement),
          std::move(fault.expected),
          std::move(fault.seen),
          std::move(fault.kind),
          std::move(fault.evidence),
          std::move(fault.choice)};
}

void fail(Result& result, std::string summary, Fault fault) {
  result.behavior = Behavior::failed;
  result.closing = Closing::failed;
  result.clean = false;
  result.remote_close_code.reset();
  result.summary = std::move(summary);
  result.findings.push_back(finding(Weight::violation, std::move(fault)));
}

void weaken(Result& result, std::string summary, Fault fault) {
  result.behavior = Behavior::non_strict;
  result.closing = Closing::unclean;
  result.summary = std::move(summary);
  result.findings.push_back(finding(Weight::weak, std::move(fault)));
}

// A large message is refused: what would come after it is not judged.
const Fault kRefusesLargeMessages{"rfc6455-5.6-4", "message-refused", "the message of 64 MiB comes back",
                                  "Close 1009 \"Max payload size exceeded\"", "1009"};

void hide(Result& result) {
  result.behavior = Behavior::not_applicable;
  result.hidden = true;
  result.summary = "Closed with 1009 before the messages that are asked for.";
  result.findings.push_back(finding(Weight::violation, kRefusesLargeMessages));
}

void keep_sending_after_reserved_bit(Result& result) {
  fail(result, "The frame with RSV2 set was accepted and echoed.",
       {"rfc6455-5.2-6", "violation-accepted",
        "a Close frame with 1002, a Close frame without a code, or the end of the connection",
        "a text frame with the same payload, then a Pong for the sentinel", "rsv2"});
  SampleTalk talk(7);
  talk.handshake("127.0.0.1:9001", "", "");
  talk.send(1, "Hello, world!", true, 2);
  talk.mark("sentinel: Ping \"touchstone-1\", awaiting its Pong, a Close or the end");
  talk.send(9, "touchstone-1");
  talk.receive(1, "Hello, world!");
  talk.receive(10, "touchstone-1");
  talk.plain(local, mark, "the endpoint has read the frame and is alive: it did not fail the connection");
  talk.end_politely();
  result.transcript = talk.take();
}

void never_answers_close(Result& result) {
  fail(result, "No Close frame came within 5 s of ours.",
       {"rfc6455-5.5.1-10", "close-unanswered", "a Close frame", "nothing, until the tester gave up"});
  result.closing = Closing::failed_by_client;
  result.dropped_by_peer = false;
  SampleTalk talk(8);
  talk.handshake("127.0.0.1:9001", "", "");
  talk.close(1000, "bye");
  talk.wait(5'000'000);
  talk.plain(local, timeout, "no answer within 5 s");
  talk.plain(sent, reset);
  result.duration_ms = talk.duration_ms();
  result.transcript = talk.take();
  result.other_transcript.reset();
}

void hostile(Result& result) {
  fail(result, "The reason is no UTF-8: " + hostile_text(),
       {"rfc6455-8.1-4", "close-reason-invalid", "UTF-8 in the reason", hostile_text(), hostile_text()});
  result.closing = Closing::wrong_code;
  result.remote_close_code = 4000;
  result.remote_close_reason = hostile_text() + "\xff\xfe";
  SampleTalk talk(9);
  talk.handshake("127.0.0.1:9001", hostile_text(), "");
  talk.send(1, hostile_text());
  talk.echo();
  talk.receive(1, hostile_text() + hostile_text() + hostile_text());
  talk.octets(received, std::string("\x83\x7f\x00\xff", 4) + "</script><b>");
  talk.mark("the endpoint said " + hostile_text());
  talk.close_comes(4000, hostile_text() + "\xff\xfe");
  talk.plain(received, reset);
  result.transcript = talk.take();
}

void flaky(Result& result) {
  weaken(result, "Closed with 1007 when alone; the connection was reset under load.",
         {"rfc6455-7.1.7-5", "failed-by-reset", "a Close frame with 1007", "a reset, in the run under load"});
  result.flaky = true;
  SampleTalk talk(10);
  talk.handshake("127.0.0.1:9001", "", "");
  talk.send(1, "\xce\xba\xff");
  talk.plain(received, reset);
  result.other_transcript = talk.take();
}

void deviate(Result& result) {
  const std::string& id = result.case_id;
  if (id == "reserved/rsv/2") keep_sending_after_reserved_bit(result);
  if (id == "close/code/7") never_answers_close(result);
  if (id == "close/code/8") hostile(result);
  if (id == "utf8/sequence/17") flaky(result);
  if (id == "utf8/sequence/33")
    weaken(result, "Invalid text was noticed at the end of the message only.",
           {"rfc6455-8.1-3", "utf8-late", "failure at the first impossible octet", "failure after the last fragment",
            "", "C-30"});
  if (id == "pings/payload/10") {
    result.findings.push_back({Weight::choice, "rfc6455-5.5.3-2", "a Pong for each Ping, or for the latest only",
                               "one Pong, for the latest of ten Pings"});
    result.summary = "One Pong for ten Pings, carrying the latest payload.";
  }
  if (id.starts_with("close/code/") && result.behavior == Behavior::ok)
    result.findings.push_back(
        {Weight::choice, "rfc6455-5.5.1-11", "the same code, another one, or none", "the same code"});
  if (id.starts_with("close/code/3")) {
    result.behavior = Behavior::informational;
    result.summary = "The RFC leaves the reaction to this code open; the endpoint answered with the same code.";
  }
  if (id == "limits/message-size/54") fail(result, "Closed with 1009 after 16 MiB.", kRefusesLargeMessages);
  if (id == "limits/message-size/52" || id == "limits/message-size/53") hide(result);
  if (id.starts_with("deflate/parameters/12")) {
    result.behavior = Behavior::unimplemented;
    result.summary = "The endpoint declined permessage-deflate with these parameters.";
    result.transcript.entries.clear();
  }
  if (id == "resources/after-attack/5") {
    result.behavior = Behavior::not_applicable;
    result.summary = "The endpoint does not echo binary messages (found by the probe).";
    result.transcript = {};
  }
  if (id == "resources/after-attack/6") {
    result.behavior = Behavior::errored;
    result.summary = "Could not connect: connection refused (127.0.0.1:9001).";
    SampleTalk talk(11);
    talk.plain(local, error, "connect: Connection refused");
    result.transcript = talk.take();
  }
}

// Other endpoints: a deviation now and then, always the same ones.
void deviate_sometimes(Result& result, unsigned flaws, unsigned number) {
  const std::uint32_t draw = (number * 2654435761U + flaws * 40503U) >> 7;
  if (draw % flaws == 0)
    fail(result, "The endpoint took what it has to refuse.",
         {result.requirements.front(), "violation-accepted", "a Close frame with 1002", "an echo"});
  if (draw % flaws == 1 || draw % flaws == 2)
    weaken(result, "The connection ended without a Close frame.",
           {result.requirements.back(), "", "a Close frame first", "the end of the stream"});
  if (draw % 97 == 5) result.behavior = Behavior::informational;
}

// What a catalogue would say: most rules have cases, one of them only for a server; one has none, one none in this run.
RequirementTexts with_coverage() {
  RequirementTexts texts;
  for (const RequirementText& text : kTexts) {
    RequirementText& known = texts[text.id] = text;
    known.in_question = known.covered = true;
    known.cases = 12;
    if (text.section == "5.2") known.autobahn = "tested";
    if (text.section == "8.1") known.autobahn = "in-passing";
  }
  RequirementText& half = texts.at("rfc6455-5.5.1-17");
  half.covered = false;
  half.uncovered = "a client cannot tell `FIN` from `RST`";
  texts["rfc6455-7.2.3-1"] = {.id = "rfc6455-7.2.3-1",
                              .rfc = 6455,
                              .section = "7.2.3",
                              .level = "SHOULD",
                              .binds = "client",
                              .rule = "A client that was cut off waits before it comes back.",
                              .in_question = true,
                              .uncovered = "whether it comes back is not asked"};
  texts["rfc9110-7.8-1"] = {.id = "rfc9110-7.8-1",
                            .rfc = 9110,
                            .section = "7.8",
                            .level = "MUST",
                            .binds = "server",
                            .rule = "Upgrade is a list of protocols.",
                            .in_question = true,
                            .covered = true,
                            .cases = 3};
  return texts;
}

}  // namespace

std::string hostile_text() {
  return "</script><script>window.hacked=1</script><!-- <img src=x onerror=window.hacked=1> \"'`{{data}}|*_\\ "
         "\xe2\x80\xae"
         "reversed\xe2\x80\xac \x1b[31mred\x07 \xe2\x80\xa8 end";
}

Sample sample_run(std::size_t endpoints, bool complete) {
  Sample sample;
  sample.texts = {with_coverage(), {{"C-30", "the RFC says that the connection fails, and not how early"}}};
  RunInfo& run = sample.run;
  run.version = "0.1.0";
  run.catalogue_hash = "9b6f0c1e52a84d7fb0c3a1c9d2e7f4a6";
  run.machine = "Linux x86_64, 2 cores, 23 GiB";
  run.profile = "default";
  run.seed = 1;
  run.jobs = 32;
  run.command_line = {"touchstone", "test", "ws://127.0.0.1:9001/"};
  run.start = *parse_time("2026-11-21T09:30:00.000000Z");
  auto now = run.start;
  for (std::size_t e = 0; e < std::min(endpoints, kEndpoints.size()); ++e) {
    const SampleEndpoint& endpoint = kEndpoints[e];
    run.endpoints.push_back({std::string(endpoint.name), std::string(endpoint.url), std::string(endpoint.server)});
    unsigned number = 0;
    for (const SampleFamily& family : sample_families()) {
      for (unsigned i = 1; i <= family.count; ++i, ++number) {
        Result result = play_sample(family, i, endpoint, number + 1000 * static_cast<unsigned>(e));
        if (endpoint.flaws == 0) deviate(result);
        if (endpoint.flaws != 0) deviate_sometimes(result, endpoint.flaws, number);
        result.started = now;
        now += std::chrono::microseconds(static_cast<std::int64_t>(result.duration_ms * 100));
        ++run.planned;
        if (complete || number < 300) sample.results.push_back(std::move(result));
      }
    }
  }
  run.end = now;
  run.complete = complete;
  if (!complete) run.ended_because = "interrupted (SIGINT) during limits/message-size/71";
  return sample;
}

}  // namespace touchstone
