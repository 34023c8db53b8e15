// Any text is a list of cases or a list of faults, each with its place; what loads is written and loaded back the same.
#include "fuzz/support/check.h"

#include "runner/catalogue/catalogue.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace touchstone;
  const std::string_view text = fuzz::text(data, size);
  const auto cases = load_cases("fuzz.json", text);
  if (!cases) {
    fuzz::check(!cases.error().empty(), "a refused file has a fault");
    for (const CaseFileError& fault : cases.error()) {
      fuzz::check(fault.pointer.empty() || fault.pointer.starts_with('/'), "a fault has a JSON pointer");
      fuzz::check(!fault.text().contains('\n'), "a fault is one line");
    }
    return 0;
  }
  // Each case by itself; a sweep can make very many that differ in a number.
  constexpr std::size_t kEnough = 8;
  for (std::size_t i = 0; i < std::min(cases->size(), kEnough); ++i) {
    const std::string written = to_json((*cases)[i]);
    const auto again = load_cases("again.json", written);
    fuzz::check(again && again->size() == 1, "a case that was written loads");
    fuzz::check(again->front().id == (*cases)[i].id, "it keeps its id");
    fuzz::check(to_json(again->front()) == written, "it is written the same again");
  }
  return 0;
}
