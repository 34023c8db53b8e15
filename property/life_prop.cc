// Random lives of a connection, with the table of transitions as the model.
#include "property/generators.h"

#include <ws/core/connection/connection.h>

#include "ws/core/connection/transitions.h"

using namespace ws;

namespace {

enum class LifeStep {
  text,
  fragment,
  ping,
  close,
  bad_close,
  peer_text,
  peer_ping,
  peer_close,
  peer_fault,
  eof,
  expire,
  write
};

// The little that decides whether a command is allowed, besides the state.
struct Model {
  State state = State::open;
  bool in_message = false;
  bool peer_closed = false;

  void move(Cause cause) {
    if (const auto* transition = find_transition(state, cause)) state = transition->to;
  }
};

struct Life {
  Role role;
  Connection connection = test::open(role);
  Model model{};
  std::vector<std::string> events{};

  void submit(const Command& command, bool allowed) {
    const Bytes output = to_bytes(connection.output());
    const State state = connection.state();
    const auto result = connection.submit(command);
    RC_ASSERT(result.has_value() == allowed);
    if (allowed) return;
    // A refusal changes nothing.
    RC_ASSERT(to_bytes(connection.output()) == output);
    RC_ASSERT(connection.state() == state);
  }

  void peer(Opcode opcode, std::string_view payload, bool rsv1 = false) {
    connection.receive(test::frame_to(role, opcode, as_octets(payload), true, rsv1));
  }

  void step(LifeStep step) {
    const bool open = model.state == State::open;
    switch (step) {
      case LifeStep::text:
        submit(command::Text{"a"}, open && !model.in_message);
        break;
      case LifeStep::fragment:
        // Begins a message, or ends the one that was begun.
        if (model.in_message)
          submit(command::Continue{}, open);
        else
          submit(command::Text{"b", false}, open);
        if (open) model.in_message = !model.in_message;
        break;
      case LifeStep::ping:
        submit(command::Ping{}, open);
        break;
      case LifeStep::close:
        submit(command::Close{}, open);
        model.move(Cause::close_sent);
        break;
      case LifeStep::bad_close:
        submit(command::Close{CloseReason{1005, ""}}, false);
        break;
      case LifeStep::peer_text:
        peer(Opcode::text, "c");
        break;
      case LifeStep::peer_ping:
        peer(Opcode::ping, "d");
        break;
      case LifeStep::peer_close:
        if (model.state == State::open || model.state == State::closing) model.peer_closed = true;
        peer(Opcode::close, "\x0f\xa0");
        model.move(Cause::close_received);
        break;
      case LifeStep::peer_fault:
        peer(Opcode::text, "e", true);
        model.move(Cause::rule_broken);
        break;
      case LifeStep::eof:
        connection.receive_eof();
        model.move(Cause::eof);
        break;
      case LifeStep::expire:
        connection.expire();
        model.move(Cause::expired);
        break;
      case LifeStep::write:
        connection.wrote(connection.output().size());
        break;
    }
  }

  void check() {
    RC_ASSERT(connection.state() == model.state);
    // RFC 6455 7.1.1: who ends TCP, and when.
    const bool last_word = model.state == State::closed ||
                           (model.state == State::draining && (role == Role::server || !model.peer_closed));
    RC_ASSERT(connection.wants_shutdown() == (last_word && connection.output().empty()));
    RC_ASSERT(connection.timer().has_value() == (model.state == State::closing || model.state == State::draining));
    const bool was_closed = !events.empty() && events.back().starts_with("closed ");
    const auto fresh = test::events(connection);
    RC_ASSERT(!was_closed || fresh.empty());
    events.insert(events.end(), fresh.begin(), fresh.end());
    RC_ASSERT((!events.empty() && events.back().starts_with("closed ")) == (model.state == State::closed));
  }
};

}  // namespace

RC_GTEST_PROP(Life, FollowsTheTable, ()) {
  Life life{.role = *laws::role()};
  const auto steps =
      *rc::gen::container<std::vector<LifeStep>>(rc::gen::weightedElement<LifeStep>({{4, LifeStep::text},
                                                                                     {4, LifeStep::fragment},
                                                                                     {3, LifeStep::ping},
                                                                                     {1, LifeStep::close},
                                                                                     {1, LifeStep::bad_close},
                                                                                     {4, LifeStep::peer_text},
                                                                                     {3, LifeStep::peer_ping},
                                                                                     {1, LifeStep::peer_close},
                                                                                     {1, LifeStep::peer_fault},
                                                                                     {1, LifeStep::eof},
                                                                                     {1, LifeStep::expire},
                                                                                     {3, LifeStep::write}}));
  for (const LifeStep step : steps) {
    life.step(step);
    life.check();
  }
  life.step(LifeStep::eof);
  life.check();
  RC_ASSERT(life.events.back() == (life.model.peer_closed ? "closed 4000 clean" : "closed 1006 unclean"));
  const auto count = [&](std::string_view word) {
    return std::ranges::count_if(life.events, [&](const std::string& l) { return l.starts_with(word); });
  };
  RC_ASSERT(count("closed ") == 1);
  RC_ASSERT(count("failed ") <= 1);
  RC_ASSERT(count("close ") == (life.model.peer_closed ? 1 : 0));
}
