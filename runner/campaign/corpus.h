// corpus.h - stimuli that are kept, as files named by what they hold.
//
// Equal stimuli have equal names on every machine, so corpora are put together by copying their files. Each file says
// which outcome it was kept for; merge_corpora() keeps of several with the same one the shortest, as libFuzzer's
// -merge=1 does.
#pragma once
#include "runner/catalogue/case.h"

#include <cstddef>
#include <expected>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace touchstone::fuzz {

struct Kept {
  Case stimulus;
  std::string outcome;           // of all endpoints; empty: a version before 0.2 kept it, and did not write that down
  std::filesystem::path file{};  // that it was read from
};

using LeftOut = std::function<void(const std::string& why)>;  // a file that is no stimulus: one line for people

// "3f0c6d1b5a927e84": 16 hexadecimal digits of SHA-256 over the stimulus without its name and its outcome.
[[nodiscard]] std::string content_name(const Case& stimulus);

// Writes folder/NAME.json. Nothing happens where it is there already.
[[nodiscard]] std::expected<void, std::string> keep(const std::filesystem::path& folder, const Kept& kept);

// All files of the folder, in the order of their names; none where there is no such folder.
[[nodiscard]] std::vector<Kept> read_corpus(const std::filesystem::path& folder, const LeftOut& left_out);

struct CorpusMerge {
  std::size_t read = 0;     // files of all folders, equal ones each
  std::size_t kept = 0;     // files in `out` afterwards
  std::size_t copies = 0;   // of what another file holds
  std::size_t nothing = 0;  // the outcome of another, shorter one
};
// `from`: folders with stimuli. What `out` held before counts as one of them. The error is for people.
[[nodiscard]] std::expected<CorpusMerge, std::string> merge_corpora(const std::filesystem::path& out,
                                                                    const std::vector<std::filesystem::path>& from,
                                                                    const LeftOut& left_out);

}  // namespace touchstone::fuzz
