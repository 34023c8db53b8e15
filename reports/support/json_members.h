// json_members.h - strict reading of JSON: equal keys, unknown keys and wrong types are faults that say where
// they are, what was found and what is allowed.
#pragma once
#include <nlohmann/json.hpp>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace touchstone {

// Keeps the order of keys, so that a person finds the important ones first.
using Json = nlohmann::ordered_json;

struct JsonFault {
  std::string file;      // may be empty: text that is no file
  std::size_t line = 0;  // 1-based; 0 when not known
  std::string pointer;   // RFC 6901, "/findings/0/weight"; empty for the whole text
  std::string found, allowed;
  [[nodiscard]] std::string text() const;  // "out/journal.jsonl:3: /behavior: found "MAYBE", allowed is ..."
};

// Parses one text. Two equal keys in an object are a fault: other readers would take either.
[[nodiscard]] std::expected<Json, JsonFault> parse_json(std::string_view text);

// One line of JSON in ASCII, so that no tool finds another line end (U+2028) in it or mistakes its encoding. Octets
// that are no UTF-8 become U+FFFD.
[[nodiscard]] std::string write_json(const Json& value);

// "2026-11-21T10:11:12.123456Z"
[[nodiscard]] std::string format_time(std::chrono::system_clock::time_point time);
[[nodiscard]] std::optional<std::chrono::system_clock::time_point> parse_time(std::string_view text);

[[nodiscard]] std::string to_hex(std::string_view octets);
[[nodiscard]] std::optional<std::string> from_hex(std::string_view hex);

// Octets that are usually text: a string when they are UTF-8, {"hex": "..."} otherwise. Loses nothing.
[[nodiscard]] Json octets_to_json(std::string_view octets);

// Reads the members of one object. Only the first fault of a document is kept, in `fault`; after it nothing is
// read any more, so that callers need not check each step.
class Members {
 public:
  enum class Need : std::uint8_t { required, optional };

  Members(const Json& value, std::string pointer, std::optional<JsonFault>& fault);

  [[nodiscard]] bool has(std::string_view key) const;

  void text(std::string_view key, std::string& out, Need need = Need::required);
  void texts(std::string_view key, std::vector<std::string>& out);
  void flag(std::string_view key, bool& out, Need need = Need::required);
  void real(std::string_view key, double& out);  // zero or more
  void time(std::string_view key, std::chrono::system_clock::time_point& out, Need need = Need::required);
  void hex(std::string_view key, std::string& out, Need need = Need::required);
  void octets(std::string_view key, std::string& out, Need need = Need::required);  // text or {"hex": ...}

  // An integer that `T` can hold, at most `most`.
  template <class T>
  void integer(std::string_view key, T& out, Need need = Need::required, T most = std::numeric_limits<T>::max());

  // null or an integer that `T` can hold.
  template <class T>
  void integer_or_null(std::string_view key, std::optional<T>& out) {
    const Json* value = find(key, Need::required);
    if (!value || value->is_null()) return;
    integer(key, out.emplace());
  }

  // One of the names that `from` knows; `allowed` lists them for people.
  template <class Enum>
  void one_of(std::string_view key, Enum& out, const std::function<std::optional<Enum>(std::string_view)>& from,
              std::string_view allowed) {
    const Json* value = find(key, Need::required);
    if (!value) return;
    const std::optional<Enum> read = value->is_string() ? from(value->get_ref<const std::string&>()) : std::nullopt;
    if (!read) return wrong(key, *value, allowed);
    out = *read;
  }

  // An array: `read` is called with each element and its pointer.
  void list(std::string_view key, const std::function<void(const Json&, const std::string& pointer)>& read);
  // Any value, for a reader of its own.
  void nested(std::string_view key, const std::function<void(const Json&, const std::string& pointer)>& read,
              Need need = Need::required);

  // Call last: every member that was not asked for is a fault.
  void no_others();

 private:
  const Json* find(std::string_view key, Need need);
  void wrong(std::string_view key, const Json& found, std::string_view allowed);
  void range_fault(std::string_view key, const Json& found, const std::string& least, const std::string& most);

  const Json& object_;
  std::string pointer_;
  std::optional<JsonFault>& fault_;
  std::vector<std::string_view> asked_;
};

template <class T>
void Members::integer(std::string_view key, T& out, Need need, T most) {
  const Json* value = find(key, need);
  if (!value) return;
  constexpr T least = std::numeric_limits<T>::min();
  bool fits = false;
  if (value->is_number_unsigned()) {
    fits = value->get<std::uint64_t>() <= static_cast<std::uint64_t>(most);
  } else if (value->is_number_integer() && std::is_signed_v<T>) {
    fits = value->get<std::int64_t>() >= static_cast<std::int64_t>(least);  // a negative one
  }
  if (!fits) return range_fault(key, *value, std::to_string(least), std::to_string(most));
  out = value->get<T>();
}

}  // namespace touchstone
