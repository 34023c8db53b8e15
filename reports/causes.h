// causes.h - what one mend would take away. A list of 300 failed cases asks for 300 looks; most of them are one fault.
//
// Findings that weigh (a MUST or a SHOULD broken) with the same requirement, kind and evidence are one cause, in
// however many results they stand. So are those of several kinds that one omission brings forth, as every status code
// that is not looked at before it is sent (kMends in causes.cc), whether they break a MUST or a SHOULD: the cause has
// the weight and the words of its gravest case, and every result keeps its own verdict. A result may show several
// causes; it belongs to one, its root:
//   - the gravest of its findings, because that gave its verdict;
//   - of equally grave ones that which most results share: a wrong answer to the opening handshake stands in every
//     result of a run, and what a single case adds to it would still be there after that was mended;
//   - of these the first, in the order in which the judge found them, which is that of the connection.
// What only follows from another finding of the same result, as grave or graver, is no cause: see consequences().
// What a cause kept from being judged (Result::hidden) it hides.
#pragma once
#include "reports/result/result.h"

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace touchstone {

struct Cause {
  std::size_t number = 0;  // 1 for the first
  // Made of names: "rfc7692-7.1.2.2-1/parameter-not-offered/client_max_window_bits", or "rfc7692-7/offer-not-declined".
  // Equal in all runs that find it.
  std::string id;
  Behavior behavior = Behavior::failed;  // FAILED, ERRORED (no finding: it could not be judged) or NON-STRICT
  Finding finding;                       // as `shortest` has it; without a requirement where a result has no finding
  std::vector<const Result*> cases;      // that show it, in reading order: roots and others
  std::vector<const Result*> hidden;     // that it kept from being judged
  std::size_t own = 0;                   // of `cases`, those whose root it is
  std::size_t own_weak = 0;  // of these, those that are NON-STRICT: a cause weighs what its gravest case does
  // Shows it best: in full weight, by itself and reproducibly if any does, then with the fewest frames, octets, letters
  // of its id.
  const Result* shortest = nullptr;
};

// The causes of one endpoint's results: FAILED, ERRORED, NON-STRICT; within these by what they explain and hide.
class Causes {
 public:
  Causes() = default;
  // Keeps the pointers.
  explicit Causes(const std::vector<const Result*>& results);

  [[nodiscard]] const std::vector<Cause>& all() const noexcept { return causes_; }
  [[nodiscard]] bool empty() const noexcept { return causes_.empty(); }
  // The root of a result that is FAILED, ERRORED or NON-STRICT, or what hides it; nothing for others.
  [[nodiscard]] const Cause* of(const Result& result) const;
  // Results that some cause explains, each once; and those that one hides.
  [[nodiscard]] const std::vector<const Result*>& explained() const noexcept { return explained_; }
  [[nodiscard]] std::size_t hidden() const noexcept { return hidden_; }

 private:
  std::vector<Cause> causes_;
  std::map<const Result*, std::size_t> roots_;
  std::vector<const Result*> explained_;
  std::size_t hidden_ = 0;
};

// Kinds of findings: mend `source`, and `follows` is gone from that result too.
struct Consequence {
  std::string_view source, follows;
};
[[nodiscard]] std::span<const Consequence> consequences() noexcept;

// "2 causes explain 298 cases (278 FAILED, 20 NON-STRICT) and hide 12 more"; empty when there is none.
[[nodiscard]] std::string headline(const Causes& causes);
// "explains 278 cases, hides 12", "explains 5 cases, is in 15 more", "is in 20 cases of other causes".
[[nodiscard]] std::string reach(const Cause& cause);
// The ids of the first `limit` results but `but`, and "240 more" where there are more. `write` gives the form of one.
struct SomeCases {
  std::vector<const Result*> named;
  std::size_t more = 0;
};
[[nodiscard]] SomeCases some_of(const std::vector<const Result*>& results, std::size_t limit,
                                const Result* but = nullptr);

}  // namespace touchstone
