#include "runner/campaign/mutator.h"

#include "runner/campaign/contents.h"
#include "runner/campaign/expectation.h"
#include "runner/campaign/http2_scripts.h"
#include "runner/campaign/mutator_tables.h"
#include "runner/campaign/opening_grammar.h"
#include "runner/campaign/openings.h"
#include "runner/campaign/raw_request.h"
#include "runner/campaign/scenes.h"

#include <ws/core/close.h>
#include <ws/core/deflate/deflate.h>
#include <ws/core/http/extensions.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace touchstone::fuzz {
namespace {

constexpr std::string_view kName = "fuzz/";
constexpr std::uint8_t kNoTheme = 0xFF;
constexpr std::uint64_t kMostWrites = 8;  // of a stimulus that is cut every so many octets: each is a packet
// Around the widths of integers: what a length is taken for when it does not fit.
constexpr std::uint64_t kAnnounced[] = {
    0x7FFF'FFFF,           0x8000'0000,           0xFFFF'FFFF,           0x1'0000'0000,        std::uint64_t{1} << 53,
    0x7FFF'FFFF'FFFF'FFFF, 0x8000'0000'0000'0000, 0xFFFF'FFFF'0000'0000, 0xFFFF'FFFF'FFFF'FFFF};
// Every kind of parameter (RFC 7692 7.1).
constexpr const char* kOffers[] = {"permessage-deflate",
                                   "permessage-deflate; client_max_window_bits",
                                   "permessage-deflate; server_no_context_takeover",
                                   "permessage-deflate; client_no_context_takeover",
                                   "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
                                   "permessage-deflate; server_max_window_bits=9",
                                   "permessage-deflate; server_max_window_bits=12; client_max_window_bits",
                                   "permessage-deflate; client_max_window_bits=9"};

// The octets of a payload that a variation may touch; recipes become literals first.
ws::Bytes& octets_of(Payload& payload) {
  if (!std::holds_alternative<recipe::Literal>(payload.recipe)) {
    PayloadGenerator generator(1);
    payload = payload_of(generator.make(payload));
  }
  return std::get<recipe::Literal>(payload.recipe).octets;
}

bool is_raw_compressed(const Step& step) {
  const auto* frame = std::get_if<step::Frame>(&step.action);
  return frame != nullptr && frame->rsv != 0;
}

// What of a case of the catalogue can be varied: its plain steps and a frame that is not all there, within the bounds.
Case as_seed(const Case& from) {
  Case c;
  c.needs_deflate = from.needs_deflate;
  c.wire = from.wire;
  std::uint64_t size = 0;
  for (const Step& step : from.steps) {
    size += traffic(step);
    const bool plain = runs_plainly(step);
    if (!plain && !std::holds_alternative<step::Frame>(step.action)) break;
    if (size > Mutator::kMostPayload || c.steps.size() >= Mutator::kMostSteps) break;
    c.steps.push_back(step);
    if (!plain) break;
  }
  return c;
}

}  // namespace

Mutator::Mutator(std::uint64_t seed, Layers layers, std::vector<Case> seeds)
    : dice_(seed), layers_(layers), generator_(seed, layers) {
  for (const Case& from : seeds) {
    if (from.request || !(from.http2 ? layers.http2 : from.needs_deflate ? layers.deflate : layers.frames)) continue;
    Case c = as_seed(from);
    c.http2 = from.http2;
    if (!c.steps.empty() || c.http2) seeds_.push_back(std::move(c));
  }
  if (layers.handshake && layers.catalogue) {
    for (const OpeningPart& part : opening_parts()) parts_.push_back(&part);
  }
  for (const OpeningPart* part : parts_) {
    Case c;
    c.steps.push_back({step::Sentinel{}});
    add_opening(c, *part);
    seeds_.push_back(std::move(c));
  }
  // Something of each layer early on.
  for (std::size_t i = seeds_.size(); i > 1; --i) std::swap(seeds_[i - 1], seeds_[below(i)]);
}

Case Mutator::next(std::span<const Case> corpus) {
  Case c;
  std::uint8_t theme = kNoTheme;
  if (next_seed_ < seeds_.size()) {
    c = seeds_[next_seed_++];
  } else if (corpus.empty() || one_in(2)) {
    if (one_in(8)) {
      c = made_up();
    } else {
      auto drawn = generator_.next(dice_);
      c = std::move(drawn.stimulus);
      theme = static_cast<std::uint8_t>(drawn.theme);
    }
  } else {
    c = corpus[below(corpus.size())];
    for (std::uint64_t i = 1 + below(3); i > 0; --i) vary(c, corpus);
  }
  finish(c);
  themes_.push_back(theme);
  return c;
}

Case Mutator::scene() {
  Case c = any_scene(dice_, layers_.deflate, layers_.client ? Side::client : Side::server);
  introduce(c);
  themes_.push_back(kNoTheme);
  return c;
}

void Mutator::learn(const Case& stimulus, bool is_new) {
  std::uint64_t number = 0;
  const std::string_view digits = std::string_view(stimulus.id).substr(std::min(stimulus.id.size(), kName.size()));
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (!stimulus.id.starts_with(kName) || number >= themes_.size() || themes_[number] == kNoTheme) return;
  generator_.learn(static_cast<Theme>(themes_[number]), is_new);
}

// Steps without a theme.
Case Mutator::made_up() {
  Case c;
  c.needs_deflate = layers_.deflate && (!layers_.frames || one_in(3));
  for (std::uint64_t i = 1 + below(5); i > 0; --i) {
    // The same once more: what an endpoint keeps between messages shows in the second.
    c.steps.push_back(!c.steps.empty() && one_in(4) ? c.steps[below(c.steps.size())] : any_step());
  }
  if (layers_.frames && one_in(12)) stop_short(c);
  if (one_in(6)) c.wire = {Wire::Cut::octets, 1 + below(40)};
  if (c.needs_deflate) c.offer = {dice_.pick(kOffers)};
  if (layers_.handshake && one_in(3)) vary_opening(c);
  if (layers_.handshake && one_in(3)) vary_request(c);
  return c;
}

// --- Variations ----------------------------------------------------------------------------------------------

void Mutator::vary(Case& c, std::span<const Case> corpus) {
  const std::size_t n = c.steps.size();
  const auto at = [&](std::size_t i) { return c.steps.begin() + static_cast<std::ptrdiff_t>(i); };
  if (layers_.http2 && (c.http2 || one_in(4)) && one_in(2)) return vary_http2(c, dice_);
  if (has_raw_request(c) || (layers_.handshake && one_in(32))) return vary_request(c);
  if (layers_.handshake && one_in(8)) return vary_opening(c);
  switch (below(10)) {
    case 0: {
      // One draw a statement: the order of arguments is the compiler's, and equal seeds give equal stimuli.
      const Step fresh = any_step();
      c.steps.insert(at(below(n + 1)), fresh);
      break;
    }
    case 1:
      if (n > 1) c.steps.erase(at(below(n)));
      break;
    case 2: {
      const Step twin = n > 0 ? c.steps[below(n)] : any_step();
      c.steps.insert(at(below(n + 1)), twin);
      break;
    }
    case 3:
      if (n > 1) std::swap(c.steps[below(n)], c.steps[below(n)]);
      break;
    case 4: {
      const Case& other = corpus[below(corpus.size())];
      const auto from = static_cast<std::ptrdiff_t>(below(other.steps.size()));
      c.steps.resize(below(n + 1));
      c.steps.insert(c.steps.end(), other.steps.begin() + from, other.steps.end());
      c.needs_deflate = c.needs_deflate || other.needs_deflate;
      break;
    }
    case 5:
      c.wire.cut = one_in(2) ? Wire::Cut::frame : Wire::Cut::octets;
      c.wire.octets = 1 + below(40);
      break;
    case 6:
      if (layers_.deflate) c.needs_deflate = !layers_.frames || one_in(2);
      if (c.needs_deflate) c.offer = {dice_.pick(kOffers)};
      break;
    case 7:
      if (layers_.frames) stop_short(c);
      break;
    default:
      if (n > 0) vary(c.steps[below(n)]);
  }
}

// A last frame that is not all there: cut somewhere, or with a length that is not true.
void Mutator::stop_short(Case& c) {
  c.steps.resize(below(c.steps.size() + 1));
  step::Frame frame = any_frame();
  const std::uint64_t size = length(frame.payload);
  if (one_in(2)) {
    frame.form.cut = 1 + below(size + 5);
  } else {
    const std::uint64_t announced = dice_.pick(kAnnounced);
    const std::uint64_t wrapped = announced + (one_in(2) ? size : 0);  // as if only its lower half counted
    frame.form.announces = one_in(4) ? size + 1 + below(300) : std::max(wrapped, size + 1);
  }
  c.steps.push_back({frame});
}

// One part fewer, or some more.
void Mutator::vary_opening(Case& c) {
  if (!c.made_of.empty() && one_in(3)) {
    c.made_of.erase(c.made_of.begin() + static_cast<std::ptrdiff_t>(below(c.made_of.size())));
    return;
  }
  for (std::uint64_t i = 1 + below(3); i > 0; --i) {
    if (!parts_.empty() && one_in(2)) {
      add_opening(c, *parts_[below(parts_.size())]);
    } else if (const auto part = opening_part(any_opening_name(dice_))) {
      add_opening(c, *part);
    }
  }
}

void Mutator::vary(Step& step) {
  // True: there is nothing in it to vary.
  const Overloaded vary_kind{
      [this](step::OneOf<step::Frame, step::Message> auto& sent) {
        vary(sent);
        return false;
      },
      [this](step::Close& close) {
        if (one_in(2)) close.code = dice_.pick(kCodes);
        if (one_in(2) && close.code) vary(octets_of(close.reason));
        return false;
      },
      [](step::OneOf<step::Octets, step::Repeat> auto&) { return true; },
      [](step::WithoutPayload auto&) { return true; },
  };
  if (std::visit(vary_kind, step.action)) step = any_step();
}

void Mutator::vary(step::Frame& frame) {
  switch (below(7)) {
    case 0:
      frame.fin = !frame.fin;
      break;
    case 1:
      frame.rsv = static_cast<std::uint8_t>(frame.rsv ^ (1u << below(3)));
      break;
    case 2:
      frame.opcode = static_cast<ws::Opcode>(below(16));
      break;
    case 3:
      frame.form.length_bits = one_in(2) ? 16 : 64;
      break;
    case 4:
      if (one_in(2)) frame.form.wrong_mask = !frame.form.wrong_mask;
      if (one_in(2)) frame.form.key = ws::MaskKey{};
      break;
    default:
      vary(octets_of(frame.payload));
  }
}

void Mutator::vary(step::Message& message) {
  switch (below(4)) {
    case 0:
      message.deflate = !message.deflate;
      break;
    case 1:
      if (message.parts.empty()) message.fragment = one_in(3) ? 0 : 1 + below(200);  // else it is cut already
      break;
    case 2:
      message.opcode = message.opcode == ws::Opcode::text ? ws::Opcode::binary : ws::Opcode::text;
      break;
    default:
      if (message.parts.empty()) {
        vary(octets_of(message.payload));
      } else {
        vary(octets_of(message.parts[below(message.parts.size())]));
      }
  }
}

void Mutator::vary(ws::Bytes& octets) {
  const auto at = [&] { return octets.begin() + static_cast<std::ptrdiff_t>(below(octets.size() + 1)); };
  switch (octets.empty() ? 3 : below(6)) {
    case 0:
      octets[below(octets.size())] ^= std::byte(1u << below(8));
      break;
    case 1:
      octets[below(octets.size())] = static_cast<std::byte>(below(256));
      break;
    case 2:
      octets.resize(below(octets.size()) + 1);
      break;
    case 3: {
      const ws::Bytes part = one_in(2) ? delicate_text(dice_) : bad_code_point(dice_);
      octets.insert(at(), part.begin(), part.end());
      break;
    }
    case 4:
      octets.resize(static_cast<std::size_t>(any_length(dice_, kMostVaried)), std::byte{'x'});
      break;
    default:
      octets.erase(octets.begin() + static_cast<std::ptrdiff_t>(below(octets.size())));
  }
}

// Bounds, marks of their own, and everything that a case must have.
void Mutator::finish(Case& c) {
  if (c.steps.size() > kMostSteps) c.steps.resize(kMostSteps);
  std::uint64_t size = 0;
  const auto too_much = std::ranges::find_if(c.steps, [&](const Step& step) {
    size += traffic(step);
    return size > kMostPayload;
  });
  c.steps.erase(too_much, c.steps.end());
  const std::uint64_t heads = c.steps.size() * ws::kMaxHeaderSize;
  if (c.wire.cut == Wire::Cut::octets)
    c.wire.octets = std::max<std::uint64_t>(c.wire.octets, (size + heads) / kMostWrites);
  int mark = 0;
  const Overloaded put_right{
      [&](step::Sentinel& sentinel) { sentinel.mark = fmt::format("m{}", ++mark); },
      [](step::Frame& frame) {
        frame.pause_at = {}, frame.marks = {};
        const std::uint64_t told = frame.form.announces.value_or(length(frame.payload));
        if (frame.form.length_bits == 16 && told > 0xFFFF) frame.form.length_bits = 64;
      },
      // RFC 6455 5.5.1: a reason stands after a code; anything else is a frame of octets.
      [](step::Close& close) {
        if (!close.code) close.reason = {};
      },
      [](step::OneOf<step::Message, step::Octets, step::Repeat> auto&) {},
      [](step::OneOf<step::AwaitEcho, step::Tcp, step::Reading, step::Alive> auto&) {},
      [](step::Staging auto&) {},
  };
  for (Step& step : c.steps) std::visit(put_right, step.action);
  settle_offer(c);
  if (!layers_.handshake || c.http2) c.made_of.clear(), c.request.reset();
  if (!layers_.http2) c.http2.reset();
  if (c.http2) fit_steps(c);
  if (!layers_.handshake || !has_raw_request(c)) c.request.reset();
  introduce(c);
}

void Mutator::introduce(Case& c) {
  c.sides = {layers_.client ? Side::client : Side::server};
  c.id = fmt::format("{}{}", kName, made_++);
  c.title = "A stimulus of the fuzzer";
  c.deadline = std::chrono::seconds(20);
}

void Mutator::settle_offer(Case& c) {
  const bool raw = std::ranges::any_of(c.steps, is_raw_compressed);
  if (!layers_.deflate) c.needs_deflate = false, c.offer.clear();
  if (layers_.client) return c.offer.clear();  // it is the client that offers
  const auto elements = ws::parse_extensions(fmt::format("{}", fmt::join(c.offer, ", ")));
  const bool accepted = elements && ws::accept_deflate(*elements).has_value();
  if (!c.needs_deflate) {
    // An offer that has to be declined says something only where nothing else depends on the answer.
    if (accepted || !elements || raw) c.offer.clear();
  } else if (raw) {
    // Raw data may reach back through the whole window, so nothing may limit it but this.
    c.offer = {kOffers[0]};
  } else if (!accepted) {
    c.offer = {dice_.pick(kOffers)};
  }
}

}  // namespace touchstone::fuzz
