// lanes.h - the connections of one conversation. A lane is a client's connection with the intermediary, and those of
// the server on which the requests of that client arrive.
#pragma once
#include "runner/catalogue/case.h"
#include "runner/proxy/pipe_end.h"
#include "runner/proxy/relayed.h"

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace touchstone::proxy {

struct Lane {
  std::string name{};  // of the case; empty: the first
  std::size_t index = 0;
  Exchange* seen = nullptr;
  std::shared_ptr<PipeEnd> client{}, speaking{};              // the server speaks on this one since it answered there
  bool client_is_pending = false, server_is_pending = false;  // its words may be under way
  bool is_silent = false;  // what had to come did not; until something does, nobody waits so long again
};

class Lanes {
 public:
  Lanes(Relayed& seen, std::string token, const Nature& nature)
      : seen_(seen), token_(std::move(token)), nature_(nature) {}

  [[nodiscard]] Lane& named(const std::string& name);
  [[nodiscard]] std::deque<Lane>& all() noexcept { return lanes_; }
  [[nodiscard]] std::vector<std::shared_ptr<PipeEnd>>& servers() noexcept { return servers_; }

  // What a head carries: of which lane it is, and the number of its request there.
  [[nodiscard]] std::string token(const Lane& lane, std::size_t number) const;
  [[nodiscard]] std::size_t number_in(const HeadSeen& head) const;

  [[nodiscard]] const Lane& lane_of(const PipeEnd& server) const;

  // The server's connection with the oldest request of this lane that has no answer yet.
  [[nodiscard]] std::shared_ptr<PipeEnd> asking_server(const Lane& lane) const;

  // Both ends know that a WebSocket connection is open.
  [[nodiscard]] bool switched(const Lane& lane) const;
  // All that this side said is at the other end, or will not come there.
  [[nodiscard]] bool is_heard(const Lane& lane, Side spoke) const;
  // Something has to come.
  [[nodiscard]] bool is_awaited(const Lane& lane) const;
  [[nodiscard]] bool server_ended() const;

  // Notes what has arrived.
  void look();

 private:
  [[nodiscard]] std::size_t tag_of(const HeadSeen& head) const;
  [[nodiscard]] bool belongs(const PipeEnd& end, const Lane& lane) const;
  [[nodiscard]] std::size_t octets_at_server(const Lane& lane) const;
  [[nodiscard]] bool say_the_same(const Lane& lane, Side spoke) const;
  [[nodiscard]] std::size_t requests_at_server(const Lane& lane) const;
  [[nodiscard]] bool server_ended(const Lane& lane) const;
  [[nodiscard]] bool client_is_heard(const Lane& lane) const;
  [[nodiscard]] bool server_is_heard(const Lane& lane) const;
  void look_at(Lane& lane);

  Relayed& seen_;
  std::string token_;
  Nature nature_;
  std::deque<Lane> lanes_;
  std::vector<std::shared_ptr<PipeEnd>> servers_;
};

}  // namespace touchstone::proxy
