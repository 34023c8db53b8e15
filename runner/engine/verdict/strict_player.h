// strict_player.h - plays the steps of a case into the strict stack, and notes what it does.
#pragma once
#include "runner/catalogue/case.h"
#include "runner/engine/compose/composer.h"

#include <ws/core/connection/connection.h>
#include <ws/rules/codes.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace touchstone {

class StrictPlayer {
 public:
  StrictPlayer(Side side, const std::optional<ws::DeflateParams>& deflate, std::uint64_t seed,
               std::uint32_t most_repeats)
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
  // Above what the catalogue sends to be echoed; bombs go beyond.
  static constexpr std::uint64_t kLargest = 64 * 1024 * 1024;

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

}  // namespace touchstone
