#include "reports/support/packed.h"

#include <openssl/evp.h>
#include <zlib.h>

#include <algorithm>
#include <new>

namespace touchstone {
namespace {

constexpr int kGzip = 15 + 16;     // zlib's: the largest window, with gzip's header
constexpr int kMemory = 8;         // zlib's default
constexpr std::size_t kPart = 48;  // whole groups of three octets for each call, and so no padding inside

std::string gzip(std::string_view text) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzip, kMemory, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc{};
  std::string out(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int end = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (end != Z_STREAM_END) throw std::bad_alloc{};  // deflateBound() promises room
  return out;
}

std::string base64(std::string_view octets) {
  std::string out;
  out.reserve((octets.size() + 2) / 3 * 4);
  for (; !octets.empty(); octets.remove_prefix(std::min(kPart, octets.size()))) {
    const std::string_view part = octets.substr(0, kPart);
    unsigned char digits[kPart / 3 * 4 + 1];  // EVP_EncodeBlock ends with a NUL
    const int size =
        EVP_EncodeBlock(digits, reinterpret_cast<const unsigned char*>(part.data()), static_cast<int>(part.size()));
    out.append(reinterpret_cast<const char*>(digits), static_cast<std::size_t>(size));
  }
  return out;
}

}  // namespace

std::string packed(std::string_view text) { return base64(gzip(text)); }

}  // namespace touchstone
