// watcher.h - one connection as it is seen from beside it: what both sides say becomes events, and the oracle of
// ws/testing judges those sides that are under test.
//
// A side is judged by what it said and by what it was given, which need not be what the other side said: a tap may have
// spoilt it on the way.
#pragma once
#include "runner/live/event.h"

#include <array>
#include <functional>
#include <set>

namespace touchstone {

struct Totals {
  std::uint64_t musts = 0, shoulds = 0;  // broken, each kind once a connection
};

class Watcher {
 public:
  struct Judged {
    bool client = false, server = false;
  };
  Watcher(std::uint64_t connection, Judged judged, Events& events, Totals& totals);

  // In the order in which it happens.
  void spoke(ws::Role who, ws::ByteView octets);  // it came from there
  void heard(ws::Role who, ws::ByteView octets);  // it goes there: before it does
  enum class End : std::uint8_t { fin, reset };
  void ended(ws::Role who, End how);  // that side ended TCP, or its half
  void left(ws::Role who);            // TCP is ended towards it
  void waited_in_vain(ws::Role who);  // it said nothing, as long as anybody was willing to wait
  // Its faults from here on are the doing of somebody else.
  void acquit(ws::Role who);
  void finish();

  // The opening handshake as far as it has come.
  [[nodiscard]] const std::optional<ws::RequestHead>& request() const noexcept { return request_; }
  [[nodiscard]] bool request_is_illegible() const noexcept { return illegible_; }
  // Plain HTTP: nothing on this connection is about WebSocket, and nobody is judged.
  [[nodiscard]] bool is_plain_http() const noexcept { return plain_http_; }
  [[nodiscard]] const std::optional<ws::ResponseHead>& answer() const noexcept { return answer_; }
  // Where in what that side says its frames begin, once that is known.
  [[nodiscard]] std::optional<std::uint64_t> frames_begin(ws::Role who) const noexcept {
    return sides_[who == ws::Role::client ? 0 : 1].frames_begin;
  }
  [[nodiscard]] bool is_open() const noexcept { return open_; }
  [[nodiscard]] const std::optional<ws::DeflateParams>& deflate() const noexcept { return deflate_; }

  // What a side says once the connection is open; after the event.
  std::function<void(ws::Role, const SaidFrame&)> on_frame;
  std::function<void(ws::Role, SaidMessage)> on_message;

 private:
  struct Side {
    std::optional<ws::testing::LiveJudge> judge;
    std::vector<ws::testing::Transcript::Piece> pending;  // until it is known that this is WebSocket
    std::size_t told = 0;                                 // of its complaints
    std::uint64_t octets = 0;                             // that were judged
    std::set<std::string> kinds;                          // that were told
    std::optional<Follower> follower;
    ws::Bytes head;                 // that is coming in, and what comes after it
    std::uint64_t head_octets = 0;  // of the heads that were read
    std::optional<std::uint64_t> frames_begin;
    bool has_ended = false;
  };
  [[nodiscard]] Side& side(ws::Role who) noexcept { return sides_[who == ws::Role::client ? 0 : 1]; }
  void judge(ws::Role who, ws::testing::Transcript::Kind kind, ws::ByteView octets = {});
  void tell_complaints(ws::Role who);
  void read_request();
  void read_answer();
  void open();
  void follow(ws::Role who);
  void decide_plain(bool plain);

  std::uint64_t connection_;
  Events& events_;
  Totals& totals_;
  std::array<Side, 2> sides_;
  std::optional<ws::RequestHead> request_;
  std::optional<ws::ResponseHead> answer_;
  std::optional<ws::DeflateParams> deflate_;
  bool decided_ = false, illegible_ = false, plain_http_ = false, open_ = false, opaque_ = false, finished_ = false;
};

}  // namespace touchstone
