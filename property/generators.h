// generators.h - what the laws draw from.
#pragma once
#include <gtest/gtest.h>  // before rapidcheck/gtest.h
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

#include "ws/core/connection/test_support.h"

namespace laws {

inline ws::Bytes octets(const std::vector<std::uint8_t>& raw) {
  ws::Bytes out;
  for (const std::uint8_t octet : raw) out.push_back(static_cast<std::byte>(octet));
  return out;
}

inline rc::Gen<ws::Bytes> any_octets() { return rc::gen::map(rc::gen::arbitrary<std::vector<std::uint8_t>>(), octets); }

// Octets in which DEFLATE finds matches.
inline rc::Gen<ws::Bytes> repetitive_octets() {
  return rc::gen::map(rc::gen::container<std::vector<std::pair<std::uint8_t, std::uint8_t>>>(
                          rc::gen::pair(rc::gen::inRange<std::uint8_t>(0, 5), rc::gen::arbitrary<std::uint8_t>())),
                      [](const auto& runs) {
                        ws::Bytes out;
                        for (const auto& [octet, length] : runs)
                          out.insert(out.end(), length, static_cast<std::byte>(octet));
                        return out;
                      });
}

// Valid UTF-8, most of it short and odd.
inline rc::Gen<std::string> utf8_text() {
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
                          "a", "Hello", "\n", std::string(1, '\0'), "\xc3\xbc", "\xe2\x82\xac", "\xef\xbf\xbf",
                          "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf", "ordinary text")),
                      [](const std::vector<std::string>& parts) {
                        std::string out;
                        for (const auto& part : parts) out += part;
                        return out;
                      });
}

inline rc::Gen<ws::MaskKey> mask_key() {
  return rc::gen::map(rc::gen::arbitrary<std::uint32_t>(), [](std::uint32_t v) {
    ws::MaskKey key;
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::byte>(v >> (8 * i) & 0xFF);
    return key;
  });
}

inline rc::Gen<ws::Role> role() { return rc::gen::element(ws::Role::client, ws::Role::server); }

// Places to cut an input of that size.
inline rc::Gen<std::vector<std::size_t>> cuts(std::size_t size) {
  return rc::gen::map(rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, size + 1)),
                      [](std::vector<std::size_t> at) {
                        std::ranges::sort(at);
                        return at;
                      });
}

inline rc::Gen<std::optional<ws::DeflateParams>> deflate_params() {
  return rc::gen::apply(
      [](bool use, bool server_forgets, bool client_forgets, int server_bits, int client_bits) {
        return use ? std::optional(ws::DeflateParams{server_forgets, client_forgets, server_bits, client_bits})
                   : std::nullopt;
      },
      rc::gen::arbitrary<bool>(), rc::gen::arbitrary<bool>(), rc::gen::arbitrary<bool>(), rc::gen::inRange(9, 16),
      rc::gen::inRange(8, 16));
}

}  // namespace laws
