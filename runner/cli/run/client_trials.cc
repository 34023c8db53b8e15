#include "runner/cli/run/client_trials.h"

#include "runner/engine/talk/rethrown.h"
#include "runner/engine/talk/until_set.h"

#include <fmt/format.h>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <map>
#include <utility>

namespace touchstone::cli {
namespace {

class TrialWatch : public serve::Observer {
 public:
  TrialWatch(const std::vector<Case>& stimuli, std::vector<ClientTrials::Trial>& trials) : trials_(trials) {
    for (std::size_t i = 0; i < stimuli.size(); ++i) places_.emplace(stimuli[i].id, i);
  }
  void follow(ClientCommand& client) { client_ = &client; }
  void blame(const Case& c, const ProgramEnd& end) {
    auto& death = trials_[places_.at(c.id)].death;
    death = fmt::format("the client ended with {}{}{}", end.how, end.last_words.empty() ? "" : ": ", end.last_words);
  }

  void started(const std::string&, const Case& c) override { client_->started(c); }
  void finished(const Result& result) override {
    if (const auto place = places_.find(result.case_id); place != places_.end()) trials_[place->second].result = result;
    client_->finished(result);
  }
  void judged_again(const Result& result) override {
    if (const auto place = places_.find(result.case_id); place != places_.end()) trials_[place->second].result = result;
  }
  void heard_unclearly(const std::string&, const std::vector<std::string>&, bool) override {}
  asio::awaitable<void> reports_wanted(const std::string&) override { co_return; }
  void driver_done(const std::string&) override { client_->reported(); }
  void end_wanted(const std::string&) override {}

 private:
  std::vector<ClientTrials::Trial>& trials_;
  std::map<std::string, std::size_t> places_;
  ClientCommand* client_ = nullptr;
};

// A coroutine keeps no captures, so all comes as parameters.
asio::awaitable<void> conduct(ClientCommand& client, std::vector<const Case*> cases, asio::io_context& context) {
  co_await client.run(std::move(cases));
  context.stop();
}

asio::awaitable<void> stop_when(std::function<bool()> over, asio::io_context& context) {
  co_await until(std::move(over));
  context.stop();
}

}  // namespace

std::vector<ClientTrials::Trial> ClientTrials::run(const std::vector<Case>& stimuli) {
  std::vector<Trial> trials(stimuli.size());
  std::vector<const Case*> cases;
  for (const Case& c : stimuli) cases.push_back(&c);
  TrialWatch watch(stimuli, trials);
  asio::io_context context{1};  // what is under way ends after the client and the server
  serve::Settings settings;
  settings.seed = settings_.seed;
  settings.timeout = settings_.timeout;
  settings.agent = settings_.agent;
  settings.proves = [] { return true; };  // each trial stands for itself
  auto server = serve::FuzzingServer::start(context.get_executor(), settings, watch);
  if (!server) {
    trouble_ = server.error();
    return trials;
  }
  ClientCommand client(
      {.command = settings_.command,
       .url = fmt::format("ws://127.0.0.1:{}", (*server)->port()),
       .agent = settings_.agent,
       .log = settings_.log,
       .idle = settings_.idle},
      [&](const Case& c, const ProgramEnd& end) { watch.blame(c, end); }, **server, context.get_executor());
  watch.follow(client);
  (*server)->number(cases);
  asio::co_spawn(context, conduct(client, cases, context), rethrown);
  if (settings_.over) asio::co_spawn(context, stop_when(settings_.over, context), rethrown);
  context.run();
  trouble_ = client.connected() || client.deaths().empty() ? std::string() : client.deaths().front();
  return trials;
}

}  // namespace touchstone::cli
