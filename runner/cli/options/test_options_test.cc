#include "runner/cli/options/test_options.h"

#include "runner/cli/cli.h"

#include <gmock/gmock.h>

namespace touchstone::cli {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

template <class F>
std::string refusal(F&& f) {
  try {
    (void)f();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(TestOptions, BecomeATarget) {
  TestOptions options;
  options.v6 = true;
  options.headers = {"Authorization: Bearer x", "X-Empty:"};
  options.origin = "http://o";
  options.host = "h";
  options.subprotocols = {"chat"};
  options.insecure = true;
  const Target target = make_target(options, "wss://[::1]:9/p");
  EXPECT_EQ(target.url.host, "::1");
  EXPECT_EQ(target.family, ws::io::Family::v6);
  EXPECT_TRUE(target.tls.insecure);
  EXPECT_THAT(target.fields, ElementsAre(ws::Field{"Origin", "http://o"}, ws::Field{"Authorization", "Bearer x"},
                                         ws::Field{"X-Empty", ""}));
}

TEST(TestOptions, TheCommandLineWinsOverTheSpecFile) {
  TestOptions options;
  options.origin = "http://mine";
  const SpecServer server{
      .url = "ws://h/", .agent = "a", .hostname = "n", .origin = "http://theirs", .protocols = {"p"}};
  const Target target = make_target(options, server);
  EXPECT_EQ(target.name, "a");
  EXPECT_EQ(target.tls.server_name, "n");
  EXPECT_THAT(target.fields, ElementsAre(ws::Field{"Origin", "http://mine"}));
  EXPECT_THAT(target.subprotocols, ElementsAre("p"));
}

TEST(TestOptions, BadHeadersAreRefusedWithAReason) {
  const auto with = [](const std::string& header) {
    return refusal([&] {
      TestOptions options;
      options.headers = {header};
      return header_fields(options);
    });
  };
  EXPECT_THAT(with("nocolon"), HasSubstr("has no colon"));
  EXPECT_THAT(with("na me: x"), HasSubstr("no field name"));
  EXPECT_THAT(with("A: b\r\nC: d"), HasSubstr("control characters"));
  EXPECT_THAT(with("host: x"), HasSubstr("use --host"));
  EXPECT_THAT(with("Sec-WebSocket-Key: x"), HasSubstr("cannot be set"));
}

TEST(TestOptions, OtherFaultsAreRefusedWithAReason) {
  TestOptions options;
  EXPECT_THAT(refusal([&] { return make_target(options, "http://h/"); }), HasSubstr("no WebSocket URL"));
  options.subprotocols = {"a b"};
  EXPECT_THAT(refusal([&] { return make_target(options, "ws://h/"); }), HasSubstr("--subprotocol 'a b' is no token"));
  options = {};
  options.ca = "/nonexistent/ca.pem";
  EXPECT_THAT(refusal([&] { return make_target(options, "wss://h/"); }), HasSubstr("/nonexistent/ca.pem"));
  options = {};
  options.timeout = "5";
  EXPECT_THAT(refusal([&] { return make_run_options(options); }), HasSubstr("--timeout: '5' has no unit"));
}

TEST(TestOptions, BecomeRunOptions) {
  TestOptions options;
  options.timeout = "500ms";
  options.selection.profile = "full";
  options.jobs = 3;
  options.seed = 9;
  const RunOptions run = make_run_options(options);
  EXPECT_EQ(run.timeout, milliseconds(500));
  EXPECT_EQ(run.profile, Profile::full);
  EXPECT_EQ(run.jobs, 3u);
  EXPECT_EQ(run.seed, 9u);
}

}  // namespace
}  // namespace touchstone::cli
