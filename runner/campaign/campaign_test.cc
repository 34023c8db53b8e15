// Whole campaigns over loopback, against servers with one planted fault, and against their twin without one.
#include "runner/campaign/campaign.h"

#include "runner/campaign/findings.h"
#include "runner/campaign/openings.h"
#include "runner/catalogue/catalogue.h"

#include <ws/io/serve/service.h>
#include <ws/testing/faults/deviant_endpoints.h>

#include <gtest/gtest.h>
#include <unistd.h>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <fstream>
#include <functional>
#include <set>
#include <thread>

namespace touchstone::fuzz {
namespace {

using ws::testing::DeviantServer;
using ws::testing::Fault;

class Watch : public CampaignObserver {
 public:
  bool wants(const Cluster& cluster) override { return !known.contains(cluster_name(cluster)); }
  void kept(const Case& c, const std::string&) override { corpus.push_back(c); }
  void found(const Difference& difference) override { differences.push_back(difference); }
  std::expected<std::string, std::string> endpoint_died(const Target&, const std::string& why) override {
    return std::unexpected(why);
  }

  [[nodiscard]] std::set<std::string> clusters() const {
    std::set<std::string> out;
    for (const Difference& each : differences) out.insert(cluster_name(each.cluster));
    return out;
  }

  std::set<std::string> known;
  std::vector<Case> corpus;
  std::vector<Difference> differences;
};

// Of all lists of faults the tests ask for few; the whole list is scripts/fuzz-faults.
struct Planted {
  explicit Planted(Fault fault) {
    auto started = DeviantServer::start(fault, {});
    if (!started) ADD_FAILURE() << started.error();
    server = std::move(*started);
    target.url = {false, "127.0.0.1", server->port(), "/"};
    target.name = "planted";
  }
  std::unique_ptr<DeviantServer> server;
  Target target;
};

CampaignOptions options(std::uint64_t inputs) {
  CampaignOptions out;
  out.most_inputs = inputs;
  out.time = std::chrono::seconds(120);
  out.jobs = 4;
  out.weak = true;
  out.layers.handshake = true;
  return out;
}

CampaignStats campaign(const std::vector<Target>& targets, const CampaignOptions& options, Watch& watch,
                       std::vector<Case> corpus = {}) {
  std::vector<Case> seeds;
  for (const Case* c : select(Catalogue::built_in(), {.profile = Profile::core})) seeds.push_back(*c);
  const std::atomic<bool> stop = false;
  const CampaignEnd end = run_campaign(targets, seeds, std::move(corpus), options, watch, stop);
  EXPECT_EQ(end.lost, "");
  return end.stats;
}

TEST(Campaign, FindsNothingAtAServerWithoutAFault) {
  const Planted twin(Fault::none);
  Watch watch;
  const auto stats = campaign({twin.target}, options(3000), watch);
  EXPECT_EQ(stats.inputs, 3000u);
  for (const Difference& each : watch.differences)
    ADD_FAILURE() << each.shown.verdict.summary << to_json(each.stimulus);
  EXPECT_GT(watch.corpus.size(), 30u);
}

TEST(Campaign, FindsWhatIsPlantedAndMakesItSmall) {
  const Planted planted(Fault::accepts_rsv2);
  Watch watch;
  CampaignOptions until_found = options(20'000);
  until_found.most_findings = 1;
  until_found.weak = false;  // with RSV1, or on a Close, it shows by a code that does not fit
  (void)campaign({planted.target}, until_found, watch);
  ASSERT_EQ(watch.differences.size(), 1u);
  const Difference& found = watch.differences.front();
  EXPECT_EQ(found.cluster.requirement, "rfc6455-5.2-3") << found.shown.verdict.summary << to_json(found.stimulus);
  // The frame with the bit alone, or after a fragment that it continues.
  ASSERT_LE(found.stimulus.steps.size(), 2u) << to_json(found.stimulus);
  EXPECT_EQ(std::get<step::Frame>(found.stimulus.steps.back().action).rsv & 2, 2);
}

CampaignOptions with_scenes(std::uint64_t inputs) {
  CampaignOptions out = options(inputs);
  out.layers = {.handshake = false, .scenes = true, .catalogue = false};
  out.jobs = 8;
  return out;
}

TEST(Campaign, FindsNothingInScenesAtAServerWithoutAFault) {
  const Planted twin(Fault::none);
  Watch watch;
  (void)campaign({twin.target}, with_scenes(1500), watch);
  for (const Difference& each : watch.differences)
    ADD_FAILURE() << each.shown.verdict.summary << to_json(each.stimulus);
}

// What no single connection can show.
TEST(Campaign, FindsWhatOneConnectionDoesToTheOthersAndWhatTimeDoes) {
  for (const Fault fault : {Fault::ends_all_with_one, Fault::ends_idle_connection, Fault::ends_after_earlier_request}) {
    const Planted planted(fault);
    Watch watch;
    CampaignOptions until_found = with_scenes(40'000);
    until_found.most_findings = 1;
    (void)campaign({planted.target}, until_found, watch);
    ASSERT_EQ(watch.differences.size(), 1u) << static_cast<int>(fault);
  }
}

TEST(Campaign, FindsAFaultOfTheOpeningHandshake) {
  const Planted planted(Fault::wants_usual_order);
  Watch watch;
  CampaignOptions until_found = options(20'000);
  until_found.most_findings = 1;
  (void)campaign({planted.target}, until_found, watch);
  ASSERT_EQ(watch.differences.size(), 1u);
  EXPECT_TRUE(has_opening(watch.differences.front().stimulus));
}

TEST(Campaign, ShowsTheSameClustersAgain) {
  const Planted planted(Fault::accepts_rsv3);
  CampaignOptions few = options(700);
  few.layers.handshake = false;
  Watch first, second;
  (void)campaign({planted.target}, few, first);
  (void)campaign({planted.target}, few, second);
  EXPECT_FALSE(first.clusters().empty());
  EXPECT_EQ(first.clusters(), second.clusters());
}

TEST(Campaign, TellsWhichOfTwoEndpointsHasTheFault) {
  Planted planted(Fault::accepts_rsv3), twin(Fault::none);
  twin.target.name = "twin";
  CampaignOptions few = options(700);
  few.layers.handshake = false;
  Watch watch;
  (void)campaign({twin.target, planted.target}, few, watch);
  EXPECT_FALSE(watch.differences.empty());
  for (const Difference& each : watch.differences) EXPECT_EQ(each.cluster.endpoint, "planted");
}

TEST(Campaign, DoesNotTellWhatIsKnown) {
  const Planted planted(Fault::accepts_rsv3);
  CampaignOptions few = options(700);
  few.layers.handshake = false;
  Watch first, second;
  (void)campaign({planted.target}, few, first);
  ASSERT_FALSE(first.differences.empty());
  second.known = first.clusters();
  (void)campaign({planted.target}, few, second);
  EXPECT_TRUE(second.differences.empty());
}

// What an earlier campaign kept is sent first, and is nothing new.
TEST(Campaign, GoesOnFromItsCorpus) {
  const Planted twin(Fault::none);
  Watch first, second;
  (void)campaign({twin.target}, options(500), first);
  ASSERT_FALSE(first.corpus.empty());
  const auto stats = campaign({twin.target}, options(first.corpus.size()), second, first.corpus);
  EXPECT_EQ(stats.inputs, first.corpus.size());
  EXPECT_TRUE(second.corpus.empty());
}

// What is wrong in frames is the same cluster whatever the opening handshake was like.
TEST(Campaign, DoesNotBlameTheOpeningHandshakeForFrames) {
  const Planted planted(Fault::accepts_rsv3);
  Watch watch;
  CampaignOptions mixed = options(1500);
  mixed.weak = false;
  (void)campaign({planted.target}, mixed, watch);
  ASSERT_FALSE(watch.differences.empty());
  for (const Difference& each : watch.differences) {
    const std::string& rule = each.cluster.requirement;
    EXPECT_FALSE(rule.starts_with("rfc6455-4.") || rule.starts_with("rfc91")) << rule << to_json(each.stimulus);
  }
}

// --- Findings as files ----------------------------------------------------------------------------------------------

struct Folder {
  Folder() : path(std::filesystem::temp_directory_path() / ("touchstone-findings-" + std::to_string(::getpid()))) {}
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::filesystem::path path;
};

TEST(Findings, AreFoldersThatAReplayCanRead) {
  Difference difference;
  difference.cluster = {"some server", "rfc6455-5.2-3", "fault-ignored", "", "survived"};
  difference.stimulus.title = "A stimulus";
  difference.stimulus.requirements = {"rfc6455-5.2-3"};
  difference.stimulus.sides = {Side::server};
  difference.stimulus.steps = {{step::Sentinel{"m1"}}};
  difference.shown.verdict.summary = "Expected this; seen: that.";
  const Folder folder;
  const auto place =
      write_finding(folder.path / "findings", difference, {"RFC 6455 5.2", "The rule."}, "touchstone test");
  ASSERT_TRUE(place.has_value()) << place.error();
  std::ifstream file(*place / "case.json");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto cases = load_cases("case.json", text);
  ASSERT_TRUE(cases.has_value()) << cases.error().front().text();
  EXPECT_EQ(cases->front().id, "fuzz/" + cluster_name(difference.cluster));
  EXPECT_TRUE(clusters_in(folder.path).contains(difference.cluster));
}

TEST(Findings, HaveTheSameNameForEveryEndpoint) {
  const Cluster one{"one", "rfc6455-5.2-3", "fault-ignored", "", "survived"};
  Cluster other = one;
  other.endpoint = "other";
  EXPECT_EQ(cluster_name(one), cluster_name(other));
  EXPECT_EQ(cluster_name(one), "rfc6455-5.2-3-fault-ignored-survived");
  other.outcome = "open";
  EXPECT_NE(cluster_name(one), cluster_name(other));
  const Cluster field{"one", "rfc6455-4.2.2-7", "refusal-field-missing", "Sec-WebSocket-Version", ""};
  EXPECT_EQ(cluster_name(field), "rfc6455-4.2.2-7-refusal-field-missing-sec-websocket-version");
}

TEST(Findings, AreKnownByTheBeginningOfTheirNames) {
  const Cluster reset{"one", "rfc6455-6.2-4", "message-missing", "", "reset"};
  for (const char* name :
       {"rfc6455-6.2-4-message-missing-reset", "rfc6455-6.2-4-message-missing", "*-message-missing"}) {
    KnownClusters known;
    known.add(name);
    EXPECT_TRUE(known.contains(reset)) << name;
  }
  for (const char* name :
       {"rfc6455-6.2-4-message-missing-eof", "rfc6455-6.2-3-message-missing", "*-message-differs", ""}) {
    KnownClusters known;
    known.add(name);
    EXPECT_FALSE(known.contains(reset)) << name;
  }
}

// Echoes until a message, or the number of connections at a time, is its end. It can be started again.
class Mortal {
 public:
  using Deadly = std::function<bool(const ws::io::Received& message, int open)>;
  explicit Mortal(Deadly deadly) : deadly_(std::move(deadly)) {
    start();
    target.url = {false, "127.0.0.1", port_, "/"};
    target.name = "mortal";
  }
  ~Mortal() { end(); }
  Mortal(const Mortal&) = delete;
  Mortal& operator=(const Mortal&) = delete;

  void start() {
    end();
    open_ = 0;
    context_ = std::make_unique<asio::io_context>(1);
    ws::io::ServiceOptions options;
    options.listen.port = port_;
    auto started =
        ws::io::Service::start(context_->get_executor(), std::move(options),
                               [this](const std::shared_ptr<ws::io::WebSocket>& socket) { return serve(socket); });
    ASSERT_TRUE(started) << started.error();
    service_ = std::move(*started);
    port_ = service_->port();
    thread_ = std::thread([this] { context_->run(); });
  }

  Target target;

 private:
  asio::awaitable<void> serve(std::shared_ptr<ws::io::WebSocket> socket) {
    ++open_;
    while (true) {
      const auto received = co_await socket->read();
      if (!received || std::holds_alternative<ws::io::Ended>(*received)) break;
      if (deadly_(*received, open_)) asio::post(*context_, [this] { die(); });
      if (const auto* text = std::get_if<ws::event::Text>(&*received))
        (void)socket->queue(ws::command::Text{text->data});
      if (const auto* binary = std::get_if<ws::event::Binary>(&*received))
        (void)socket->queue(ws::command::Binary{binary->data});
    }
    --open_;
  }

  void die() {
    service_.reset();
    context_->stop();
  }

  void end() {
    if (!thread_.joinable()) return;
    asio::post(*context_, [this] { die(); });
    thread_.join();
    context_.reset();
  }

  Deadly deadly_;
  std::uint16_t port_ = 0;
  int open_ = 0;
  std::unique_ptr<asio::io_context> context_;
  std::unique_ptr<ws::io::Service> service_;
  std::thread thread_;
};

class Reviver : public Watch {
 public:
  explicit Reviver(Mortal& mortal) : mortal_(mortal) {}
  std::expected<std::string, std::string> endpoint_died(const Target&, const std::string&) override {
    mortal_.start();
    return "its heart stood still";
  }

 private:
  Mortal& mortal_;
};

bool has_long_binary(const ws::io::Received& message, int) {
  const auto* binary = std::get_if<ws::event::Binary>(&message);
  return binary != nullptr && binary->data.size() > 100;
}

TEST(Campaign, FindsTheStimulusThatEndsTheEndpoint) {
  Mortal mortal(has_long_binary);
  Reviver watch(mortal);
  CampaignOptions until_found = options(20'000);
  until_found.most_findings = 1;
  (void)campaign({mortal.target}, until_found, watch);
  ASSERT_EQ(watch.differences.size(), 1u);
  const Difference& found = watch.differences.front();
  EXPECT_EQ(found.death, "its heart stood still");
  EXPECT_TRUE(found.together.empty());
  ASSERT_EQ(found.stimulus.steps.size(), 1u) << to_json(found.stimulus);
  EXPECT_NE(to_json(found.stimulus).find("binary"), std::string::npos);
}

TEST(Campaign, LosesNoStimulusToADeath) {
  const auto kinds = [](Mortal::Deadly deadly, std::size_t deaths) {
    Mortal mortal(std::move(deadly));
    Reviver watch(mortal);
    const CampaignStats stats = campaign({mortal.target}, options(256), watch);
    EXPECT_EQ(stats.inputs, 256u);
    EXPECT_EQ(watch.differences.size(), deaths);
    return stats.kept;
  };
  const auto all = kinds([](const ws::io::Received&, int) { return false; }, 0);
  EXPECT_GE(kinds(has_long_binary, 1) + 3, all) << "but for those that are its death";
}

TEST(Campaign, TellsOfADeathThatNoStimulusBringsAboutAlone) {
  Mortal mortal([](const ws::io::Received&, int open) { return open >= 3; });
  Reviver watch(mortal);
  CampaignOptions until_found = options(20'000);
  until_found.most_findings = 1;
  (void)campaign({mortal.target}, until_found, watch);
  ASSERT_EQ(watch.differences.size(), 1u);
  EXPECT_FALSE(watch.differences.front().death.empty());
  EXPECT_FALSE(watch.differences.front().together.empty());
  EXPECT_LE(watch.differences.front().together.size(), 3u) << "as few as it takes";
}

}  // namespace
}  // namespace touchstone::fuzz
