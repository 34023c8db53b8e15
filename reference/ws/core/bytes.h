// bytes.h - the octet types that every part of the stack shares.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ws {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;
using MaskKey = std::array<std::byte, 4>;

// A buffer that runs empty keeps no more than this for what comes next.
inline constexpr std::size_t kMaxKept = 1024 * 1024;

// The octets of `text`; the view lives as long as `text` does.
inline ByteView as_octets(std::string_view text) noexcept { return std::as_bytes(std::span(text.data(), text.size())); }

// The octets seen as characters, without any check of their encoding.
inline std::string_view as_text(ByteView octets) noexcept {
  return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

inline Bytes to_bytes(ByteView octets) { return {octets.begin(), octets.end()}; }
inline Bytes to_bytes(std::string_view text) { return to_bytes(as_octets(text)); }
inline std::string to_string(ByteView octets) { return std::string(as_text(octets)); }

// ALPHA and DIGIT of RFC 5234 B.1, whatever the locale.
constexpr bool is_alpha(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// Text for a message to people: control characters as \xNN, so that it stays one line whatever a peer or a file sent.
inline std::string one_line(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet >= 0x20 && octet != 0x7F)
      out += c;
    else
      out.append("\\x").append({kHex[octet >> 4], kHex[octet & 15]});
  }
  return out;
}

inline void append(Bytes& out, ByteView octets) { out.insert(out.end(), octets.begin(), octets.end()); }

}  // namespace ws
