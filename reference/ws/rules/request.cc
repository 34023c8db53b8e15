#include <ws/rules/request.h>
#include <ws/rules/said.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace ws::rules {
namespace {

using enum Violation;

constexpr std::string_view kExtensions = "Sec-WebSocket-Extensions", kKey = "Sec-WebSocket-Key",
                           kVersion = "Sec-WebSocket-Version", kSubprotocols = "Sec-WebSocket-Protocol";

// The strict server's word, of a request that has nothing else to be said against it.
bool is_bad_target(const std::string& target) {
  RequestHead plain;
  plain.method = "GET";
  plain.target = target;
  plain.fields = {{"Host", "a"},
                  {"Upgrade", "websocket"},
                  {"Connection", "Upgrade"},
                  {std::string(kKey), "AAAAAAAAAAAAAAAAAAAAAA=="},
                  {std::string(kVersion), "13"}};
  const auto facts = check_request(plain);
  return !facts && facts.error() == target_malformed;
}

class RequestReader {
 public:
  explicit RequestReader(const RequestHead& head) : head_(head), fields_(head.fields) {}

  RequestReading read() {
    read_line();
    read_host();
    read_upgrade();
    read_version();
    read_key();
    read_subprotocols();
    read_extensions();
    if (announces_body()) give_up(head_malformed);
    if (reading_.facts) reading_.facts = std::move(facts_);
    return std::move(reading_);
  }

 private:
  void find(Violation violation, std::string_view detail = {}, std::string_view requirement = {}) {
    if (requirement.empty()) requirement = requirement_of_sender(violation, Role::client);
    RequestFault found{violation, requirement, shortened(detail)};
    if (std::ranges::find(reading_.faults, found) == reading_.faults.end()) reading_.faults.push_back(std::move(found));
  }

  void give_up(Violation violation, std::string_view detail = {}) {
    find(violation, detail);
    if (reading_.facts) reading_.facts = std::unexpected(violation);
  }

  [[nodiscard]] std::vector<std::string_view> values(std::string_view name) const {
    return field_values(fields_, name);
  }

  void read_line() {
    if (head_.method != "GET") find(method_not_get, head_.method);
    if (std::pair(head_.version_major, head_.version_minor) < std::pair(1, 1))
      find(http_version_too_low,
           "HTTP/" + std::to_string(head_.version_major) + "." + std::to_string(head_.version_minor));
    if (is_bad_target(head_.target)) find(target_malformed, head_.target);
  }

  void read_host() {
    const auto hosts = values("Host");
    if (hosts.empty() || !is_valid_host(hosts.front())) find(host_missing, joined(hosts));
  }

  void read_upgrade() {
    if (!list_has_token(fields_, "Upgrade", "websocket")) find(upgrade_missing, joined(values("Upgrade")));
    if (!list_has_token(fields_, "Connection", "upgrade"))
      find(connection_upgrade_missing, joined(values("Connection")));
  }

  // RFC 6455 4.1 item 9, 11.3.5.
  void read_version() {
    const auto versions = values(kVersion);
    if (versions.empty()) return find(version_missing);
    if (versions.size() > 1) find(handshake_field_repeated, kVersion, "rfc6455-11.3.5-2");
    if (versions.front() == "13") return;
    const auto named = list_elements(versions.front());
    const bool understood = std::ranges::any_of(named, [](std::string_view element) {
      int number = 0;
      const auto [end, error] = std::from_chars(element.data(), element.data() + element.size(), number);
      return error == std::errc{} && end == element.data() + element.size() && number >= kFirstOfThese;
    });
    understood ? find(version_unsupported, joined(versions)) : give_up(version_unsupported, joined(versions));
  }

  // RFC 6455 4.1 item 7, 11.3.1.
  void read_key() {
    const auto keys = values(kKey);
    if (keys.empty()) {
      find(key_missing);
      reading_.key_unclear = true;
      return;
    }
    facts_.key = keys.front();
    if (keys.size() > 1) {
      find(handshake_field_repeated, kKey, "rfc6455-11.3.1-1");
      reading_.key_unclear = std::ranges::any_of(keys, [&](std::string_view key) { return key != keys.front(); });
    }
    if (!is_valid_key(facts_.key)) find(key_invalid, facts_.key);
  }

  // RFC 6455 4.1 item 10: not empty, tokens, all different.
  void read_subprotocols() {
    const auto said = values(kSubprotocols);
    bool any = false;
    for (const std::string_view value : said) {
      for (const std::string_view element : list_elements(value)) {
        any = true;
        const bool again = std::ranges::find(facts_.subprotocols, element) != facts_.subprotocols.end();
        if (!is_token(element)) {
          find(subprotocol_malformed, element, "rfc6455-4.1-31");
        } else if (again) {
          find(subprotocol_malformed, element, "rfc6455-4.1-32");
        } else {
          facts_.subprotocols.emplace_back(element);
        }
      }
    }
    if (!said.empty() && !any) find(subprotocol_malformed, {}, "rfc6455-4.1-31");
  }

  // --- Extensions: RFC 6455 9.1, RFC 7692 7.1 ----------------------------------------------------------------------

  void read_extensions() {
    const auto said = values(kExtensions);
    std::vector<Extension> all;
    if (auto parsed = parse_extensions(fields_)) {
      all = std::move(*parsed);
    } else {
      find(extensions_malformed, joined(said));
      reading_.offer_unclear = true;
      for (const std::string_view value : said) salvage(value, all);
    }
    std::vector<Extension> mended;
    for (Extension& extension : all) {
      const bool in_order = extension.name != "permessage-deflate" || read_offer(extension);
      if (!in_order) mend(extension), reading_.offer_unclear = true;
      (in_order ? facts_.extensions : mended).push_back(std::move(extension));
    }
    std::ranges::move(mended, std::back_inserter(facts_.extensions));
  }

  // Of a list that breaks the grammar: the elements and parameters that keep it.
  static void salvage(std::string_view list, std::vector<Extension>& out) {
    for (const std::string_view element : list_elements(list)) {
      const std::size_t first = std::min(element.find(';'), element.size());
      auto extension = parse_extensions(element.substr(0, first));
      if (!extension) continue;
      for (std::string_view rest = element.substr(first); !rest.empty();) {
        const std::size_t end = std::min(rest.find(';', 1), rest.size());
        const auto one = parse_extensions("x" + std::string(rest.substr(0, end)));
        if (one && one->size() == 1)
          std::ranges::copy(one->front().parameters, std::back_inserter(extension->front().parameters));
        rest.remove_prefix(end);
      }
      out.push_back(std::move(extension->front()));
    }
  }

  // Each parameter once, and with a value that has a meaning.
  void mend(Extension& extension) {
    std::vector<ExtensionParameter> kept;
    for (ExtensionParameter& parameter : extension.parameters) {
      const std::string& name = parameter.name;
      const bool takeover = name == "server_no_context_takeover" || name == "client_no_context_takeover";
      const bool server = name == "server_max_window_bits", client = name == "client_max_window_bits";
      if (!takeover && !server && !client) {
        find(extension_parameters_invalid, name, "rfc6455-9.1-4");
        continue;
      }
      if (std::ranges::find(kept, name, &ExtensionParameter::name) != kept.end()) {
        find(extension_parameters_invalid, name + " twice", "rfc6455-9.1-4");
        continue;
      }
      if (takeover && parameter.value) {
        find(extension_parameters_invalid, name + "=" + *parameter.value,
             name.starts_with("server") ? "rfc7692-7.1.1.1-2" : "rfc7692-7.1.1.2-2");
        parameter.value.reset();
      }
      if ((server || (client && parameter.value)) && !is_window(parameter.value)) {
        find(extension_parameters_invalid, name + (parameter.value ? "=" + *parameter.value : " without a value"),
             server ? "rfc7692-7.1.2.1-2" : "rfc7692-7.1.2.2-2");
        parameter.value = likely_window(parameter.value);
        if (server && !parameter.value) continue;
      }
      kept.push_back(std::move(parameter));
    }
    extension.parameters = std::move(kept);
  }

  static bool is_window(const std::optional<std::string>& value) {
    for (int bits = kMinWindow; bits <= kMaxWindow; ++bits)
      if (value == std::to_string(bits)) return true;
    return false;
  }

  static std::optional<std::string> likely_window(const std::optional<std::string>& value) {
    int bits = 0;
    if (!value || std::from_chars(value->data(), value->data() + value->size(), bits).ec != std::errc{})
      return std::nullopt;
    return std::to_string(std::clamp(bits, kMinWindow, kMaxWindow));
  }

  // Frames after such a head could not be told from its body (RFC 9112 6.3).
  [[nodiscard]] bool announces_body() const {
    return !values("Transfer-Encoding").empty() ||
           std::ranges::any_of(values("Content-Length"), [](std::string_view length) { return length != "0"; });
  }

  static constexpr int kFirstOfThese = 7;  // of the versions with the frames of RFC 6455

  const RequestHead& head_;
  const std::vector<Field>& fields_;
  RequestFacts facts_;
  RequestReading reading_;
};

}  // namespace

RequestReading read_request(const RequestHead& request) { return RequestReader(request).read(); }

}  // namespace ws::rules
