#include "runner/cli/run/next_run.h"

#include "reports/support/shell.h"
#include "runner/campaign/signature.h"
#include "runner/cli/must.h"
#include "runner/cli/process/program_run.h"
#include "runner/cli/run/client_run.h"
#include "runner/cli/text.h"
#include "runner/engine/verdict/weigh.h"
#include "runner/orders/contract.h"

#include <fmt/core.h>

namespace touchstone::cli {
namespace {

constexpr std::string_view kNext = "{next}";
constexpr const char* kUnimplemented = "exit code 89";  // as BoGo has it
constexpr std::size_t kMostStarts = 1000;

class NextRun final : public ClientRun, public orders::Observer {
 public:
  explicit NextRun(const ServeOptions& options) : ClientRun(options) {}

  // --- What the contract tells ----------------------------------------------------------------------------------

  void started(const std::string&, const Case&) override {
    ++begun_;
    changed_.notify_all();
  }

  void finished(const Result& result) override {
    Result kept = with_replay(result);
    say_failure(kept);
    results_.add(std::move(kept));
    changed_.notify_all();
  }

  void driver_done(const std::string&) override {
    if (options_.once && options_.command.empty()) context_.stop();
    changed_.notify_all();
  }

 private:
  void listen() override {
    contract_ = must(orders::Contract::start(context_.get_executor(), settings(), *this));
    contract_->set(plan_.cases);
    say_listening(address());
  }

  [[nodiscard]] orders::Contract::Settings settings() const {
    orders::Contract::Settings settings;
    settings.host = plan_.settings.listen.host;
    settings.port = plan_.settings.listen.port;
    settings.agent = plan_.settings.agent;
    settings.folder = plan_.out;
    settings.patience = plan_.settings.timeout;
    return settings;
  }

  [[nodiscard]] std::string address() const { return url("http", contract_->port()) + "/next"; }

  // The program may do one order and end, or all of them. One that ends with an order not done is started again for the
  // rest.
  asio::awaitable<void> conduct() override {
    const std::string& agent = plan_.settings.agent;
    const std::string command = replace_all(options_.command, kNext, shell_quote(address() + "?agent=" + agent));
    const ProgramPatience patience{[this] { return plan_.idle; }, [] { return false; }};
    for (std::size_t starts = 0; !contract_->has_all(agent) && starts < kMostStarts; ++starts) {
      const std::size_t before = begun_;
      const ProgramEnd end =
          co_await run_program(context_.get_executor(), command, plan_.out / "client.log", changed_, patience);
      const Case* const c = contract_->under_way(agent);
      orders::Contract::End how = told_by(end);
      if (c != nullptr) co_await contract_->conclude(agent, std::move(how));
      if (begun_ == before) {
        deaths_.push_back(fmt::format("the driver {} and asked for no order",
                                      end.how.empty() ? "was silent" : "ended with " + end.how));
        break;
      }
      if (end.how.empty() && c != nullptr)
        deaths_.push_back(fmt::format("the driver did not come back from {} and was ended", c->id));
    }
    context_.stop();
  }

  [[nodiscard]] orders::Contract::End told_by(const ProgramEnd& end) const {
    orders::Contract::End how;
    if (end.orderly()) return how;  // it has done what it was told
    if (end.how == kUnimplemented) {
      how.unimplemented = kUnimplemented;
    } else if (end.how.empty()) {
      how.lost = fmt::format("the driver did not come back for {}", format_duration(plan_.idle));
    } else {
      const std::string words = end.last_words.empty() ? "" : fmt::format(": {}", end.last_words);
      const Facts facts{.what = fuzz::signature_of(end.how + words),
                        .instead = fmt::format("its program ended with {}{}", end.how, words)};
      how.died = make_finding(FindingKind::endpoint_died, facts,
                              ws::rules::requirement_of(FindingKind::endpoint_died, facts, ws::Role::client));
    }
    return how;
  }

  Ending end() override {
    contract_.reset();
    return {.because = {}, .deaths = std::move(deaths_)};
  }

  ws::io::Signal changed_;
  std::unique_ptr<orders::Contract> contract_;
  std::vector<std::string> deaths_;
  std::size_t begun_ = 0;
};

}  // namespace

Exit run_next(const ServeOptions& options, const std::vector<std::string>& command_line) {
  if (options.tls || options.http != "1" || !options.spec.empty())
    throw UsageError("--next goes with none of --tls, --http and --spec: each order says what it is about");
  return NextRun(options).run(command_line);
}

}  // namespace touchstone::cli
