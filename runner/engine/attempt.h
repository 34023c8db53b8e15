// attempt.h - one run of one case against a server: its result, and what that may be a sign of.
#pragma once
#include "runner/engine/compose/composer.h"
#include "runner/engine/habits.h"
#include "runner/engine/kept_talk.h"
#include "runner/engine/pace.h"
#include "runner/engine/run.h"
#include "runner/engine/talk/session.h"

#include <asio/awaitable.hpp>

#include <expected>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace touchstone {

// One run of one case, before it is known whether the endpoint lived through it.
struct Attempt {
  const Case* c = nullptr;
  Result result;
  bool no_connection = false;
  bool turned_away = false;   // with no_connection: the endpoint has too much to do, or too many connections, it seems
  bool abrupt = false;        // the stream ended without a Close: a sign of death, or of a lax endpoint
  bool waited = false;        // a time was part of it, or no answer to the opening handshake came
  bool brief = false;         // it waited for less than the time-out: what it lacks is no proof
  std::string lacks;          // what it waited for in vain; its kind
  bool hopeless = false;      // and which never came in the run until then
  bool costly = false;        // the endpoint's process took more memory or CPU time than it may
  bool own_shortage = false;  // with no_connection: this machine had no descriptor or memory for it
  std::string why;            // with no_connection
};

// What of `observed` says how long was waited, and for what.
void note_waits(const Observation& observed, Attempt& attempt);

// Why an endpoint did not answer.
struct NoAnswer {
  std::string text;
  bool own_shortage = false;
  bool let_in = false;  // as far as TCP goes: there was a connection
};

// Runs cases one at a time under what is common to a whole run.
class Attempts {
 public:
  // All of them outlive the attempts.
  Attempts(const Target& target, const Greeting& greeting, const RunOptions& options, RunObserver& observer)
      : target_(target), greeting_(greeting), options_(options), observer_(observer) {}

  // The observer hears that it started. `keep_whole`: every octet in the transcript, and every silence a proof; that at
  // the end of the connection with `proves_end` only.
  [[nodiscard]] asio::awaitable<Attempt> run(const Case& c, bool keep_whole = false, bool proves_end = true);

  // Whether the endpoint answers an opening handshake; the error is what happened instead. A TCP connection alone says
  // little: the kernel accepts those for a dying process too.
  [[nodiscard]] asio::awaitable<std::expected<void, NoAnswer>> knock();

  // What a fresh connection shows on which `c`, a trial, is played; nobody is told of it. Nothing: there was none.
  [[nodiscard]] asio::awaitable<std::optional<Result>> tried(const Case& c);

  // The result of a case that cannot be asked of this endpoint.
  [[nodiscard]] Result not_applicable(const Case& c, const std::string& why) const;
  // The same, of an endpoint that ends TCP without a Close when its limit is passed: NON-STRICT (RFC 6455 7.1.7).
  [[nodiscard]] Result without_close(const Case& c, const std::string& why) const;

  // Gives an endpoint that turned connections away some time; each time in a row more of it.
  [[nodiscard]] asio::awaitable<void> leave_alone();

  // One was turned away although there was none beside it: from now on fewer are asked for in a second.
  void slow_down() { pace_.turned_away(Pace::Clock::now()); }

  // Whether what `attempt` waited for in vain never came in this run.
  [[nodiscard]] bool is_hopeless(const Attempt& attempt) const {
    return !attempt.lacks.empty() && silences_->is_hopeless(attempt.lacks);
  }

  // Silence that counts as no answer.
  [[nodiscard]] std::chrono::milliseconds timeout() const;

  // Of the endpoint, as all attempts so far show them.
  [[nodiscard]] Habits& habits() noexcept { return habits_; }

 private:
  [[nodiscard]] SessionOptions session_options(bool bulk, bool keep_whole) const;
  [[nodiscard]] asio::awaitable<void> see_ordinary(const Case& c, SessionOptions session, Observation& observed);
  void look_before(const Case& c, SessionOptions& session) const;
  [[nodiscard]] Attempt without_connection(const Case& c, const ws::io::DialError& error) const;
  [[nodiscard]] Attempt with_connection(const Case& c, Observation observed);
  [[nodiscard]] bool turned_away(const Case& c, const Observation& observed) const;
  [[nodiscard]] asio::awaitable<void> keep_pace();
  [[nodiscard]] asio::awaitable<void> until_memory_rests(int process) const;

  const Target& target_;
  const Greeting& greeting_;
  const RunOptions& options_;
  RunObserver& observer_;
  DeflateCache cache_;
  std::shared_ptr<Silences> silences_ = std::make_shared<Silences>();
  KeptTalk kept_;
  Habits habits_;
  std::set<std::vector<std::string>> taken_offers_;  // with which connections opened
  unsigned left_alone_ = 0;                          // times, since a connection opened
  Pace pace_;
  std::chrono::milliseconds retry_after_{0};  // as it said when it was busy last
  bool is_busy_now_and_then_ = false;         // it turned ordinary connections away, and said so
};

}  // namespace touchstone
