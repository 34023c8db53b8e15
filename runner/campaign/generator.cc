#include "runner/campaign/generator.h"

#include "runner/campaign/contents.h"
#include "runner/campaign/http2_scripts.h"
#include "runner/campaign/opening_grammar.h"
#include "runner/campaign/openings.h"
#include "runner/campaign/themes.h"

#include <ws/core/http/extensions.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace touchstone::fuzz {
namespace {

using Talk = void (*)(Conversation&, Dice&);

// A theme, the layers that it is of, how often it is drawn at first, and how it goes; openings and pairs go on their
// own.
struct ThemeRow {
  Theme theme;
  std::string_view name;
  bool frames, deflate, handshake, http2;  // all that are said have to be asked for
  double weight;
  Talk talk;
};
constexpr ThemeRow kThemeRows[kThemes] = {
    {Theme::pair, "pair", true, false, false, false, 5, nullptr},
    {Theme::history, "history", true, false, false, false, 2, talk_history},
    {Theme::bad_text, "bad-text", true, false, false, false, 3, talk_bad_text},
    {Theme::good_text, "good-text", true, false, false, false, 2, talk_good_text},
    {Theme::contents, "contents", true, false, false, false, 1, talk_contents},
    {Theme::controls, "controls", true, false, false, false, 2, talk_controls},
    {Theme::closing, "closing", true, false, false, false, 2, talk_closing},
    {Theme::after_fault, "after-fault", true, false, false, false, 2, talk_after_fault},
    {Theme::sizes, "sizes", true, false, false, false, 1, talk_sizes},
    {Theme::blocks, "blocks", true, true, false, false, 2, talk_blocks},
    {Theme::window, "window", true, true, false, false, 2, talk_window},
    {Theme::forms, "forms", true, false, false, false, 3, talk_forms},
    {Theme::offers, "offers", false, true, false, false, 2, talk_offers},
    {Theme::openings, "openings", false, false, true, false, 5, nullptr},
    {Theme::tunnels, "tunnels", false, false, false, true, 5, nullptr}};

constexpr bool theme_rows_in_order() {
  for (std::size_t i = 0; i < kThemes; ++i)
    if (static_cast<std::size_t>(kThemeRows[i].theme) != i) return false;
  return true;
}
static_assert(theme_rows_in_order());

const ThemeRow& theme_row(Theme theme) { return kThemeRows[static_cast<std::size_t>(theme)]; }

bool asked_for(const ThemeRow& row, const Layers& layers) {
  return (!row.frames || layers.frames) && (!row.deflate || layers.deflate) && (!row.handshake || layers.handshake) &&
         (!row.http2 || layers.http2);
}

// Writes that are cut in time: at every frame, inside of headers, every so many octets.
Wire any_wire(Dice& dice) {
  switch (dice.below(4)) {
    case 0:
      return {Wire::Cut::frame};
    case 1:
      return {Wire::Cut::headers};
    case 2:
      return {Wire::Cut::after, dice.between(1, 16)};
    default:
      return {Wire::Cut::octets, dice.between(1, 40)};
  }
}

// Elements that a server declines leave a connection without the extension, so nothing is compressed by hand.
void offer_something(Case& c, Dice& dice) {
  c.offer = any_offer(dice);
  const auto elements = ws::parse_extensions(fmt::format("{}", fmt::join(c.offer, ", ")));
  c.needs_deflate = elements && ws::accept_deflate(*elements).has_value();
}

Case any_opening(Dice& dice) {
  Conversation talk(dice, false);
  Case& c = talk.stimulus();
  for (std::uint64_t i = dice.one_in(2) ? 1 : dice.between(2, 4); i > 0; --i) {
    if (const auto part = opening_part(any_opening_name(dice))) add_opening(c, *part);
  }
  if (dice.one_in(3)) {
    step::Message message;
    message.payload = {recipe::Literal{delicate_text(dice)}};
    talk.add({std::move(message)});
  } else {
    talk.sentinel();
  }
  return std::move(c);
}

// Over HTTP/2 the end of the stream (RFC 8441 5): on a frame of its own, or on the DATA of a last message.
void end_the_stream(Conversation& talk, Dice& dice) {
  constexpr std::array<std::uint64_t, 6> kSizes = {0, 1, 5, 125, 5000, 16'000};
  talk.stimulus().http2->last_data_ends = dice.one_in(2);
  if (talk.stimulus().http2->last_data_ends) {
    talk.stimulus().steps.clear();  // what goes out with the end can wait for nothing
    step::Message last;
    last.payload = payload_of(text_of_length(dice, dice.pick(kSizes)));
    talk.add({std::move(last)});
  } else {
    talk.sentinel();
  }
  talk.add({step::Tcp{step::Tcp::How::fin}});
}

// Something legal over a tunnel: what is asked about is HTTP/2.
Case any_tunnel(Dice& dice) {
  constexpr std::array kTalks = {talk_history, talk_good_text, talk_contents, talk_controls, talk_sizes};
  Conversation talk(dice, false);
  if (!dice.one_in(4)) dice.pick(kTalks)(talk, dice);
  if (talk.steps() == 0) add_message(talk, dice);
  script_http2(talk.stimulus(), dice);
  if (dice.one_in(8)) end_the_stream(talk, dice);
  fit_steps(talk.stimulus());
  return std::move(talk.stimulus());
}

}  // namespace

std::string_view name(Theme theme) noexcept { return theme_row(theme).name; }

Generator::Generator(std::uint64_t seed, Layers layers) : seed_(seed), layers_(layers) {
  for (const ThemeRow& row : kThemeRows) {
    weights_[static_cast<std::size_t>(row.theme)] = asked_for(row, layers) ? row.weight : 0;
  }
}

Theme Generator::draw(Dice& dice) const {
  double sum = 0;
  for (const double weight : weights_) sum += weight;
  constexpr std::uint64_t kSteps = 1'000'000;
  double place = static_cast<double>(dice.below(kSteps)) / kSteps * sum;
  for (std::size_t i = 0; i < kThemes; ++i) {
    place -= weights_[i];
    if (weights_[i] > 0 && place < 0) return static_cast<Theme>(i);
  }
  if (layers_.http2) return Theme::tunnels;
  return layers_.frames ? Theme::pair : layers_.deflate ? Theme::offers : Theme::openings;
}

Pairs& Generator::pairs_with(bool deflate) {
  auto& pairs = pairs_[deflate ? 1 : 0];
  if (!pairs) pairs = std::make_unique<Pairs>(seed_, deflate);
  return *pairs;
}

Generator::Drawn Generator::next(Dice& dice) {
  const Theme theme = draw(dice);
  if (theme == Theme::openings) return {any_opening(dice), theme};
  if (theme == Theme::tunnels) return {any_tunnel(dice), theme};
  const ThemeRow& row = theme_row(theme);
  const bool deflate = layers_.deflate && theme != Theme::offers && (row.deflate || dice.one_in(2));
  Conversation talk(dice, deflate);
  if (theme == Theme::pair) {
    if (dice.one_in(4)) add_message(talk, dice);
    visit(talk, dice, pairs_with(deflate).next(dice));
    if (dice.one_in(2)) talk_aftermath(talk, dice);
  } else {
    row.talk(talk, dice);
  }
  if (theme == Theme::offers) offer_something(talk.stimulus(), dice);
  if (dice.one_in(5)) talk.stimulus().wire = any_wire(dice);
  return {std::move(talk.stimulus()), theme};
}

// Towards a share of what is new, never below a part of what it began with: what gives nothing today may do so at
// another endpoint.
void Generator::learn(Theme theme, bool is_new) noexcept {
  constexpr double kGain = 0.10, kLoss = 0.002, kLeast = 0.4, kMost = 4;
  const double first = theme_row(theme).weight;
  double& weight = weights_[static_cast<std::size_t>(theme)];
  if (weight == 0) return;
  weight = std::clamp(weight * (is_new ? 1 + kGain : 1 - kLoss), first * kLeast, first * kMost);
}

PairCount Generator::pairs() const noexcept {
  PairCount count;
  for (const auto& pairs : pairs_) {
    if (!pairs) continue;
    count.all += pairs->all();
    count.visited += pairs->visited();
  }
  return count;
}

}  // namespace touchstone::fuzz
