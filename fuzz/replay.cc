// replay.cc - runs a fuzz target over files and folders without libFuzzer, so that the corpus is a test everywhere.
// Where the target has a mutator of its own, a few mutants of each input run as well; they are always the same ones.
#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" __attribute__((weak)) std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                                                     std::size_t most, unsigned seed);

// What libFuzzer offers to mutators: here one octet changed, added or removed.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most) {
  static std::minstd_rand random;
  const std::size_t at = size == 0 ? 0 : random() % size;
  if (size < most && random() % 3 == 0) {
    std::copy_backward(data + at, data + size, data + size + 1);
    data[at] = static_cast<std::uint8_t>(random());
    return size + 1;
  }
  if (size > 1 && random() % 3 == 0) {
    std::copy(data + at + 1, data + size, data + at);
    return size - 1;
  }
  if (size > 0) data[at] ^= static_cast<std::uint8_t>(1U << random() % 8);
  return size;
}

namespace {

constexpr unsigned kMutants = 16;
constexpr std::size_t kMost = 4096;  // octets, as libFuzzer's own default

const std::vector<std::uint8_t>* running = nullptr;

// A mutant is in no file: its octets are shown, for scripts/fuzz and corpus/TARGET/regress.
void show_input(int) {
  for (const std::uint8_t octet : *running) std::fprintf(stderr, "%02x", octet);
  std::fprintf(stderr, "\n");
}

void run(const std::vector<std::uint8_t>& octets) {
  running = &octets;
  LLVMFuzzerTestOneInput(octets.data(), octets.size());
}

void replay(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::vector<char> content((std::istreambuf_iterator<char>(stream)), {});
  const std::vector<std::uint8_t> octets(content.begin(), content.end());
  std::fprintf(stderr, "%s (%zu octets)\n", file.c_str(), octets.size());  // The last line of a crash is its input.
  run(octets);
  if (LLVMFuzzerCustomMutator == nullptr) return;
  std::vector<std::uint8_t> mutant = octets;
  for (unsigned seed = 1; seed <= kMutants; ++seed) {
    const std::size_t size = std::min(mutant.size(), kMost);
    mutant.resize(kMost);
    mutant.resize(LLVMFuzzerCustomMutator(mutant.data(), size, kMost, seed));
    run(mutant);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGABRT, show_input);
  for (int i = 1; i < argc; ++i) {
    if (std::filesystem::is_directory(argv[i])) {
      std::vector<std::filesystem::path> files;
      for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i]))
        if (entry.is_regular_file()) files.push_back(entry.path());
      std::ranges::sort(files);
      for (const auto& file : files) replay(file);
    } else if (std::filesystem::exists(argv[i])) {
      replay(argv[i]);
    } else {
      std::fprintf(stderr, "%s: no such file or folder; expected inputs to replay\n", argv[i]);
      return 2;
    }
  }
}
