// report.h - a campaign as Markdown, with what people found out about each difference.
#pragma once
#include "fuzz/differential/campaign.h"

#include <expected>

namespace differential {

// What somebody who held a difference against the RFC wrote down, in triage.json.
struct Triage {
  Difference difference;  // "*" stands for anything
  enum class Verdict : std::uint8_t { must, should, benign };
  Verdict verdict = Verdict::must;  // what the library broke; benign: the RFC leaves the choice
  std::string clause;               // "RFC 6455 5.2"
  std::string reason;
};

// The error is one line with the file's name.
[[nodiscard]] std::expected<std::vector<Triage>, std::string> read_triage(const std::filesystem::path& file);

[[nodiscard]] const Triage* triage_of(const std::vector<Triage>& all, const Difference& difference);

// What the core and each library make of these octets, one line each.
[[nodiscard]] std::string show(const std::vector<Library>& libraries, ws::ByteView frames, bool deflate);

[[nodiscard]] std::string markdown(const Campaign& campaign, const std::vector<Library>& libraries,
                                   const std::vector<Triage>& triage);

}  // namespace differential
