// kept_talk.h - how much of the transcripts of a run is kept until its end, all cases together.
#pragma once
#include "reports/result/result.h"

namespace touchstone {

class KeptTalk {
 public:
  static constexpr std::size_t kOfARun = 64 * 1024 * 1024;  // octets of memory

  // Shortens what one case may not have: the more was kept, the less that is; little of a `flood`, which is all alike.
  // The beginning and the end stay.
  void keep(Transcript& transcript, bool flood);

 private:
  static constexpr std::size_t kShares = 64;        // a case has such a part of what is left,
  static constexpr std::size_t kLeast = 16 * 1024;  // and this much in any case
  static constexpr std::size_t kOfAFlood = 4 * kLeast;
  std::size_t used_ = 0;
};

}  // namespace touchstone
