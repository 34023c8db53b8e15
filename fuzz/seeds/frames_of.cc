#include "fuzz/seeds/frames_of.h"

#include "runner/engine/compose/composer.h"

#include <algorithm>

namespace fuzz {
namespace {

using namespace touchstone;

class Player {
 public:
  Player(ws::Role sender, const std::optional<ws::DeflateParams>& deflate)
      : composer_(sender, kSeed, deflate, cache_), payloads_(kSeed) {}

  void play(const std::vector<Step>& steps) {
    for (const Step& step : steps) std::visit([this](const auto& one) { play(one); }, step.action);
  }
  ws::Bytes octets() && { return std::move(out_); }

 private:
  static constexpr std::uint64_t kSeed = 1;
  static constexpr std::uint32_t kMostRepeats = 3;

  Composer::Sink sink() {
    return [this](const touchstone::WireFrame& frame) { ws::append(out_, frame.octets); };
  }
  void play(const step::Frame& frame) { composer_.frame(frame, payloads_.make(frame.payload), sink()); }
  void play(const step::Message& message) { composer_.message(message, payloads_, sink()); }
  void play(const step::Close& close) {
    composer_.frame(ws::Opcode::close, true, 0, close_payload(close.code, payloads_.make(close.reason)), sink());
  }
  void play(const step::Sentinel& sentinel) {
    composer_.frame(ws::Opcode::ping, true, 0, ws::as_octets(sentinel.mark), sink());
  }
  void play(const step::Octets& raw) { ws::append(out_, payloads_.make(raw.octets)); }
  // Waits, and what is done to TCP.
  void play(const step::OneOf<step::AwaitEcho, step::Tcp, step::Reading, step::Alive> auto&) {}
  void play(const step::Staging auto&) {}
  void play(const step::Repeat& repeat) {
    for (std::uint32_t i = 0; i < std::min(repeat.count, kMostRepeats); ++i) play(repeat.steps);
  }

  DeflateCache cache_;
  Composer composer_;
  PayloadGenerator payloads_;
  ws::Bytes out_;
};

}  // namespace

ws::Bytes frames_of(const Case& c, ws::Role receiver, const std::optional<ws::DeflateParams>& deflate) {
  Player player(receiver == ws::Role::server ? ws::Role::client : ws::Role::server, deflate);
  player.play(c.steps);
  return std::move(player).octets();
}

}  // namespace fuzz
