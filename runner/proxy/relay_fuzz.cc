#include "runner/proxy/relay_fuzz.h"

#include "runner/catalogue/two_sided.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>
#include <set>

namespace touchstone::proxy {
namespace {

using Verb = Claim::Verb;

constexpr std::array<std::string_view, 5> kHops{"X-Hop", "X-Other", "x-small", "X-CAPITALS", "Http2-Settings"};
constexpr std::array<std::string_view, 4> kKept{"X-Unknown", "X-Listed", "Sec-WebSocket-Protocol", "x-kept"};
constexpr std::array<std::string_view, 4> kBetween{", ", ",", " ,\t", ",, "};
constexpr std::array<std::uint64_t, 10> kLengths{0, 1, 2, 125, 126, 127, 4096, 65535, 65536, 200000};
constexpr std::array<int, 6> kRefusals{200, 400, 401, 404, 426, 503};
constexpr std::string_view kOctetsArrive = "rfc9110-3.7-1";

Payload text_payload(std::string_view text) { return {recipe::Literal{ws::to_bytes(text)}}; }

class RandomCase {
 public:
  RandomCase(std::uint64_t seed, std::uint64_t number) : random_(seed * 0x9e3779b97f4a7c15ULL + number) {}

  TwoSided make() {
    request();
    if (old_) {
      claim(Verb::lacks, Side::server, "rfc9110-7.8-7", "Upgrade");
      claim(Verb::no_101, Side::client, "rfc9110-7.8-7");
      answer(RelayHead::Kind::answer, {});
    } else if (one_in(4)) {
      refusal();
    } else {
      opening();
      tunnel();
    }
    return std::move(made_);
  }

 private:
  bool one_in(unsigned n) { return random_() % n == 0; }
  template <class Array>
  auto any_of(const Array& all) {
    return all[random_() % all.size()];
  }

  void claim(Verb verb, Side at, std::string requirement, std::string what = {}) {
    Claim one;
    one.verb = verb;
    one.at = at;
    one.requirement = std::move(requirement);
    one.what = std::move(what);
    made_.claims.push_back(std::move(one));
  }

  void add(HeadScript& script, std::string_view name, std::string_view value) {
    script.fields.push_back({.kind = FieldEdit::Kind::add, .name = std::string(name), .value = text_payload(value)});
  }

  std::string value() {
    constexpr std::string_view kOctets = "abcXYZ019 -_=;\"()/.*";
    std::string text = "v";
    for (auto left = random_() % (one_in(8) ? 3000 : 30); left > 0; --left) text += kOctets[random_() % kOctets.size()];
    return text + "v";
  }

  // Connection in one line or two, with Upgrade in one of them; the fields that it names, and some that it does not.
  void connection(HeadScript& script) {
    std::array<std::string, 2> lines;
    std::set<std::string> named;
    lines[one_in(2) ? 0 : 1] = one_in(3) ? "upgrade" : "Upgrade";
    for (auto left = random_() % 4; left > 0; --left) {
      const std::string name(any_of(kHops));
      std::string& line = lines[random_() % 2];
      const std::string between = line.empty() ? "" : std::string(any_of(kBetween));
      line = one_in(2) ? line + between + name : name + between + line;
      if (!named.insert(name).second) continue;
      add(script, name, value());
      claim(Verb::lacks, Side::server, "rfc9110-7.6.1-3", name);
    }
    script.fields.push_back({.kind = FieldEdit::Kind::remove, .name = "Connection"});
    for (const std::string& line : lines)
      if (!line.empty()) add(script, "Connection", line);
  }

  void kept_fields(HeadScript& script) {
    for (auto left = random_() % 3; left > 0; --left) {
      const std::string_view name = any_of(kKept);
      add(script, name, name.starts_with("Sec-") ? "chat, superchat" : value());
      claim(Verb::keeps, Side::server, "rfc9110-5.1-2", std::string(name));
    }
  }

  void content(HeadScript& script) {
    const bool chunks = one_in(2);
    std::string body;
    for (auto left = random_() % 50 + 1; left > 0; --left) body += one_in(5) ? "\r\n" : "b";
    if (chunks) {
      add(script, "Transfer-Encoding", "chunked");
      script.behind = text_payload(fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", body.size(), body));
    } else {
      add(script, "Content-Length", std::to_string(body.size()));
      script.behind = text_payload(body);
    }
    claim(Verb::keeps, Side::server, "rfc9112-6.3-6", "@content");
    claim(Verb::keeps, Side::server, "rfc9110-9.1-1", "@method");
    claim(Verb::framed, Side::server, "rfc9112-6.3-5");
  }

  void request() {
    HeadScript script;
    old_ = one_in(12);
    const bool has_content = !old_ && one_in(4);
    const std::string_view method = has_content ? (one_in(2) ? "POST" : "PUT") : "GET";
    if (old_ || has_content) script.start = fmt::format("{} @target HTTP/1.{}", method, old_ ? 0 : 1);
    connection(script);
    kept_fields(script);
    if (has_content) content(script);
    if (one_in(6)) script.wire = random_() % 40 + 1;
    made_.steps.push_back({Side::client, RelayHead{RelayHead::Kind::request, std::move(script)}, false});
  }

  void answer(RelayHead::Kind kind, HeadScript script) {
    made_.steps.push_back({Side::server, RelayHead{kind, std::move(script)}, false});
  }

  void opening() {
    if (one_in(6)) {
      HeadScript interim;
      interim.start = "HTTP/1.1 103 Early Hints";
      for (const char* name : {"Upgrade", "Connection", "Sec-WebSocket-Accept"})
        interim.fields.push_back({.kind = FieldEdit::Kind::remove, .name = name});
      answer(RelayHead::Kind::answer, std::move(interim));
      claim(Verb::arrives, Side::client, "rfc9110-15.2-1");
      of_tunnel_ = "rfc9110-15.2-1";
    }
    HeadScript script;
    // Not both: what is lost then would have two reasons.
    if (of_tunnel_ == kOctetsArrive && one_in(8)) {
      add(script, "Content-Length", std::to_string(random_() % 20));
      of_tunnel_ = "rfc9112-6.3-1";
    }
    if (one_in(4)) script.behind = {recipe::Literal{ws::to_bytes(std::string_view("\x81\x02hi", 4))}};
    if (one_in(6)) script.wire = random_() % 40 + 1;
    answer(RelayHead::Kind::answer, std::move(script));
  }

  void refusal() {
    HeadScript script;
    script.start = fmt::format("HTTP/1.1 {} Whatever", any_of(kRefusals));
    script.fields.push_back({.kind = FieldEdit::Kind::set, .name = "Content-Length", .value = text_payload("3")});
    script.behind = text_payload("no!");
    answer(RelayHead::Kind::respond, std::move(script));
    const ws::Bytes octets = ws::to_bytes(std::string_view("\x81\x82\0\0\0\0hi\r\n\r\n", 12));
    made_.steps.push_back({Side::client, std::vector<Step>{Step{step::Octets{{recipe::Literal{octets}}}}}, false});
    claim(Verb::no_101, Side::client, "rfc9110-15.2.2-1");
    claim(Verb::no_octets, Side::server, "rfc9110-15.2.2-1");
  }

  Step frame() {
    if (one_in(4)) {
      step::Frame control;
      control.opcode = one_in(2) ? ws::Opcode::ping : ws::Opcode::pong;
      control.payload = {recipe::Stream{"noise", random_() % 126}};
      return {std::move(control)};
    }
    step::Message message;
    message.opcode = ws::Opcode::binary;
    message.payload = {recipe::Stream{one_in(2) ? "noise" : "bitmap", any_of(kLengths)}};
    if (one_in(3)) message.fragment = random_() % 5000 + 400;
    return {std::move(message)};
  }

  void tunnel() {
    for (auto left = random_() % 6 + 1; left > 0; --left) {
      std::vector<Step> steps;
      for (auto frames = random_() % 4 + 1; frames > 0; --frames) steps.push_back(frame());
      const Side as = one_in(2) ? Side::client : Side::server;
      made_.steps.push_back({as, std::move(steps), one_in(3) && made_.steps.size() > 3});
    }
    claim(Verb::octets, Side::server, std::string(of_tunnel_));
    claim(Verb::octets, Side::client, std::string(of_tunnel_));
  }

  std::mt19937_64 random_;
  TwoSided made_;
  bool old_ = false;
  // Who takes an interim answer for the final one, or the length of a 101 at its word, loses octets for that.
  std::string_view of_tunnel_ = kOctetsArrive;
};

}  // namespace

Case random_relay_case(std::uint64_t seed, std::uint64_t number) {
  Case c;
  c.id = fmt::format("proxy-fuzz/{}-{}", seed, number);
  c.title = fmt::format("Random words at both ends, number {} of seed {}", number, seed);
  c.requirements = {"rfc9110-3.7-1"};
  c.sides = {Side::intermediary};
  c.two_sided = std::make_shared<const TwoSided>(RandomCase(seed, number).make());
  return c;
}

bool ends_with_its_tunnel(const Case& c) {
  return std::ranges::all_of(c.two_sided->steps, [](const RelayStep& step) {
    const auto* head = std::get_if<RelayHead>(&step.action);
    if (head == nullptr) return true;
    return head->kind == RelayHead::Kind::request ? head->script.start.empty() : head->kind == RelayHead::Kind::answer;
  });
}

}  // namespace touchstone::proxy
