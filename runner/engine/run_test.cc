// Real loopback connections against the reference echo server, and against servers with one planted fault each.
#include "runner/engine/run.h"

#include "runner/catalogue/catalogue.h"

#include <ws/core/mask.h>
#include <ws/io/serve/echo_server.h>

#include <gtest/gtest.h>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <latch>
#include <map>
#include <mutex>
#include <thread>

namespace touchstone {
namespace {

using asio::ip::tcp;

class Collect : public RunObserver {
 public:
  void finished(const Result& result) override {
    EXPECT_TRUE(results.emplace(result.case_id, result).second) << result.case_id << " finished twice";
  }
  bool endpoint_died(const std::vector<const Case*>&, const std::string&) override {
    ++deaths;
    return false;
  }
  std::map<std::string, Result> results;
  int deaths = 0;
};

struct Ran {
  RunOutcome outcome;
  Collect seen;
};

// Silence is short for those who are silent; who is only busy gets kPatience.
constexpr std::chrono::milliseconds kPatience = std::chrono::seconds(20);

void run_cases(Ran& ran, std::uint16_t port, const std::vector<std::string>& patterns, Profile profile = Profile::core,
               int process = 0, std::chrono::milliseconds timeout = std::chrono::seconds(1)) {
  Target target;
  target.url = {false, "127.0.0.1", port, "/"};
  target.name = "test";
  RunOptions options;
  options.profile = profile;
  options.process = process;
  options.timeout = timeout;
  const auto cases =
      select(Catalogue::built_in(), {.include = patterns, .exclude = {}, .profile = profile, .side = Side::server});
  ASSERT_FALSE(cases.empty());
  const std::atomic<bool> stop = false;
  ran.outcome = run(cases, target, {}, options, ran.seen, stop);
  if (ran.outcome.how == RunOutcome::How::complete) {
    EXPECT_EQ(ran.seen.results.size(), cases.size());
  }
}

// A server that reads frames and answers each by a function: what it does wrong is in that function alone.
struct Frame {
  ws::FrameHeader header;
  ws::Bytes payload;
};
struct Answer {
  std::vector<Frame> frames;
  bool hang_up = false;
  bool die = false;  // nobody is accepted any more
};
using Behave = std::function<Answer(const Frame&)>;

// More than so many opening handshakes in a second get that status, or with 0 a reset.
struct Rate {
  std::size_t most = SIZE_MAX;
  int status = 503;
};

class FaultyServer {
 public:
  explicit FaultyServer(Behave behave, Rate rate = {})
      : behave_(std::move(behave)), rate_(rate), acceptor_(context_, {asio::ip::address_v4::loopback(), 0}) {
    thread_ = std::thread([this] { accept(); });
  }
  ~FaultyServer() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    std::error_code ignored;
    tcp::socket knock(context_);  // wakes the blocking accept
    knock.connect({asio::ip::address_v4::loopback(), port_}, ignored);
    thread_.join();
    for (auto& client : clients_) client.join();
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  void accept() {
    while (true) {
      std::error_code error;
      tcp::socket socket(context_);
      acceptor_.accept(socket, error);
      const std::lock_guard lock(mutex_);
      if (error || stopping_) return;
      clients_.emplace_back([this, s = std::make_shared<tcp::socket>(std::move(socket))] { serve(*s); });
    }
  }

  void serve(tcp::socket& socket) {
    std::error_code error;
    std::string head;
    while (head.find("\r\n\r\n") == std::string::npos) {
      char octet = 0;
      asio::read(socket, asio::buffer(&octet, 1), error);
      if (error) return;
      head += octet;
    }
    const auto request = ws::parse_request(ws::as_octets(head), {});
    if (!request) return;
    if (is_beyond_rate()) return turn_away(socket);
    const std::string answer =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
        ws::accept_key(ws::find_field(request->fields, "Sec-WebSocket-Key")->value) + "\r\n\r\n";
    asio::write(socket, asio::buffer(answer), error);
    while (!error) {
      const auto frame = read_frame(socket, error);
      if (error) break;
      const Answer out = behave_(frame);
      if (out.die) acceptor_.close(error);
      ws::Bytes octets;
      for (const Frame& f : out.frames) ws::encode_frame(f.header, f.payload, octets);
      asio::write(socket, asio::buffer(octets.data(), octets.size()), error);
      if (out.hang_up) break;
    }
  }

  bool is_beyond_rate() {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    while (!opened_.empty() && opened_.front() < now - std::chrono::seconds(1)) opened_.pop_front();
    if (opened_.size() >= rate_.most) return true;
    opened_.push_back(now);
    return false;
  }

  void turn_away(tcp::socket& socket) {
    std::error_code ignored;
    if (rate_.status == 0) {
      socket.set_option(asio::socket_base::linger(true, 0), ignored);
    } else {
      const std::string answer = "HTTP/1.1 " + std::to_string(rate_.status) + " Busy\r\nContent-Length: 0\r\n\r\n";
      asio::write(socket, asio::buffer(answer), ignored);
    }
    socket.close(ignored);
  }

  static Frame read_frame(tcp::socket& socket, std::error_code& error) {
    Frame frame;
    ws::Bytes head(2);
    asio::read(socket, asio::buffer(head.data(), 2), error);
    if (error) return frame;
    head.resize(ws::header_size(std::span<const std::byte, 2>(head.data(), 2)));
    asio::read(socket, asio::buffer(head.data() + 2, head.size() - 2), error);
    if (error) return frame;
    frame.header = ws::decode_header_lenient(head);
    frame.payload.resize(static_cast<std::size_t>(frame.header.length));
    asio::read(socket, asio::buffer(frame.payload.data(), frame.payload.size()), error);
    if (frame.header.mask) ws::apply_mask(frame.payload, *frame.header.mask);
    frame.header.mask.reset();
    return frame;
  }

  Behave behave_;
  Rate rate_;
  std::deque<std::chrono::steady_clock::time_point> opened_;
  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::uint16_t port_ = acceptor_.local_endpoint().port();
  std::thread thread_;
  std::mutex mutex_;
  std::vector<std::thread> clients_;
  bool stopping_ = false;
};

// A server good enough for single-frame messages.
Answer plain(const Frame& frame) {
  Frame answer = frame;
  if (frame.header.opcode == ws::Opcode::ping) answer.header.opcode = ws::Opcode::pong;
  if (frame.header.opcode == ws::Opcode::pong) return {};
  return {{answer}, frame.header.opcode == ws::Opcode::close, false};
}

const char kEcho[] = "framing/echo/text-125-whole";

class ReferenceServer : public testing::Test {
 protected:
  void SetUp() override {
    auto server = ws::io::EchoServer::start({});
    ASSERT_TRUE(server) << server.error();
    server_ = std::move(*server);
  }
  std::unique_ptr<ws::io::EchoServer> server_;
};

TEST_F(ReferenceServer, PassesTheCoreProfile) {
  Ran ran;
  run_cases(ran, server_->port(), {}, Profile::core, 0, kPatience);
  EXPECT_EQ(ran.outcome.how, RunOutcome::How::complete) << ran.outcome.text;
  for (const auto& [id, result] : ran.seen.results) {
    // zlib makes no raw streams with a window of 8 bits, so the reference declines that offer (C-33).
    const bool declined = id.ends_with("/server-window/8") && result.behavior == Behavior::unimplemented;
    // RFC 9112 9.6: it closes the connection after an answer that is no 101.
    const bool closed = id.starts_with("earlier/") && result.behavior == Behavior::not_applicable;
    EXPECT_TRUE(result.behavior == Behavior::ok || result.behavior == Behavior::informational || declined || closed)
        << id << ": " << result.summary;
    EXPECT_FALSE(result.flaky) << id;
  }
}

TEST_F(ReferenceServer, GivesTheSameVerdictsTwentyTimes) {
  std::map<std::string, Behavior> first;
  for (int i = 0; i < 20; ++i) {
    Ran ran;
    run_cases(ran, server_->port(), {"close", "reserved", "fragmentation"}, Profile::core, 0, kPatience);
    for (const auto& [id, result] : ran.seen.results) {
      EXPECT_EQ(first.emplace(id, result.behavior).first->second, result.behavior) << id << ": " << result.summary;
    }
  }
}

TEST(PlantedFault, NoneIsOk) {
  FaultyServer server(plain);
  Ran ran;
  run_cases(ran, server.port(), {kEcho, "2.1", "2.2", "7.3.3"});
  for (const auto& [id, result] : ran.seen.results)
    EXPECT_EQ(result.behavior, Behavior::ok) << id << ": " << result.summary;
}

// RFC 6455 7.3: a server may close whenever it likes. What it does everywhere is nothing that a case brought about.
TEST(Habit, AServerThatClosesByItselfIsNotJudged) {
  FaultyServer server([](const Frame& frame) {
    Frame close = frame;
    close.header.opcode = ws::Opcode::close;
    close.header.fin = true;
    close.payload = {std::byte{3}, std::byte{0xe8}};
    return Answer{{close}, true, false};
  });
  Ran ran;
  run_cases(ran, server.port(), {"framing/echo/text-*"});
  for (const auto& [id, result] : ran.seen.results) {
    EXPECT_EQ(result.behavior, Behavior::not_applicable) << id << ": " << result.summary;
    EXPECT_NE(result.summary.find("on every connection"), std::string::npos) << result.summary;
  }
}

struct Fault {
  const char* name;
  const char* pattern;  // the case that must find it
  Behave behave;
};

Answer changed(const Frame& frame, ws::Opcode where, const std::function<void(Frame&)>& change) {
  Answer answer = plain(frame);
  for (Frame& f : answer.frames) {
    if (f.header.opcode == where) change(f);
  }
  return answer;
}

const Fault kFaults[] = {
    {"corrupts the last octet", kEcho,
     [](const Frame& f) { return changed(f, ws::Opcode::text, [](Frame& a) { a.payload.back() ^= std::byte{1}; }); }},
    {"answers text as binary", kEcho,
     [](const Frame& f) {
       return changed(f, ws::Opcode::text, [](Frame& a) { a.header.opcode = ws::Opcode::binary; });
     }},
    {"masks its frames", kEcho,
     [](const Frame& f) { return changed(f, ws::Opcode::text, [](Frame& a) { a.header.mask = ws::MaskKey{}; }); }},
    {"sets RSV3", kEcho,
     [](const Frame& f) { return changed(f, ws::Opcode::text, [](Frame& a) { a.header.rsv3 = true; }); }},
    {"echoes twice", kEcho,
     [](const Frame& f) {
       Answer a = plain(f);
       if (f.header.opcode == ws::Opcode::text) a.frames.push_back(a.frames[0]);
       return a;
     }},
    {"loses messages", kEcho, [](const Frame& f) { return f.header.opcode == ws::Opcode::text ? Answer{} : plain(f); }},
    {"never answers Pings", "2.2",
     [](const Frame& f) { return f.header.opcode == ws::Opcode::ping ? Answer{} : plain(f); }},
    {"empties Pongs", "2.2",
     [](const Frame& f) { return changed(f, ws::Opcode::pong, [](Frame& a) { a.payload.clear(); }); }},
    {"answers Pongs", "2.8",
     [](const Frame& f) { return f.header.opcode == ws::Opcode::pong ? Answer{{f}, false, false} : plain(f); }},
    {"answers Close 1005", "7.3.3",
     [](const Frame& f) {
       return changed(f, ws::Opcode::close, [](Frame& a) { a.payload = {std::byte{3}, std::byte{0xed}}; });
     }},
    {"never answers Close", "7.3.3",
     [](const Frame& f) { return f.header.opcode == ws::Opcode::close ? Answer{} : plain(f); }},
    {"answers Close, keeps TCP", "7.3.3",
     [](const Frame& f) {
       Answer a = plain(f);
       a.hang_up = false;
       return a;
     }},
    {"overlooks RSV", "3.1",
     [](const Frame& f) {
       Frame g = f;
       g.header.rsv1 = g.header.rsv2 = g.header.rsv3 = false;
       return plain(g);
     }},
    {"discards frames with RSV", "3.1",
     [](const Frame& f) { return f.header.rsv1 || f.header.rsv2 || f.header.rsv3 ? Answer{} : plain(f); }},
    {"echoes invalid UTF-8", "6.3.1", plain},
    {"echoes reserved opcodes", "4.1.1", plain},
};

class PlantedFaults : public testing::TestWithParam<Fault> {};

TEST_P(PlantedFaults, AreFound) {
  FaultyServer server(GetParam().behave);
  Ran ran;
  run_cases(ran, server.port(), {GetParam().pattern});
  ASSERT_EQ(ran.seen.results.size(), 1u);
  const Result& result = ran.seen.results.begin()->second;
  EXPECT_EQ(result.behavior, Behavior::failed) << result.summary;
  EXPECT_FALSE(result.flaky);
  EXPECT_FALSE(result.findings.empty());
  EXPECT_TRUE(result.transcript.whole) << "the confirming run keeps every octet";
}

INSTANTIATE_TEST_SUITE_P(All, PlantedFaults, testing::ValuesIn(kFaults), [](const auto& fault) {
  std::string name = fault.param.name;
  std::ranges::replace_if(name, [](char ch) { return std::isalnum(static_cast<unsigned char>(ch)) == 0; }, '_');
  return name;
});

// Whatever else is wrong with an endpoint, and however often: a silence may be an accident, and is looked at again.
TEST(Run, ConfirmsASilenceBehindManyFailures) {
  std::atomic<bool> was_silent = false;
  FaultyServer server([&](const Frame& frame) {
    const bool is_the_echo = frame.header.opcode == ws::Opcode::text && frame.payload.size() == 125;
    return is_the_echo && !was_silent.exchange(true) ? Answer{} : plain(frame);  // UTF-8 is not looked at
  });
  Ran ran;
  run_cases(ran, server.port(), {kEcho, "utf8"});
  const auto failed = std::ranges::count_if(
      ran.seen.results, [](const auto& entry) { return entry.second.behavior == Behavior::failed; });
  EXPECT_GT(failed, 50);
  EXPECT_TRUE(was_silent);
  const Result& echo = ran.seen.results.at(kEcho);
  EXPECT_EQ(echo.behavior, Behavior::ok) << echo.summary;
  EXPECT_TRUE(echo.flaky);
}

TEST(Run, EndsABulkCaseWhoseExtensionIsDeclined) {
  FaultyServer server(plain);
  Ran ran;
  run_cases(ran, server.port(), {"12.1.18"}, Profile::standard);
  ASSERT_EQ(ran.seen.results.size(), 1u);
  const Result& result = ran.seen.results.begin()->second;
  EXPECT_EQ(result.behavior, Behavior::unimplemented) << result.summary;
  EXPECT_EQ(result.transcript.frames_sent, 1u) << "its Close";
}

// Octets are no accident: what another connection changes is the endpoint's own doing.
TEST(Run, LetsOctetsStandThatCameBesideOthersOnly) {
  std::atomic<bool> was_wrong = false;
  FaultyServer server([&](const Frame& frame) {
    Answer answer = plain(frame);
    const bool is_the_echo = frame.header.opcode == ws::Opcode::text && frame.payload.size() == 125;
    if (is_the_echo && !was_wrong.exchange(true)) answer.frames.front().payload.front() ^= std::byte{1};
    return answer;
  });
  Ran ran;
  run_cases(ran, server.port(), {kEcho});
  EXPECT_TRUE(was_wrong);
  const Result& echo = ran.seen.results.at(kEcho);
  EXPECT_EQ(echo.behavior, Behavior::failed) << echo.summary;
  EXPECT_TRUE(echo.flaky);
  EXPECT_EQ(echo.findings.front().kind, "message-differs");  // no other connection sent that
  EXPECT_NE(echo.summary.find("0 of 3 runs"), std::string::npos) << echo.summary;
}

// What a process has taken it keeps, so a second run in the same process would find nothing.
TEST(Run, DoesNotTakeAMeasurementBack) {
  std::string hoard;
  std::once_flag once;
  std::latch full(1);
  std::atomic<int> pings = 0;
  FaultyServer server([&](const Frame& f) {
    // That of the fresh connection after the flood, not of the one before it: memory is measured after it.
    if (f.header.opcode == ws::Opcode::ping && pings++ > 0) full.wait();
    if (f.header.opcode != ws::Opcode::cont) return f.header.opcode == ws::Opcode::text ? Answer{} : plain(f);
    std::call_once(once, [&] {
      hoard.resize(256 * 1024 * 1024, 'x');
      full.count_down();
    });
    return Answer{};
  });
  Ran ran;
  run_cases(ran, server.port(), {"floods/endless-message/tiny-*"}, Profile::core, getpid());
  ASSERT_EQ(ran.seen.results.size(), 1u);
  const Result& result = ran.seen.results.begin()->second;
  EXPECT_EQ(result.behavior, Behavior::failed) << result.summary;
  EXPECT_FALSE(result.flaky);
}

TEST(Run, SaysAtWhichCaseTheEndpointDied) {
  FaultyServer server([](const Frame& f) {
    Answer answer = plain(f);
    answer.die = answer.hang_up = f.header.opcode == ws::Opcode::ping && f.payload.size() == 126;
    if (answer.die) answer.frames.clear();
    return answer;
  });
  Ran ran;
  run_cases(ran, server.port(), {"pings"});
  EXPECT_EQ(ran.outcome.how, RunOutcome::How::endpoint_died);
  EXPECT_EQ(ran.seen.deaths, 1);
}

// RFC 6455 10.4: it may limit connections. It is asked as often as it likes, and all that it is asked is judged.
TEST(Run, AsksAsOftenAsAServerTakes) {
  for (const int status : {429, 503, 0}) {
    FaultyServer server(plain, {8, status});
    Ran ran;
    run_cases(ran, server.port(), {"framing/echo/*"});
    EXPECT_EQ(ran.outcome.how, RunOutcome::How::complete) << ran.outcome.text;
    EXPECT_EQ(ran.seen.deaths, 0);
    for (const auto& [id, result] : ran.seen.results)
      EXPECT_EQ(result.behavior, Behavior::ok) << status << ": " << id << ": " << result.summary;
  }
}

// What it refuses to everybody now and then is no answer to what a case is about.
TEST(Run, TakesATurnedAwayConnectionForNoVerdict) {
  FaultyServer server([](const Frame& f) { return f.header.opcode == ws::Opcode::text ? Answer{} : plain(f); },
                      {8, 503});
  Ran ran;
  run_cases(ran, server.port(), {"framing/echo/text-*"});
  for (const auto& [id, result] : ran.seen.results)
    EXPECT_EQ(result.behavior, Behavior::failed) << id << ": " << result.summary;  // and not ERRORED
}

TEST(Run, ReportsAnEndpointThatIsNotThere) {
  asio::io_context context;
  tcp::acceptor unused(context, {asio::ip::address_v4::loopback(), 0});
  Target target;
  target.url = {false, "127.0.0.1", unused.local_endpoint().port(), "/"};
  unused.close();
  const auto greeting = greet(target, {});
  ASSERT_FALSE(greeting);
  EXPECT_EQ(greeting.error().why, Unreachable::Why::no_connection);
  EXPECT_NE(greeting.error().text.find("127.0.0.1"), std::string::npos) << greeting.error().text;
}

TEST(Run, StopsWhenAsked) {
  FaultyServer server([](const Frame&) { return Answer{}; });
  Target target;
  target.url = {false, "127.0.0.1", server.port(), "/"};
  Collect seen;
  const auto cases =
      select(Catalogue::built_in(), {.include = {}, .exclude = {}, .profile = Profile::core, .side = Side::server});
  const std::atomic<bool> stop = true;
  const RunOutcome outcome = run(cases, target, {}, {}, seen, stop);
  EXPECT_EQ(outcome.how, RunOutcome::How::interrupted);
  EXPECT_LT(seen.results.size(), cases.size());
}

}  // namespace
}  // namespace touchstone
