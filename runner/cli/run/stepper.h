// stepper.h - `test --step`: stands still before what breaks a rule, so that a debugger can be attached to the
// endpoint.
#pragma once
#include "runner/catalogue/case.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace touchstone::cli {

// What is said before the case's step of that index, or before its opening handshake: what comes, in which process to
// look for what becomes of it (0: it is not known), and how to go on.
[[nodiscard]] std::string before_step(const Case& c, std::optional<std::size_t> step, int process);

class Stepper {
 public:
  // `owner` says the process id of the endpoint as it is now, or 0.
  explicit Stepper(std::function<int()> owner) : owner_(std::move(owner)) {}

  // Says what comes, and returns with the next line on standard input, or when the run is interrupted. After the end of
  // standard input nobody is asked any more.
  void operator()(const Case& c, std::optional<std::size_t> step);

 private:
  std::function<int()> owner_;
  bool ended_ = false;
};

}  // namespace touchstone::cli
