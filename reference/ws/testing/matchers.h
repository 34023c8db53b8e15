// matchers.h - GoogleTest matchers for what an endpoint did, with messages that say what it did instead.
//
//   EXPECT_THAT(ask(url, {text("hello")}), Echoes("hello"));
//   EXPECT_THAT(ask(url, {with(Bit::rsv2, text("hello"))}), FailsWith(Violation::reserved_bit));
//   EXPECT_THAT(ask(url, {close_frame(1001)}), ClosesWith(1001));
//   EXPECT_THAT(transcript, ObeysTheRfc());
//
// ClosesWith and FailsWith also match what ws::io tells of a connection: Ended, Received, and the result of read() and
// close(). Echoes matches one message there.
#pragma once
#include <gmock/gmock.h>
#include <ws/io/websocket.h>
#include <ws/testing/ask.h>
#include <ws/testing/oracle/oracle.h>

#include <algorithm>
#include <ostream>
#include <utility>

namespace ws::io {
inline void PrintTo(const Ended& ended, std::ostream* out) {
  *out << "ended with " << ended.code << (ended.clean ? ", clean" : ", not clean");
  if (ended.violation) *out << ", after " << rule(*ended.violation).name;
  if (ended.error) *out << ", " << ended.error.message();
}
}  // namespace ws::io

namespace ws::testing {

inline void PrintTo(const Heard& heard, std::ostream* out) { *out << describe(heard); }

namespace matchers {

// How a connection ended, in whatever form it is told; null when it has not ended.
inline const io::Ended* ended(const io::Ended& ended) { return &ended; }
inline const io::Ended* ended(const io::Received& received) { return std::get_if<io::Ended>(&received); }
template <class T, class E>
const io::Ended* ended(const std::expected<T, E>& result) {
  return result ? ended(*result) : nullptr;
}

inline std::string not_ended(const Message& message) { return "which is the message " + describe(message); }
inline std::optional<Message> message(const io::Received& received) {
  if (const auto* text = std::get_if<event::Text>(&received)) return Message{Opcode::text, to_bytes(text->data)};
  if (const auto* data = std::get_if<event::Binary>(&received)) return Message{Opcode::binary, data->data};
  return std::nullopt;
}
inline std::optional<Message> message(const io::Ended&) { return std::nullopt; }
template <class T, class E>
std::optional<Message> message(const std::expected<T, E>& result) {
  return result ? message(*result) : std::nullopt;
}

// What a result is, when it is not what was wanted.
template <class T>
std::string instead(const T& result) {
  if (const auto received = message(result)) return not_ended(*received);
  if (const io::Ended* how = ended(result)) return "which " + ::testing::PrintToString(*how);
  if constexpr (requires { result.error().message(); }) return "which is an error: " + result.error().message();
  if constexpr (requires { result.error().text; }) return "which is an error: " + result.error().text;
  return "which is none";
}

class Closes {
 public:
  explicit Closes(std::uint16_t code) : code_(code) {}
  void DescribeTo(std::ostream* out) const { *out << "closes with " << code_; }
  void DescribeNegationTo(std::ostream* out) const { *out << "does not close with " << code_; }

  bool MatchAndExplain(const Heard& heard, ::testing::MatchResultListener* why) const {
    if (!heard.close) return *why << "which sent no Close", false;
    const std::uint16_t seen = *heard.close ? (*heard.close)->code : close_code::kNoStatus;
    if (seen != code_) *why << "which sent " << describe(*heard.close);
    return seen == code_;
  }
  template <class T>
  bool MatchAndExplain(const T& result, ::testing::MatchResultListener* why) const {
    const io::Ended* how = ended(result);
    if (how != nullptr && how->code == code_) return true;
    return *why << instead(result), false;
  }

 private:
  std::uint16_t code_;
};

class Fails {
 public:
  explicit Fails(Violation violation) : violation_(violation) {}
  void DescribeTo(std::ostream* out) const { *out << "fails the connection for " << rule(violation_).name; }
  void DescribeNegationTo(std::ostream* out) const { *out << "does not fail it for " << rule(violation_).name; }

  // The endpoint ends the connection, and not as for another fault.
  bool MatchAndExplain(const Heard& heard, ::testing::MatchResultListener* why) const {
    if (!heard.error.empty()) return *why << "which did not open: " << heard.error, false;
    const Judgment judgment = judge(heard.transcript);
    const auto* failed = judgment.reaction.empty() ? nullptr : std::get_if<event::Failed>(&judgment.reaction.back());
    if (failed == nullptr || failed->violation != violation_) {
      *why << "but what was sent breaks "
           << (failed == nullptr ? "no rule" : std::string("another rule, ").append(rule(failed->violation).name));
      return false;
    }
    const bool right_code = !heard.close || judgment.is_strict();
    if (judgment.obeys() && right_code && (heard.close || heard.ended)) return true;
    *why << "which did not: " << (judgment.is_strict() ? describe(heard) : describe(judgment));
    return false;
  }
  // We failed it, because the peer broke the rule.
  template <class T>
  bool MatchAndExplain(const T& result, ::testing::MatchResultListener* why) const {
    const io::Ended* how = ended(result);
    if (how != nullptr && how->violation == violation_) return true;
    return *why << instead(result), false;
  }

 private:
  Violation violation_;
};

class EchoesBack {
 public:
  explicit EchoesBack(std::vector<Message> wanted) : wanted_(std::move(wanted)) {}
  void DescribeTo(std::ostream* out) const { *out << "sends back" << words(); }
  void DescribeNegationTo(std::ostream* out) const { *out << "does not send back" << words(); }

  bool MatchAndExplain(const Heard& heard, ::testing::MatchResultListener* why) const {
    if (!heard.error.empty()) return *why << "which did not open: " << heard.error, false;
    return compare(heard.messages, why);
  }
  template <class T>
  bool MatchAndExplain(const T& result, ::testing::MatchResultListener* why) const {
    if (auto received = message(result)) return compare({std::move(*received)}, why);
    return *why << instead(result), false;
  }

 private:
  bool compare(const std::vector<Message>& seen, ::testing::MatchResultListener* why) const {
    for (std::size_t i = 0; i < std::min(seen.size(), wanted_.size()); ++i) {
      if (seen[i] == wanted_[i]) continue;
      return *why << "whose message " << i + 1 << " is " << describe(seen[i]), false;
    }
    if (seen.size() == wanted_.size()) return true;
    return *why << "which sent " << seen.size() << " messages, not " << wanted_.size(), false;
  }
  [[nodiscard]] std::string words() const {
    std::string out = wanted_.empty() ? " nothing" : "";
    for (const Message& message : wanted_) out.append(" ").append(describe(message));
    return out;
  }
  std::vector<Message> wanted_;
};

class Obeys {
 public:
  explicit Obeys(JudgeOptions options) : options_(options) {}
  void DescribeTo(std::ostream* out) const { *out << "obeys RFC 6455 and RFC 7692"; }
  void DescribeNegationTo(std::ostream* out) const { *out << "breaks RFC 6455 or RFC 7692"; }

  bool MatchAndExplain(const Transcript& transcript, ::testing::MatchResultListener* why) const {
    const Judgment judgment = judge(transcript, options_);
    if (!judgment.complaints.empty()) *why << describe(judgment);
    return judgment.obeys();
  }
  bool MatchAndExplain(const Heard& heard, ::testing::MatchResultListener* why) const {
    return MatchAndExplain(heard.transcript, why);
  }

 private:
  JudgeOptions options_;
};

inline Message wanted(std::string_view text) { return {Opcode::text, to_bytes(text)}; }
inline Message wanted(Bytes data) { return {Opcode::binary, std::move(data)}; }

}  // namespace matchers

// The Close has this code; close_code::kNoStatus: it has none. Of ws::io: how the connection ended, as in io::Ended.
[[nodiscard]] inline auto ClosesWith(std::uint16_t code) {
  return ::testing::MakePolymorphicMatcher(matchers::Closes(code));
}

// What was sent breaks this rule, and the endpoint fails the connection for it, with a status code that fits or without
// one. Of ws::io: we failed the connection, since the peer broke this rule.
[[nodiscard]] inline auto FailsWith(Violation violation) {
  return ::testing::MakePolymorphicMatcher(matchers::Fails(violation));
}

// Exactly these messages came, in this order: text for strings, binary for ws::Bytes.
template <class... M>
[[nodiscard]] auto Echoes(M&&... messages) {
  std::vector<Message> all;
  (all.push_back(matchers::wanted(std::forward<M>(messages))), ...);
  return ::testing::MakePolymorphicMatcher(matchers::EchoesBack(std::move(all)));
}

// The oracle finds no MUST that the endpoint broke (ws/testing/oracle/oracle.h).
[[nodiscard]] inline auto ObeysTheRfc(JudgeOptions options = JudgeOptions()) {
  return ::testing::MakePolymorphicMatcher(matchers::Obeys(options));
}

}  // namespace ws::testing
