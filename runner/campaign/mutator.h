// mutator.h - makes stimuli for a server: lists of steps that are legal, nearly legal or wild. Every one is a case.
#pragma once
#include "runner/campaign/dice.h"
#include "runner/campaign/generator.h"
#include "runner/campaign/openings.h"
#include "runner/catalogue/case.h"

#include <span>
#include <vector>

namespace touchstone::fuzz {

// Equal seeds, and equal calls of next() with equal corpora, give equal stimuli on every machine.
class Mutator {
 public:
  // `seeds`: cases to begin with; their steps are taken, not their expectations.
  Mutator(std::uint64_t seed, Layers layers, std::vector<Case> seeds);

  // The next stimulus: one of the seeds, one made up (generator.h), or a variation on one of `corpus`.
  [[nodiscard]] Case next(std::span<const Case> corpus);
  // A scene (scenes.h), which is not varied.
  [[nodiscard]] Case scene();
  // Its outcome was not seen before, or it was: what gives new ones is made up more often.
  void learn(const Case& stimulus, bool is_new);
  [[nodiscard]] PairCount pairs() const noexcept { return generator_.pairs(); }

  static constexpr std::size_t kMostSteps = 64;
  static constexpr std::uint64_t kMostPayload = 140'000;  // octets of one stimulus: past 2^17

 private:
  [[nodiscard]] std::uint64_t below(std::uint64_t n) { return dice_.below(n); }
  [[nodiscard]] bool one_in(std::uint64_t n) { return dice_.one_in(n); }

  [[nodiscard]] Case made_up();
  void vary(Case& c, std::span<const Case> corpus);
  void vary(Step& step);
  void vary(step::Frame& frame);
  void vary(step::Message& message);
  void vary(ws::Bytes& octets);
  void vary_opening(Case& c);
  void vary_request(Case& c);
  void vary_lines(ws::Bytes& request);
  [[nodiscard]] Case any_request();
  void stop_short(Case& c);
  [[nodiscard]] Step any_step();
  [[nodiscard]] step::Frame any_frame();
  [[nodiscard]] step::Message any_message();
  [[nodiscard]] step::Frame corrupt_compressed();
  [[nodiscard]] ws::Bytes any_octets(std::uint64_t most);
  [[nodiscard]] ws::Bytes any_text(std::uint64_t most);
  [[nodiscard]] ws::Bytes repetitive(std::uint64_t most);
  void settle_offer(Case& c);
  void finish(Case& c);
  void introduce(Case& c);

  Dice dice_;
  Layers layers_;
  Generator generator_;
  std::vector<const OpeningPart*> parts_;
  std::vector<Case> seeds_;
  std::size_t next_seed_ = 0;
  std::uint64_t made_ = 0;
  std::vector<std::uint8_t> themes_;  // by the number of the stimulus: its theme, or kNoTheme
};

}  // namespace touchstone::fuzz
