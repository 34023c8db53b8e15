// generator.h - stimuli that are made up: conversations, each about one theme, drawn from the tables of states
// (runner/catalogue/states.h) and of boundaries (runner/engine/boundary_coverage.h) and from the grammar of openings.
//
// A theme that gives new outcomes is drawn more often. Every class of (state, input) pairs is visited on purpose, the
// one that was visited most seldom first.
#pragma once
#include "runner/campaign/layers.h"
#include "runner/campaign/pairs.h"

#include <array>
#include <memory>
#include <string_view>

namespace touchstone::fuzz {

enum class Theme : std::uint8_t {
  pair,         // a state and what may come next
  history,      // messages that go on from each other: compressed or not, empty, in fragments
  bad_text,     // text with a fault or a cut at any offset
  good_text,    // code points around boundaries and cuts
  contents,     // text that must come back octet by octet
  controls,     // control frames of every shape, anywhere
  closing,      // Close frames, and what follows them
  after_fault,  // what follows a failing Close
  sizes,        // of messages and fragments next to boundaries
  blocks,       // DEFLATE data block by block, right and corrupt
  window,       // matches that reach back over messages
  forms,        // headers in unusual forms
  offers,       // of extensions, and messages under what was agreed on
  openings,     // the opening request
  tunnels,      // frames of HTTP/2 around the WebSocket
};
inline constexpr std::size_t kThemes = 15;
[[nodiscard]] std::string_view name(Theme theme) noexcept;

struct PairCount {
  std::size_t all = 0, visited = 0;  // classes of pairs
};

class Generator {
 public:
  Generator(std::uint64_t seed, Layers layers);

  struct Drawn {
    Case stimulus;
    Theme theme;
  };
  [[nodiscard]] Drawn next(Dice& dice);
  // What came of a stimulus of this theme: an outcome that was not seen before, or none.
  void learn(Theme theme, bool is_new) noexcept;

  [[nodiscard]] PairCount pairs() const noexcept;
  [[nodiscard]] double weight(Theme theme) const noexcept { return weights_[static_cast<std::size_t>(theme)]; }

 private:
  [[nodiscard]] Theme draw(Dice& dice) const;
  [[nodiscard]] Pairs& pairs_with(bool deflate);

  std::uint64_t seed_;
  Layers layers_;
  std::array<double, kThemes> weights_{};
  std::array<std::unique_ptr<Pairs>, 2> pairs_;  // without and with permessage-deflate
};

}  // namespace touchstone::fuzz
