// test_programs.h - for the tests of this folder: other people's programs on a free port of this machine.
#pragma once
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <ws/io/net/test_support.h>

#include <asio/connect.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <cstdlib>
#include <thread>

namespace ws::io::test {

// Where the program is, on PATH or in the folders of the system's administration; empty: it is not installed.
inline std::string program_path(const std::string& name) {
  std::string folders = "/usr/sbin:/usr/local/sbin:/sbin";
  if (const char* path = std::getenv("PATH")) folders = std::string(path) + ":" + folders;
  while (!folders.empty()) {
    const auto end = std::min(folders.find(':'), folders.size());
    const std::string file = folders.substr(0, end) + "/" + name;
    if (::access(file.c_str(), X_OK) == 0) return file;
    folders.erase(0, end + 1);
  }
  return {};
}

// A TCP port of 127.0.0.1 that is free at this moment.
inline std::uint16_t free_port() {
  asio::io_context context;
  return asio::ip::tcp::acceptor(context, {asio::ip::make_address("127.0.0.1"), 0}).local_endpoint().port();
}

// Runs from construction to destruction, which it has no time to object to. Its output is lost.
class Program {
 public:
  Program(const std::string& path, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), path);
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    for (const int descriptor : {0, 1, 2})
      posix_spawn_file_actions_addopen(&files, descriptor, "/dev/null", descriptor == 0 ? O_RDONLY : O_WRONLY, 0);
    if (::posix_spawn(&pid_, path.c_str(), &files, nullptr, pointers.data(), environ) != 0) pid_ = -1;
    posix_spawn_file_actions_destroy(&files);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  // Whether it takes connections before it ends, or patience does.
  [[nodiscard]] bool listens_on(std::uint16_t port) const {
    const auto until = Clock::now() + kPatience;
    while (pid_ > 0 && ::kill(pid_, 0) == 0 && Clock::now() < until) {
      asio::io_context context;
      asio::ip::tcp::socket socket(context);
      std::error_code error;
      socket.connect({asio::ip::make_address("127.0.0.1"), port}, error);
      if (!error) return true;
      // Nothing announces that somebody else's program listens: ask again shortly.
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

 private:
  pid_t pid_ = -1;
};

}  // namespace ws::io::test
