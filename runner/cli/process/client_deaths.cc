#include "runner/cli/process/client_deaths.h"

#include "runner/serve/route.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace touchstone::cli {
namespace {

constexpr std::size_t kAlways = 5;  // so many ends without an exception are how it leaves
constexpr const char* kPlainError = "exit code 1";

}  // namespace

void ClientDeaths::began() {
  goes_on_ = goes_on_ || failed_one_;
  failed_one_ = closed_last_ = false;
  cut_.clear();
}

void ClientDeaths::finished(const Case& c, const Result& result) {
  const bool cut = result.dropped_by_peer && !result.remote_close_code;
  closed_last_ = result.remote_close_code.has_value();
  failed_one_ = failed_one_ || cut || (closed_last_ && result.closed_by_peer_first);
  if (cut) cut_.push_back(&c);
}

std::vector<const Case*> ClientDeaths::suspects(const ProgramEnd& end) {
  std::vector<const Case*> suspects;
  if (end.orderly()) {
    began();
  } else if (!end.how.empty()) {
    if (closed_last_ && cut_.empty()) manners_.insert(end.how);
    // To refuse an opening is right, and many drivers leave then.
    std::ranges::copy_if(cut_, std::back_inserter(suspects),
                         [&](const Case* c) { return end.by_signal() || !serve::may_refuse_opening(*c); });
  }
  cut_.clear();
  failed_one_ = closed_last_ = false;
  return suspects;
}

bool ClientDeaths::is_manner(const ProgramEnd& end) const {
  if (manners_.contains(end.how)) return true;
  const auto so = std::ranges::count_if(confirmed_, [&](const Death& death) { return death.end.how == end.how; });
  if (!goes_on_ && static_cast<std::size_t>(so) >= kAlways) return true;
  // Nothing to compare with, and nothing that speaks of a crash.
  return one_a_case_ && !goes_on_ && end.how == kPlainError && !end.exception;
}

std::vector<ClientDeaths::Death> ClientDeaths::deaths() const {
  std::vector<Death> deaths;
  std::ranges::copy_if(confirmed_, std::back_inserter(deaths), [&](const Death& death) {
    return death.end.by_signal() || death.end.panic || !is_manner(death.end);
  });
  return deaths;
}

}  // namespace touchstone::cli
