#include <ws/testing/heard.h>
#include <ws/testing/oracle/transcript_opening.h>
#include <ws/testing/oracle/unlimited.h>

#include <utility>

namespace ws::testing {
namespace {

class Interpreter {
 public:
  explicit Interpreter(Heard& heard) : heard_(heard), opening_(heard.transcript.endpoint, complaints_) {
    if (heard.transcript.opened) begin(*heard.transcript.opened);
    for (const Transcript::Piece& piece : heard.transcript.pieces) take(piece);
    heard.status = opening_.status();
    if (!reader_ && !complaints_.empty()) heard.error = "opening handshake: " + describe(complaints_.front());
    if (reader_ || !heard.error.empty()) return;
    const bool refused = heard.status && *heard.status != 101;
    heard.error = refused ? "refused with status " + std::to_string(*heard.status) : "the connection ended before that";
  }

 private:
  void take(const Transcript::Piece& piece) {
    if (piece.kind == Transcript::Kind::it_ended || piece.kind == Transcript::Kind::it_reset) heard_.ended = true;
    if (piece.kind == Transcript::Kind::came && reader_) return read(piece.octets);
    if (reader_) return;
    if (piece.kind == Transcript::Kind::sent) opening_.sent(piece.octets, 0);
    if (piece.kind == Transcript::Kind::came) opening_.came(piece.octets, 0);
    if (!opening_.is_open() || !complaints_.empty()) return;  // a strict client does not open for a broken answer
    begin(opening_.deflate());
    read(opening_.came_rest);
  }

  void begin(const std::optional<DeflateParams>& deflate) {
    reader_.emplace(unlimited(opposite(heard_.transcript.endpoint), deflate));
  }

  void read(ByteView octets) {
    reader_->receive(octets);
    while (auto event = reader_->next_event()) take(std::move(*event));
    reader_->wrote(reader_->output().size());
  }

  void take(Event event) {
    if (auto* text = std::get_if<event::Text>(&event)) heard_.messages.push_back({Opcode::text, to_bytes(text->data)});
    if (auto* data = std::get_if<event::Binary>(&event))
      heard_.messages.push_back({Opcode::binary, std::move(data->data)});
    if (auto* ping = std::get_if<event::Ping>(&event)) heard_.pings.push_back(to_string(ping->payload));
    if (auto* pong = std::get_if<event::Pong>(&event)) heard_.pongs.push_back(to_string(pong->payload));
    if (auto* close = std::get_if<event::Close>(&event)) heard_.close = std::move(close->reason);
    if (auto* failed = std::get_if<event::Failed>(&event)) heard_.violation = failed->violation;
  }

  Heard& heard_;
  std::vector<Complaint> complaints_;
  TranscriptOpening opening_;
  std::optional<Connection> reader_;
};

}  // namespace

Heard hear(Transcript transcript) {
  Heard heard;
  heard.transcript = std::move(transcript);
  const Interpreter interpreter(heard);
  return heard;
}

std::string describe(const Heard& heard) {
  std::string out;
  const auto add = [&](const std::string& what) { out += (out.empty() ? "" : "; ") + what; };
  if (!heard.error.empty()) add(heard.error);
  if (heard.status && heard.error.empty()) add("status " + std::to_string(*heard.status));
  for (const Message& message : heard.messages) add(describe(message));
  for (const std::string& ping : heard.pings) add("Ping " + describe(as_octets(ping)));
  for (const std::string& pong : heard.pongs) add("Pong " + describe(as_octets(pong)));
  if (heard.close) add(describe(*heard.close));
  if (heard.violation) add("octets that break a rule: " + std::string(rule(*heard.violation).text));
  add(heard.ended ? "the end of TCP" : "TCP left open");
  return out;
}

}  // namespace ws::testing
