// Any text is a journal, perhaps a cut-off one, or one line that says what is wrong; what is read is written back the
// same.
#include "fuzz/support/check.h"

#include "reports/journal.h"
#include "reports/result/result_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace touchstone;
  const auto journal = parse_journal("journal.jsonl", fuzz::text(data, size));
  if (!journal) {
    fuzz::check(journal.error().starts_with("journal.jsonl:") && !journal.error().contains('\n'),
                "the error is one line with the file's name");
    return 0;
  }
  for (const Result& result : journal->results) {
    const Json written = to_json(result);
    const auto again = result_from_json(written);
    fuzz::check(again.has_value(), "a result that was written is read");
    fuzz::check(to_json(*again) == written, "and is written the same again");
  }
  const Json run = to_json(journal->run);
  const auto again = run_from_json(run);
  fuzz::check(!again || to_json(*again) == run, "the header is written the same again");
  return 0;
}
