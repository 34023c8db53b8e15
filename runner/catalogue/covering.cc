// Covering arrays, made greedily: each row is the best of some that are built value by value, each value being the one
// that brings most combinations which no row has yet (AETG: Cohen, Dalal, Fredman, Patton, "The AETG System", 1997).
#include "runner/catalogue/generated_axes.h"

#include <algorithm>
#include <set>

namespace touchstone {
namespace {

using Values = std::vector<std::size_t>;
constexpr std::size_t kNone = SIZE_MAX;

std::uint64_t next(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15ULL);  // SplitMix64
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

// Every choice of `strength` axes.
std::vector<Values> choices(std::size_t axes, std::size_t strength) {
  std::vector<Values> all;
  std::vector<bool> taken(axes, false);
  std::fill(taken.begin(), taken.begin() + static_cast<std::ptrdiff_t>(strength), true);
  do {
    Values one;
    for (std::size_t i = 0; i < axes; ++i) {
      if (taken[i]) one.push_back(i);
    }
    all.push_back(std::move(one));
  } while (std::prev_permutation(taken.begin(), taken.end()));
  return all;
}

// The values of these axes, which the row has, as one number.
std::uint64_t number_of(const Values& axes, const Values& row, std::span<const std::size_t> sizes) {
  std::uint64_t number = 0;
  for (const std::size_t axis : axes) number = number * sizes[axis] + row[axis];
  return number;
}

class Array {
 public:
  Array(std::span<const std::size_t> sizes, std::size_t strength, std::uint64_t seed)
      : sizes_(sizes), choices_(choices(sizes.size(), strength)), missing_(choices_.size()), random_(seed) {
    for (std::size_t c = 0; c < choices_.size(); ++c) {
      std::uint64_t product = 1;
      for (const std::size_t axis : choices_[c]) product *= sizes[axis];
      missing_[c].assign(static_cast<std::size_t>(product), true);
      left_ += product;
    }
  }

  std::vector<Values> make() {
    std::vector<Values> rows;
    while (left_ > 0) {
      Values best;
      std::uint64_t most = 0;
      for (int attempt = 0; attempt < 8; ++attempt) {
        Values row = candidate();
        const auto gain = gained(row);
        if (gain > most || best.empty()) best = std::move(row), most = gain;
      }
      take(best);
      rows.push_back(std::move(best));
    }
    return rows;
  }

 private:
  // Begins with a combination that no row has, so that every row brings one.
  Values candidate() {
    Values row(sizes_.size(), kNone);
    std::size_t c = static_cast<std::size_t>(next(random_) % choices_.size());
    while (std::ranges::find(missing_[c], true) == missing_[c].end()) c = (c + 1) % choices_.size();
    auto place = static_cast<std::size_t>(next(random_) % missing_[c].size());
    while (!missing_[c][place]) place = (place + 1) % missing_[c].size();
    for (auto axis = choices_[c].rbegin(); axis != choices_[c].rend(); ++axis) {
      row[*axis] = place % sizes_[*axis];
      place /= sizes_[*axis];
    }
    for (std::size_t axis = 0; axis < row.size(); ++axis) {
      if (row[axis] == kNone) row[axis] = best_value(row, axis);
    }
    return row;
  }

  std::size_t best_value(Values& row, std::size_t axis) {
    const std::size_t first = static_cast<std::size_t>(next(random_) % sizes_[axis]);
    std::size_t best = first;
    std::uint64_t most = 0;
    for (std::size_t i = 0; i < sizes_[axis]; ++i) {
      row[axis] = (first + i) % sizes_[axis];
      const auto gain = gained(row);
      if (gain > most) best = row[axis], most = gain;
    }
    row[axis] = kNone;
    return best;
  }

  std::uint64_t gained(const Values& row) const {
    std::uint64_t gain = 0;
    for (std::size_t c = 0; c < choices_.size(); ++c) {
      const bool whole = std::ranges::none_of(choices_[c], [&](std::size_t axis) { return row[axis] == kNone; });
      if (whole && missing_[c][static_cast<std::size_t>(number_of(choices_[c], row, sizes_))]) ++gain;
    }
    return gain;
  }

  void take(const Values& row) {
    for (std::size_t c = 0; c < choices_.size(); ++c) {
      const auto number = static_cast<std::size_t>(number_of(choices_[c], row, sizes_));
      left_ -= missing_[c][number] ? 1 : 0;
      missing_[c][number] = false;
    }
  }

  std::span<const std::size_t> sizes_;
  std::vector<Values> choices_;
  std::vector<std::vector<bool>> missing_;  // by choice of axes, by number_of()
  std::uint64_t random_, left_ = 0;
};

}  // namespace

std::vector<std::vector<std::size_t>> covering_array(std::span<const std::size_t> sizes, std::size_t strength,
                                                     std::uint64_t seed) {
  if (sizes.empty() || std::ranges::find(sizes, 0U) != sizes.end()) return {};
  return Array(sizes, std::clamp<std::size_t>(strength, 1, sizes.size()), seed).make();
}

Combinations combinations(std::span<const std::size_t> sizes, std::size_t strength,
                          const std::vector<std::vector<std::size_t>>& rows) {
  Combinations count;
  for (const Values& axes : choices(sizes.size(), std::min(strength, sizes.size()))) {
    std::set<std::uint64_t> seen;
    for (const Values& row : rows) seen.insert(number_of(axes, row, sizes));
    std::uint64_t product = 1;
    for (const std::size_t axis : axes) product *= sizes[axis];
    count.covered += seen.size();
    count.all += product;
  }
  return count;
}

std::vector<CoveringGroup> covering_groups(std::span<const SourceFile> files) {
  std::vector<CoveringGroup> all;
  for (const SourceFile& file : files) {
    std::vector<CaseFileError> none;
    const auto document = parse_strict(file.name, file.text, none);
    if (!document || !document->is_object() || !document->contains("groups")) continue;
    for (const Json& group : (*document)["groups"]) {
      if (!group.contains("sweep")) continue;
      for (const Json& axis : group["sweep"]) {
        if (!axis.is_object() || !axis.contains("cover")) continue;
        std::vector<std::size_t> sizes;
        for (const Json& one : axis["cover"]) {
          sizes.push_back(one.is_string() ? (*document)["axes"][one.get<std::string>().substr(1)].size() : one.size());
        }
        CoveringGroup found{(*document)["suite"].get<std::string>() + "/" + group["id"].get<std::string>(),
                            axis["strength"],
                            axis["seed"],
                            sizes.size(),
                            0,
                            {}};
        const auto rows = covering_array(sizes, static_cast<std::size_t>(found.strength), found.seed);
        found.cases = rows.size();
        found.combinations = touchstone::combinations(sizes, static_cast<std::size_t>(found.strength), rows);
        all.push_back(std::move(found));
      }
    }
  }
  return all;
}

}  // namespace touchstone
