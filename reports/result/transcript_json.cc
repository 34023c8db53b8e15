// transcript_json.cc - the transcript of one case as JSON. Members that say nothing for a kind are left out.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "reports/result/result_json.h"

namespace touchstone {
namespace {

constexpr std::array<std::string_view, 3> kDirections{"sent", "received", "local"};
constexpr std::array<std::string_view, 8> kKinds{"head", "frame", "octets", "mark", "eof", "reset", "timeout", "error"};
using enum Members::Need;

template <class Enum, std::size_t N>
std::function<std::optional<Enum>(std::string_view)> names_of(const std::array<std::string_view, N>& names) {
  return [&names](std::string_view name) -> std::optional<Enum> {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<Enum>(found - names.begin());
  };
}

std::string mask_to_hex(std::uint32_t mask) { return fmt::format("{:08x}", mask); }

// `octets`: what is to be written of the payload.
Json entry_to_json(const Entry& entry, std::string_view octets) {
  Json out{{"at_us", entry.at_us}, {"direction", name(entry.direction)}, {"kind", name(entry.kind)}};
  if (entry.kind == Entry::Kind::frame) {
    out["opcode"] = entry.opcode;
    out["fin"] = entry.fin;
    out["rsv"] = entry.rsv;
    if (entry.mask) out["mask"] = mask_to_hex(*entry.mask);
    out["crc32"] = entry.crc32;
  }
  if (entry.kind == Entry::Kind::frame || entry.length != 0) out["length"] = entry.length;
  if (entry.same_as) out["same_as"] = *entry.same_as;
  if (!octets.empty()) out["octets"] = to_hex(octets);
  if (!entry.note.empty()) out["note"] = octets_to_json(entry.note);
  if (entry.repeated != 1) out["repeated"] = entry.repeated;
  if (!entry.connection.empty()) out["connection"] = octets_to_json(entry.connection);
  return out;
}

void read_entry(const Json& value, const std::string& pointer, std::optional<JsonFault>& fault, Entry& entry) {
  Members members(value, pointer, fault);
  members.integer("at_us", entry.at_us);
  members.one_of<Entry::Direction>("direction", entry.direction, names_of<Entry::Direction>(kDirections),
                                   "sent, received or local");
  members.one_of<Entry::Kind>("kind", entry.kind, names_of<Entry::Kind>(kKinds),
                              "head, frame, octets, mark, eof, reset, timeout or error");
  if (entry.kind == Entry::Kind::frame) {
    members.integer<std::uint8_t>("opcode", entry.opcode, required, 15);
    members.flag("fin", entry.fin);
    members.integer<std::uint8_t>("rsv", entry.rsv, required, 7);
    if (members.has("mask")) {
      std::string mask;
      members.hex("mask", mask);
      if (!fault && mask.size() != 4)
        fault = JsonFault{{}, 0, pointer + "/mask", write_json(value["mask"]), "8 hex digits"};
      entry.mask = 0;
      for (const char c : mask) entry.mask = *entry.mask << 8 | static_cast<unsigned char>(c);
    }
    members.integer("crc32", entry.crc32);
  }
  members.integer("length", entry.length, entry.kind == Entry::Kind::frame ? required : optional);
  if (members.has("same_as")) members.integer("same_as", entry.same_as.emplace());
  members.hex("octets", entry.octets, optional);
  members.octets("note", entry.note, optional);
  members.integer("repeated", entry.repeated, optional);
  members.octets("connection", entry.connection, optional);
  members.no_others();
}

}  // namespace

std::string_view name(Entry::Direction direction) noexcept { return kDirections[std::to_underlying(direction)]; }
std::string_view name(Entry::Kind kind) noexcept { return kKinds[std::to_underlying(kind)]; }

std::vector<std::string_view> shortened_octets(const Transcript& transcript) {
  std::vector<std::string_view> written;
  std::size_t left = Transcript::kWrittenOctets;
  for (const Entry& entry : transcript.entries) {
    std::string_view octets = entry.octets;
    if (octets.size() > left) octets = octets.substr(0, Transcript::kShortOctets);
    left -= std::min(left, octets.size());
    written.push_back(octets);
  }
  return written;
}

Json to_json(const Transcript& transcript) {
  Json entries = Json::array();
  const std::vector<std::string_view> shortened = shortened_octets(transcript);
  for (std::size_t i = 0; i < shortened.size(); ++i) {
    const Entry& entry = transcript.entries[i];
    entries.push_back(entry_to_json(entry, transcript.whole ? std::string_view(entry.octets) : shortened[i]));
  }
  return Json{{"request", octets_to_json(transcript.request)},
              {"response", octets_to_json(transcript.response)},
              {"octets_sent", transcript.octets_sent},
              {"octets_received", transcript.octets_received},
              {"frames_sent", transcript.frames_sent},
              {"frames_received", transcript.frames_received},
              {"cut", transcript.cut},
              {"whole", transcript.whole},
              {"entries", std::move(entries)}};
}

std::expected<Transcript, JsonFault> transcript_from_json(const Json& value, const std::string& pointer) {
  Transcript transcript;
  std::optional<JsonFault> fault;
  Members members(value, pointer, fault);
  members.octets("request", transcript.request);
  members.octets("response", transcript.response);
  members.integer("octets_sent", transcript.octets_sent);
  members.integer("octets_received", transcript.octets_received);
  members.integer("frames_sent", transcript.frames_sent);
  members.integer("frames_received", transcript.frames_received);
  members.flag("cut", transcript.cut);
  members.flag("whole", transcript.whole, optional);
  members.list("entries", [&](const Json& element, const std::string& at) {
    read_entry(element, at, fault, transcript.entries.emplace_back());
  });
  members.no_others();
  if (fault) return std::unexpected(*fault);
  return transcript;
}

}  // namespace touchstone
