#include "runner/catalogue/cursor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace touchstone {
namespace {

// What stands in for a value whose parameter is unknown: that fault is told already, so nothing more is.
const Json kUnknown = Json::value_t::discarded;

std::string shown(const Json& value) {
  auto text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > 80) text = text.substr(0, 77) + "...";
  return text;
}

std::string listed(std::initializer_list<std::string_view> a, std::initializer_list<std::string_view> b) {
  std::vector<std::string_view> all(a);
  all.insert(all.end(), b.begin(), b.end());
  return fmt::format("the keys {}", fmt::join(all, ", "));
}

bool looks_like_parameter(std::string_view text) {
  if (text.starts_with("...")) text.remove_prefix(3);
  return text.starts_with('$') && is_parameter_name(text.substr(1));
}

bool is_name_octet(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

}  // namespace

void Faults::add(CaseFileError fault) {
  if (all_.size() >= kMost || !seen_.emplace(fault.pointer, fault.found, fault.allowed).second) return;
  fault.file = file_;
  all_.push_back(std::move(fault));
}

void Faults::add(std::string pointer, std::string found, std::string allowed) {
  add({file_, std::move(pointer), std::move(found), std::move(allowed)});
}

void Faults::add_style(std::string pointer, std::string found, std::string allowed) {
  add({file_, std::move(pointer), std::move(found), std::move(allowed), /*style=*/true});
}

bool Faults::spend(std::uint64_t octets) {
  if (octets < budget_) {
    budget_ -= octets;
    return true;
  }
  budget_ = 0;
  add("", "cases that take more memory when written out", fmt::format("at most {} octets in a file", kBudget));
  return false;
}

const Parameter* Scope::find(std::string_view name) const {
  for (const Scope* scope = this; scope != nullptr; scope = scope->outer) {
    const auto found = std::ranges::find(scope->parameters, name, &Parameter::name);
    if (found != scope->parameters.end()) return &*found;
  }
  return nullptr;
}

bool is_parameter_name(std::string_view name) {
  return !name.empty() && name.front() >= 'a' && name.front() <= 'z' && std::ranges::all_of(name, is_name_octet);
}

Cursor Cursor::child(const Json& value, std::string_view key, std::size_t index) const {
  Cursor result = *this;
  result.parent_ = this;
  result.key_ = key;
  result.index_ = index;
  result.value_ = &value;
  result.allowed_ = {};
  result.resolve();
  return result;
}

Cursor Cursor::at(std::string_view key) const { return child(value_->at(std::string(key)), key, 0); }

Cursor Cursor::in(const Scope& scope) const {
  Cursor result = *this;
  result.scope_ = &scope;
  return result;
}

std::string Cursor::pointer() const {
  if (parent_ == nullptr) return "";
  const auto token = key_.data() == nullptr ? fmt::to_string(index_) : pointer_token(key_);
  return fmt::format("{}/{}", parent_->pointer(), token);
}

void Cursor::fault(std::string found, std::string allowed) const {
  if (!value_->is_discarded()) faults_->add(pointer(), std::move(found), std::move(allowed));
}

void Cursor::wrong(std::string allowed) const {
  if (!value_->is_discarded()) fault(shown(*value_), std::move(allowed));
}

const Parameter* Cursor::parameter(std::string_view name) const {
  const Parameter* found = scope_ == nullptr ? nullptr : scope_->find(name);
  if (found == nullptr) {
    fault(fmt::format("no parameter '{}' here", name), "a parameter of the sweep or of a repeat around");
  } else {
    *found->used = true;
  }
  return found;
}

void Cursor::resolve() {
  if (!value_->is_string()) return;
  const auto& text = value_->get_ref<const std::string&>();
  if (text.size() < 2 || text.front() != '$' || !is_parameter_name(std::string_view(text).substr(1))) return;
  const Parameter* found = parameter(std::string_view(text).substr(1));
  value_ = found == nullptr ? &kUnknown : found->value;
}

bool Cursor::object(std::initializer_list<std::string_view> required,
                    std::initializer_list<std::string_view> optional) const {
  if (!value_->is_object()) {
    wrong("an object with " + listed(required, optional));
    return false;
  }
  const auto keys = [&] { return listed(required, optional) + (allowed_.empty() ? "" : ", " + std::string(allowed_)); };
  for (const auto key : required) {
    if (!value_->contains(key)) fault(fmt::format("no key '{}'", key), keys());
  }
  for (const auto& [key, value] : value_->items()) {
    const bool known = std::ranges::find(required, key) != required.end() ||
                       std::ranges::find(optional, key) != optional.end() || key == allowed_;
    if (!known) {
      fault(fmt::format("unknown key '{}'", key), keys());
    }
  }
  return true;
}

bool Cursor::each(const std::function<void(const Cursor&)>& visit) const {
  if (!value_->is_array()) {
    wrong("an array");
    return false;
  }
  for (std::size_t i = 0; i < value_->size(); ++i) {
    const Json& element = (*value_)[i];
    const std::string_view text = element.is_string() ? std::string_view(element.get_ref<const std::string&>()) : "";
    if (text.starts_with("...$") && is_parameter_name(text.substr(4))) {
      const Cursor place = child(element, {}, i);
      const Parameter* found = place.parameter(text.substr(4));
      if (found == nullptr) continue;
      if (!found->value->is_array()) {
        place.fault(shown(*found->value), "a parameter that is an array");
        continue;
      }
      for (const Json& inner : *found->value) visit(child(inner, {}, i));
    } else {
      visit(child(element, {}, i));
    }
  }
  return true;
}

std::optional<std::uint64_t> Cursor::number(std::uint64_t least, std::uint64_t most) const {
  if (value_->is_number_unsigned()) {
    const auto number = value_->get<std::uint64_t>();
    if (number >= least && number <= most) return number;
  }
  wrong(fmt::format("a whole number from {} to {}", least, most));
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> Cursor::seconds(std::chrono::milliseconds most) const {
  if (value_->is_number() && *value_ >= 0) {
    const auto wanted = std::llround(1000 * value_->get<double>());
    if (wanted <= most.count() && std::abs(static_cast<double>(wanted) - 1000 * value_->get<double>()) < 1e-6)
      return std::chrono::milliseconds(wanted);
  }
  wrong(fmt::format("seconds from 0 to {}, with at most three decimals", most.count() / 1000));
  return std::nullopt;
}

std::optional<bool> Cursor::boolean() const {
  if (value_->is_boolean()) return value_->get<bool>();
  wrong("true or false");
  return std::nullopt;
}

std::optional<std::string> Cursor::text() const {
  if (!value_->is_string()) {
    wrong("a string");
    return std::nullopt;
  }
  auto text = filled(value_->get_ref<const std::string&>());
  // As with a brace that a parameter puts in: once the case is written out, this would be read as a parameter.
  if (text && looks_like_parameter(*text)) {
    fault(fmt::format("text that is '{}'", *text),
          "text that does not look like a parameter; {\"hex\": ...} in payloads");
    return std::nullopt;
  }
  return text;
}

std::vector<std::string> Cursor::texts() const {
  std::vector<std::string> all;
  each([&](const Cursor& element) {
    if (auto text = element.text()) all.push_back(std::move(*text));
  });
  return all;
}

std::optional<std::string> Cursor::filled(std::string_view text) const {
  std::string result;
  for (auto open = text.find('{'); open != std::string_view::npos; open = text.find('{')) {
    const auto close = text.find('}', open);
    const auto name = close == std::string_view::npos ? "" : text.substr(open + 1, close - open - 1);
    if (!is_parameter_name(name)) {
      wrong("'{' only before a parameter's name and '}'; other braces as {\"hex\": ...}");
      return std::nullopt;
    }
    const Parameter* found = parameter(name);
    if (found == nullptr) return std::nullopt;
    result += text.substr(0, open);
    if (found->value->is_string()) {
      const auto& put_in = found->value->get_ref<const std::string&>();
      // It would be read as a parameter once the case is written out.
      if (put_in.contains('{')) {
        fault(fmt::format("parameter '{}' is {}", name, shown(*found->value)), "text without '{' inside of other text");
        return std::nullopt;
      }
      result += put_in;
    } else if (found->value->is_number_integer() || found->value->is_boolean()) {
      result += found->value->dump();
    } else {
      fault(fmt::format("parameter '{}' is {}", name, shown(*found->value)), "a string, a whole number or true/false");
      return std::nullopt;
    }
    text.remove_prefix(close + 1);
  }
  return result += text;
}

}  // namespace touchstone
