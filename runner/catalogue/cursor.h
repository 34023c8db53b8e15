// cursor.h - a place in a case file: its value with parameters put in, its JSON pointer, and what is wrong with it.
//
// Readers ask a Cursor for what they need; every fault is noted with its place and reading goes on.
#pragma once
#include "runner/catalogue/strict_json.h"

#include <chrono>
#include <functional>
#include <initializer_list>
#include <set>
#include <tuple>

namespace touchstone {

// The faults of one file. The same fault is met again for every row of a sweep and is kept once.
class Faults {
 public:
  explicit Faults(std::string_view file) : file_(file) {}
  void add(std::string pointer, std::string found, std::string allowed);
  void add(CaseFileError fault);  // as one of this file
  // A matter of style: see CaseFileError.
  void add_style(std::string pointer, std::string found, std::string allowed);
  [[nodiscard]] bool empty() const { return all_.empty(); }
  [[nodiscard]] std::vector<CaseFileError> take() { return std::move(all_); }
  // What the cases of one file may weigh in memory; false when that is used up, and then a fault tells it.
  bool spend(std::uint64_t octets);
  [[nodiscard]] bool spent() const { return budget_ == 0; }

 private:
  static constexpr std::size_t kMost = 10'000;
  static constexpr std::uint64_t kBudget = 64 * 1024 * 1024;
  std::uint64_t budget_ = kBudget;
  std::string file_;
  std::set<std::tuple<std::string, std::string, std::string>> seen_;
  std::vector<CaseFileError> all_;
};

// A parameter of a sweep or the counter of a repeat.
struct Parameter {
  std::string_view name;
  const Json* value;
  bool* used;
};

// The parameters that a place can see: its own, then those around it.
struct Scope {
  const Scope* outer = nullptr;
  std::vector<Parameter> parameters;
  [[nodiscard]] const Parameter* find(std::string_view name) const;
};

[[nodiscard]] bool is_parameter_name(std::string_view name);

class Cursor {
 public:
  Cursor(const Json& root, Faults& faults) : faults_(&faults), value_(&root) {}

  // The value; a "$name" is already replaced by the parameter.
  [[nodiscard]] const Json& value() const { return *value_; }
  [[nodiscard]] bool has(std::string_view key) const { return value_->is_object() && value_->contains(key); }
  [[nodiscard]] Cursor at(std::string_view key) const;
  [[nodiscard]] Cursor in(const Scope& scope) const;
  [[nodiscard]] const Scope* scope() const { return scope_; }
  [[nodiscard]] std::string pointer() const;
  [[nodiscard]] Faults& faults() const { return *faults_; }

  void fault(std::string found, std::string allowed) const;
  void wrong(std::string allowed) const;  // found: the value itself

  // True for an object; faults for missing and for unknown keys are noted.
  bool object(std::initializer_list<std::string_view> required, std::initializer_list<std::string_view> optional) const;
  // From now on this key is allowed in what `object` looks at here.
  void allow(std::string_view key) { allowed_ = key; }
  // Each element of an array; "...$name" stands for all elements of a parameter that is an array.
  bool each(const std::function<void(const Cursor&)>& visit) const;
  [[nodiscard]] std::optional<std::uint64_t> number(std::uint64_t least, std::uint64_t most) const;
  // Seconds with at most three decimals.
  [[nodiscard]] std::optional<std::chrono::milliseconds> seconds(std::chrono::milliseconds most) const;
  [[nodiscard]] std::optional<bool> boolean() const;
  // A string with its "{name}" templates filled in.
  [[nodiscard]] std::optional<std::string> text() const;
  [[nodiscard]] std::vector<std::string> texts() const;

 private:
  Cursor child(const Json& value, std::string_view key, std::size_t index) const;
  void resolve();
  [[nodiscard]] const Parameter* parameter(std::string_view name) const;
  [[nodiscard]] std::optional<std::string> filled(std::string_view text) const;

  const Cursor* parent_ = nullptr;
  std::string_view key_;
  std::size_t index_ = 0;
  const Scope* scope_ = nullptr;
  Faults* faults_;
  const Json* value_;
  std::string_view allowed_{};
};

}  // namespace touchstone
