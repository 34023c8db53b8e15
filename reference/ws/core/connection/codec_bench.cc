// codec_bench.cc - how fast the parts of the protocol are, each beside the plainest thing that does comparable work:
// memcpy for masking and UTF-8, zlib's own calls for permessage-deflate.
#include <benchmark/benchmark.h>
#include <ws/core/connection/connection.h>
#include <ws/core/deflate/deflate.h>
#include <ws/core/mask.h>
#include <ws/core/utf8.h>
#include <zlib.h>

#include <cstring>

namespace ws {
namespace {

constexpr MaskKey kKey = {std::byte{0x37}, std::byte{0xFA}, std::byte{0x21}, std::byte{0x3D}};  // RFC 6455 5.7
constexpr std::string_view kNonce = "dGhlIHNhbXBsZSBub25jZQ==";                                 // RFC 6455 1.3

std::string repeated(std::string_view piece, std::size_t size) {
  std::string text;
  while (text.size() + piece.size() <= size) text += piece;
  return text.append(size - text.size(), ' ');
}
std::string ascii(std::size_t size) { return repeated("The quick brown fox jumps over the lazy dog. ", size); }
std::string mixed(std::size_t size) { return repeated("Grüße, κόσμε! 日本語 \xF0\x9F\x8E\x89 and words. ", size); }

std::size_t size_of(const benchmark::State& state) { return static_cast<std::size_t>(state.range(0)); }
void count_octets(benchmark::State& state) { state.SetBytesProcessed(state.iterations() * state.range(0)); }

void sizes(benchmark::internal::Benchmark* one) { one->Arg(125)->Arg(4096)->Arg(1 << 20); }

void memcpy_alone(benchmark::State& state) {
  const std::string from = ascii(size_of(state));
  std::string to(from.size(), 0);
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), from.size());
    benchmark::DoNotOptimize(to.data());
    benchmark::ClobberMemory();
  }
  count_octets(state);
}
BENCHMARK(memcpy_alone)->Apply(sizes);

void mask(benchmark::State& state) {
  Bytes octets(size_of(state));
  for (auto _ : state) {
    apply_mask(octets, kKey);
    benchmark::DoNotOptimize(octets.data());
    benchmark::ClobberMemory();
  }
  count_octets(state);
}
BENCHMARK(mask)->Apply(sizes);

void utf8(benchmark::State& state, const std::string& text) {
  for (auto _ : state) benchmark::DoNotOptimize(is_utf8(as_octets(text)));
  count_octets(state);
}
void utf8_ascii(benchmark::State& state) { utf8(state, ascii(size_of(state))); }
void utf8_mixed(benchmark::State& state) { utf8(state, mixed(size_of(state))); }
BENCHMARK(utf8_ascii)->Apply(sizes);
BENCHMARK(utf8_mixed)->Apply(sizes);

void encode_masked_frame(benchmark::State& state) {
  const std::string text = ascii(size_of(state));
  Bytes out;
  for (auto _ : state) {
    out.clear();
    encode_frame({.mask = kKey}, as_octets(text), out);
    benchmark::DoNotOptimize(out.data());
  }
  count_octets(state);
}
BENCHMARK(encode_masked_frame)->Apply(sizes);

void decode_one_header(benchmark::State& state) {
  Bytes header;
  encode_header({.mask = kKey, .length = size_of(state)}, header);
  for (auto _ : state) benchmark::DoNotOptimize(decode_header(header));
}
BENCHMARK(decode_one_header)->Apply(sizes);

Options role(Role role) {
  Options options;
  options.role = role;
  options.mask_key = [] { return kKey; };
  options.nonce = [] { return std::string(kNonce); };
  return options;
}

// A server's whole work on a message: a client's frame in, its message out, the echo's frame in the output.
void echo(benchmark::State& state, std::optional<DeflateParams> deflate) {
  Connection client = Connection::opened(role(Role::client), deflate);
  Connection server = Connection::opened(role(Role::server), deflate);
  const std::string text = ascii(size_of(state));
  Bytes frame;
  for (auto _ : state) {
    if (frame.empty() || deflate) {
      state.PauseTiming();  // with a context, each frame is another one
      (void)client.submit(command::Text{text});
      frame = to_bytes(client.output());
      client.wrote(frame.size());
      state.ResumeTiming();
    }
    server.receive(frame);
    auto event = server.next_event();
    (void)server.submit(command::Text{std::get<event::Text>(*event).data});
    benchmark::DoNotOptimize(server.output().data());
    server.wrote(server.output().size());
  }
  count_octets(state);
}
void echo_message(benchmark::State& state) { echo(state, std::nullopt); }
void echo_compressed_message(benchmark::State& state) { echo(state, DeflateParams{}); }
BENCHMARK(echo_message)->Arg(16)->Arg(256)->Arg(16 << 10)->Arg(1 << 20);
BENCHMARK(echo_compressed_message)->Arg(256)->Arg(16 << 10);

// Both sides of an opening handshake, in memory.
void opening_handshake(benchmark::State& state) {
  for (auto _ : state) {
    Connection client(role(Role::client)), server(role(Role::server));
    (void)client.submit(command::Connect{"server.example.com", "/chat"});
    server.receive(client.output());
    (void)server.next_event();
    (void)server.submit(command::Accept{});
    client.receive(server.output());
    if (client.state() != State::open) state.SkipWithError("the handshake failed");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(opening_handshake);

constexpr int kLevel = 1;

void deflate(benchmark::State& state) {
  Deflater deflater(15, false, kLevel);
  const std::string text = mixed(size_of(state));
  Bytes out;
  for (auto _ : state) {
    out.clear();
    deflater.compress(as_octets(text), true, out);
  }
  count_octets(state);
}
BENCHMARK(deflate)->Apply(sizes);

void deflate_zlib_alone(benchmark::State& state) {
  z_stream stream{};
  deflateInit2(&stream, kLevel, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
  std::string text = mixed(size_of(state));
  std::string out(2 * text.size() + 64, 0);
  for (auto _ : state) {
    stream.next_in = reinterpret_cast<Bytef*>(text.data());
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    ::deflate(&stream, Z_SYNC_FLUSH);
  }
  deflateEnd(&stream);
  count_octets(state);
}
BENCHMARK(deflate_zlib_alone)->Apply(sizes);

Bytes compressed(std::string_view text) {
  Bytes out;
  Deflater(15, true, kLevel).compress(as_octets(text), true, out);
  return out;
}

void inflate(benchmark::State& state) {
  const Bytes in = compressed(mixed(size_of(state)));
  Inflater inflater(15, true);
  Bytes out;
  for (auto _ : state) {
    out.clear();
    if (!inflater.inflate(in, 1 << 30, out) || !inflater.finish(1 << 30, out)) state.SkipWithError("not inflated");
  }
  count_octets(state);
}
BENCHMARK(inflate)->Apply(sizes);

void inflate_zlib_alone(benchmark::State& state) {
  Bytes in = compressed(mixed(size_of(state)));
  append(in, as_octets(std::string_view("\0\0\xFF\xFF", 4)));  // RFC 7692 7.2.2
  std::string out(size_of(state) + 64, 0);
  z_stream stream{};
  inflateInit2(&stream, -15);
  for (auto _ : state) {
    inflateReset(&stream);
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    ::inflate(&stream, Z_SYNC_FLUSH);
  }
  if (std::string_view(out).substr(0, size_of(state)) != mixed(size_of(state))) state.SkipWithError("not inflated");
  inflateEnd(&stream);
  count_octets(state);
}
BENCHMARK(inflate_zlib_alone)->Apply(sizes);

}  // namespace
}  // namespace ws

BENCHMARK_MAIN();
