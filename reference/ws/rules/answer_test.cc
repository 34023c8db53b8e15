#include <ws/rules/answer.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

namespace ws::rules {
namespace {

using Kind = AnswerFault::Kind;

constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";         // RFC 6455 1.3
constexpr std::string_view kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";  // RFC 6455 1.3
constexpr std::string_view kAcceptOfDecoded =
    "BXhwxM0SZasKmCD9S4BfpPmCnEw=";  // of "the sample nonce", by another SHA-1

std::vector<Extension> extensions(std::string_view text) { return *parse_extensions(text); }

RequestFacts request(std::string_view offers = "permessage-deflate; client_max_window_bits",
                     std::vector<std::string> subprotocols = {"chat", "superchat"}) {
  return {std::string(kKey), std::move(subprotocols), offers.empty() ? std::vector<Extension>{} : extensions(offers)};
}

ResponseHead answer(std::vector<Field> more = {}) {
  ResponseHead head{.status = 101, .reason = "Switching Protocols", .fields = {}};
  head.fields = {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Accept", std::string(kAccept)}};
  head.fields.insert(head.fields.end(), more.begin(), more.end());
  return head;
}

ResponseHead without(std::string_view name) {
  ResponseHead head = answer();
  std::erase_if(head.fields, [&](const Field& field) { return field.name == name; });
  return head;
}

ResponseHead with(std::string_view name, std::string_view value) {
  ResponseHead head = without(name);
  head.fields.push_back({std::string(name), std::string(value)});
  return head;
}

ResponseHead accepts(std::string_view value) { return with("Sec-WebSocket-Extensions", value); }

// "kind detail requirement" of each fault, in order.
std::vector<std::string> told(const AnswerReading& reading) {
  std::vector<std::string> out;
  for (const AnswerFault& fault : reading.faults) {
    out.push_back(std::string(name(fault.kind)) + (fault.detail.empty() ? "" : " ") + fault.detail + " " +
                  std::string(fault.requirement));
  }
  return out;
}

using Told = std::vector<std::string>;

TEST(Answer, OneThatKeepsTheRulesHasNoFault) {
  const auto reading = read_answer(
      answer(
          {{"Sec-WebSocket-Protocol", "superchat"},
           {"Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits=10; server_no_context_takeover"}}),
      request());
  EXPECT_EQ(told(reading), Told{});
  ASSERT_TRUE(reading.agreement);
  EXPECT_EQ(reading.agreement->subprotocol, "superchat");
  EXPECT_EQ(reading.agreement->deflate, (DeflateParams{true, false, 15, 10}));
  EXPECT_FALSE(reading.agreement->unknown_extension);
}

// RFC 6455 4.2.2 items 5.1 to 5.4 and 11.3.
TEST(Answer, EachFixedFieldHasItsClause) {
  ResponseHead old = answer();
  old.version_minor = 0;
  ResponseHead two_accepts = answer({{"Sec-WebSocket-Accept", std::string(kAccept)}});
  const struct {
    ResponseHead head;
    Told told;
  } rows[] = {
      {old, {"answer-http-version 1.0 rfc6455-4.2.2-15"}},
      {without("Upgrade"), {"answer-upgrade-missing rfc6455-4.2.2-16"}},
      {with("Upgrade", "websocket, foo"), {"answer-upgrade-wrong websocket, foo rfc6455-4.2.2-16"}},
      {answer({{"Upgrade", "websocket"}}), {"answer-upgrade-wrong websocket, websocket rfc6455-4.2.2-16"}},
      {without("Connection"), {"answer-connection-missing rfc6455-4.2.2-17"}},
      {with("Connection", "keep-alive"), {"answer-connection-wrong keep-alive rfc6455-4.2.2-17"}},
      {without("Sec-WebSocket-Accept"), {"answer-accept-missing rfc6455-4.2.2-18"}},
      {with("Sec-WebSocket-Accept", kKey), {"answer-accept-wrong rfc6455-4.2.2-18"}},
      {with("Sec-WebSocket-Accept", kAcceptOfDecoded), {"answer-accept-of-decoded-key rfc6455-4.2.2-19"}},
      {two_accepts, {"answer-field-repeated Sec-WebSocket-Accept rfc6455-11.3.3-1"}},
  };
  for (const auto& row : rows) {
    const auto reading = read_answer(row.head, request());
    EXPECT_EQ(told(reading), row.told) << serialize(row.head);
    EXPECT_TRUE(reading.agreement) << serialize(row.head);
  }
}

// RFC 6455 4.2.2 item 5.5, 4.3.
TEST(Answer, ASubprotocolIsOneOfThoseOffered) {
  const auto chosen = [](std::string_view value, std::vector<std::string> offered = {"chat", "superchat"}) {
    return told(read_answer(with("Sec-WebSocket-Protocol", value), request("", std::move(offered))));
  };
  EXPECT_EQ(chosen("chat"), Told{});
  EXPECT_EQ(chosen("Chat"), Told{"answer-subprotocol-not-offered Chat rfc6455-4.2.2-9"});
  EXPECT_EQ(chosen("chat", {}), Told{"answer-subprotocol-unasked chat rfc6455-4.2.2-10"});
  EXPECT_EQ(chosen(""), Told{"answer-subprotocol-empty rfc6455-4.2.2-11"});
  EXPECT_EQ(chosen("chat, superchat"), Told{"answer-subprotocol-malformed chat, superchat rfc6455-4.3-6"});
  EXPECT_EQ(
      told(read_answer(answer({{"Sec-WebSocket-Protocol", "chat"}, {"Sec-WebSocket-Protocol", "chat"}}), request())),
      Told{"answer-field-repeated Sec-WebSocket-Protocol rfc6455-11.3.4-2"});
}

// RFC 6455 9.1, RFC 7692 5 and 7.1: offer, answer, faults.
TEST(Answer, EachParameterHasItsClause) {
  const std::string bare = "permessage-deflate", any = "permessage-deflate; client_max_window_bits";
  const struct {
    std::string offer, answer;
    Told told;
  } rows[] = {
      {"", bare, {"answer-extension-not-offered permessage-deflate rfc6455-4.2.2-13"}},
      {bare, "x-webkit-deflate-frame", {"answer-extension-not-offered x-webkit-deflate-frame rfc6455-4.2.2-13"}},
      {"x-unknown; p", "x-unknown", {"answer-extension-unknown x-unknown rfc6455-9.1-10"}},
      {bare, "permessage-deflate, permessage-deflate", {"answer-extension-repeated permessage-deflate rfc7692-5-10"}},
      {bare,
       "permessage-deflate; foo; foo; bar",
       {"answer-parameter-unknown foo rfc6455-9.1-4", "answer-parameter-unknown bar rfc6455-9.1-4"}},
      {any, any, {"answer-parameter-invalid client_max_window_bits rfc7692-7.1.2.2-6"}},
      {any, any + "=08", {"answer-parameter-invalid client_max_window_bits rfc7692-7.1.2.2-6"}},
      {bare,
       bare + "; server_max_window_bits=16",
       {"answer-parameter-invalid server_max_window_bits rfc7692-7.1.2.1-6"}},
      {bare,
       bare + "; server_no_context_takeover=1",
       {"answer-parameter-invalid server_no_context_takeover rfc7692-7.1.1.1-2"}},
      {bare,
       bare + "; client_no_context_takeover=1",
       {"answer-parameter-invalid client_no_context_takeover rfc7692-7.1.1.2-2"}},
      {bare,
       bare + "; server_max_window_bits=9; server_max_window_bits=9",
       {"answer-parameter-repeated server_max_window_bits rfc7692-5-9"}},
      {bare,
       bare + "; client_max_window_bits=15",
       {"answer-parameter-not-offered client_max_window_bits rfc7692-7.1.2.2-7"}},
      {bare + "; server_no_context_takeover",
       bare,
       {"answer-parameter-missing server_no_context_takeover rfc7692-7.1.1.1-3"}},
      {bare + "; server_max_window_bits=10",
       bare,
       {"answer-parameter-missing server_max_window_bits rfc7692-7.1.2.1-5"}},
      {bare + "; server_max_window_bits=10",
       bare + "; server_max_window_bits=11",
       {"answer-parameter-too-large server_max_window_bits rfc7692-7.1.2.1-5"}},
      {any + "=10", any + "=11", {"answer-parameter-too-large client_max_window_bits rfc7692-7.1.2.2-5"}},
      {bare + "; foo", bare, {"answer-offer-with-unknown foo rfc7692-7-1"}},
      {bare + "; server_max_window_bits=010",
       bare,
       {"answer-offer-with-invalid-value server_max_window_bits rfc7692-7-2"}},
      {any + "; client_max_window_bits", bare, {"answer-offer-with-repeated client_max_window_bits rfc7692-7-3"}},
  };
  for (const auto& row : rows) {
    const auto reading = read_answer(accepts(row.answer), request(row.offer));
    EXPECT_EQ(told(reading), row.told) << row.offer << " -> " << row.answer;
    EXPECT_TRUE(reading.agreement) << row.answer;
  }
}

TEST(Answer, AnyOfTheOffersMayBeTheOneThatWasAccepted) {
  const auto offers = "permessage-deflate; server_max_window_bits=10, permessage-deflate";
  EXPECT_EQ(told(read_answer(accepts("permessage-deflate"), request(offers))), Told{});
  EXPECT_EQ(told(read_answer(accepts("permessage-deflate; client_max_window_bits=9"), request(offers))),
            Told{"answer-parameter-not-offered client_max_window_bits rfc7692-7.1.2.2-7"});
  EXPECT_EQ(told(read_answer(accepts("permessage-deflate"), request("permessage-deflate; foo, permessage-deflate"))),
            Told{});
  const auto declinable_first = "permessage-deflate; foo, permessage-deflate";
  EXPECT_EQ(told(read_answer(accepts("permessage-deflate; client_max_window_bits=9"), request(declinable_first))),
            Told{"answer-parameter-not-offered client_max_window_bits rfc7692-7.1.2.2-7"});
}

TEST(Answer, TheConnectionGoesOnAsItSays) {
  const auto agreed = [](std::string_view value) {
    return read_answer(accepts(value), request("")).agreement->deflate;
  };
  EXPECT_EQ(agreed("permessage-deflate"), DeflateParams{});
  EXPECT_EQ(agreed("permessage-deflate; client_max_window_bits=10; server_max_window_bits=9"),
            (DeflateParams{false, false, 9, 10}));
  // Values that cannot be read: what suits most servers.
  EXPECT_EQ(agreed("permessage-deflate; client_max_window_bits; server_max_window_bits"), DeflateParams{});
  EXPECT_EQ(agreed("permessage-deflate; client_max_window_bits=010; server_max_window_bits=7"),
            (DeflateParams{false, false, 15, 10}));
  EXPECT_EQ(agreed("permessage-deflate; client_max_window_bits=wide"), (DeflateParams{false, false, 15, 8}));
  EXPECT_EQ(agreed("permessage-deflate; server_no_context_takeover=1; client_no_context_takeover=1"),
            (DeflateParams{false, true, 15, 15}));
  const auto unknown = read_answer(accepts("x-webkit-deflate-frame"), request());
  EXPECT_TRUE(unknown.agreement->unknown_extension);
  EXPECT_FALSE(unknown.agreement->deflate);
  EXPECT_TRUE(read_answer(accepts("permessage-deflate, permessage-deflate"), request()).agreement->unknown_extension);
}

TEST(Answer, NobodyCanSayWhatAMalformedListAgreesOn) {
  const auto malformed = read_answer(accepts("permessage-deflate;"), request());
  EXPECT_EQ(told(malformed), Told{"answer-extensions-malformed rfc6455-9.1-3"});
  EXPECT_FALSE(malformed.agreement);
  // RFC 6455 4.2.2: an empty field is not how to say none, but it says none.
  const auto empty = read_answer(accepts(", "), request());
  EXPECT_EQ(told(empty), Told{"answer-extensions-empty rfc6455-4.2.2-14"});
  ASSERT_TRUE(empty.agreement);
  EXPECT_FALSE(empty.agreement->deflate);
}

TEST(Answer, ALongNameIsCutShort) {
  const auto reading = read_answer(with("Sec-WebSocket-Protocol", std::string(5000, 'x')), request());
  EXPECT_LT(reading.faults.front().detail.size(), 100u);
}

TEST(Answer, EveryKindHasANameAClauseAndSentences) {
  for (const Kind kind : answer_fault_kinds()) {
    const AnswerFault fault{.kind = kind, .detail = "DETAIL"};
    const bool one_mend =
        kind == AnswerFault::Kind::offer_with_unknown || kind == AnswerFault::Kind::offer_with_repeated;
    EXPECT_EQ(evidence(fault), one_mend ? "" : "DETAIL") << name(kind);
    EXPECT_TRUE(name(kind).starts_with("answer-"));
    EXPECT_EQ((expected(fault) + seen(fault)).find("{}"), std::string::npos) << name(kind);
    EXPECT_FALSE(expected(fault).empty() || seen(fault).empty()) << name(kind);
    EXPECT_EQ(std::ranges::count_if(answer_fault_kinds(), [&](Kind other) { return name(other) == name(kind); }), 1);
  }
}

// Answers and offers put together at random of right and wrong parts.
class Generated {
 public:
  template <class... Choices>
  std::string one_of(const Choices&... choices) {
    const std::array<std::string, sizeof...(choices)> all{choices...};
    return all[std::uniform_int_distribution<std::size_t>(0, all.size() - 1)(random_)];
  }
  bool rarely() { return std::uniform_int_distribution<int>(0, 7)(random_) == 0; }
  bool often() { return !rarely(); }

  DeflateOffer offer() {
    DeflateOffer offer{.server_no_context_takeover = rarely(), .client_max_window_bits = often()};
    if (rarely()) offer.server_max_window_bits = std::stoi(one_of("8", "9", "12", "15"));
    if (rarely() && offer.client_max_window_bits)
      offer.client_max_window_bits_hint = std::stoi(one_of("8", "10", "15"));
    return offer;
  }

  std::string parameters() {
    std::string out;
    while (often() && out.size() < 200) {
      out +=
          one_of("; server_no_context_takeover", "; client_no_context_takeover", "; server_max_window_bits=9",
                 "; server_max_window_bits=12", "; client_max_window_bits=10", "; client_max_window_bits=15", "", "");
      if (rarely())
        out += one_of("; foo", "; foo=1", "; server_max_window_bits", "; server_max_window_bits=16", ";",
                      "; client_max_window_bits", "; client_no_context_takeover=1", "; server_max_window_bits=08");
      if (out.size() > 40) break;
    }
    return out;
  }

  ResponseHead answer() {
    ResponseHead head = rules::answer();
    if (rarely()) head.version_minor = 0;
    if (rarely()) head = without(one_of("Upgrade", "Connection", "Sec-WebSocket-Accept"));
    if (rarely())
      head.fields.push_back({one_of("Upgrade", "Connection", "Sec-WebSocket-Accept"), one_of("websocket", "x")});
    if (rarely())
      head.fields.push_back({"Sec-WebSocket-Protocol", one_of("chat", "superchat", "", "chat, chat", "other")});
    if (rarely()) head.fields.push_back({"Sec-WebSocket-Protocol", one_of("chat", "x")});
    if (often())
      head.fields.push_back({"Sec-WebSocket-Extensions", one_of("permessage-deflate", "permessage-deflate",
                                                                "permessage-deflate", "", "x", "permessage-deflate,") +
                                                             parameters()});
    if (rarely()) head.fields.push_back({"sec-websocket-extensions", one_of("", "x", "permessage-deflate")});
    return head;
  }

 private:
  std::mt19937 random_{20261130};
};

// The strict client of the core and this reading were written apart; they agree on which answers are right, on what
// right answers agree on, and on the fault of those that have one.
TEST(Answer, HasAFaultExactlyWhereTheStrictClientRefusesIt) {
  Generated some;
  int taken = 0, refused = 0;
  for (int i = 0; i < 20000; ++i) {
    RequestPromise promise{std::string(kKey), {"chat", "superchat"}, std::nullopt};
    if (some.often()) promise.deflate = some.offer();
    RequestFacts facts{promise.key, promise.subprotocols, {}};
    if (promise.deflate) facts.extensions = {to_extension(*promise.deflate)};
    const ResponseHead head = some.answer();
    const auto strict = check_response(head, promise);
    const auto reading = read_answer(head, facts);
    const std::string what = serialize(facts.extensions) + "\n" + serialize(head);
    ASSERT_EQ(strict.has_value(), reading.faults.empty()) << what;
    (strict ? taken : refused) += 1;
    if (strict) {
      ASSERT_TRUE(reading.agreement) << what;
      EXPECT_EQ(reading.agreement->deflate, strict->deflate) << what;
      EXPECT_EQ(reading.agreement->subprotocol, strict->subprotocol) << what;
    } else {
      const auto same = [&](const AnswerFault& fault) { return fault.violation == strict.error(); };
      EXPECT_TRUE(std::ranges::any_of(reading.faults, same)) << rule(strict.error()).name << "\n" << what;
    }
  }
  EXPECT_GT(taken, 1000);
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace ws::rules
