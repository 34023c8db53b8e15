// test_speaker.h - what the laws of the oracle say to an endpoint: frames by chance, legal more often than not.
#pragma once
#include <ws/testing/seeded.h>

#include <random>

namespace ws::testing::chance {

// Everything that a law chooses.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed), random_(seed + 1) {}
  std::size_t below(std::size_t n) { return engine_() % n; }
  bool once_in(std::size_t n) { return below(n) == 0; }
  Seeded& random() { return random_; }

 private:
  std::mt19937_64 engine_;
  Seeded random_;
};

// ---------------------------------------------------------------------------------------------

struct Speaker {
  Dice& dice;
  Role role;
  Connection honest;  // compresses where that was agreed on
  bool calm = false;  // says nothing illegal

  Bytes frame(Opcode opcode, std::string_view payload, bool fin = true, unsigned rsv = 0, bool wrong_mask = false) {
    FrameHeader header;
    header.opcode = opcode;
    header.fin = fin;
    header.rsv1 = (rsv & 4) != 0;
    header.rsv2 = (rsv & 2) != 0;
    header.rsv3 = (rsv & 1) != 0;
    if ((role == Role::client) != wrong_mask) header.mask = dice.random().mask_key();
    Bytes out;
    encode_frame(header, as_octets(payload), out);
    return out;
  }

  std::string text() {
    static constexpr std::string_view kTexts[] = {"",
                                                  "hello",
                                                  "\xef\xbb\xbfmark",
                                                  "\xe2\x82\xac euro",
                                                  "\xef\xb7\x90 noncharacter",
                                                  std::string_view("nul\0nul", 7)};
    std::string out(kTexts[dice.below(std::size(kTexts))]);
    return dice.once_in(8) ? out + std::string(dice.below(3000), 'x') : out;
  }

  Bytes honest_message() {
    const std::string words = text();
    if (dice.once_in(2)) {
      (void)honest.submit(command::Binary{as_octets(words)});
    } else {
      (void)honest.submit(command::Text{words});
    }
    return taken();
  }

  Bytes taken() {
    Bytes out = to_bytes(honest.output());
    honest.wrote(out.size());
    return out;
  }

  Bytes odd_length() {
    Bytes out = frame(dice.once_in(2) ? Opcode::binary : Opcode::ping, "");
    out[1] = (out[1] & std::byte{0x80}) | std::byte{126};
    out.insert(out.begin() + 2, 2, std::byte{0});
    return out;
  }

  Bytes fragmented() {
    const Opcode opcode = dice.once_in(3) ? Opcode::binary : Opcode::text;
    Bytes out = frame(opcode, "a\xe2", false);
    if (dice.once_in(2)) append(out, frame(dice.once_in(3) ? Opcode::pong : Opcode::ping, "within"));
    if (dice.once_in(3)) append(out, frame(Opcode::cont, "", false));
    if (!calm && dice.once_in(5)) append(out, frame(dice.once_in(2) ? Opcode::text : Opcode::binary, "another"));
    append(out, frame(Opcode::cont, "\x82\xac", calm || !dice.once_in(9)));
    return out;
  }

  Bytes close() {
    static constexpr std::uint16_t kLegal[] = {1000, 1001, 1003, 1008, 1011, 3000, 4999};
    static constexpr std::uint16_t kOdd[] = {999, 1004, 1005, 1006, 1012, 1015, 2000, 5000};
    if (dice.once_in(6)) return frame(Opcode::close, !calm && dice.once_in(2) ? "x" : "");
    const bool odd = !calm && dice.once_in(3);
    const std::uint16_t code = odd ? kOdd[dice.below(std::size(kOdd))] : kLegal[dice.below(std::size(kLegal))];
    const std::string reason = !calm && dice.once_in(4) ? "\xff" : std::string(dice.once_in(3) ? 123 : 0, 'r');
    return frame(Opcode::close, to_string(encode_close(CloseReason{code, reason})));
  }

  Bytes legal() {
    switch (dice.below(8)) {
      case 0:
        return frame(Opcode::pong, "unasked");
      case 1:
        return frame(Opcode::ping, std::string(125, 'p'));
      case 2:
      case 3:
        return frame(Opcode::ping, "ping " + std::to_string(dice.below(5)));
      case 4:
      case 5:
        return fragmented();
      default:
        return honest_message();
    }
  }

  Bytes illegal() {
    const auto rsv = static_cast<unsigned>(1 + dice.below(7));
    switch (dice.below(9)) {
      case 0:
        return frame(Opcode::text, text(), true, rsv);
      case 1:
        return frame(static_cast<Opcode>(dice.below(16)), "payload", !dice.once_in(3), dice.once_in(3) ? rsv : 0);
      case 2:
        return odd_length();
      case 3:
        return frame(Opcode::text, "bad \xc0\xaf", !dice.once_in(3));
      case 4:
        return frame(Opcode::binary, "x", true, 0, true);
      case 5:
        return dice.random().octets(1 + dice.below(20));
      case 6:
        return frame(dice.once_in(2) ? Opcode::ping : Opcode::pong, std::string(126, 'p'));
      case 7:
        return frame(Opcode::cont, "nothing to continue", !dice.once_in(3));
      default: {
        Bytes spoilt = honest_message();
        spoilt[dice.below(spoilt.size())] ^= static_cast<std::byte>(1U << dice.below(8));
        return spoilt;
      }
    }
  }

  // One more piece of the conversation, legal more often than not.
  Bytes next() {
    if (dice.once_in(20)) return close();
    return !calm && dice.once_in(4) ? illegal() : legal();
  }
};

}  // namespace ws::testing::chance
