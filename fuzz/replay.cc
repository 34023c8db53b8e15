// replay.cc - runs a fuzz target over files and folders without libFuzzer, so that the corpus is a test everywhere.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void replay(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::vector<char> octets((std::istreambuf_iterator<char>(stream)), {});
  std::fprintf(stderr, "%s (%zu octets)\n", file.c_str(), octets.size());  // The last line of a crash is its input.
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(octets.data()), octets.size());
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::filesystem::is_directory(argv[i])) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
        if (entry.is_regular_file()) replay(entry.path());
      }
    } else if (std::filesystem::exists(argv[i])) {
      replay(argv[i]);
    } else {
      std::fprintf(stderr, "%s: no such file or folder; expected inputs to replay\n", argv[i]);
      return 2;
    }
  }
}
