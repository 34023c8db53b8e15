#include "fuzz/differential/report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <fstream>

namespace differential {
namespace {

std::string hex(ws::ByteView octets) {
  std::string out;
  for (const std::byte octet : octets) out += fmt::format("{:02x}", std::to_integer<unsigned>(octet));
  return out;
}

// Long frames are mostly filling.
std::string shown(ws::ByteView octets) {
  constexpr std::size_t kMost = 48;
  if (octets.size() <= kMost) return "`" + hex(octets) + "`";
  return fmt::format("`{}` and {} octets more", hex(octets.first(kMost)), octets.size() - kMost);
}

std::string text_of(const std::string& rule) {
  const auto known = std::ranges::find(ws::all_rules(), rule.substr(0, rule.find(',')), &ws::Rule::name);
  if (known != ws::all_rules().end()) return fmt::format("{}: {}", rule, known->text);
  return rule == "close" ? "none; the peer sends a Close" : "none; the peer breaks no rule";
}

bool fits(const std::string& pattern, const std::string& text) { return pattern == "*" || pattern == text; }

using Rows = std::vector<std::pair<const Difference*, const Finding*>>;

void write_section(std::string_view title, const Rows& rows, const std::vector<Triage>& triage, std::string& out) {
  if (rows.empty()) return;
  out += fmt::format("### {}\n\n", title);
  out += "| Rule | Strict core | Library | Octets from the client | Inputs | Clause | What it is |\n";
  out += "| --- | --- | --- | --- | ---: | --- | --- |\n";
  for (const auto& [difference, finding] : rows) {
    const Triage* known = triage_of(triage, *difference);
    out +=
        fmt::format("| {} | {} | {} | {}{} | {} | {} | {} |\n", text_of(difference->rule), difference->expected,
                    difference->seen, shown(finding->frames), finding->deflate ? ", permessage-deflate agreed" : "",
                    finding->times, known ? known->clause : "", known ? known->reason : "not yet held against the RFC");
  }
  out += "\n";
}

}  // namespace

std::expected<std::vector<Triage>, std::string> read_triage(const std::filesystem::path& file) {
  std::ifstream stream(file);
  if (!stream) return std::unexpected(file.string() + ": cannot be read");
  try {
    std::vector<Triage> out;
    for (const auto& entry : nlohmann::json::parse(stream)) {
      constexpr std::array<std::string_view, 3> kVerdicts = {"MUST", "SHOULD", "benign"};
      const std::string verdict = entry.at("verdict");
      const auto place = std::ranges::find(kVerdicts, verdict);
      if (place == kVerdicts.end())
        return std::unexpected(
            fmt::format("{}: found verdict '{}', allowed are MUST, SHOULD and benign", file.string(), verdict));
      Triage& one = out.emplace_back();
      one.difference = {entry.at("library"), entry.at("rule"), entry.at("expected"), entry.at("seen")};
      one.verdict = static_cast<Triage::Verdict>(place - kVerdicts.begin());
      one.clause = entry.at("clause");
      one.reason = entry.at("reason");
    }
    return out;
  } catch (const nlohmann::json::exception& error) {
    return std::unexpected(file.string() + ": " + ws::one_line(error.what()));
  }
}

const Triage* triage_of(const std::vector<Triage>& all, const Difference& difference) {
  const auto it = std::ranges::find_if(all, [&](const Triage& one) {
    const Difference& d = one.difference;
    return fits(d.library, difference.library) && fits(d.rule, difference.rule) &&
           fits(d.expected, difference.expected) && fits(d.seen, difference.seen);
  });
  return it == all.end() ? nullptr : &*it;
}

std::string show(const std::vector<Library>& libraries, ws::ByteView frames, bool deflate) {
  std::string out;
  const auto line = [&](std::string_view who, const Outcome& o) {
    out += fmt::format("{}:", who);
    for (const Message& message : o.messages)
      out += fmt::format(" {} '{}'", message.text ? "text" : "binary", hex(ws::as_octets(message.octets)));
    for (const std::string& pong : o.pongs) out += fmt::format(" Pong '{}'", hex(ws::as_octets(pong)));
    if (o.close) out += fmt::format(" Close {}", *o.close);
    if (o.violation) out += fmt::format(" ({})", ws::rule(*o.violation).name);
    if (!o.fault.empty()) out += ", " + o.fault;
    out += o.gave_up ? ", stopped reading\n" : "\n";
  };
  line("strict core", strict(frames, deflate));
  for (const Library& library : libraries) {
    if (deflate && !library.deflate) continue;
    line(library.name, outcome(library, frames, deflate, 0));
    line(fmt::format("{}, octet by octet", library.name), outcome(library, frames, deflate, 1));
  }
  return out;
}

std::string markdown(const Campaign& campaign, const std::vector<Library>& libraries,
                     const std::vector<Triage>& triage) {
  std::string out = "# The strict core and other libraries, on the same octets\n\n";
  out += fmt::format(
      "Each library is a server whose connection is open, in one process with the strict core (`reference/ws/core`). "
      "{} "
      "inputs were made from the catalogue's frames by mutation; each was given to every library twice, whole and "
      "octet "
      "by octet, and then TCP ended. Compared are the messages, the Pongs and the Close. Equal differences (library, "
      "broken rule, what the core did, what the library did) are one row, with the smallest input. The masking key is "
      "00000000 where that makes no difference. `scripts/differential` makes this page; "
      "`fuzz/differential/triage.json` holds what was found out by hand.\n\n",
      campaign.inputs);
  for (const Library& library : libraries) {
    std::array<Rows, 3> by_verdict;
    Rows unknown;
    for (const auto& [difference, finding] : campaign.findings) {
      if (difference.library != library.name) continue;
      const Triage* known = triage_of(triage, difference);
      (known ? by_verdict[static_cast<std::size_t>(known->verdict)] : unknown).emplace_back(&difference, &finding);
    }
    out += fmt::format("## {} {}\n\n", library.name, library.version);
    if (!library.deflate) out += "It has no permessage-deflate of its own, so only inputs without it were given.\n\n";
    write_section("Breaks a MUST", by_verdict[0], triage, out);
    write_section("Breaks a SHOULD", by_verdict[1], triage, out);
    write_section("The RFCs leave the choice", by_verdict[2], triage, out);
    write_section("Not yet held against the RFCs", unknown, triage, out);
  }
  out.pop_back();
  return out;
}

}  // namespace differential
