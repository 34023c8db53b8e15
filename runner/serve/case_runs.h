// case_runs.h - cases with clients, each from the client's opening handshake to its result; and what is known of each
// client over all of its connections.
#pragma once
#include "runner/engine/attempt.h"
#include "runner/engine/kept_talk.h"
#include "runner/engine/talk/http2_watch.h"
#include "runner/serve/http.h"
#include "runner/serve/known_client.h"
#include "runner/serve/scoreboard.h"
#include "runner/serve/server.h"

#include <ws/io/http2/session.h>
#include <ws/io/net/wait.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace touchstone::serve {

// What a client asked over HTTP/2, and how.
struct Carrier {
  Carrier() = default;
  std::shared_ptr<Http2Watch> watch{};  // null: HTTP/1.1
  std::shared_ptr<ws::io::http2::Session> connection{};
  std::vector<Http2Fault> faults{};  // of the request
};

class CaseRuns {
 public:
  // All of them outlive it. `happened` is told of each case that begins or ends.
  CaseRuns(const Settings& settings, Scoreboard& board, Observer& observer, ws::io::Signal& happened)
      : settings_(settings), board_(board), observer_(observer), happened_(happened) {}

  // Whether the case is left out for this client: its driver sees a WebSocket that opens and closes.
  [[nodiscard]] bool is_excluded(const std::string& agent, const Case& c) const {
    return settings_.excluded && settings_.excluded(agent, c);
  }
  // The case as it is played, announced as begun.
  [[nodiscard]] const Case& begin(const std::string& agent, const Case& listed);
  // It is not played with this client; `why` ends a sentence.
  void leave_out(const std::string& agent, const Case& begun, const std::string& why);
  // Plays a case that has begun, and judges it.
  asio::awaitable<void> play(std::unique_ptr<ws::io::Stream> stream, Request request, std::string agent,
                             const Case& begun, Carrier carrier);

 private:
  [[nodiscard]] const Case& prepared(const Case& c);
  [[nodiscard]] SessionOptions session(const std::string& agent);
  asio::awaitable<Observation> observe(std::unique_ptr<ws::io::Stream> stream, Request request, const Case& c,
                                       SessionOptions options, Carrier& carrier);
  void finish(const Result& result);
  void judge_again(const std::string& agent);

  const Settings& settings_;
  Scoreboard& board_;
  Observer& observer_;
  ws::io::Signal& happened_;
  std::map<const Case*, std::unique_ptr<const Case>> prepared_;
  std::map<std::string, KnownClient> known_;  // by agent
  DeflateCache cache_;
  KeptTalk kept_;
};

}  // namespace touchstone::serve
