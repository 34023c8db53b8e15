// main.cc - make_seeds CORPUS: writes CORPUS/TARGET/seed/*, the first inputs of every fuzz target, from the catalogue.
//
// The same catalogue gives the same files. scripts/fuzz-seeds runs it and removes what was there before; inputs that
// fuzzing found live in CORPUS/TARGET/found and crashes that were fixed in CORPUS/TARGET/regress.
#include "fuzz/seeds/seeds.h"

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "make_seeds: found %d arguments; expected one, the folder of the corpus\n", argc - 1);
    return 2;
  }
  fuzz::Corpus corpus(argv[1]);
  fuzz::seeds_of_connections(corpus);
  fuzz::seeds_of_parts(corpus);
  fuzz::seeds_of_heads(corpus);
  fuzz::seeds_of_files(corpus);
  std::printf("%zu seeds, %zu octets\n", corpus.files(), corpus.octets());
}
