// attempt.h - one run of one case against a server: its result, and what that may be a sign of.
#pragma once
#include "runner/engine/compose/composer.h"
#include "runner/engine/kept_talk.h"
#include "runner/engine/run.h"
#include "runner/engine/talk/session.h"

#include <asio/awaitable.hpp>

#include <expected>
#include <memory>
#include <string>

namespace touchstone {

// One run of one case, before it is known whether the endpoint lived through it.
struct Attempt {
  const Case* c = nullptr;
  Result result;
  bool no_connection = false;
  bool abrupt = false;    // the stream ended without a Close: a sign of death, or of a lax endpoint
  bool waited = false;    // a time was part of it, or no answer to the opening handshake came
  bool brief = false;     // it waited for less than the time-out: what it lacks is no proof
  std::string lacks;      // what it waited for in vain; its kind
  bool hopeless = false;  // and which never came in the run until then
  bool costly = false;    // the endpoint's process took more memory or CPU time than it may, or cannot be reached anew
  bool own_shortage = false;  // with no_connection: this machine had no descriptor or memory for it
  std::string why;            // with no_connection
};

// Why an endpoint did not answer.
struct NoAnswer {
  std::string text;
  bool own_shortage = false;
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

  // The result of a case that cannot be asked of this endpoint.
  [[nodiscard]] Result not_applicable(const Case& c, const std::string& why) const;
  // The same, of an endpoint that ends TCP without a Close when its limit is passed: NON-STRICT (RFC 6455 7.1.7).
  [[nodiscard]] Result without_close(const Case& c, const std::string& why) const;

  // Whether what `attempt` waited for in vain never came in this run.
  [[nodiscard]] bool is_hopeless(const Attempt& attempt) const {
    return !attempt.lacks.empty() && silences_->is_hopeless(attempt.lacks);
  }

  // Silence that counts as no answer.
  [[nodiscard]] std::chrono::milliseconds timeout() const;

 private:
  [[nodiscard]] SessionOptions session_options(bool bulk, bool keep_whole) const;
  void look_before(const Case& c, SessionOptions& session) const;
  [[nodiscard]] Attempt without_connection(const Case& c, const ws::io::DialError& error) const;
  [[nodiscard]] Attempt with_connection(const Case& c, Observation observed);

  const Target& target_;
  const Greeting& greeting_;
  const RunOptions& options_;
  RunObserver& observer_;
  DeflateCache cache_;
  std::shared_ptr<Silences> silences_ = std::make_shared<Silences>();
  KeptTalk kept_;
};

}  // namespace touchstone
