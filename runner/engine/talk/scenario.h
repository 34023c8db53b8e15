// scenario.h - one case on several connections: the order of its steps is the order of what happens.
//
// Each connection is a dialogue of its own, which knows nothing of the others: it plays the steps that are its own, and
// is judged by what the case expects of it alone. Here is what lies between them: when each opens, that all wait where
// the case waits, and whether what one does to the endpoint is to the others' cost.
#pragma once
#include "runner/engine/talk/dialogue.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>

namespace touchstone {

class Scenario {
 public:
  // Opens a connection and gives its dialogue; nothing where it did not open, and `failed` says why.
  using Open = std::function<asio::awaitable<std::shared_ptr<Dialogue>>(const Case& one, Observation& failed)>;

  // The case outlives it.
  explicit Scenario(const Case& c);

  [[nodiscard]] const Case& first() const noexcept { return talks_.front().one; }
  // The observation of the first connection, with those of the others in it.
  [[nodiscard]] asio::awaitable<Observation> run(std::shared_ptr<Dialogue> first, const Open& open);

 private:
  using Clock = std::chrono::steady_clock;
  struct Talk {
    Case one;          // what this connection is by itself
    std::string name;  // empty: the first
    std::shared_ptr<Dialogue> dialogue{};
    Observation failed{};  // where it did not open
    bool held = false;
  };

  [[nodiscard]] Talk& talk(std::string_view name);
  [[nodiscard]] bool one_is_held() const;
  asio::awaitable<void> play(const Step& step, const Open& open);
  asio::awaitable<void> turn_to(const std::string* name);
  asio::awaitable<void> open_one(const std::string& name, const Open& open);
  asio::awaitable<void> wait_together(const Step& step);
  asio::awaitable<void> timed(const Step& step);
  void compare(std::string_view act, const std::string& name, Clock::duration took);
  void not_served(std::string_view act, const std::string& name, std::string instead);
  [[nodiscard]] asio::awaitable<Observation> end();

  const Case& case_;
  std::deque<Talk> talks_;
  std::string turn_{};  // the connection that the last step was on
  // The longest that each kind of act took while every connection was read.
  std::map<std::string_view, Clock::duration> usual_;
};

}  // namespace touchstone
