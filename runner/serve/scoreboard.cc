#include "runner/serve/scoreboard.h"

#include "reports/support/version.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace touchstone::serve {
namespace {

using Json = nlohmann::ordered_json;

// A page that does not read is let go before it costs memory.
constexpr std::size_t kMostBehind = 16 * 1024 * 1024;

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json line_of(const std::string& agent, const std::string& id, const auto& line) {
  return {{"agent", agent},
          {"id", id},
          {"behavior", name(line.behavior)},
          {"closing", name(line.closing)},
          {"ms", std::llround(line.ms)},
          {"summary", line.summary}};
}

}  // namespace

void Scoreboard::number(std::vector<const Case*> cases) {
  cases_ = std::move(cases);
  tell(cases_text());
}

std::string Scoreboard::cases_text() const {
  Json list = Json::array();
  for (std::size_t i = 0; i < cases_.size(); ++i) {
    const Case& c = *cases_[i];
    list.push_back({{"number", i + 1},
                    {"id", c.id},
                    {"alias", c.aliases.empty() ? std::string() : c.aliases.front()},
                    {"title", c.title}});
  }
  return text_of(Json{{"cases", std::move(list)}, {"version", kVersion}, {"profile", profile_}});
}

void Scoreboard::started(const std::string& agent, const Case& c) {
  running_.emplace(agent, c.id);
  agents_.try_emplace(agent);
  tell(text_of(Json{{"started", {{"agent", agent}, {"id", c.id}}}}));
}

void Scoreboard::finished(const Result& result) {
  if (const auto run = running_.find({result.endpoint, result.case_id}); run != running_.end()) running_.erase(run);
  Line& line = agents_[result.endpoint][result.case_id];
  line = {result.behavior, result.closing, result.duration_ms, result.summary, result.hidden};
  tell(text_of(Json{{"finished", Json::array({line_of(result.endpoint, result.case_id, line)})}}));
}

void Scoreboard::reported(const std::string& agent) { tell(text_of(Json{{"reported", agent}})); }

bool Scoreboard::running(const std::string& agent, const Case& c) const { return running_.contains({agent, c.id}); }

std::optional<Behavior> Scoreboard::behavior(const std::string& agent, const Case& c) const {
  const auto of_agent = agents_.find(agent);
  if (of_agent == agents_.end()) return std::nullopt;
  const auto line = of_agent->second.find(c.id);
  if (line == of_agent->second.end()) return std::nullopt;
  return line->second.hidden ? Behavior::failed : line->second.behavior;
}

void Scoreboard::listen(ws::io::WebSocket& socket) {
  send(socket, cases_text());
  for (const auto& [agent, lines] : agents_) {
    Json known = Json::array();
    for (const auto& [id, line] : lines) known.push_back(line_of(agent, id, line));
    send(socket, text_of(Json{{"finished", std::move(known)}}));
  }
  for (const auto& [agent, id] : running_) {
    send(socket, text_of(Json{{"started", {{"agent", agent}, {"id", id}}}}));
  }
  listeners_.insert(&socket);
}

void Scoreboard::tell(const std::string& text) {
  for (ws::io::WebSocket* socket : listeners_) send(*socket, text);
}

void Scoreboard::send(ws::io::WebSocket& socket, const std::string& text) {
  if (socket.queued() > kMostBehind) return socket.drop();
  (void)socket.queue(ws::command::Text{.data = text});  // an ended one says so to its reader
}

}  // namespace touchstone::serve
