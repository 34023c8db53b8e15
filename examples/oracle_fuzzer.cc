// A fuzz target of your own against the oracle: whatever octets your endpoint is told, what it says has to obey the
// RFCs. libFuzzer's entry point; without libFuzzer (no WITH_LIBFUZZER) a main() replays files, or the seeds below. The
// endpoint here is the kit's own, with the fault that EXAMPLE_FAULT names, if any: put yours in its place.
#include <ws/testing/ask.h>
#include <ws/testing/faults/deviant.h>
#include <ws/testing/oracle/oracle.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace {

using namespace ws::testing;

constexpr std::string_view kRequest =
    "GET / HTTP/1.1\r\nHost: a.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

// Your endpoint: octets in, octets out.
class YourEndpoint {
 public:
  ws::Bytes receive(ws::ByteView octets) {
    deviant_.receive(octets);
    const ws::Bytes out = ws::to_bytes(deviant_.output());
    deviant_.wrote(out.size());
    return out;
  }
  [[nodiscard]] bool ends_tcp() const { return deviant_.wants_shutdown(); }

 private:
  static DeviantOptions options() {
    const char* const name = std::getenv("EXAMPLE_FAULT");
    DeviantOptions made;
    const FaultRow* const fault = name == nullptr ? nullptr : find_fault(name);
    if (fault != nullptr) made.faults = fault->fault;
    return made;
  }
  Deviant deviant_{options()};
};

}  // namespace

// The input: the frames that a client sends, as they are.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  YourEndpoint endpoint;
  Transcript transcript;  // of a server
  for (const ws::ByteView piece : {ws::as_octets(kRequest), std::as_bytes(std::span(data, size))}) {
    transcript.sent(piece);
    transcript.came(endpoint.receive(piece));
  }
  transcript.add(endpoint.ends_tcp() ? Transcript::Kind::it_ended : Transcript::Kind::nothing_came);
  JudgeOptions options;
  options.echoes = true;
  const Judgment judgment = judge(transcript, options);
  if (judgment.obeys()) return 0;
  std::fputs(describe(judgment).c_str(), stderr);
  std::abort();
}

#ifndef WITH_LIBFUZZER
int main(int argc, char** argv) {
  std::vector<ws::Bytes> inputs = {
      octets_of({text("hello"), ping("a"), close_frame(1000)}, ws::Role::client),
      octets_of({with(Bit::rsv2, text("reserved")), ping("still there?")}, ws::Role::client),
      octets_of({unfinished(text("\xe2\x82")), ping(), continuation("\xac"), close_frame(4000, "\xff")},
                ws::Role::client)};
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    inputs.push_back(ws::to_bytes(std::string(std::istreambuf_iterator<char>(file), {})));
  }
  for (const ws::Bytes& input : inputs)
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}
#endif
