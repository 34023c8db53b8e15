// silences.h - how long an endpoint is waited for, over a whole run: by what the same took before.
//
// What came in every other case, after some time, is waited for many times as long. What was waited for in vain again
// and again, and never came in this run, is waited for no longer than a moment: what such a case lacks then is no
// proof.
#pragma once
#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <string_view>

namespace touchstone {

class Silences {
 public:
  using Duration = std::chrono::steady_clock::duration;

  struct Patience {
    Duration time{0};
    bool is_proof = true;  // a silence for so long says that it does not come
  };

  // `what` in all of these: "the Pong of sentinel a"; sentinels and messages are one kind each.
  void came_after(std::string_view what, Duration time) {
    Kind& kind = kinds_[std::string(kind_of(what))];
    ++kind.came;
    kind.slowest = std::max(kind.slowest, time);
    kind.sum += time;
  }
  // It was waited for as long as a proof takes.
  void add(std::string_view what) { ++kinds_[std::string(kind_of(what))].in_vain; }

  // How long `what` is waited for. `whole`: the silence that counts as no answer where nothing is known; `brief`: a
  // moment, long for a connection to this endpoint. `must_prove`: nothing but a proof is of use. `heavy`: the case
  // keeps the endpoint busy.
  [[nodiscard]] Patience patience(std::string_view what, Duration whole, Duration brief, bool must_prove,
                                  bool heavy) const {
    const auto found = kinds_.find(kind_of(what));
    if (found == kinds_.end()) return {whole};
    const Kind& kind = found->second;
    // An endpoint that takes its time gets more of it.
    const Duration most = std::clamp<Duration>(kSlack * kind.slowest, whole, kMost * whole);
    if (kind.in_vain < kEnough) return {most};
    if (kind.came >= kOften && heavy) return {most};
    if (kind.came >= kOften) {
      const Duration usual = std::max(kTimes * (kind.sum / kind.came), kLong * kind.slowest);
      return {std::clamp<Duration>(usual, std::min(kLeast, whole), most)};
    }
    if (must_prove) return {most};
    return {std::min(whole, kind.came == 0 ? brief : std::max(brief, kBrief)), false};
  }
  // Again and again in vain, and never otherwise.
  [[nodiscard]] bool is_hopeless(std::string_view what) const {
    const auto found = kinds_.find(kind_of(what));
    return found != kinds_.end() && found->second.in_vain >= kEnough && found->second.came == 0;
  }

  [[nodiscard]] static std::string_view kind_of(std::string_view what) {
    for (const std::string_view kind : {"the Pong", "the echo"}) {
      if (what.starts_with(kind)) return kind;
    }
    return what;
  }

  static constexpr int kEnough = 3;  // times in vain
  static constexpr int kOften = 20;  // times that it came
  static constexpr int kSlack = 8;   // times the slowest, if that is more than the whole time-out ...
  static constexpr int kMost = 4;    // ... and as many of these at most
  static constexpr int kTimes = 50;  // times the mean of what came often ...
  static constexpr int kLong = 2;    // ... and times the slowest of it, at least
  static constexpr Duration kLeast = std::chrono::seconds(1);
  static constexpr Duration kBrief = std::chrono::milliseconds(250);

 private:
  struct Kind {
    int came = 0, in_vain = 0;
    Duration slowest{0}, sum{0};
  };
  std::map<std::string, Kind, std::less<>> kinds_;
};

}  // namespace touchstone
