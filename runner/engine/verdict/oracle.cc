#include "runner/engine/verdict/oracle.h"

#include "runner/engine/compose/composer.h"

#include <ws/core/connection/connection.h>
#include <ws/rules/codes.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <span>

namespace touchstone {
namespace {

// What the strict endpoint takes. Above what the catalogue sends to be echoed; bombs go beyond.
constexpr std::uint64_t kLargest = 64 * 1024 * 1024;

class Player {
 public:
  Player(Side side, const std::optional<ws::DeflateParams>& deflate, std::uint64_t seed, std::uint32_t most_repeats)
      : strict_(ws::Connection::opened(options(side), deflate)),
        composer_(side == Side::server ? ws::Role::client : ws::Role::server, seed, deflate, cache_),
        payloads_(seed),
        most_repeats_(most_repeats) {}

  using Watch = std::function<void(const WireFrame&, bool failed)>;
  // Plays on after the end, without asking the strict stack any more.
  void watch(Watch see) { see_ = std::move(see); }

  void play(std::span<const Step> steps) {
    for (const Step& step : steps) {
      if (over_ && !see_) return;
      std::visit([this](const auto& one) { play(one); }, step.action);
    }
  }

  Expect result() && { return std::move(expect_); }
  [[nodiscard]] std::optional<ws::Violation> violation() const { return violation_; }
  [[nodiscard]] bool cut_short() const noexcept { return cut_short_; }  // not all repetitions were played

 private:
  static ws::Options options(Side side) {
    ws::Options options;
    options.role = side == Side::server ? ws::Role::server : ws::Role::client;
    options.limits.frame = options.limits.message = kLargest;
    options.mask_key = [] { return ws::MaskKey{}; };
    options.nonce = [] { return std::string(); };
    return options;
  }

  Composer::Sink sink() {
    return [this](const WireFrame& frame) {
      if (see_ && (frame.whole || frame.wrong_mask_bit)) see_(frame, violation_.has_value());
      receive(frame.octets);
    };
  }

  void play(const step::Frame& frame) {
    const ws::Bytes payload = payloads_.make(frame.payload);
    if (frame.pause_at.empty()) return composer_.frame(frame, payload, sink());
    composer_.frame(frame.opcode, frame.fin, frame.rsv, payload, [&](const WireFrame& out) {
      const std::size_t head = out.octets.size() - payload.size();
      std::size_t at = 0;
      for (std::size_t i = 0; i < frame.pause_at.size() && !over_; ++i) {
        const std::size_t cut = std::min(out.octets.size(), head + static_cast<std::size_t>(frame.pause_at[i]));
        receive(ws::ByteView(out.octets).subspan(at, cut - at));
        at = cut;
        if (i < frame.marks.size()) mark(frame.marks[i]);
      }
      if (!over_) receive(ws::ByteView(out.octets).subspan(at));
    });
  }

  void play(const step::Message& message) { composer_.message(message, payloads_, sink()); }

  void play(const step::Close& close) {
    composer_.frame(ws::Opcode::close, true, 0, close_payload(close.code, payloads_.make(close.reason)), sink());
  }

  void play(const step::Sentinel& sentinel) { mark(sentinel.mark); }

  void play(const step::Octets& raw) { receive(payloads_.make(raw.octets)); }

  void play(const step::Tcp&) {
    over_ = true;
    expect_.end = end::Abandoned{};
  }

  // The tester's own waits and pace, and what it asks beside the connection.
  void play(const step::OneOf<step::AwaitEcho, step::Reading, step::Alive> auto&) {}
  void play(const step::Staging auto&) {}

  void play(const step::Repeat& repeat) {
    cut_short_ = cut_short_ || repeat.count > most_repeats_;
    for (std::uint32_t i = 0; i < std::min(repeat.count, most_repeats_); ++i) play(repeat.steps);
  }

  void mark(const std::string& mark) {
    if (!over_) expect_.replies.push_back({.kind = Reply::Kind::mark, .sent = false, .payload = {}, .mark = mark});
  }

  void reply(Reply::Kind kind, ws::ByteView octets) {
    expect_.replies.push_back(
        {.kind = kind, .sent = false, .payload = {recipe::Literal{ws::to_bytes(octets)}}, .mark = {}});
  }

  void receive(ws::ByteView octets) {
    if (over_) return;
    strict_.receive(octets);
    while (auto event = strict_.next_event()) take(*event);
    strict_.wrote(strict_.output().size());
  }

  void take(const ws::Event& event) {
    if (const auto* text = std::get_if<ws::event::Text>(&event))
      return reply(Reply::Kind::text, ws::as_octets(text->data));
    if (const auto* binary = std::get_if<ws::event::Binary>(&event)) return reply(Reply::Kind::binary, binary->data);
    if (const auto* ping = std::get_if<ws::event::Ping>(&event)) return reply(Reply::Kind::pong, ping->payload);
    if (const auto* close = std::get_if<ws::event::Close>(&event)) {
      over_ = true;
      end::Replies end{{ws::close_code::kNormal}};
      if (close->reason && close->reason->code != ws::close_code::kNormal) end.codes.push_back(close->reason->code);
      expect_.end = end;
    }
    if (const auto* failed = std::get_if<ws::event::Failed>(&event)) {
      over_ = true;
      violation_ = failed->violation;
      const auto fitting = ws::rules::fitting_codes(failed->violation);
      std::vector<std::uint16_t> codes(fitting.begin(), fitting.end());
      if (ws::rules::is_about_size(failed->violation)) {
        expect_.end = end::MayFail{std::move(codes)};
      } else {
        expect_.end = end::Fails{std::move(codes)};
      }
    }
  }

  ws::Connection strict_;
  DeflateCache cache_;
  Composer composer_;
  PayloadGenerator payloads_;
  std::uint32_t most_repeats_;
  Expect expect_;
  std::optional<ws::Violation> violation_;
  Watch see_;
  bool over_ = false;
  bool cut_short_ = false;
};

bool needs_no_long_form(const Step& step) {
  const auto* frame = std::get_if<step::Frame>(&step.action);
  return frame != nullptr && frame->form.length_bits != 0 && length(frame->payload) <= ws::kMaxControlPayload;
}

// What the RFC lets an endpoint take as well as refuse: sizes (C-15) and lengths that are not minimal (C-16).
bool is_left_open(ws::Violation violation, const Case& c) {
  if (ws::rules::may_be_taken(violation)) return true;
  switch (violation) {
    case ws::Violation::control_too_long:  // judged on the form of the length
      return std::ranges::any_of(c.steps, needs_no_long_form);
    case ws::Violation::deflate_corrupt:  // a message that ends within a block: RFC 7692 7.2.2 does not say "look"
      return !c.informational.empty();
    default:
      return false;
  }
}

// The parameters that the tester names first when it answers a client.
ws::DeflateParams wished(const Case& c) {
  ws::DeflateParams params;
  const auto parsed =
      c.accept.empty() ? ws::parse_extensions("permessage-deflate") : ws::parse_extensions(c.accept.front());
  if (!parsed || parsed->empty()) return params;
  for (const auto& parameter : parsed->front().parameters) {
    const int bits = parameter.value ? std::atoi(parameter.value->c_str()) : 15;
    if (parameter.name == "server_no_context_takeover") params.server_no_context_takeover = true;
    if (parameter.name == "client_no_context_takeover") params.client_no_context_takeover = true;
    if (parameter.name == "server_max_window_bits") params.server_max_window_bits = bits;
    if (parameter.name == "client_max_window_bits") params.client_max_window_bits = bits;
  }
  return params;
}

}  // namespace

// A client under test: what the tester would like to answer.
std::optional<ws::DeflateParams> params_for(const Case& c, Side side) {
  if (!c.needs_deflate) return std::nullopt;
  if (side == Side::client) return wished(c);
  const auto offers = ws::parse_extensions(fmt::format("{}", fmt::join(c.offer, ", ")));
  if (!offers) return ws::DeflateParams{};
  const auto agreed = ws::accept_deflate(*offers);
  return agreed ? agreed->params : ws::DeflateParams{};
}

void each_frame(const Case& c, Side side, const std::function<void(const WireFrame&, bool failed)>& see) {
  constexpr std::uint64_t kSeed = 1;
  for (const Case& one : each_connection(c)) {
    Player player(side, params_for(one, side), kSeed, /*most_repeats=*/3);
    player.watch(see);
    player.play(one.steps);
  }
}

namespace {

struct Content {
  Reply::Kind kind;
  ws::Bytes octets;
  std::string mark;
  bool operator==(const Content&) const = default;
};

// Messages and marks in one order, Pongs in another: the two interleave freely.
struct Contents {
  std::vector<Content> messages, pongs;
  bool operator==(const Contents&) const = default;
};

Contents contents(const Expect& expect, const Expect& derived, std::uint64_t seed) {
  PayloadGenerator payloads(seed);
  Contents out;
  std::size_t message = 0, pong = 0;
  // "@sent" is what the strict stack saw in the same place.
  const auto nth = [&](std::size_t n, bool pongs) -> ws::Bytes {
    for (const Reply& reply : derived.replies) {
      const bool is_pong = reply.kind == Reply::Kind::pong, is_mark = reply.kind == Reply::Kind::mark;
      if (!is_mark && is_pong == pongs && n-- == 0) return payloads.make(reply.payload);
    }
    return {};
  };
  for (const Reply& reply : expect.replies) {
    const bool is_pong = reply.kind == Reply::Kind::pong, is_mark = reply.kind == Reply::Kind::mark;
    const std::size_t n = is_mark ? 0 : (is_pong ? pong++ : message++);
    ws::Bytes octets = is_mark ? ws::Bytes{} : (reply.sent ? nth(n, is_pong) : payloads.make(reply.payload));
    (is_pong ? out.pongs : out.messages).push_back({reply.kind, std::move(octets), reply.mark});
  }
  return out;
}

// What one end accepts beyond dispute: the end's name and its codes.
std::string contradiction(const End& mine, const End& strict) {
  if (std::holds_alternative<end::Open>(mine)) return {};
  if (mine.index() != strict.index()) return "it ends the connection in another way";
  const auto* fails = std::get_if<end::Fails>(&mine);
  const auto* strict_fails = std::get_if<end::Fails>(&strict);
  if (fails != nullptr) {
    const auto known = [&](std::uint16_t code) {
      return std::ranges::find(strict_fails->codes, code) != strict_fails->codes.end();
    };
    if (!std::ranges::all_of(fails->codes, known)) return "a status code is accepted that does not fit the fault";
    if (std::ranges::find(fails->codes, strict_fails->codes.front()) == fails->codes.end()) {
      return fmt::format("its status code {} is not accepted", strict_fails->codes.front());
    }
  }
  return {};
}

// The replies of an endpoint that goes on are the case's to know; the strict stack may stop before.
bool begins_with(const Contents& mine, const Contents& strict) {
  const auto begins = [](const std::vector<Content>& all, const std::vector<Content>& some) {
    return some.size() <= all.size() && std::equal(some.begin(), some.end(), all.begin());
  };
  return begins(mine.messages, strict.messages) && begins(mine.pongs, strict.pongs);
}

bool is_unfinished(const Step& step) {
  const auto* frame = std::get_if<step::Frame>(&step.action);
  return frame != nullptr && !frame->form.whole();
}

// However a frame begins that is not all there, an endpoint may wait for the rest of it until TCP ends (C-15). So only
// a fault before it is certain.
bool faults_in_unfinished_frame(const Case& c, Side side, std::uint64_t seed) {
  const auto unfinished = std::ranges::find_if(c.steps, is_unfinished);
  if (unfinished == c.steps.end() || !std::holds_alternative<end::Abandoned>(c.expect->end)) return false;
  Player before(side, params_for(c, side), seed, UINT32_MAX);
  before.play(std::span(c.steps.begin(), unfinished));
  return !before.violation();
}

// An end that leaves the endpoint a choice must be one that the RFC leaves.
std::string contradiction_of_choice(const Case& c, const End& strict, std::optional<ws::Violation> violation) {
  const auto* may = std::get_if<end::MayFail>(&c.expect->end);
  if (!violation) {
    // Limits are an endpoint's own: where the strict stack goes on another may refuse for size.
    const bool goes_on = may == nullptr || std::holds_alternative<end::Polite>(strict);
    return goes_on ? std::string() : "it ends the connection in another way";
  }
  // What comes before the answer to the opening handshake may be dropped (C-12).
  const bool too_early = c.request && c.request->glue;
  if (!too_early && !is_left_open(*violation, c)) return "it fails the connection, as every endpoint must";
  const std::uint16_t code = ws::rule(*violation).close_code;
  if (may != nullptr && std::ranges::find(may->codes, code) == may->codes.end()) {
    return fmt::format("its status code {} is not accepted", code);
  }
  return {};
}

}  // namespace

Expect derive(const Case& c, Side side, const std::optional<ws::DeflateParams>& deflate, std::uint64_t seed,
              std::uint32_t most_repeats) {
  Player player(side, deflate, seed, most_repeats);
  player.play(c.steps);
  return std::move(player).result();
}

Derivation derivation(const Case& c, Side side, std::uint64_t seed) {
  Player player(side, params_for(c, side), seed, UINT32_MAX);
  std::size_t played = 0;
  while (played < c.steps.size() && !player.violation()) player.play(std::span(c.steps).subspan(played++, 1));
  Derivation out;
  out.broken = player.violation();
  if (out.broken) out.broken_at = played - 1;
  out.expect = std::move(player).result();
  return out;
}

bool exceeds_agreement(const Case& c, Side side, const ws::DeflateParams& agreed) {
  constexpr unsigned kRsv1 = 4;
  constexpr std::uint64_t kSeed = 1;
  const auto ready_made = [](const Step& step) {
    const auto* frame = std::get_if<step::Frame>(&step.action);
    return frame != nullptr && (frame->rsv & kRsv1) != 0;
  };
  const auto asked = params_for(c, side);
  if (!asked || *asked == agreed || std::ranges::none_of(c.steps, ready_made)) return false;
  const auto breaks = [&](const ws::DeflateParams& params) {
    Player player(side, params, kSeed, UINT32_MAX);
    player.play(c.steps);
    return player.violation().has_value();
  };
  return !breaks(*asked) && breaks(agreed);
}

Case with_expectation(Case c, std::uint64_t seed, Side side) {
  if (c.two_sided) return c;
  const auto derived = [&](std::string_view name) {
    const Case one = on_connection(c, name);
    const bool held = is_held(one.steps);
    Expect expect = derive(one, side, params_for(one, side), seed, held ? 1 : UINT32_MAX);
    // How often a repeat is played is seen while it is.
    if (held) {
      std::erase_if(expect.replies, [](const Reply& reply) { return reply.kind != Reply::Kind::mark; });
      expect.echoes = true;
    }
    return expect;
  };
  if (!c.expect) c.expect = derived({});
  for (Beside& beside : c.connections) {
    if (!beside.expect) beside.expect = derived(beside.name);
  }
  return c;
}

namespace {

std::vector<std::string> contradictions_of_one(const Case& c) {
  std::vector<std::string> out;
  if (!c.expect) return out;
  constexpr std::uint64_t kSeed = 1;
  for (const Side side : c.sides) {
    const std::string_view whose = side == Side::server ? "server" : "client";
    Player player(side, params_for(c, side), kSeed, /*most_repeats=*/3);
    player.play(c.steps);
    const std::optional<ws::Violation> violation = player.violation();
    const bool cut_short = player.cut_short();
    const Expect strict = std::move(player).result();
    const Expect& mine = *c.expect;
    const bool choice =
        std::holds_alternative<end::MayFail>(mine.end) || std::holds_alternative<end::Abandoned>(mine.end);
    if (!mine.echoes && !cut_short) {
      const Contents replies = contents(mine, strict, kSeed), wanted = contents(strict, strict, kSeed);
      if (choice && violation ? !begins_with(replies, wanted) : replies != wanted) {
        out.push_back(fmt::format("the strict {} replies with other messages, Pongs or marks", whose));
      }
    }
    if (faults_in_unfinished_frame(c, side, kSeed)) continue;
    const auto text = choice ? contradiction_of_choice(c, strict.end, violation) : contradiction(mine.end, strict.end);
    if (!text.empty()) {
      out.push_back(fmt::format("the strict {}: {}", whose, text));
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> contradictions(const Case& all) {
  if (all.connections.empty()) return contradictions_of_one(all);
  std::vector<std::string> out;
  for (std::size_t i = 0; const Case& one : each_connection(all)) {
    const std::string name = i == 0 ? "a" : all.connections[i - 1].name;
    ++i;
    for (const std::string& text : contradictions_of_one(one))
      out.push_back(fmt::format("connection {}: {}", name, text));
  }
  return out;
}

}  // namespace touchstone
