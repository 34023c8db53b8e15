#include "runner/catalogue/strict_json.h"

#include <fmt/format.h>

#include <algorithm>

namespace touchstone {
namespace {

// Builds the document from the parser's events, because only the events still show a key that stands twice.
class Builder : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view name, std::string_view text, std::vector<CaseFileError>& faults)
      : name_(name), text_(text), faults_(faults) {}

  Json take() { return std::move(root_); }

  bool null() override { return put(nullptr) != nullptr; }
  bool boolean(bool value) override { return put(value) != nullptr; }
  bool number_integer(number_integer_t value) override { return put(value) != nullptr; }
  bool number_unsigned(number_unsigned_t value) override { return put(value) != nullptr; }
  bool number_float(number_float_t value, const string_t&) override { return put(value) != nullptr; }
  bool string(string_t& value) override { return put(std::move(value)) != nullptr; }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& value) override {
    Level& level = stack_.back();
    if (level.node->contains(value)) {
      level.key = value;
      fault("this key a second time", "each key once in an object");
    } else if (level.node->size() >= kMaxObjectKeys) {
      fault("an object of more keys", fmt::format("at most {} keys in an object", kMaxObjectKeys));
      return false;
    }
    level.key = value;
    return true;
  }

  bool parse_error(std::size_t position, const std::string& token, const nlohmann::detail::exception&) override {
    const auto before = text_.substr(0, std::min(position, text_.size()));
    const auto line = std::ranges::count(before, '\n') + 1;
    const auto newline = before.rfind('\n');
    const auto column = newline == std::string_view::npos ? before.size() : before.size() - newline - 1;
    const auto seen = token.size() > 40 ? token.substr(token.size() - 40) : token;
    fault(fmt::format("no JSON at line {}, column {}, after '{}'", line, column, seen), "one JSON document (RFC 8259)");
    return false;
  }

 private:
  struct Level {
    Json* node;
    std::string key;
  };

  Json* put(Json value) {
    if (stack_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Level& level = stack_.back();
    if (level.node->is_array()) {
      level.node->push_back(std::move(value));
      return &level.node->back();
    }
    Json& slot = (*level.node)[level.key];
    slot = std::move(value);
    return &slot;
  }

  bool open(Json container) {
    if (stack_.size() >= kMaxJsonDepth) {
      fault("deeper nesting", fmt::format("at most {} levels", kMaxJsonDepth));
      return false;
    }
    // The parent gets no other member before this one is closed, so the pointer stays good.
    stack_.push_back({put(std::move(container)), {}});
    return true;
  }

  bool close() {
    stack_.pop_back();
    return true;
  }

  void fault(std::string found, std::string allowed) {
    std::string pointer;
    for (const Level& level : stack_) {
      if (level.node->is_array()) {
        // An element that is being read was pushed already when it is itself open.
        const bool innermost = &level == &stack_.back();
        pointer += fmt::format("/{}", innermost ? level.node->size() : level.node->size() - 1);
      } else if (!level.key.empty()) {
        pointer += fmt::format("/{}", pointer_token(level.key));
      }
    }
    faults_.push_back({std::string(name_), pointer, std::move(found), std::move(allowed)});
  }

  std::string_view name_, text_;
  std::vector<CaseFileError>& faults_;
  Json root_;
  std::vector<Level> stack_;
};

}  // namespace

std::string pointer_token(std::string_view key) {
  std::string token;
  for (const char c : key) {
    if (c == '~') {
      token += "~0";
    } else if (c == '/') {
      token += "~1";
    } else {
      token += c;
    }
  }
  return token;
}

std::optional<Json> parse_strict(std::string_view name, std::string_view text, std::vector<CaseFileError>& faults) {
  if (text.size() > kMaxFileOctets) {
    faults.push_back({std::string(name), "", fmt::format("a file of {} octets", text.size()),
                      fmt::format("at most {} octets", kMaxFileOctets)});
    return std::nullopt;
  }
  Builder builder(name, text, faults);
  if (!Json::sax_parse(text, &builder)) return std::nullopt;
  return builder.take();
}

}  // namespace touchstone
