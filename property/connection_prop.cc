// The connection as a whole: cuts do not matter, two of them understand each other, and every life ends once.
#include "property/cases.h"

#include <ws/core/connection/connection.h>
#include <ws/core/deflate/deflate.h>

using namespace ws;

namespace {

// Frames as a peer might send them, most of them right.
rc::Gen<Bytes> frames_to(Role receiver, bool deflate) {
  const auto frame = rc::gen::exec([=] {
    FrameHeader header;
    header.fin = *rc::gen::weightedElement<bool>({{3, true}, {1, false}});
    header.opcode =
        static_cast<Opcode>(*rc::gen::weightedElement<int>({{5, 0}, {5, 1}, {3, 2}, {1, 8}, {2, 9}, {2, 10}, {1, 3}}));
    header.rsv1 = deflate && *rc::gen::weightedElement<bool>({{2, false}, {1, true}});
    const bool masked = (receiver == Role::server) != *rc::gen::weightedElement<bool>({{50, false}, {1, true}});
    if (masked) header.mask = *laws::mask_key();
    Bytes payload = *rc::gen::oneOf(rc::gen::map(laws::utf8_text(), [](const std::string& t) { return to_bytes(t); }),
                                    laws::any_octets());
    if (header.rsv1) {
      Bytes wire;
      Deflater(9, true).compress(payload, true, wire);
      payload = wire;
    }
    Bytes out;
    encode_frame(header, payload, out);
    return out;
  });
  return rc::gen::map(rc::gen::container<std::vector<Bytes>>(frame), [](const std::vector<Bytes>& all) {
    Bytes out;
    for (const Bytes& one : all) append(out, one);
    return out;
  });
}

Limits small_limits() {
  Limits limits;
  limits.frame = 300;
  limits.message = 400;
  limits.fragments = 5;
  return limits;
}

void check_ending(const test::Trace& trace) {
  const auto starts = [](std::string_view word) {
    return [=](const std::string& line) { return line.starts_with(word); };
  };
  RC_ASSERT(std::ranges::count_if(trace.events, starts("closed ")) == 1);
  RC_ASSERT(trace.events.back().starts_with("closed "));
  RC_ASSERT(std::ranges::count_if(trace.events, starts("failed ")) <= 1);
  RC_ASSERT(std::ranges::count_if(trace.events, starts("close ")) <= 1);
}

}  // namespace

RC_GTEST_PROP(Connection, CutsOfAnyFramesDoNotMatter, ()) {
  Options options = test::options(*laws::role());
  options.limits = small_limits();
  options.report_frames = true;
  const auto deflate = *laws::deflate_params();
  Bytes input = *frames_to(options.role, deflate.has_value());
  if (!input.empty() && *rc::gen::arbitrary<bool>())
    input[*rc::gen::inRange<std::size_t>(0, input.size())] = static_cast<std::byte>(*rc::gen::inRange(0, 256));
  RC_LOG() << "the frames as a case file:\n" << touchstone::to_json(laws::as_case(input, options.role));
  const auto whole = test::trace(Connection::opened(options, deflate), input, {});
  check_ending(whole);
  RC_ASSERT(test::trace(Connection::opened(options, deflate), input, *laws::cuts(input.size())) == whole);
}

RC_GTEST_PROP(Connection, CutsOfAnyHandshakeDoNotMatter, ()) {
  const Role role = *laws::role();
  const std::string more = *rc::gen::element<std::string>("", "Sec-WebSocket-Extensions: permessage-deflate\r\n",
                                                          "X: y\r\n", "Sec-WebSocket-Protocol: chat\r\n");
  Bytes input = to_bytes(role == Role::server ? test::request_text(more) : test::response_text(more));
  append(input, *frames_to(role, false));
  for (int damage = *rc::gen::inRange(0, 3); damage > 0; --damage)
    input[*rc::gen::inRange<std::size_t>(0, input.size())] = static_cast<std::byte>(*rc::gen::inRange(0, 256));
  const auto whole = test::trace(test::connecting(test::options(role)), input, {});
  check_ending(whole);
  RC_ASSERT(test::trace(test::connecting(test::options(role)), input, *laws::cuts(input.size())) == whole);
}

// What one end submits is what the other end reports, through a real handshake and any cut.
RC_GTEST_PROP(Connection, TwoOfThemUnderstandEachOther, (bool offers, bool accepts)) {
  Options client_options = test::options(Role::client), server_options = test::options(Role::server);
  client_options.deflate_offer.reset();
  if (offers) {
    client_options.deflate_offer = DeflateOffer{.server_no_context_takeover = *rc::gen::arbitrary<bool>(),
                                                .client_no_context_takeover = *rc::gen::arbitrary<bool>()};
    if (*rc::gen::arbitrary<bool>()) client_options.deflate_offer->server_max_window_bits = *rc::gen::inRange(9, 16);
    if (*rc::gen::arbitrary<bool>())
      client_options.deflate_offer->client_max_window_bits_hint = *rc::gen::inRange(8, 16);
  }
  server_options.deflate_preference.reset();
  if (accepts) server_options.deflate_preference = (*laws::deflate_params()).value_or(DeflateParams{});
  client_options.deflate_threshold = server_options.deflate_threshold = *rc::gen::inRange<std::size_t>(0, 30);
  Connection client(client_options), server(server_options);
  std::vector<std::string> client_events, server_events;

  // Moves everything in pieces until both are silent.
  const auto settle = [&] {
    const std::size_t piece = *rc::gen::inRange<std::size_t>(1, 50);
    while (!client.output().empty() || !server.output().empty()) {
      for (auto [from, to] : {std::pair(&client, &server), std::pair(&server, &client)}) {
        const Bytes some = to_bytes(from->output().first(std::min(piece, from->output().size())));
        from->wrote(some.size());
        to->receive(some);
      }
      while (auto event = server.next_event()) {
        server_events.push_back(test::show(*event));
        if (std::holds_alternative<event::Requested>(*event)) RC_ASSERT(server.submit(command::Accept{}).has_value());
      }
      while (auto event = client.next_event()) client_events.push_back(test::show(*event));
    }
  };

  RC_ASSERT(client.submit(command::Connect{"localhost:8080", "/"}).has_value());
  settle();
  RC_ASSERT(client.state() == State::open && server.state() == State::open);
  RC_ASSERT(client_events ==
            std::vector<std::string>{std::string("opened ''") + (offers && accepts ? " deflate" : "") + " 101"});

  for (int round = *rc::gen::inRange(1, 8); round > 0; --round) {
    const bool up = *rc::gen::arbitrary<bool>();
    Connection& from = up ? client : server;
    auto& heard = up ? server_events : client_events;
    heard.clear();
    const Bytes binary = *rc::gen::oneOf(laws::any_octets(), laws::repetitive_octets());
    const std::string text = *laws::utf8_text();
    RC_ASSERT(from.submit(command::Binary{ByteView(binary).first(binary.size() / 2), false}).has_value());
    RC_ASSERT(from.submit(command::Ping{as_octets("p")}).has_value());
    RC_ASSERT(from.submit(command::Continue{ByteView(binary).subspan(binary.size() / 2)}).has_value());
    RC_ASSERT(from.submit(command::Text{text}).has_value());
    settle();
    RC_ASSERT(heard == (std::vector<std::string>{"ping 70", "binary " + test::to_hex(binary), "text " + text}));
  }

  const bool client_closes = *rc::gen::arbitrary<bool>(), server_closes = !client_closes || *rc::gen::arbitrary<bool>();
  if (client_closes) RC_ASSERT(client.submit(command::Close{CloseReason{1000, "bye"}}).has_value());
  if (server_closes) RC_ASSERT(server.submit(command::Close{CloseReason{1001, ""}}).has_value());
  settle();
  RC_ASSERT(client.state() == State::draining && server.state() == State::draining);
  RC_ASSERT(server.wants_shutdown() && !client.wants_shutdown());
  client.receive_eof();
  RC_ASSERT(client.wants_shutdown());
  server.receive_eof();
  RC_ASSERT(test::events(client) ==
            std::vector<std::string>{server_closes ? "closed 1001 clean" : "closed 1000 clean"});
  RC_ASSERT(test::events(server) ==
            std::vector<std::string>{client_closes ? "closed 1000 clean" : "closed 1001 clean"});
}

// One end breaks a rule in the middle of a conversation: the other fails the connection, says so, and both know whose
// fault it was.
RC_GTEST_PROP(Connection, TwoOfThemAgreeOnWhoFailed, ()) {
  const Role role = *laws::role();  // of the strict end, which fails the connection
  const Role other = role == Role::server ? Role::client : Role::server;
  Connection strict = test::open(role), culprit = test::open(other);
  const std::string text = *laws::utf8_text();
  RC_ASSERT(culprit.submit(command::Text{text}).has_value());
  struct Fault {
    Violation violation;
    Bytes octets;
  };
  FrameHeader wrong_mask{.opcode = Opcode::ping};
  if (role == Role::client) wrong_mask.mask = test::kMaskKey;
  Bytes wrongly_masked;
  encode_frame(wrong_mask, {}, wrongly_masked);
  const auto fault = *rc::gen::elementOf(
      std::vector<Fault>{{Violation::reserved_bit, test::frame_to(role, Opcode::text, {}, true, true)},
                         {Violation::reserved_opcode, test::frame_to(role, static_cast<Opcode>(11), {})},
                         {Violation::control_fragmented, test::frame_to(role, Opcode::ping, {}, false)},
                         {Violation::continuation_unexpected, test::frame_to(role, Opcode::cont, {})},
                         {Violation::text_not_utf8, test::frame_to(role, Opcode::text, as_octets("\xff"))},
                         {Violation::close_code_invalid, test::frame_to(role, Opcode::close, as_octets("\x03\xed"))},
                         {role == Role::server ? Violation::mask_missing : Violation::mask_present, wrongly_masked}});
  strict.receive(test::take_output(culprit));
  strict.receive(fault.octets);
  const auto strict_events = test::events(strict);
  RC_ASSERT(strict_events.size() == 2u && strict_events[0] == "text " + text);
  RC_ASSERT(strict_events[1].starts_with("failed " + std::string(rule(fault.violation).name)));

  culprit.receive(test::take_output(strict));
  const std::string code = std::to_string(rule(fault.violation).close_code);
  RC_ASSERT(test::events(culprit).front().starts_with("close " + code));
  // RFC 6455 7.1.1, 7.1.5: who failed the connection ends TCP, and never got a Close; the other one did.
  RC_ASSERT(strict.wants_shutdown());
  strict.receive(test::take_output(culprit));
  strict.receive_eof();
  culprit.receive_eof();
  RC_ASSERT(test::events(strict) == std::vector<std::string>{"closed 1006 unclean"});
  RC_ASSERT(test::events(culprit) == std::vector<std::string>{"closed " + code + " clean"});
}
