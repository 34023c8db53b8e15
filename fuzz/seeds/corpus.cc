#include "fuzz/seeds/seeds.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace fuzz {

void Corpus::add(const std::string& target, std::string name, ws::ByteView octets) {
  constexpr std::size_t kMost = 2048;
  if (octets.size() > kMost || !seen_.emplace(target, ws::to_string(octets)).second) return;
  std::ranges::replace_if(name, [](char c) { return c == '/' || c == ' '; }, '-');
  const auto folder = folder_ / target / "seed";
  std::filesystem::create_directories(folder);
  std::ofstream file(folder / name, std::ios::binary);
  file.write(reinterpret_cast<const char*>(octets.data()), static_cast<std::streamsize>(octets.size()));
  if (!file.flush()) {
    std::fprintf(stderr, "make_seeds: %s: cannot be written\n", (folder / name).c_str());
    std::exit(1);
  }
  octets_ += octets.size();
}

std::optional<ws::DeflateParams> deflate_of(const touchstone::Case& c) {
  if (!c.needs_deflate) return std::nullopt;
  const auto offers = ws::parse_extensions(fmt::format("{}", fmt::join(c.offer, ", ")));
  const auto agreed = offers ? ws::accept_deflate(*offers) : std::nullopt;
  return agreed ? agreed->params : ws::DeflateParams{};
}

std::byte octet_of(const ws::DeflateParams& params) {
  return static_cast<std::byte>((params.server_no_context_takeover ? 1 : 0) |
                                (params.client_no_context_takeover ? 2 : 0) | (params.server_max_window_bits - 8) << 2 |
                                (params.client_max_window_bits - 8) << 5);
}

}  // namespace fuzz
