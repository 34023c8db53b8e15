#include "runner/proxy/conversation.h"

#include "runner/catalogue/two_sided.h"
#include "runner/engine/compose/composer.h"
#include "runner/engine/shortage.h"
#include "runner/engine/talk/opening_head.h"
#include "runner/proxy/pipe_end.h"

#include <ws/core/http/handshake.h>

#include <fmt/format.h>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include <algorithm>
#include <array>
#include <random>

namespace touchstone::proxy {
namespace {

constexpr std::size_t kKeep = Entry::kKeptOctets;
constexpr std::chrono::milliseconds kLeave{200};  // for the intermediary to take leave
constexpr int kBrief = 5;                         // where nothing has to come, a fifth of the patience

std::string fresh_key_of(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::array<std::byte, 16> nonce;
  for (auto& octet : nonce) octet = static_cast<std::byte>(random());
  return ws::encode_nonce(nonce);
}

bool asks_for_websocket(const HeadSeen& request) {
  return ws::list_has_token(request.fields, "Upgrade", "websocket") &&
         ws::find_field(request.fields, "Sec-WebSocket-Key") != nullptr;
}

// What goes out in one go.
struct Utterance {
  ws::Bytes octets;
  bool fin = false, reset = false;
};

class Conversation {
 public:
  Conversation(const Case& c, const Target& front, Back& back, ConversationOptions options)
      : c_(c),
        front_(front),
        back_(back),
        options_(std::move(options)),
        key_(fresh_key_of(std::hash<std::string>{}(options_.token) ^ options_.seed)),
        payloads_(options_.seed),
        client_composer_(ws::Role::client, options_.seed, std::nullopt, cache_),
        server_composer_(ws::Role::server, options_.seed, std::nullopt, cache_) {}

  asio::awaitable<void> play() {
    back_.expect(options_.token, [this](std::unique_ptr<ws::io::Stream> stream, ws::Bytes read) {
      auto end = std::make_shared<PipeEnd>(std::move(stream), PipeEnd::Of::server, std::move(read), kKeep);
      server_.push_back(end);
      asio::co_spawn(back_.context(), PipeEnd::read_all(end, changed_), asio::detached);
      changed_->notify_all();
    });
    if (co_await connect()) {
      if (!has_own_opening(*c_.two_sided)) co_await open_in_the_ordinary_way();
      if (seen_.opened) co_await play_steps();
      look();
    }
    back_.forget(options_.token);
    co_await close_all();
  }

  Relayed take() { return std::move(seen_); }

 private:
  asio::awaitable<bool> connect() {
    ws::io::DialOptions dial;
    dial.host = front_.url.host;
    dial.port = front_.url.port;
    dial.family = front_.family;
    if (front_.url.secure) dial.tls = front_.tls;
    dial.deadline = options_.patience;
    auto stream = co_await ws::io::dial(std::move(dial));
    if (!stream) {
      seen_.no_connection = stream.error().text;
      seen_.own_shortage = is_own_shortage(stream.error().code);
      co_return false;
    }
    client_ = std::make_shared<PipeEnd>(std::move(*stream), PipeEnd::Of::client, ws::Bytes{}, kKeep);
    asio::co_spawn(back_.context(), PipeEnd::read_all(client_, changed_), asio::detached);
    co_return true;
  }

  asio::awaitable<void> open_in_the_ordinary_way() {
    const RelayHead request{RelayHead::Kind::request, {}}, answer{RelayHead::Kind::answer, {}};
    co_await say_head(Side::client, request);
    co_await settle(Side::client);
    co_await say_head(Side::server, answer);
    co_await settle(Side::server);
    seen_.opened = switched();
  }

  asio::awaitable<void> play_steps() {
    std::optional<Side> last;
    bool both = false;  // the other side's words may be under way as well
    for (const RelayStep& step : c_.two_sided->steps) {
      if (last && !step.at_once) {
        co_await settle_all(*last, both);
        both = false;
      }
      both = both || step.at_once;
      if (const auto* head = std::get_if<RelayHead>(&step.action)) {
        co_await say_head(step.as, *head);
      } else {
        say(step.as, std::get<std::vector<Step>>(step.action));
      }
      last = step.as;
    }
    if (last) co_await settle_all(*last, both);
  }

  asio::awaitable<void> settle_all(Side last, bool both) {
    if (both) co_await settle(last == Side::client ? Side::server : Side::client);
    co_await settle(last);
  }

  // --- Heads ------------------------------------------------------------------------------------------------

  std::string token(std::size_t number) const { return fmt::format("{}.{}.", options_.token, number); }

  PlainHead plain_request(RelayHead::Kind kind, HeadWords& words) const {
    const std::string own = token(seen_.by_client.heads.size() + 1);
    const std::string& target = front_.url.target;
    words.target = fmt::format("{}{}touchstone={}", target, target.find('?') == std::string::npos ? "?" : "&", own);
    words.host = front_.host.empty() ? ws::host_field(front_.url) : front_.host;
    words.key = key_;
    PlainHead plain{fmt::format("GET {} HTTP/1.1", words.target), {{"Host", words.host}}};
    if (kind == RelayHead::Kind::request) {
      plain.fields.push_back({"Upgrade", "websocket"});
      plain.fields.push_back({"Connection", "Upgrade"});
      plain.fields.push_back({"Sec-WebSocket-Key", key_});
      plain.fields.push_back({"Sec-WebSocket-Version", "13"});
      for (const std::string& name : front_.subprotocols) plain.fields.push_back({"Sec-WebSocket-Protocol", name});
    }
    plain.fields.push_back({std::string(kTokenField), own});
    plain.fields.insert(plain.fields.end(), front_.fields.begin(), front_.fields.end());
    return plain;
  }

  static PlainHead plain_answer(RelayHead::Kind kind, const HeadSeen& request, const HeadWords& words) {
    if (kind == RelayHead::Kind::respond) return {"HTTP/1.1 200 OK", {{"Content-Length", "2"}}};
    if (!asks_for_websocket(request)) return {"HTTP/1.1 400 Bad Request", {{"Content-Length", "0"}}};
    PlainHead plain{"HTTP/1.1 101 Switching Protocols",
                    {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Accept", words.accept}}};
    if (const auto* name = ws::find_field(request.fields, "Sec-WebSocket-Protocol"))
      plain.fields.push_back({"Sec-WebSocket-Protocol", std::string(ws::list_elements(name->value).front())});
    return plain;
  }

  asio::awaitable<void> say_head(Side as, const RelayHead& head) {
    if (as == Side::client) {
      co_await say_request(head);
    } else {
      co_await say_answer(head);
    }
  }

  asio::awaitable<void> say_request(const RelayHead& step) {
    HeadWords words;
    const PlainHead plain = plain_request(step.kind, words);
    const ScriptedHead head = scripted_head(step.script, plain, words, options_.seed);
    auto said = read_request(ws::ByteView(head.octets).subspan(head.start)).value_or(HeadSeen{});
    said.content = payloads_.make(step.script.behind);
    // Octets after a request for another protocol are of that protocol, unless a length claims them.
    const bool framed = ws::find_field(said.fields, "Content-Length") != nullptr ||
                        ws::find_field(said.fields, "Transfer-Encoding") != nullptr;
    const ws::Bytes behind = said.content;
    if (!framed) ws::append(seen_.by_client.octets, std::exchange(said.content, {}));
    if (ws::list_has_token(said.fields, "Transfer-Encoding", "chunked")) said.content = chunks_of(behind);
    client_->expect_answer_to(said.method);
    note_head(*client_, head, seen_.transcript.request);
    seen_.by_client.heads.push_back(std::move(said));
    co_await write(*client_, head.octets, behind, step.script);
  }

  // The content of chunks, as they were written by the case.
  static ws::Bytes chunks_of(ws::ByteView octets) {
    ws::Bytes content;
    std::string_view rest = ws::as_text(octets);
    while (true) {
      const auto line = rest.find("\r\n");
      if (line == std::string_view::npos) return content;
      const std::size_t size = std::strtoul(std::string(rest.substr(0, line)).c_str(), nullptr, 16);
      if (size == 0 || rest.size() < line + 2 + size) return content;
      ws::append(content, ws::as_octets(rest.substr(line + 2, size)));
      rest.remove_prefix(std::min(rest.size(), line + 2 + size + 2));
    }
  }

  asio::awaitable<void> say_answer(const RelayHead& step) {
    const auto end = asking_server();
    if (!end) co_return;
    const HeadSeen& request = end->heads()[end->answered];
    HeadWords words;
    words.target = request.target;
    if (const auto* host = ws::find_field(request.fields, "Host")) words.host = host->value;
    if (const auto* key = ws::find_field(request.fields, "Sec-WebSocket-Key")) {
      words.key = key->value;
      words.accept = ws::accept_key(key->value);
    }
    const PlainHead plain = plain_answer(step.kind, request, words);
    const ScriptedHead head = scripted_head(step.script, plain, words, options_.seed);
    auto said = read_answer(ws::ByteView(head.octets).subspan(head.start)).value_or(HeadSeen{});
    ws::Bytes behind = payloads_.make(step.script.behind);
    if (step.kind == RelayHead::Kind::respond && behind.empty() && step.script.start.empty() &&
        step.script.fields.empty())
      behind = ws::to_bytes(std::string_view("ok"));
    if (said.status == 101) {
      ws::append(seen_.by_server.octets, behind);
    } else {
      said.content = behind;
    }
    note_head(*end, head, seen_.transcript.response);
    if (!said.interim()) {
      ++end->answered;
      speaking_ = end;
      said.number = number_in(request, options_.token);
      if (said.status == 101) end->switch_protocols();
      seen_.by_server.heads.push_back(std::move(said));
    }
    co_await write(*end, head.octets, behind, step.script);
  }

  static void note_head(PipeEnd& end, const ScriptedHead& head, std::string& first) {
    std::string text(ws::as_text(head.octets));
    if (first.empty()) first = text;
    end.recorder().note(Entry::Direction::sent, Entry::Kind::head, std::move(text));
  }

  asio::awaitable<void> write(PipeEnd& end, ws::ByteView head, ws::ByteView behind, const HeadScript& script) {
    ws::Bytes octets(head.begin(), head.end());
    ws::append(octets, behind);
    if (!behind.empty()) end.recorder().sent_garbage(behind);
    const auto until = ws::io::deadline_after(options_.patience);
    while (end.is_writing()) {
      if (co_await changed_->wait(until)) co_return;
    }
    SentHead sent;
    const SessionOptions session;
    if (script.wire == 0 && !script.stop) {
      sent.error = co_await end.stream().write(octets);
    } else {
      sent = co_await send_head(end.stream(), script, head, behind, session);
    }
    if (script.stop) (&end == client_.get() ? seen_.by_client : seen_.by_server).ended = true;
  }

  // --- Frames and octets -------------------------------------------------------------------------------------

  void compose(const Step& step, Composer& composer, Recorder& recorder, Utterance& out) {
    const auto sink = [&](const WireFrame& frame) {
      recorder.sent_frame(frame.header, frame.payload);
      ws::append(out.octets, frame.octets);
    };
    if (const auto* frame = std::get_if<step::Frame>(&step.action)) {
      composer.frame(*frame, payloads_.make(frame->payload), sink);
    } else if (const auto* message = std::get_if<step::Message>(&step.action)) {
      composer.message(*message, payloads_, sink);
    } else if (const auto* close = std::get_if<step::Close>(&step.action)) {
      composer.frame(ws::Opcode::close, true, 0, close_payload(close->code, payloads_.make(close->reason)), sink);
    } else if (const auto* octets = std::get_if<step::Octets>(&step.action)) {
      const ws::Bytes made = payloads_.make(octets->octets);
      recorder.sent_garbage(made);
      ws::append(out.octets, made);
    } else if (const auto* tcp = std::get_if<step::Tcp>(&step.action)) {
      (tcp->how == step::Tcp::How::fin ? out.fin : out.reset) = true;
    }
  }

  void say(Side as, const std::vector<Step>& steps) {
    // A server that has not answered yet speaks on the connection that waits for it.
    const auto end = as == Side::client ? client_ : speaking_ ? speaking_ : asking_server();
    if (!end) return;
    Said& said = as == Side::client ? seen_.by_client : seen_.by_server;
    Composer& composer = as == Side::client ? client_composer_ : server_composer_;
    Utterance out;
    for (const Step& step : steps) {
      if (const auto* reading = std::get_if<step::Reading>(&step.action)) end->pause(!reading->on);
      compose(step, composer, end->recorder(), out);
    }
    ws::append(said.octets, out.octets);
    // A peer that does not read holds up these words, and not the case.
    if (!out.octets.empty() || out.fin || out.reset)
      PipeEnd::say(end, std::move(out.octets), out.fin, out.reset, changed_);
    said.ended = said.ended || out.fin || out.reset;
  }

  // --- What has arrived --------------------------------------------------------------------------------------

  // The server's connection with the oldest request that has no answer yet.
  std::shared_ptr<PipeEnd> asking_server() {
    for (const auto& end : server_) {
      if (end->answered < end->heads().size()) return end;
    }
    return nullptr;
  }

  bool switched() const {
    const bool got = client_ && !client_->heads().empty() && client_->heads().back().status == 101;
    return got && !seen_.by_server.heads.empty() && seen_.by_server.heads.back().status == 101;
  }

  std::size_t octets_at_server() const {
    std::size_t sum = 0;
    for (const auto& end : server_) sum += end->all_octets();
    return sum;
  }

  std::size_t requests_at_server() const {
    std::size_t sum = 0;
    for (const auto& end : server_)
      sum += static_cast<std::size_t>(
          std::ranges::count_if(end->heads(), [](const HeadSeen& head) { return head.content_whole; }));
    return sum;
  }

  bool server_ended() const {
    return !server_.empty() && std::ranges::all_of(server_, [](const auto& end) { return end->eof() || end->reset(); });
  }
  bool client_ended() const { return client_->eof() || client_->reset(); }
  std::size_t answers_at_client() const {
    const auto& heads = client_->heads();
    return static_cast<std::size_t>(
        std::ranges::count_if(heads, [](const HeadSeen& head) { return head.content_whole; }));
  }

  // All that the client said is at the server, or will not come there.
  bool client_is_heard() const {
    if (client_ended() && !seen_.by_client.ended) return true;
    if (server_ended()) return true;
    const std::size_t asked = seen_.by_client.heads.size();
    const bool requests = requests_at_server() >= asked || answers_at_client() >= asked;
    if (!requests) return false;
    if (seen_.by_client.ended) return false;
    return !awaits_octets_at_server() || octets_at_server() >= seen_.by_client.octets.size() ||
           answers_at_client() > asked;
  }
  // Before the 101 they may wait at the intermediary.
  bool awaits_octets_at_server() const { return !seen_.by_server.heads.empty(); }

  bool server_is_heard() const {
    if (client_ended()) return true;
    if (server_ended() && !seen_.by_server.ended) return true;
    if (answers_at_client() < seen_.by_server.heads.size()) return false;
    if (seen_.by_server.ended) return answers_at_client() > seen_.by_server.heads.size();
    return client_->all_octets() >= seen_.by_server.octets.size();
  }

  asio::awaitable<void> settle(Side spoke) {
    const bool has_to_come = switched() || seen_.by_server.heads.size() < seen_.by_client.heads.size() ||
                             answers_at_client() < seen_.by_server.heads.size();
    const bool after_end = seen_.by_client.ended || seen_.by_server.ended;
    const auto until =
        ws::io::deadline_after(has_to_come && !after_end ? options_.patience : options_.patience / kBrief);
    while (!(spoke == Side::client ? client_is_heard() : server_is_heard())) {
      if (co_await changed_->wait(until)) {
        seen_.waited = true;
        co_return;
      }
    }
  }

  // --- At the end --------------------------------------------------------------------------------------------

  static std::size_t number_in(const HeadSeen& head, const std::string& token) {
    std::string_view text = head.target;
    if (const auto* field = ws::find_field(head.fields, kTokenField)) text = field->value;
    const auto at = text.find(token + ".");
    if (at == std::string_view::npos) return 0;
    return std::strtoul(std::string(text.substr(at + token.size() + 1)).c_str(), nullptr, 10);
  }

  void look() {
    Arrival& client = seen_.at_client;
    client_->give_up_heads();
    client.heads = client_->heads();
    for (std::size_t i = 0; i < client.heads.size(); ++i) client.heads[i].number = i + 1;
    client.interim = client_->interim();
    client.octets = client_->octets();
    client.eof = client_->eof();
    client.reset = client_->reset();
    Arrival& server = seen_.at_server;
    for (std::size_t i = 0; i < server_.size(); ++i) {
      server_[i]->give_up_heads();
      for (HeadSeen head : server_[i]->heads()) {
        head.number = number_in(head, options_.token);
        head.connection = i;
        server.heads.push_back(std::move(head));
      }
      ws::append(server.octets, server_[i]->octets());
    }
    server.eof = server_ended() && std::ranges::any_of(server_, [](const auto& end) { return end->eof(); });
    server.reset = server_ended() && !server.eof;
    seen_.switched = switched();
    merge_transcripts();
  }

  void merge_transcripts() {
    auto& all = seen_.transcript.entries;
    const auto add = [&](PipeEnd& end, const std::string& name) {
      end.recorder().finish();
      Transcript& own = end.recorder().transcript();
      for (Entry& entry : own.entries) {
        entry.connection = name;
        entry.at_us += std::chrono::duration_cast<std::chrono::microseconds>(end.began - began_).count();
        entry.same_as.reset();
        if (entry.kind == Entry::Kind::head) {
          entry.octets = std::exchange(entry.note, {});
          entry.length = entry.octets.size();
        }
        all.push_back(std::move(entry));
      }
      seen_.transcript.octets_sent += own.octets_sent;
      seen_.transcript.octets_received += own.octets_received;
      seen_.transcript.frames_sent += own.frames_sent;
      seen_.transcript.frames_received += own.frames_received;
    };
    add(*client_, "client");
    for (const auto& end : server_) add(*end, "server");
    std::ranges::stable_sort(all, {}, &Entry::at_us);
  }

  // An intermediary keeps connections for its next request: until it knows that these end, it would send one there.
  asio::awaitable<void> close_all() {
    if (client_) client_->stream().close();
    for (const auto& end : server_) {
      end->pause(false);
      if (!end->is_writing()) (void)co_await end->stream().shutdown_send();
    }
    const auto until = ws::io::deadline_after(kLeave);
    while (!server_.empty() && !server_ended()) {
      if (co_await changed_->wait(until)) break;
    }
    for (const auto& end : server_) end->stream().close();
    if (client_) client_->pause(false);
  }

  const Case& c_;
  const Target& front_;
  Back& back_;
  ConversationOptions options_;
  std::string key_;
  PayloadGenerator payloads_;
  DeflateCache cache_;
  Composer client_composer_, server_composer_;
  std::shared_ptr<ws::io::Signal> changed_ = std::make_shared<ws::io::Signal>();
  const Recorder::Clock::time_point began_ = Recorder::Clock::now();
  std::shared_ptr<PipeEnd> client_, speaking_;
  std::vector<std::shared_ptr<PipeEnd>> server_;
  Relayed seen_;
};

}  // namespace

asio::awaitable<Relayed> converse(const Case& c, const Target& front, Back& back, ConversationOptions options) {
  // What is still read or written when it is over keeps the connections, not the conversation.
  Conversation conversation(c, front, back, std::move(options));
  co_await conversation.play();
  co_return conversation.take();
}

}  // namespace touchstone::proxy
