#include "runner/engine/boundary_coverage.h"

#include "runner/engine/verdict/strict_expectation.h"

#include <ws/core/deflate/deflate.h>
#include <ws/core/utf8.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace touchstone {
namespace {

constexpr std::string_view kMessage = "message", kInflated = "inflated message", kFrame = "frame",
                           kFragment = "fragment", kFault = "offset of the fault", kDependent = "dependent messages",
                           kField = "field of the head";
constexpr std::string_view kWhole = "whole", kFragments = "in fragments", kAscii = "text of ASCII",
                           kLetters = "other text", kText = "text", kBinary = "binary", kCompressed = "compressed",
                           kUncompressed = "uncompressed", kAny = "any";

struct InQuestion {
  std::string_view dimension, property;
};
constexpr InQuestion kInQuestion[] = {
    {kMessage, kWhole},    {kMessage, kFragments}, {kMessage, kAscii},       {kMessage, kLetters},
    {kMessage, kBinary},   {kInflated, kWhole},    {kInflated, kFragments},  {kInflated, kAscii},
    {kInflated, kLetters}, {kInflated, kBinary},   {kFrame, kCompressed},    {kFrame, kUncompressed},
    {kFragment, kBinary},  {kFragment, kText},     {kFragment, kCompressed}, {kFragment, kUncompressed},
    {kFault, kWhole},      {kFault, kFragments},   {kFault, kCompressed},    {kFault, kUncompressed},
    {kFault, kAscii},      {kFault, kLetters},     {kDependent, kAny},       {kField, kAny},
};

std::vector<std::uint64_t> sizes_in_question() {
  std::vector<std::uint64_t> all;
  for (unsigned power = kLeastPower; power <= kMostPower; ++power) {
    for (const int beside : {-1, 0, 1}) all.push_back((std::uint64_t{1} << power) + static_cast<std::uint64_t>(beside));
  }
  return all;
}

using SizesSeen = std::map<std::pair<std::string_view, std::string_view>, std::set<std::uint64_t>>;

bool is_ascii(ws::ByteView octets) {
  return std::ranges::all_of(octets, [](std::byte octet) { return octet < std::byte{0x80}; });
}

// Up to where the text is whole code points of UTF-8, when it is not all of it.
std::optional<std::uint64_t> fault_in(ws::ByteView text) {
  if (ws::is_utf8(text)) return std::nullopt;
  ws::Utf8Validator validator;
  std::size_t good = validator.consume(text);
  constexpr std::size_t kLongest = 4;
  for (std::size_t back = 0; back < kLongest && good > 0 && !ws::is_utf8(text.first(good)); ++back) --good;
  return good;
}

// Follows the messages of one connection.
class SizeFollower {
 public:
  SizeFollower(Side side, const std::optional<ws::DeflateParams>& deflate, SizesSeen& seen) : seen_(seen) {
    if (!deflate) return;
    const bool client = side == Side::server;
    inflater_.emplace(client ? deflate->client_max_window_bits : deflate->server_max_window_bits,
                      client ? deflate->client_no_context_takeover : deflate->server_no_context_takeover);
  }

  void take(const WireFrame& frame, bool failed) {
    const ws::FrameHeader& header = frame.header;
    if (failed || ws::is_control(header.opcode)) return;
    if (header.opcode != ws::Opcode::cont) {
      text_ = header.opcode == ws::Opcode::text;
      compressed_ = header.rsv1;
      whole_ = header.fin;
      wire_.clear();
    }
    ws::append(wire_, frame.payload);
    const std::uint64_t size = frame.payload.size();
    note(kFrame, compressed_ ? kCompressed : kUncompressed, size);
    if (!header.fin) {
      note(kFragment, text_ ? kText : kBinary, size);
      note(kFragment, compressed_ ? kCompressed : kUncompressed, size);
    }
    if (header.fin) end();
  }

 private:
  void end() {
    ws::Bytes plain = std::move(wire_);
    wire_ = {};
    if (compressed_) {
      if (!inflater_) return;
      constexpr std::uint64_t kMost = 64 * 1024 * 1024;
      ws::Bytes inflated;
      const bool good = inflater_->inflate(plain, kMost, inflated) && inflater_->finish(kMost, inflated);
      if (!good) return inflater_.reset();
      plain = std::move(inflated);
    }
    const std::string_view form = whole_ ? kWhole : kFragments;
    if (const auto fault = text_ ? fault_in(plain) : std::nullopt) {
      const auto before = std::span(plain).first(static_cast<std::size_t>(*fault));
      for (const auto property :
           {form, compressed_ ? kCompressed : kUncompressed, is_ascii(before) ? kAscii : kLetters}) {
        note(kFault, property, *fault);
      }
      return;
    }
    const std::string_view kind = !text_ ? kBinary : is_ascii(plain) ? kAscii : kLetters;
    for (const auto property : {form, kind}) note(compressed_ ? kInflated : kMessage, property, plain.size());
  }

  void note(std::string_view dimension, std::string_view property, std::uint64_t size) {
    seen_[{dimension, property}].insert(size);
  }

  SizesSeen& seen_;
  std::optional<ws::Inflater> inflater_;
  bool text_ = false, compressed_ = false, whole_ = true;
  ws::Bytes wire_;
};

std::uint64_t compressed_messages(const std::vector<Step>& steps) {
  std::uint64_t count = 0;
  for (const Step& step : steps) {
    if (const auto* message = std::get_if<step::Message>(&step.action)) count += message->deflate ? 1 : 0;
    if (const auto* repeat = std::get_if<step::Repeat>(&step.action)) {
      count += repeat->count * compressed_messages(repeat->steps);
    }
  }
  return count;
}

void note_fields(const Case& c, Side side, SizesSeen& seen) {
  const auto& script = side == Side::server ? c.request : c.answer;
  if (!script) return;
  for (const FieldEdit& edit : script->fields) seen[{kField, kAny}].insert(length(edit.value));
}

}  // namespace

std::size_t BoundaryCoverage::all() const {
  std::size_t sum = 0;
  for (const BoundaryRow& row : rows) sum += row.all;
  return sum;
}

std::size_t BoundaryCoverage::covered() const {
  std::size_t sum = 0;
  for (const BoundaryRow& row : rows) sum += row.covered;
  return sum;
}

BoundaryCoverage boundary_coverage(std::span<const Case> cases, Side side) {
  SizesSeen seen;
  for (const Case& c : cases) {
    if (std::ranges::find(c.sides, side) == c.sides.end()) continue;
    if (c.needs_deflate) seen[{kDependent, kAny}].insert(compressed_messages(c.steps));
    note_fields(c, side, seen);
    if (c.request || c.answer || c.bulk) continue;
    SizeFollower sizes(side, params_for(c, side), seen);
    each_frame(c, side, [&](const WireFrame& frame, bool failed) { sizes.take(frame, failed); });
  }
  BoundaryCoverage result;
  for (const auto& [dimension, property] : kInQuestion) {
    BoundaryRow row{dimension, property, {}, 0, 0};
    const auto& have = seen[{dimension, property}];
    for (const std::uint64_t size : sizes_in_question()) {
      ++row.all;
      if (have.contains(size)) {
        ++row.covered;
      } else {
        row.missing.push_back(size);
      }
    }
    result.rows.push_back(std::move(row));
  }
  return result;
}

}  // namespace touchstone
