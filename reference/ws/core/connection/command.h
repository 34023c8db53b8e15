// command.h - what an application asks of a connection, and why that may be refused.
#pragma once
#include <ws/core/bytes.h>
#include <ws/core/close.h>
#include <ws/core/http/http1.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace ws {

// Whether a message is compressed, when permessage-deflate was agreed on. Each message may differ (RFC 7692 6).
enum class Compress : std::uint8_t {
  by_threshold,  // if it has Options::deflate_threshold octets or more, or is fragmented
  always,
  never,
};

class PreparedMessage;

// What the application wants. Views are read during submit() and not kept.
namespace command {
struct Connect {
  std::string_view host;    // Host field, with the port unless it is the scheme's default
  std::string_view target;  // origin-form
  std::span<const std::string> subprotocols{};
  std::span<const Field> extra_fields{};  // Origin, Cookie, Authorization ...
};
// clang-format off: a table, one command a line
struct Accept { std::string_view subprotocol{}; std::span<const Field> extra_fields{}; };
struct Reject { int status = 403; std::span<const Field> extra_fields{}; std::string_view body{}; };
struct Text { std::string_view data; bool fin = true; Compress compress = Compress::by_threshold; };  // or its first fragment
struct Binary { ByteView data; bool fin = true; Compress compress = Compress::by_threshold; };
struct Continue { ByteView data; bool fin = true; };
struct Prepared { const PreparedMessage* message; };         // prepared.h; not null
struct Ping { ByteView payload{}; };
struct Pong { ByteView payload{}; };
struct Close { std::optional<CloseReason> reason{}; };
// clang-format on
}  // namespace command
using Command = std::variant<command::Connect, command::Accept, command::Reject, command::Text, command::Binary,
                             command::Continue, command::Prepared, command::Ping, command::Pong, command::Close>;

// Why a command was refused. The connection is unchanged after a refusal.
enum class Misuse : std::uint8_t {
  wrong_state,
  wrong_role,
  message_in_progress,
  no_message_in_progress,
  control_too_long,
  text_not_utf8,
  close_code_invalid,
  close_reason_too_long,
  field_malformed,
  subprotocol_not_offered,
};
[[nodiscard]] std::string_view describe(Misuse misuse) noexcept;

}  // namespace ws
