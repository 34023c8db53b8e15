#include "runner/campaign/largest_message.h"
#include "runner/catalogue/rsv.h"

#include <ws/core/deflate/deflate.h>

#include <algorithm>

namespace touchstone::fuzz {
namespace {

constexpr std::uint64_t kMost = 64 * 1024 * 1024;

class Measure {
 public:
  void take(const step::Frame& frame) {
    if (ws::is_control(frame.opcode)) return;
    const bool begins = frame.opcode != ws::Opcode::cont;
    if (begins) size_ = 0, compressed_ = frame.rsv == kRsv1;
    if (!compressed_) return add(length(frame.payload));
    ws::Bytes out;
    (void)inflater_.inflate(PayloadGenerator(1).make(frame.payload), kMost, out);
    if (frame.fin) (void)inflater_.finish(kMost, out);
    add(out.size());
  }
  void take(const step::Message& message) {
    size_ = 0;
    add(length(message));
  }
  void take(const step::OneOf<step::Close, step::Octets, step::Repeat> auto&) {}
  void take(const step::WithoutPayload auto&) {}

  [[nodiscard]] std::uint64_t largest() const noexcept { return largest_; }

 private:
  void add(std::uint64_t octets) {
    size_ += octets;
    largest_ = std::max(largest_, std::min(size_, kMost));
  }

  ws::Inflater inflater_{15, false};
  bool compressed_ = false;
  std::uint64_t size_ = 0, largest_ = 0;
};

}  // namespace

std::uint64_t largest_message(const Case& c) {
  Measure measure;
  each_step(c.steps,
            [&](const Step& step) { std::visit([&](const auto& action) { measure.take(action); }, step.action); });
  return measure.largest();
}

}  // namespace touchstone::fuzz
