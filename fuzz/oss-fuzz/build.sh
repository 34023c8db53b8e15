#!/bin/bash -eu
# build.sh - builds every fuzz target as OSS-Fuzz and ClusterFuzzLite ask for it: compilers and flags come from $CXX and
# $CXXFLAGS, the engine from $LIB_FUZZING_ENGINE, and what is made goes to $OUT. scripts/fuzz-oss-check runs it here.
root=$SRC/touchstone
cmake -S "$root" -B "$WORK/touchstone" -G Ninja \
  -DCMAKE_BUILD_TYPE=None -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_CXX_FLAGS="$CXXFLAGS" \
  -DTOUCHSTONE_FUZZ=ON -DTOUCHSTONE_FUZZ_ENGINE="$LIB_FUZZING_ENGINE" -DBUILD_TESTING=OFF \
  -DOPENSSL_USE_STATIC_LIBS=ON -DZLIB_USE_STATIC_LIBS=ON -Dfmt_DIR="$root/fuzz/oss-fuzz/fmt"
ninja -C "$WORK/touchstone" fuzz_targets

for source in "$root"/fuzz/*_fuzzer.cc; do
  target=$(basename "$source" .cc)
  name=${target%_fuzzer}
  cp "$WORK/touchstone/$target" "$OUT/"
  (cd "$root/corpus/$name" && find . -type f | LC_ALL=C sort | tr '\n' '\0' | xargs -0 python3 -m zipfile -c "$OUT/${target}_seed_corpus.zip")
  if [[ -f $root/fuzz/$name.dict ]]; then cp "$root/fuzz/$name.dict" "$OUT/$target.dict"; fi
done
