// Whatever the peer of a server sends: equal events and output however it is cut, one Closed, and nothing illegal sent.
#include "fuzz/support/conversation.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::check_conversation(fuzz::read_conversation(ws::Role::server, std::as_bytes(std::span(data, size))));
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  return fuzz::mutate_conversation(ws::Role::server, std::span(data, most), size, seed, fuzz::with(LLVMFuzzerMutate));
}
