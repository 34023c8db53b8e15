#include "runner/serve/trust.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include <arpa/inet.h>
#include <unistd.h>

namespace touchstone::serve {
namespace {

// Of "host:port" and "[::1]:port".
std::string_view without_port(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

std::string_view host_of_origin(std::string_view origin) {
  const auto scheme = origin.find("://");
  return scheme == std::string_view::npos ? origin : without_port(origin.substr(scheme + 3));
}

bool is_address(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  std::array<unsigned char, sizeof(in6_addr)> octets{};
  const std::string text(host);
  return inet_pton(AF_INET, text.c_str(), octets.data()) == 1 || inet_pton(AF_INET6, text.c_str(), octets.data()) == 1;
}

// RFC 6761 6.3: no name server is asked for these.
bool is_localhost(std::string_view host) {
  return ws::equals_ignoring_case(host, "localhost") || host.ends_with(".localhost");
}

bool is_loopback(std::string_view host) {
  return is_localhost(host) || host == "[::1]" || (is_address(host) && host.starts_with("127."));
}

std::string name_of_machine() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string();
}

}  // namespace

Trust::Trust(std::vector<std::string> names) : names_(std::move(names)) { names_.push_back(name_of_machine()); }

bool Trust::knows(std::string_view name) const {
  return std::ranges::any_of(names_, [&](const std::string& known) { return ws::equals_ignoring_case(known, name); });
}

bool Trust::may_be_host(std::string_view name) const {
  return name.find('.') == std::string_view::npos || is_address(name) || is_localhost(name) || knows(name);
}

std::string Trust::objection(const ws::RequestHead& head, bool plain) const {
  const ws::Field* const origin = ws::find_field(head.fields, "Origin");
  if (!plain && origin == nullptr) return {};
  const ws::Field* const field = ws::find_field(head.fields, "Host");
  const std::string_view host = field == nullptr ? std::string_view() : without_port(field->value);
  if (!may_be_host(host))
    return fmt::format(
        "'{}' is no name that this server knows, and any site may point its name at it. Use its address, or "
        "start it with --allow-host {}",
        host, host);
  if (origin == nullptr) return {};
  const std::string_view page = host_of_origin(origin->value);
  if (is_loopback(page) || knows(page) || (!page.empty() && ws::equals_ignoring_case(page, host))) return {};
  return fmt::format("the page that asks is of another site ({}). Start the server with --allow-host {} if it may",
                     page, page);
}

}  // namespace touchstone::serve
