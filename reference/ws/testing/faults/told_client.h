// told_client.h - a client that is told where to connect and how, with at most one fault in how it does it: in its URL,
// its trust, its proxy, its pauses. RFC 6455 3, 4.1, 7.2.3.
#pragma once
#include <ws/io/net/wait.h>

#include <asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ws::testing {

enum class ToldFault : std::uint8_t {
  none,
  // The URL.
  sends_fragment,
  decodes_target,
  drops_query,
  drops_slash,
  doubles_slash,
  sends_userinfo,
  leaves_port_out,
  leaves_brackets_out,
  sends_text_raw,
  sends_blank_raw,
  writes_lines_of_url,
  reads_capitals_as_ws,
  // Certificates.
  sends_no_server_name,
  believes_any_name,
  believes_old_ones,
  believes_early_ones,
  believes_anybody,
  speaks_without_tls,
  // The proxy.
  passes_proxy_by,
  asks_proxy_without_port,
  asks_proxy_without_host,
  sends_port_80,
  ignores_refusal,
  goes_around_proxy,
  waits_for_body,
  wants_200_alone,
  wants_http_1_1,
  wants_head_at_once,
  // Connections.
  asks_on_all_at_once,
  keeps_its_key,
  reverses_subprotocols,
  follows_to_root,
  keeps_tcp,
  comes_back_at_once,
  comes_back_steadily,
  comes_back_in_step,
};

struct ToldFaultRow {
  ToldFault fault;
  std::string_view name;         // "sends-fragment"
  std::string_view requirement;  // that it breaks
  bool must;                     // what can be seen of it breaks a MUST, not a SHOULD
  std::string_view text;         // "sends the fragment of its URL"
};
// All but `none`, in the order of the enumerators.
[[nodiscard]] std::span<const ToldFaultRow> told_faults() noexcept;
[[nodiscard]] const ToldFaultRow* find_told_fault(std::string_view name) noexcept;

struct ToldConnection {
  std::string url;
  std::vector<std::string> subprotocols{};
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string ca{};     // of a PEM file; empty: the system's
  std::string proxy{};  // "http://127.0.0.1:4000"; empty: none
  int cancel_ms = 0;    // 0: do not
  bool reconnect = false;
};

// What all connections of one client share: who is connecting where, and the key of those that have only one.
class ToldClient {
 public:
  explicit ToldClient(ToldFault fault);
  ~ToldClient();
  // Makes the connection and stays to its end. The client outlives it.
  [[nodiscard]] asio::awaitable<void> connect(ToldConnection told);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace ws::testing
