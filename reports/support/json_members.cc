// json_members.cc - strict reading of JSON.
#include "reports/support/json_members.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <ws/core/bytes.h>
#include <ws/core/utf8.h>

#include <algorithm>
#include <set>

namespace touchstone {
namespace {

constexpr std::size_t kShown = 60;  // octets of a wrong value that an error quotes

std::string shown(const Json& value) {
  std::string text = write_json(value);
  if (text.size() <= kShown) return text;
  return text.substr(0, kShown) + "...";
}

// Refuses equal keys while nlohmann's parser builds the value: it would keep the last one silently.
class DuplicateCheck {
 public:
  bool operator()(int /*depth*/, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) open_.emplace_back();
    if (event == Json::parse_event_t::object_end) open_.pop_back();
    if (event == Json::parse_event_t::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!open_.back().insert(key).second && duplicate_.empty()) duplicate_ = key;
    }
    return true;
  }
  [[nodiscard]] const std::string& duplicate() const { return duplicate_; }

 private:
  std::vector<std::set<std::string>> open_;
  std::string duplicate_;
};

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::string JsonFault::text() const {
  std::string where = file;
  if (line != 0) where += fmt::format("{}{}", where.empty() ? "line " : ":", line);
  if (!pointer.empty()) where += fmt::format("{}{}", where.empty() ? "" : ": ", pointer);
  return ws::one_line(fmt::format("{}{}found {}, allowed is {}", where, where.empty() ? "" : ": ", found, allowed));
}

std::expected<Json, JsonFault> parse_json(std::string_view text) {
  DuplicateCheck check;
  Json value;
  try {
    value = Json::parse(text.begin(), text.end(), std::ref(check));
  } catch (const nlohmann::json::parse_error& error) {
    JsonFault fault;
    fault.found = fmt::format("a fault at octet {} of {}", error.byte, text.size());
    fault.allowed = "one JSON value (RFC 8259)";
    return std::unexpected(fault);
  } catch (const nlohmann::json::out_of_range&) {
    JsonFault fault;
    fault.found = "a number beyond all measure";
    fault.allowed = "numbers that a double holds (RFC 8259 section 6)";
    return std::unexpected(fault);
  }
  if (!check.duplicate().empty()) {
    JsonFault fault;
    fault.found = fmt::format("the key \"{}\" twice in one object", check.duplicate());
    fault.allowed = "each key once";
    return std::unexpected(fault);
  }
  return value;
}

std::string write_json(const Json& value) { return value.dump(-1, ' ', true, Json::error_handler_t::replace); }

std::string format_time(std::chrono::system_clock::time_point time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const auto clock = hh_mm_ss(floor<microseconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

std::optional<std::chrono::system_clock::time_point> parse_time(std::string_view text) {
  using namespace std::chrono;
  constexpr std::string_view shape = "0000-00-00T00:00:00.000000Z";
  if (text.size() != shape.size()) return std::nullopt;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (shape[i] == '0' ? !digit : text[i] != shape[i]) return std::nullopt;
  }
  const auto number = [&](std::size_t at, std::size_t size) {
    int value = 0;
    std::from_chars(text.data() + at, text.data() + at + size, value);
    return value;
  };
  const year_month_day date(year(number(0, 4)), month(static_cast<unsigned>(number(5, 2))),
                            day(static_cast<unsigned>(number(8, 2))));
  // Nanoseconds in 64 bits end in 2262.
  if (date.year() < year(1970) || date.year() >= year(2200)) return std::nullopt;
  if (!date.ok() || number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > 60) return std::nullopt;
  return time_point_cast<system_clock::duration>(sys_days(date) + hours(number(11, 2)) + minutes(number(14, 2)) +
                                                 seconds(number(17, 2)) + microseconds(number(20, 6)));
}

std::string to_hex(std::string_view octets) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  hex.reserve(octets.size() * 2);
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    hex += digits[octet >> 4];
    hex += digits[octet & 15];
  }
  return hex;
}

std::optional<std::string> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string octets;
  octets.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = nibble(hex[i]), low = nibble(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    octets += static_cast<char>(high * 16 + low);
  }
  return octets;
}

Json octets_to_json(std::string_view octets) {
  if (ws::is_utf8(ws::as_octets(octets))) return Json(octets);
  return Json{{"hex", to_hex(octets)}};
}

Members::Members(const Json& value, std::string pointer, std::optional<JsonFault>& fault)
    : object_(value), pointer_(std::move(pointer)), fault_(fault) {
  if (!fault_ && !value.is_object()) fault_ = JsonFault{{}, 0, pointer_, shown(value), "an object"};
}

bool Members::has(std::string_view key) const { return object_.is_object() && object_.contains(key); }

const Json* Members::find(std::string_view key, Need need) {
  if (fault_) return nullptr;
  asked_.push_back(key);
  const auto member = object_.find(key);
  if (member != object_.end()) return &*member;
  if (need == Need::required)
    fault_ = JsonFault{{}, 0, pointer_, fmt::format("no key \"{}\"", key), "an object that has it"};
  return nullptr;
}

void Members::wrong(std::string_view key, const Json& found, std::string_view allowed) {
  if (!fault_) fault_ = JsonFault{{}, 0, fmt::format("{}/{}", pointer_, key), shown(found), std::string(allowed)};
}

void Members::range_fault(std::string_view key, const Json& found, const std::string& least, const std::string& most) {
  wrong(key, found, fmt::format("an integer from {} to {}", least, most));
}

void Members::text(std::string_view key, std::string& out, Need need) {
  const Json* value = find(key, need);
  if (!value) return;
  if (!value->is_string()) return wrong(key, *value, "a string");
  out = value->get<std::string>();
}

void Members::texts(std::string_view key, std::vector<std::string>& out) {
  list(key, [&](const Json& value, const std::string& pointer) {
    if (value.is_string()) {
      out.push_back(value.get<std::string>());
    } else if (!fault_) {
      fault_ = JsonFault{{}, 0, pointer, shown(value), "a string"};
    }
  });
}

void Members::flag(std::string_view key, bool& out, Need need) {
  const Json* value = find(key, need);
  if (!value) return;
  if (!value->is_boolean()) return wrong(key, *value, "true or false");
  out = value->get<bool>();
}

void Members::real(std::string_view key, double& out) {
  const Json* value = find(key, Need::required);
  if (!value) return;
  if (!value->is_number() || value->get<double>() < 0) return wrong(key, *value, "a number from 0");
  out = value->get<double>();
}

void Members::time(std::string_view key, std::chrono::system_clock::time_point& out, Need need) {
  const Json* value = find(key, need);
  if (!value) return;
  const auto read = value->is_string() ? parse_time(value->get_ref<const std::string&>()) : std::nullopt;
  if (!read) return wrong(key, *value, "a time such as \"2026-11-21T10:11:12.123456Z\"");
  out = *read;
}

void Members::hex(std::string_view key, std::string& out, Need need) {
  const Json* value = find(key, need);
  if (!value) return;
  auto read = value->is_string() ? from_hex(value->get_ref<const std::string&>()) : std::nullopt;
  if (!read) return wrong(key, *value, "octets in lower-case hex");
  out = std::move(*read);
}

void Members::octets(std::string_view key, std::string& out, Need need) {
  const Json* value = find(key, need);
  if (!value) return;
  if (value->is_string()) {
    out = value->get<std::string>();
  } else if (value->is_object() && value->size() == 1 && value->contains("hex")) {
    Members(*value, fmt::format("{}/{}", pointer_, key), fault_).hex("hex", out);
  } else {
    wrong(key, *value, "a string, or {\"hex\": octets in lower-case hex}");
  }
}

void Members::list(std::string_view key, const std::function<void(const Json&, const std::string&)>& read) {
  const Json* value = find(key, Need::required);
  if (!value) return;
  if (!value->is_array()) return wrong(key, *value, "an array");
  for (std::size_t i = 0; i < value->size() && !fault_; ++i)
    read((*value)[i], fmt::format("{}/{}/{}", pointer_, key, i));
}

void Members::nested(std::string_view key, const std::function<void(const Json&, const std::string&)>& read,
                     Need need) {
  const Json* value = find(key, need);
  if (value) read(*value, fmt::format("{}/{}", pointer_, key));
}

void Members::no_others() {
  if (fault_) return;
  for (const auto& [key, value] : object_.items()) {
    if (std::find(asked_.begin(), asked_.end(), key) != asked_.end()) continue;
    std::string known;
    for (const std::string_view name : asked_) known += fmt::format("{}{}", known.empty() ? "" : ", ", name);
    fault_ = JsonFault{{}, 0, pointer_, fmt::format("the key \"{}\"", key), "only " + known};
    return;
  }
}

}  // namespace touchstone
