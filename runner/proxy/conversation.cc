#include "runner/proxy/conversation.h"

#include "runner/catalogue/two_sided.h"
#include "runner/engine/compose/composer.h"
#include "runner/engine/shortage.h"
#include "runner/engine/talk/opening_head.h"
#include "runner/proxy/front.h"
#include "runner/proxy/lanes.h"
#include "runner/proxy/plain_heads.h"

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
constexpr std::chrono::milliseconds kLeave{200};   // for the intermediary to take leave
constexpr std::chrono::milliseconds kMoment{200};  // without progress: writes are stuck
constexpr int kBrief = 5;                          // where nothing has to come, a fifth of the patience

std::string fresh_key_of(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::array<std::byte, 16> nonce;
  for (auto& octet : nonce) octet = static_cast<std::byte>(random());
  return ws::encode_nonce(nonce);
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
        server_composer_(ws::Role::server, options_.seed, std::nullopt, cache_),
        way_(c, front, options_.seed),
        lanes_(seen_, options_.token, options_.nature) {}

  asio::awaitable<void> play() {
    back_.expect(options_.token, [this](std::unique_ptr<ws::io::Stream> stream, ws::Bytes read) {
      auto end = std::make_shared<PipeEnd>(std::move(stream), PipeEnd::Of::server, std::move(read), kKeep);
      lanes_.servers().push_back(end);
      asio::co_spawn(back_.context(), PipeEnd::read_all(end, changed_), asio::detached);
      changed_->notify_all();
    });
    const bool ready = co_await begin(lanes_.named({}));
    if (ready) co_await play_steps();
    if (lanes_.named({}).client) look();
    back_.forget(options_.token);
    co_await close_all();
  }

  Relayed take() { return std::move(seen_); }

 private:
  // Connects, and opens where the case takes that for granted.
  asio::awaitable<bool> begin(Lane& lane) {
    if (lane.client) co_return true;
    const bool connected = co_await connect(lane);
    if (!connected) co_return false;
    if (has_own_opening(*c_.two_sided, lane.name)) co_return true;
    co_await open_in_the_ordinary_way(lane);
    co_return seen_.opened;
  }

  asio::awaitable<bool> connect(Lane& lane) {
    auto stream = co_await way_.dial(options_.patience);
    if (!stream) {
      seen_.no_connection = stream.error().text;
      seen_.own_shortage = is_own_shortage(stream.error().code);
      co_return false;
    }
    over_http2_ = (*stream)->protocol() == "h2" && front_.http != ws::io::Http::one;
    lane.client = std::make_shared<PipeEnd>(std::move(*stream), PipeEnd::Of::client, ws::Bytes{}, kKeep);
    if (over_http2_) way_.prepare(*lane.client, lane.index == 0, seen_.transcript.request);
    asio::co_spawn(back_.context(), PipeEnd::read_all(lane.client, changed_), asio::detached);
    co_return true;
  }

  asio::awaitable<void> open_in_the_ordinary_way(Lane& lane) {
    const RelayHead request{RelayHead::Kind::request, {}}, answer{RelayHead::Kind::answer, {}};
    co_await say_request(lane, request);
    co_await settle(lane, Side::client);
    co_await say_answer(lane, answer);
    co_await settle(lane, Side::server);
    seen_.opened = lanes_.switched(lane);
    if (seen_.opened) way_.opened(*lane.client);
  }

  asio::awaitable<void> play_steps() {
    for (const RelayStep& step : c_.two_sided->steps) {
      if (!step.at_once) co_await settle_all();
      Lane& lane = lanes_.named(step.on);
      const bool ready = co_await begin(lane);
      if (!ready) co_return;
      if (const auto* head = std::get_if<RelayHead>(&step.action)) {
        co_await say_head(lane, step.as, *head);
      } else {
        say(lane, step.as, std::get<std::vector<Step>>(step.action));
      }
      (step.as == Side::client ? lane.client_is_pending : lane.server_is_pending) = true;
    }
    co_await settle_all();
  }

  asio::awaitable<void> settle_all() {
    for (Lane& lane : lanes_.all()) {
      if (lane.client_is_pending) lane.client_is_pending = co_await is_left_pending(lane, Side::client);
      if (lane.server_is_pending) lane.server_is_pending = co_await is_left_pending(lane, Side::server);
    }
  }

  asio::awaitable<bool> is_left_pending(Lane& lane, Side spoke) {
    const bool paused = is_paused(lane, spoke == Side::client ? Side::server : Side::client);
    if (paused) {
      co_await until_stuck(spoke == Side::client ? lane.client : lane.speaking);
    } else {
      co_await settle(lane, spoke);
    }
    co_return paused;
  }

  // What is said to one who does not read: until all of it is out, or nothing more goes.
  asio::awaitable<void> until_stuck(std::shared_ptr<PipeEnd> end) {
    while (end && end->is_writing()) {
      const std::uint64_t before = end->written();
      const auto until = ws::io::deadline_after(kMoment);
      while (end->is_writing() && end->written() == before) {
        if (co_await changed_->wait(until)) co_return;
      }
    }
  }

  static bool is_paused(const Lane& lane, Side reader) {
    const auto& end = reader == Side::client ? lane.client : lane.speaking;
    return end && end->is_paused();
  }

  // --- Heads ------------------------------------------------------------------------------------------------

  asio::awaitable<void> say_head(Lane& lane, Side as, const RelayHead& head) {
    if (as == Side::client) {
      co_await say_request(lane, head);
    } else {
      co_await say_answer(lane, head);
    }
  }

  asio::awaitable<void> say_request(Lane& lane, const RelayHead& step) {
    HeadWords words;
    words.key = key_;
    Said& by_client = lane.seen->by_client;
    const std::string token = lanes_.token(lane, by_client.heads.size() + 1);
    const PlainHead plain = plain_request(step.kind, front_, token, words);
    const ScriptedHead head = scripted_head(step.script, plain, words, options_.seed);
    auto said = read_request(ws::ByteView(head.octets).subspan(head.start)).value_or(HeadSeen{});
    said.content = payloads_.make(step.script.behind);
    // Octets after a request for another protocol are of that protocol, unless a length claims them.
    const bool framed = ws::find_field(said.fields, "Content-Length") != nullptr ||
                        ws::find_field(said.fields, "Transfer-Encoding") != nullptr;
    const ws::Bytes behind = said.content;
    if (!framed) ws::append(by_client.octets, std::exchange(said.content, {}));
    if (ws::list_has_token(said.fields, "Transfer-Encoding", "chunked")) said.content = chunks_of(behind);
    lane.client->expect_answer_to(said.method);
    if (!over_http2_) note_head(*lane.client, head, seen_.transcript.request);
    by_client.heads.push_back(std::move(said));
    co_await write(*lane.client, head.octets, behind, step.script);
    if (step.script.stop) by_client.ended = true;
  }

  // What the client said of the request that arrived.
  static const HeadSeen* said_of(const Lane& lane, std::size_t number) {
    const auto& heads = lane.seen->by_client.heads;
    return number >= 1 && number <= heads.size() ? &heads[number - 1] : nullptr;
  }

  asio::awaitable<void> say_answer(Lane& lane, const RelayHead& step) {
    const auto end = lanes_.asking_server(lane);
    if (!end) co_return;
    const HeadSeen& request = end->heads()[end->answered];
    const std::size_t number = lanes_.number_in(request);
    const HeadWords words = words_of_answer(request);
    const PlainHead plain = plain_answer(step.kind, request, said_of(lane, number), words);
    const ScriptedHead head = scripted_head(step.script, plain, words, options_.seed);
    auto said = read_answer(ws::ByteView(head.octets).subspan(head.start)).value_or(HeadSeen{});
    Said& by_server = lane.seen->by_server;
    ws::Bytes behind = payloads_.make(step.script.behind);
    if (step.kind == RelayHead::Kind::respond && behind.empty() && step.script.start.empty() &&
        step.script.fields.empty())
      behind = ws::to_bytes(std::string_view("ok"));
    if (said.status == 101) {
      ws::append(by_server.octets, behind);
    } else {
      said.content = behind;
    }
    note_head(*end, head, seen_.transcript.response);
    if (said.interim() && !over_http2_) by_server.interim.push_back(said.status);
    if (!said.interim()) {
      ++end->answered;
      lane.speaking = end;
      said.number = number;
      if (said.status == 101) end->switch_protocols();
      by_server.heads.push_back(std::move(said));
    }
    co_await write(*end, head.octets, behind, step.script);
    if (step.script.stop) by_server.ended = true;
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

  void say(Lane& lane, Side as, const std::vector<Step>& steps) {
    // A server that has not answered yet speaks on the connection that waits for it.
    const auto end = as == Side::client ? lane.client : lane.speaking ? lane.speaking : lanes_.asking_server(lane);
    if (!end) return;
    Said& said = as == Side::client ? lane.seen->by_client : lane.seen->by_server;
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

  asio::awaitable<void> settle(Lane& lane, Side spoke) {
    const bool awaited = lanes_.is_awaited(lane) && !lane.is_silent;
    const auto until = ws::io::deadline_after(awaited ? options_.patience : options_.patience / kBrief);
    while (!lanes_.is_heard(lane, spoke)) {
      if (co_await changed_->wait(until)) {
        seen_.waited = true;
        lane.is_silent = lane.is_silent || awaited;
        co_return;
      }
    }
    lane.is_silent = false;
  }

  // --- At the end --------------------------------------------------------------------------------------------

  void look() {
    lanes_.look();
    const auto named = [](std::string end, const Lane& lane) {
      return lane.name.empty() ? end : end + " " + lane.name;
    };
    for (Lane& lane : lanes_.all()) {
      if (!lane.client) continue;
      if (over_http2_) way_.look(*lane.client, lane.seen->at_client, seen_);
      add_to_transcript(*lane.client, named("client", lane));
    }
    if (over_http2_) seen_.http2_faults = way_.faults();
    for (const auto& end : lanes_.servers()) add_to_transcript(*end, named("server", lanes_.lane_of(*end)));
    std::ranges::stable_sort(seen_.transcript.entries, {}, &Entry::at_us);
  }

  void add_to_transcript(PipeEnd& end, const std::string& name) {
    Transcript& all = seen_.transcript;
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
      all.entries.push_back(std::move(entry));
    }
    all.octets_sent += own.octets_sent;
    all.octets_received += own.octets_received;
    all.frames_sent += own.frames_sent;
    all.frames_received += own.frames_received;
  }

  // An intermediary keeps connections for its next request: until it knows that these end, it would send one there.
  asio::awaitable<void> close_all() {
    const auto& servers = lanes_.servers();
    for (Lane& lane : lanes_.all())
      if (lane.client) lane.client->stream().close();
    for (const auto& end : servers) {
      end->pause(false);
      if (!end->is_writing()) (void)co_await end->stream().shutdown_send();
    }
    const auto until = ws::io::deadline_after(kLeave);
    while (!servers.empty() && !lanes_.server_ended()) {
      if (co_await changed_->wait(until)) break;
    }
    for (const auto& end : servers) end->stream().close();
    for (Lane& lane : lanes_.all())
      if (lane.client) lane.client->pause(false);
    way_.leave();
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
  Relayed seen_;
  Front way_;
  bool over_http2_ = false;
  Lanes lanes_;
};

}  // namespace

asio::awaitable<Relayed> converse(const Case& c, const Target& front, Back& back, ConversationOptions options) {
  // What is still read or written when it is over keeps the connections, not the conversation.
  Conversation conversation(c, front, back, std::move(options));
  co_await conversation.play();
  co_return conversation.take();
}

}  // namespace touchstone::proxy
