#include "runner/cli/process/child_process.h"

#include "runner/cli/process/guardian.h"
#include "runner/cli/process/program_log.h"
#include "runner/cli/process/server_process.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace touchstone::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

class Files : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "touchstone-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::filesystem::path log() const { return folder_ / "log"; }
  [[nodiscard]] std::string logged() const {
    std::ostringstream text;
    text << std::ifstream(log()).rdbuf();
    return text.str();
  }
  ChildProcess start(const std::string& command) {
    auto process = ChildProcess::start(command, log());
    EXPECT_TRUE(process) << process.error();
    return std::move(*process);
  }

  [[nodiscard]] std::string ids() const { return (folder_ / "ids").string(); }

  std::filesystem::path folder_;
};

class ChildProcessTest : public Files {};

TEST_F(ChildProcessTest, KeepsItsOutput) {
  ChildProcess process = start("echo out; echo err >&2");
  EXPECT_EQ(process.ended(seconds(20)), "exit code 0");
  EXPECT_EQ(logged(), "out\nerr\n");
}

TEST_F(ChildProcessTest, TellsHowItEnded) {
  EXPECT_EQ(start("exit 7").ended(seconds(20)), "exit code 7");
  EXPECT_EQ(start("kill -SEGV $$").ended(seconds(20)), "signal 11 (Segmentation fault)");
  // The shell tells of its child's signal by its exit code.
  EXPECT_EQ(start("sh -c 'kill -ABRT $$'; exit $?").ended(seconds(20)), "signal 6 (Aborted)");
}

// The end may be wanted before the shell has begun: the signal is not lost, so that nobody waits for the SIGKILL.
TEST_F(ChildProcessTest, EndsBySigtermHoweverSoonItIsStopped) {
  constexpr auto kPatience = seconds(60);
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 300; ++i) start("exec sleep 1000").stop(kPatience);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, kPatience);
}

TEST_F(ChildProcessTest, IsNotOverWhileItRuns) {
  ChildProcess process = start("sleep 1000");
  EXPECT_EQ(process.ended(milliseconds(0)), std::nullopt);
}

// A command writes the ids of its processes, one a line, and then a last line.
std::vector<pid_t> processes_in(const std::filesystem::path& file) {
  std::vector<pid_t> ids;
  for (std::string line; line != "all";) {
    ids.clear();
    std::ifstream lines(file);
    while (std::getline(lines, line) && line != "all") ids.push_back(std::stoi(line));
  }
  return ids;
}

bool is_there(pid_t process) { return kill(process, 0) == 0; }

TEST_F(ChildProcessTest, StopEndsTheWholeGroup) {
  ChildProcess process = start("(sleep 1000 & echo $!; sleep 1000 & echo $!; echo $$; echo all) > " + ids() + "; wait");
  const auto all = processes_in(ids());
  EXPECT_TRUE(std::ranges::all_of(all, is_there));
  process.stop();
  EXPECT_TRUE(std::ranges::none_of(all, is_there));
}

// A daemon leaves the group, the session and its parent.
TEST_F(ChildProcessTest, StopEndsWhatEscapedToASessionOfItsOwn) {
  const std::string daemon = "sh -c 'echo $$; setsid sh -c \"echo \\$\\$; echo all; exec sleep 1000\" &' > " + ids();
  ChildProcess process = start(daemon + "; exec sleep 1000");
  const auto all = processes_in(ids());
  ASSERT_EQ(all.size(), 2u);
  EXPECT_TRUE(is_there(all[1]));
  process.stop();
  EXPECT_FALSE(is_there(all[1]));
}

TEST_F(ChildProcessTest, NothingIsLeftWhenTheTesterIsKilled) {
  const pid_t tester = fork();
  if (tester == 0) {
    const ChildProcess process = start("setsid sh -c 'echo $$; echo all; exec sleep 1000' > " + ids() + " & wait");
    (void)processes_in(ids());  // it is there
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(tester, &status, 0), tester);
  ASSERT_TRUE(WIFSIGNALED(status));
  const auto gone = [this] {
    std::ifstream file(ids());
    pid_t id = 0;
    return static_cast<bool>(file >> id) && !is_there(id);
  };
  const auto until = std::chrono::steady_clock::now() + seconds(20);
  while (!gone() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  EXPECT_TRUE(gone());
}

TEST_F(ChildProcessTest, TheLogKeepsItsBeginningAndItsEnd) {
  ChildProcess process = start("echo the beginning; head -c 60000000 /dev/zero | tr '\\0' x; echo; echo the end");
  EXPECT_EQ(process.ended(seconds(60)), "exit code 0");
  const std::string text = logged();
  EXPECT_LE(text.size(), kMostLog + 1024);
  EXPECT_TRUE(text.starts_with("the beginning\n"));
  EXPECT_THAT(text, HasSubstr("is left out here"));
  EXPECT_TRUE(text.ends_with("\nthe end\n"));
}

TEST_F(ChildProcessTest, StopLeavesTimeForLastWords) {
  // The shell in front ends at once; the server behind it writes what it has to say.
  ChildProcess process =
      start("mkfifo " + (folder_ / "ready").string() + "; sh -c \"trap 'echo goodbye; exit' TERM; echo > " +
            (folder_ / "ready").string() + "; while :; do sleep 0.01; done\"; true");
  while (!std::filesystem::exists(folder_ / "ready")) std::this_thread::yield();
  std::string line;
  std::getline(std::ifstream(folder_ / "ready"), line);  // Blocks until the trap is set.
  process.stop(seconds(20));
  EXPECT_TRUE(logged().ends_with("goodbye\n")) << logged();  // some shells also tell that their sleep was terminated
}

TEST_F(ChildProcessTest, StopKillsWhatIgnoresSigterm) {
  ChildProcess process = start("trap '' TERM; (echo $$; echo all) > " + ids() + "; while :; do sleep 1000; done");
  const auto all = processes_in(ids());
  process.stop(milliseconds(50));
  EXPECT_TRUE(std::ranges::none_of(all, is_there));
}

TEST_F(ChildProcessTest, ALogThatCannotBeWrittenIsAnError) {
  const auto process = ChildProcess::start("true", folder_ / "missing" / "log");
  ASSERT_FALSE(process);
  EXPECT_THAT(process.error(), HasSubstr("No such file or directory"));
}

class ServerProcessTest : public Files {
 protected:
  ServerProcess process_of(const std::string& command, std::uint16_t port, milliseconds deadline = seconds(20)) {
    return ServerProcess(
        {.command = command, .host = "127.0.0.1", .port = port, .log = log(), .start_deadline = deadline}, stop_);
  }
  // A listening socket on a free port, closed at the end.
  struct Listener {
    Listener() {
      port = free_port().value();
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_port = htons(port);
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(fd, 8) != 0) port = 0;
    }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    ~Listener() { close(fd); }
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    std::uint16_t port = 0;
  };

  std::atomic<bool> stop_{false};
};

TEST_F(ServerProcessTest, IsReadyWhenThePortAccepts) {
  const Listener listener;
  ServerProcess server = process_of("sleep 1000", listener.port);
  EXPECT_TRUE(server.start());
}

TEST_F(ServerProcessTest, TakesNobodyElsesPort) {
  const Listener listener;
  ServerProcess server = process_of("sleep 1000", listener.port);
  const auto started = server.start_first();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error(), HasSubstr("something else accepts connections"));
}

TEST_F(ServerProcessTest, SaysHowTheServerEndedAndWhatItLogged) {
  ServerProcess server = process_of("echo no such module >&2; exit 3", free_port().value());
  const auto started = server.start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error(), HasSubstr("exit code 3"));
  EXPECT_THAT(started.error(), HasSubstr("no such module"));
}

TEST_F(ServerProcessTest, GivesUpOnAServerThatNeverAccepts) {
  ServerProcess server = process_of("sleep 1000", free_port().value(), milliseconds(60));
  const auto started = server.start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error(), HasSubstr("did not accept a connection"));
}

TEST_F(ServerProcessTest, StopsWaitingWhenInterrupted) {
  stop_ = true;
  ServerProcess server = process_of("sleep 1000", free_port().value());
  const auto started = server.start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error(), HasSubstr("interrupted"));
}

TEST_F(ServerProcessTest, FindsTheSanitizersReportOfADeadServer) {
  const Listener listener;
  ServerProcess server =
      process_of("echo '==7==ERROR: AddressSanitizer: heap-use-after-free'; kill -ABRT $$", listener.port);
  ASSERT_TRUE(server.start());
  EXPECT_EQ(server.autopsy(),
            "the server ended with signal 6 (Aborted): ==7==ERROR: AddressSanitizer: heap-use-after-free");
}

TEST_F(ServerProcessTest, TellsEachSanitizerReportOnce) {
  const Listener listener;
  ServerProcess server = process_of("echo 'a.cc:1:2: runtime error: signed integer overflow'", listener.port);
  ASSERT_TRUE(server.start());
  (void)server.autopsy();  // It has ended, and its log is complete.
  EXPECT_FALSE(server.new_fault_in_log());
  std::ofstream(log(), std::ios::app) << "b.cc:3:4: runtime error: null pointer\nmore";
  const auto fault = server.new_fault_in_log();
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->line, "b.cc:3:4: runtime error: null pointer");
  EXPECT_FALSE(server.new_fault_in_log());
}

// Both say "runtime error"; the second is what net/http of Go 1.19 wrote of websocketd's handler.
TEST(FaultInLog, TellsUbsanFromAPanicOfGo) {
  const auto of_ubsan = fault_in_log("listening\nb.cc:3:4: runtime error: null pointer\n");
  ASSERT_TRUE(of_ubsan);
  EXPECT_EQ(of_ubsan->what, "sanitizer report");
  const auto of_go = fault_in_log(
      "2026/11/30 17:03:42 http: panic serving 127.0.0.1:45192: runtime error: invalid memory address\ngoroutine 7\n");
  ASSERT_TRUE(of_go);
  EXPECT_EQ(of_go->what, "panic");
  EXPECT_FALSE(fault_in_log("panic serving 127.0.0.1:1: runtime error: x\n12:3: a runtime error: y\n"));
}

TEST(ReportInLog, KnowsPanicsAndExceptions) {
  EXPECT_EQ(report_in_log("listening\npanic: runtime error: index out of range\n\ngoroutine 1"),
            "panic: runtime error: index out of range");
  EXPECT_EQ(report_in_log("TypeError: bad request\nserving on\nTypeError: closed\n    at serve.js:3\n"),
            "TypeError: closed");
  EXPECT_EQ(report_in_log("all is well\n"), std::nullopt);
}

TEST(LastWords, AreTheLineThatSaysMost) {
  EXPECT_EQ(last_words("thread 'main' panicked at a.rs:1:2:\nboom\n"), "thread 'main' panicked at a.rs:1:2:");
  EXPECT_EQ(last_words("Traceback (most recent call last):\n  File \"a.py\"\nValueError: no\n\n"), "ValueError: no");
  EXPECT_EQ(last_words("\n"), "");
}

}  // namespace
}  // namespace touchstone::cli
