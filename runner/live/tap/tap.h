// tap.h - `touchstone tap`: a proxy between any client and any server, which judges both and is a bad network when
// told.
#pragma once
#include "runner/engine/talk/target.h"
#include "runner/live/tap/link.h"

#include <ws/io/net/listener.h>

#include <set>

namespace touchstone::tap {

struct TapOptions {
  Target upstream{};
  ws::io::ListenOptions listen{};
  Watcher::Judged judged{.client = true, .server = true};
  std::optional<std::filesystem::path> out{};  // a folder for transcripts
  std::chrono::milliseconds dial_limit{10'000};
};

struct Outcome {
  std::uint64_t connections = 0, unreached = 0;
  Totals totals{};
};

class Tap {
 public:
  Tap(asio::any_io_executor executor, TapOptions options, Events& events);
  ~Tap();

  // The error is a sentence.
  [[nodiscard]] std::expected<void, std::string> start();
  [[nodiscard]] std::uint16_t port() const noexcept;
  asio::awaitable<Outcome> run();  // until stop()
  // A line of JSON (docs/play.md). The faults say what is wrong with it.
  [[nodiscard]] std::expected<void, std::vector<CaseFileError>> command(std::string_view line);
  [[nodiscard]] Json status() const;
  void stop();

 private:
  asio::awaitable<void> serve(std::unique_ptr<ws::io::Stream> client, std::uint64_t number);
  void apply_network(const Cursor& root, const Json& line);
  void apply_drop(const Cursor& root);
  template <class Do>
  void each_link(std::uint64_t number, const Do& what);

  asio::any_io_executor executor_;
  TapOptions options_;
  Events& events_;
  ws::io::Signal changed_;
  std::unique_ptr<ws::io::Listener> listener_;
  Rules rules_;  // of the connections to come
  std::set<std::shared_ptr<Link>> links_;
  Outcome outcome_;
  std::uint64_t serving_ = 0;
  bool refuses_ = false, stopping_ = false;
};

}  // namespace touchstone::tap
