// scoreboard.h - what each client has shown so far, as drivers and the live page ask for it.
#pragma once
#include "reports/result/result.h"
#include "runner/catalogue/case.h"

#include <ws/io/websocket.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace touchstone::serve {

// Tells every listener (the live page, over a WebSocket) what happens, as JSON:
//   {"cases": [{"number", "id", "alias", "title"}], "version", "profile"}   first of all, and when the numbering
//   changes
//   {"started": {"agent", "id"}}
//   {"finished": [{"agent", "id", "behavior", "closing", "ms", "summary"}]}
//   {"reported": agent}                                                      the report was written
class Scoreboard {
 public:
  explicit Scoreboard(std::string about_profile) : profile_(std::move(about_profile)) {}

  void number(std::vector<const Case*> cases);
  [[nodiscard]] const std::vector<const Case*>& cases() const noexcept { return cases_; }

  void started(const std::string& agent, const Case& c);
  void finished(const Result& result);
  void reported(const std::string& agent);

  // Is it running for this client at this moment?
  [[nodiscard]] bool running(const std::string& agent, const Case& c) const;
  [[nodiscard]] bool busy() const noexcept { return !running_.empty(); }
  // What the last finished run showed, in the words that Autobahn has: FAILED also where the case is hidden. Nothing
  // before that.
  [[nodiscard]] std::optional<Behavior> behavior(const std::string& agent, const Case& c) const;
  [[nodiscard]] bool knows(const std::string& agent) const { return agents_.contains(agent); }
  [[nodiscard]] std::size_t agents() const noexcept { return agents_.size(); }

  // `socket` gets all that is known now, and events until unlisten().
  void listen(ws::io::WebSocket& socket);
  void unlisten(ws::io::WebSocket& socket) { listeners_.erase(&socket); }

 private:
  struct Line {
    Behavior behavior = Behavior::errored;
    Closing closing = Closing::ok;
    double ms = 0;
    std::string summary;
    bool hidden = false;
  };
  [[nodiscard]] std::string cases_text() const;
  void tell(const std::string& text);
  static void send(ws::io::WebSocket& socket, const std::string& text);

  std::string profile_;
  std::vector<const Case*> cases_;
  std::map<std::string, std::map<std::string, Line>> agents_;  // name, case id
  std::multiset<std::pair<std::string, std::string>> running_;
  std::set<ws::io::WebSocket*> listeners_;
};

}  // namespace touchstone::serve
