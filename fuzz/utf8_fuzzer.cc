// The validator says what RFC 3629's ABNF and another library say, at the first impossible octet, however the text is
// cut.
#include "fuzz/support/check.h"
#include "fuzz/support/slow_utf8.h"

#include <ws/core/utf8.h>

#include <nlohmann/json.hpp>

namespace {

// The JSON library checks the UTF-8 of what it writes, by a table of its own.
bool library_says_valid(std::string_view text) {
  try {
    static_cast<void>(nlohmann::json(std::string(text)).dump());
    return true;
  } catch (const nlohmann::json::type_error&) {
    return false;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ws::ByteView text = fuzz::octets(data, size);
  const fuzz::SlowUtf8 slow = fuzz::slow_utf8(text);
  fuzz::check(ws::is_utf8(text) == slow.valid, "is_utf8() agrees with the ABNF");
  fuzz::check(library_says_valid(ws::as_text(text)) == slow.valid, "the ABNF agrees with the other library");

  ws::Utf8Validator whole, octetwise;
  fuzz::check(whole.consume(text) == slow.possible, "consume() stops at the first impossible octet");
  fuzz::check(whole.complete() == slow.valid, "complete() is true where the text may end");
  std::size_t taken = 0;
  while (taken < text.size() && octetwise.consume(text.subspan(taken, 1)) == 1) ++taken;
  fuzz::check(taken == slow.possible, "octet by octet, consume() stops at the same octet");
  fuzz::check(octetwise.complete() == slow.valid, "octet by octet, complete() says the same");
  if (taken < text.size()) fuzz::check(octetwise.consume(text) == 0, "a validator that failed stays failed");
  octetwise.reset();
  fuzz::check(octetwise.complete(), "reset() begins a new text");
  return 0;
}
