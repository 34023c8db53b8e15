// silences.h - what an endpoint was waited for in vain, over a whole run: nobody waits for it in full for ever.
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace touchstone {

class Silences {
 public:
  // `what`: "the Pong of sentinel a"; sentinels and messages are one kind each.
  void add(std::string_view what) { ++times_[std::string(kind_of(what))]; }
  [[nodiscard]] bool known(std::string_view what) const {
    const auto found = times_.find(kind_of(what));
    return found != times_.end() && found->second >= kEnough;
  }

  // As many as run at a time anyway; an endpoint with a few silences has each of them judged.
  static constexpr int kEnough = 16;
  // Instead of the whole time-out: what comes within it is taken as always, what does not is not judged.
  static constexpr std::chrono::milliseconds kBrief{250};

 private:
  [[nodiscard]] static std::string_view kind_of(std::string_view what) {
    for (const std::string_view kind : {"the Pong", "the echo"}) {
      if (what.starts_with(kind)) return kind;
    }
    return what;
  }

  std::map<std::string, int, std::less<>> times_;
};

}  // namespace touchstone
