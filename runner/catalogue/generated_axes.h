// generated_axes.h - axes of a sweep that are computed: the rows of {"states": ...} and of {"cover": ...}.
#pragma once
#include "runner/catalogue/strict_json.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace touchstone {

// What a row of an axis {"states": what} stands for.
//   faults  a pair of each class in which the endpoint fails the connection, or nothing is judged any more
//   first   a pair of each class of legal first frames
//   walks   one state with every legal frame of up to 126 octets after it, ended by a Close in that state
//   long    the same with frames of 65536 octets, ended as usual
enum class StateRows : std::uint8_t { faults, first, walks, long_walks };
inline constexpr std::string_view kStateRows[] = {"faults", "first", "walks", "long"};

// The rows: an array of objects, of parameters with the names that cases/LANGUAGE.md gives.
[[nodiscard]] Json state_rows(StateRows what, bool deflate);

// A covering array: for any `strength` of the axes and any values of them, some row has these values together. `sizes`:
// how many values each axis has. Each row has the number of a value for each axis. Equal seeds give equal rows.
[[nodiscard]] std::vector<std::vector<std::size_t>> covering_array(std::span<const std::size_t> sizes,
                                                                   std::size_t strength, std::uint64_t seed);

// Whether the rows cover what covering_array() promises: how many combinations there are, and how many are in a row.
struct Combinations {
  std::uint64_t covered = 0, all = 0;
};
[[nodiscard]] Combinations combinations(std::span<const std::size_t> sizes, std::size_t strength,
                                        const std::vector<std::vector<std::size_t>>& rows);

// A group of cases whose sweep has a covering array, in a file of cases/.
struct CoveringGroup {
  std::string id;  // of the suite and the group, as it stands in the file
  std::uint64_t strength = 0, seed = 0;
  std::size_t axes = 0, cases = 0;
  Combinations combinations;
};
[[nodiscard]] std::vector<CoveringGroup> covering_groups(std::span<const SourceFile> files);

}  // namespace touchstone
