// relay_fuzz_run.h - plays random cases against an intermediary, and keeps the first failure of each kind.
#pragma once
#include "runner/proxy/nature.h"

#include <cstddef>
#include <functional>
#include <set>
#include <string>

namespace touchstone::proxy {

class RelayFuzzRun {
 public:
  // A kind of failure that was not seen before, and its case.
  using OnNew = std::function<void(const Case&, const Result&, const Finding&)>;

  RelayFuzzRun(const UnderTest& test, OnNew on_new) : test_(test), on_new_(std::move(on_new)) {}

  // Some more cases of the seed of the run; those that `over` cuts off do not count.
  void play_some(const std::atomic<bool>& over);

  [[nodiscard]] std::size_t played() const noexcept { return played_; }
  [[nodiscard]] std::size_t kinds() const noexcept { return kinds_.size(); }

 private:
  class Watch;
  // A known failure is not confirmed: nobody learns anything from it.
  [[nodiscard]] bool is_known(const Result& result) const;

  const UnderTest& test_;
  OnNew on_new_;
  std::uint64_t next_ = 0;
  std::size_t played_ = 0;
  std::set<std::string> kinds_;
};

}  // namespace touchstone::proxy
