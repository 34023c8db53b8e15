#include "reports/support/packed.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace touchstone {
namespace {

std::string unpacked(const std::string& base64) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string gzip;
  unsigned bits = 0, held = 0;
  for (const char digit : base64.substr(0, base64.find('='))) {
    held = held << 6 | static_cast<unsigned>(kDigits.find(digit));
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    gzip.push_back(static_cast<char>(held >> bits & 0xff));
  }
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(gzip.data());
  stream.avail_in = static_cast<uInt>(gzip.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END) << "with gzip's own checksum";
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST(Packed, IsGzipInBase64) {
  for (const std::size_t size : {0U, 1U, 2U, 3U, 47U, 48U, 49U, 100'000U}) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text.push_back(static_cast<char>(i * i % 251));
    EXPECT_EQ(unpacked(packed(text)), text) << size;
  }
}

TEST(Packed, TakesAFractionOfRepeatedText) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "{\"k\":\"frame\",\"d\":\"sent\"}\n";
  EXPECT_LT(packed(text).size() * 20, text.size());
}

}  // namespace
}  // namespace touchstone
