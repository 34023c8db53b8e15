// mutator.h - makes stimuli for a server: lists of steps that are legal, nearly legal or wild. Every one is a case.
#pragma once
#include "runner/catalogue/case.h"

#include <random>
#include <span>
#include <vector>

namespace touchstone::fuzz {

// What is varied.
struct Layers {
  bool frames = true;      // order, headers and payloads of frames
  bool deflate = true;     // permessage-deflate: offers, compressed messages, corrupt ones
  bool handshake = false;  // the opening request
};

// Equal seeds, and equal calls of next() with equal corpora, give equal stimuli on every machine.
class Mutator {
 public:
  // `seeds`: cases to begin with; their steps are taken, not their expectations.
  Mutator(std::uint64_t seed, Layers layers, std::vector<Case> seeds);

  // The next stimulus: one of the seeds, a list made up, or a variation on one of `corpus`.
  [[nodiscard]] Case next(std::span<const Case> corpus);

  static constexpr std::size_t kMostSteps = 16;
  static constexpr std::uint64_t kMostPayload = 70'000;  // octets of one stimulus: past the 16-bit lengths

 private:
  [[nodiscard]] std::uint64_t below(std::uint64_t n);  // 0 to n-1
  [[nodiscard]] bool one_in(std::uint64_t n) { return below(n) == 0; }
  template <class T, std::size_t N>
  [[nodiscard]] const T& pick(const T (&from)[N]) {
    return from[below(N)];
  }

  [[nodiscard]] Case made_up();
  void vary(Case& c, std::span<const Case> corpus);
  void vary(Step& step);
  void vary(step::Frame& frame);
  void vary(step::Message& message);
  void vary(ws::Bytes& octets);
  void vary_opening(Case& c);
  void vary_request(Case& c);
  void vary_lines(ws::Bytes& request);
  void stop_short(Case& c);
  [[nodiscard]] Step any_step();
  [[nodiscard]] step::Frame any_frame();
  [[nodiscard]] step::Message any_message();
  [[nodiscard]] step::Frame corrupt_compressed();
  [[nodiscard]] ws::Bytes any_octets(std::uint64_t most);
  [[nodiscard]] ws::Bytes any_text(std::uint64_t most);
  [[nodiscard]] ws::Bytes repetitive(std::uint64_t most);
  [[nodiscard]] std::uint64_t any_length(std::uint64_t most);
  void finish(Case& c);

  std::mt19937_64 random_;
  Layers layers_;
  std::vector<Case> seeds_;
  std::size_t next_seed_ = 0;
  std::uint64_t made_ = 0;
};

}  // namespace touchstone::fuzz
