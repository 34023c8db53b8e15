#include "runner/campaign/corpus.h"

#include "reports/support/files.h"
#include "runner/campaign/openings.h"
#include "runner/catalogue/catalogue.h"
#include "runner/catalogue/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace touchstone::fuzz {
namespace {

constexpr std::string_view kOutcome = "outcome: ";  // at the head of a stimulus's note
constexpr std::size_t kDigits = 16;

// What says nothing of what is sent.
Case bare(Case stimulus) {
  stimulus.id = "fuzz/stimulus";
  stimulus.title = {};
  stimulus.note.clear();
  return stimulus;
}

std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

std::size_t size_of(const Kept& kept) { return to_json(kept.stimulus).size(); }

}  // namespace

std::string content_name(const Case& stimulus) {
  const Case what = bare(stimulus);
  return digest({&what, 1}).substr(0, kDigits);
}

std::expected<void, std::string> keep(const std::filesystem::path& folder, const Kept& kept) {
  const std::string name = content_name(kept.stimulus);
  const auto file = folder / (name + ".json");
  std::error_code ignored;
  if (std::filesystem::exists(file, ignored)) return {};
  Case named = kept.stimulus;
  named.id = "fuzz/" + name;
  named.note = kept.outcome.empty() ? std::string() : std::string(kOutcome) + kept.outcome;
  return write_file(file, to_json(named));
}

std::vector<Kept> read_corpus(const std::filesystem::path& folder, const LeftOut& left_out) {
  std::vector<Kept> corpus;
  for (const auto& file : files_of(folder)) {
    const auto text = read_file(file);
    const auto cases = text ? load_cases(file.string(), *text) : std::vector<Case>{};
    if (!text || !cases) {
      left_out(text ? cases.error().front().text() : text.error());
      continue;
    }
    for (const Case& c : *cases) {
      Kept kept{from_older_corpus(c), {}, file};
      if (kept.stimulus.note.starts_with(kOutcome))
        kept.outcome = std::exchange(kept.stimulus.note, {}).substr(kOutcome.size());
      corpus.push_back(std::move(kept));
    }
  }
  return corpus;
}

std::expected<CorpusMerge, std::string> merge_corpora(const std::filesystem::path& out,
                                                      const std::vector<std::filesystem::path>& from,
                                                      const LeftOut& left_out) {
  CorpusMerge merge;
  std::map<std::string, Kept> by_content;
  std::vector<std::filesystem::path> all(from);
  all.push_back(out);
  for (const auto& folder : all) {
    for (Kept& kept : read_corpus(folder, left_out)) {
      ++merge.read;
      merge.copies += !by_content.try_emplace(content_name(kept.stimulus), std::move(kept)).second;
    }
  }
  // Of one outcome the shortest, then the first by name: whatever the order of the folders, the result is the same.
  std::map<std::string, std::pair<std::size_t, std::string>> best;
  for (const auto& [name, kept] : by_content) {
    if (kept.outcome.empty()) continue;
    const std::pair here(size_of(kept), name);
    const auto [at, fresh] = best.try_emplace(kept.outcome, here);
    if (!fresh) at->second = std::min(at->second, here);
  }
  if (const auto made = make_folder(out); !made) return std::unexpected(made.error());
  std::error_code ignored;  // what cannot be removed costs a stimulus, no more
  for (const auto& [name, kept] : by_content) {
    if (!kept.outcome.empty() && best.at(kept.outcome).second != name) {
      ++merge.nothing;
      std::filesystem::remove(out / (name + ".json"), ignored);
      continue;
    }
    if (const auto written = keep(out, kept); !written) return std::unexpected(written.error());
    ++merge.kept;
  }
  // Versions before 0.2 numbered their files.
  for (const Kept& kept : read_corpus(out, [](const std::string&) {}))
    if (kept.file.stem() != content_name(kept.stimulus)) std::filesystem::remove(kept.file, ignored);
  return merge;
}

}  // namespace touchstone::fuzz
