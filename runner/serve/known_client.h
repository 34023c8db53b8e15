// known_client.h - what is known of one client over all of its connections, and what follows for its results.
#pragma once
#include "runner/engine/models.h"
#include "runner/engine/talk/session.h"
#include "runner/serve/own_words.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace touchstone::serve {

class KnownClient {
 public:
  void add_to(SessionOptions& options) const;

  // A case that ran before it was known how many messages the client sends of its own.
  struct Early {
    const Case* c = nullptr;
    Observation observation{};
    std::chrono::system_clock::time_point started{};
  };
  // Learns from what one connection showed, with `options`, and leaves out what is the client's own.
  void hear(const Case& c, Observation& observation, const SessionOptions& options);
  // Once it is known how many messages are its own: those that are to be judged again without them, and the ids of all
  // cases of which nobody could tell. Once.
  [[nodiscard]] std::vector<Early> take_early();
  [[nodiscard]] std::vector<std::string> take_unclear();

  [[nodiscard]] bool speaks_now_and_then() const { return own_words_.come_now_and_then(); }

  // What is missing after a short wait proves nothing: such a case is not judged, and is like those that waited in
  // full.
  [[nodiscard]] Result weighed(Attempt attempt);

 private:
  std::shared_ptr<Nonces> nonces_ = std::make_shared<Nonces>();
  std::shared_ptr<MaskKeyHistory> mask_keys_ = std::make_shared<MaskKeyHistory>();
  std::shared_ptr<Silences> silences_ = std::make_shared<Silences>();
  Models models_{};
  OwnWords own_words_{};
  std::vector<Early> early_{};
  std::vector<std::string> unclear_{};
};

}  // namespace touchstone::serve
