// Offers and answers of permessage-deflate. RFC 7692 5, 7.1.
#include <ws/core/http/extensions.h>

#include <gtest/gtest.h>

#include "ws/core/connection/test_support.h"

namespace ws {
namespace {

// The server's answer to an offer, as it stands on the wire; "declined" for none.
std::string answer(std::string_view offers, const DeflateParams& preference = {}) {
  const auto agreement = accept_deflate(*parse_extensions(offers), preference);
  return agreement ? serialize({agreement->response}) : "declined";
}

TEST(Negotiation, AnOfferIsReadOrHasToBeDeclined) {
  const auto read = [](std::string_view element) { return read_offer(parse_extensions(element)->front()); };
  const DeflateOffer bare{.client_max_window_bits = false};
  EXPECT_EQ(read("permessage-deflate"), bare);
  EXPECT_EQ(read("permessage-deflate; client_max_window_bits=9; server_max_window_bits=8"),
            (DeflateOffer{.server_max_window_bits = 8, .client_max_window_bits_hint = 9}));
  for (const char* declined :
       {"x", "permessage-deflate; x", "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=16", "permessage-deflate; client_max_window_bits=08",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover"}) {
    EXPECT_EQ(read(declined), std::nullopt) << declined;
  }
}

TEST(Negotiation, ServerAnswersEachParameter) {
  const struct {
    const char *offer, *answer;
  } rows[] = {
      {"permessage-deflate", "permessage-deflate"},
      {"permessage-deflate; client_max_window_bits", "permessage-deflate"},
      {"permessage-deflate; client_max_window_bits=10", "permessage-deflate; client_max_window_bits=10"},
      {"permessage-deflate; server_max_window_bits=10", "permessage-deflate; server_max_window_bits=10"},
      {"permessage-deflate; server_max_window_bits=15", "permessage-deflate; server_max_window_bits=15"},
      {"permessage-deflate; server_max_window_bits=\"10\"", "permessage-deflate; server_max_window_bits=10"},
      {"permessage-deflate; server_no_context_takeover", "permessage-deflate; server_no_context_takeover"},
      {"permessage-deflate; client_no_context_takeover", "permessage-deflate; client_no_context_takeover"},
      {"permessage-deflate; client_max_window_bits=8", "permessage-deflate; client_max_window_bits=8"},
      {"foo, permessage-deflate", "permessage-deflate"},
      {"permessage-deflate; foo, permessage-deflate; server_no_context_takeover",
       "permessage-deflate; server_no_context_takeover"},
      {"permessage-deflate; server_max_window_bits=8, permessage-deflate", "permessage-deflate"},
  };
  for (const auto& row : rows) EXPECT_EQ(answer(row.offer), row.answer) << row.offer;
}

TEST(Negotiation, ServerDeclinesWhatItCannotOrMustNotTake) {
  for (const auto* offer :
       {"foo", "permessage-deflate; foo", "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover=true", "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=7", "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=010", "permessage-deflate; server_max_window_bits=8",
        "permessage-deflate; server_max_window_bits=1", "permessage-deflate; client_max_window_bits=16",
        "permessage-deflate; client_max_window_bits=08", "permessage-deflate; client_max_window_bits=x",
        "permessage-deflate; client_max_window_bits; client_max_window_bits",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; server_max_window_bits=9; server_max_window_bits=9", "Permessage-Deflate",
        "permessage-deflate; SERVER_NO_CONTEXT_TAKEOVER"})
    EXPECT_EQ(answer(offer), "declined") << offer;
}

TEST(Negotiation, PreferenceNarrowsWhereTheOfferAllowsIt) {
  const DeflateParams small{.server_no_context_takeover = true,
                            .client_no_context_takeover = true,
                            .server_max_window_bits = 11,
                            .client_max_window_bits = 12};
  EXPECT_EQ(answer("permessage-deflate", small),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11");
  EXPECT_EQ(answer("permessage-deflate; client_max_window_bits", small),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11; "
            "client_max_window_bits=12");
  EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=9; client_max_window_bits=10", small),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; "
            "client_max_window_bits=10");
}

TEST(Negotiation, OfferIsWrittenAsAsked) {
  EXPECT_EQ(serialize({to_extension({})}), "permessage-deflate; client_max_window_bits");
  EXPECT_EQ(serialize({to_extension({.server_no_context_takeover = true,
                                     .client_no_context_takeover = true,
                                     .server_max_window_bits = 9,
                                     .client_max_window_bits_hint = 10})}),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; "
            "client_max_window_bits=10");
  EXPECT_EQ(serialize({to_extension({.client_max_window_bits = false})}), "permessage-deflate");
}

std::expected<DeflateParams, Violation> check(const DeflateOffer& offer, std::string_view response) {
  return check_deflate(offer, parse_extensions(response)->front());
}

TEST(Negotiation, ClientTakesWhatTheRfcAllows) {
  EXPECT_EQ(*check({}, "permessage-deflate"), DeflateParams{});
  EXPECT_EQ(*check({},
                   "permessage-deflate; server_max_window_bits=8; client_max_window_bits=8; "
                   "client_no_context_takeover; server_no_context_takeover"),
            (DeflateParams{true, true, 8, 8}));
  EXPECT_TRUE(check({.server_max_window_bits = 10}, "permessage-deflate; server_max_window_bits=10"));
  EXPECT_TRUE(check({.server_max_window_bits = 10}, "permessage-deflate; server_max_window_bits=9"));
  EXPECT_TRUE(check({.client_max_window_bits_hint = 10}, "permessage-deflate"));
  EXPECT_TRUE(check({.server_max_window_bits = 15}, "permessage-deflate"));  // nothing said is 15
}

TEST(Negotiation, ClientRefusesAnswersThatDoNotFitItsOffer) {
  constexpr auto kInvalid = Violation::extension_parameters_invalid;
  EXPECT_EQ(check({.server_no_context_takeover = true}, "permessage-deflate").error(), kInvalid);
  EXPECT_EQ(check({.server_max_window_bits = 10}, "permessage-deflate").error(), kInvalid);
  EXPECT_EQ(check({.server_max_window_bits = 10}, "permessage-deflate; server_max_window_bits=11").error(), kInvalid);
  EXPECT_EQ(check({.client_max_window_bits = false}, "permessage-deflate; client_max_window_bits=10").error(),
            kInvalid);
  EXPECT_EQ(check({.client_max_window_bits_hint = 10}, "permessage-deflate; client_max_window_bits=11").error(),
            kInvalid);
  for (const auto* response : {"permessage-deflate; client_max_window_bits", "permessage-deflate; foo",
                               "permessage-deflate; server_max_window_bits=16",
                               "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
                               "permessage-deflate; server_no_context_takeover=1"})
    EXPECT_EQ(check({}, response).error(), kInvalid) << response;
  EXPECT_EQ(check({}, "foo").error(), Violation::extension_not_offered);
}

TEST(Negotiation, EveryOfferGetsAnAnswerThatItsClientTakes) {
  for (int bits = 0; bits < 1 << 4; ++bits)
    for (int server = 8; server <= 16; ++server)
      for (int client = 8; client <= 16; ++client) {
        DeflateOffer offer{.server_no_context_takeover = (bits & 1) != 0,
                           .client_no_context_takeover = (bits & 2) != 0,
                           .client_max_window_bits = (bits & 4) != 0};
        if (server < 16) offer.server_max_window_bits = server;
        if (client < 16 && offer.client_max_window_bits) offer.client_max_window_bits_hint = client;
        const DeflateParams preference = (bits & 8) != 0 ? DeflateParams{true, true, 10, 10} : DeflateParams{};
        const auto agreement = accept_deflate(*parse_extensions(serialize({to_extension(offer)})), preference);
        ASSERT_EQ(agreement.has_value(), server != 8);
        if (!agreement) continue;
        ASSERT_EQ(check_deflate(offer, agreement->response), agreement->params);
      }
}

}  // namespace
}  // namespace ws
