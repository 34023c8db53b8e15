// Files and lines to scripts and commands. Steps are read by the readers of the catalogue.
#include "runner/catalogue/read_case.h"
#include "runner/live/play/script.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace touchstone::play {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kMostMs = 3'600'000;
constexpr std::uint64_t kMostTimes = 1'000'000;

milliseconds read_ms(const Cursor& c) { return milliseconds(c.number(0, kMostMs).value_or(0)); }

Expectation::Kind read_kind(const Cursor& c) {
  using Kind = Expectation::Kind;
  constexpr std::array<std::pair<std::string_view, Kind>, 8> kKinds = {{{"text", Kind::text},
                                                                        {"binary", Kind::binary},
                                                                        {"message", Kind::message},
                                                                        {"ping", Kind::ping},
                                                                        {"pong", Kind::pong},
                                                                        {"close", Kind::close},
                                                                        {"end", Kind::end},
                                                                        {"reset", Kind::reset}}};
  const auto text = c.text();
  const auto found = std::ranges::find_if(kKinds, [&](const auto& row) { return text && *text == row.first; });
  if (found != kKinds.end()) return found->second;
  if (text) c.wrong("text, binary, message, ping, pong, close, end or reset");
  return Kind::message;
}

Expectation read_expectation(const Cursor& c) {
  Expectation expectation;
  c.object({"expect"}, {"payload", "contains", "code", "within_ms"});
  expectation.kind = read_kind(c.at("expect"));
  using Kind = Expectation::Kind;
  const bool closing = expectation.kind == Kind::close;
  const bool ending = expectation.kind == Kind::end || expectation.kind == Kind::reset;
  if (c.has("payload")) expectation.payload = read_payload(c.at("payload"));
  if (c.has("contains")) expectation.contains = c.at("contains").text();
  if ((closing || ending) && (c.has("payload") || c.has("contains"))) {
    c.fault("a payload of what has none", "payload and contains with text, binary, message, ping and pong");
  }
  if (c.has("code")) {
    if (!closing) c.at("code").fault("a code of what has none", "a code with close");
    const Cursor code = c.at("code");
    expectation.code.emplace();
    if (!code.value().is_null()) *expectation.code = static_cast<std::uint16_t>(code.number(0, 65535).value_or(0));
  }
  if (c.has("within_ms")) expectation.within = read_ms(c.at("within_ms"));
  return expectation;
}

std::vector<PlayStep> read_play_steps(const Cursor& c);

// Steps of a case that a script has, too.
std::optional<PlayStep> from_case(Step step, const Cursor& c) {
  return std::visit(Overloaded{
      [&](const step::Alive&) -> std::optional<PlayStep> {
        c.fault("alive_s", "steps of this connection alone; alive_s is for cases");
        return std::nullopt;
      },
      [&](const step::Repeat&) -> std::optional<PlayStep> { return std::nullopt; },        // read_rounds()
      [&](const step::Staging auto&) -> std::optional<PlayStep> { return std::nullopt; },  // not offered here
      [&]<class Kind>
        requires(!step::Staging<Kind>)
      (Kind action) -> std::optional<PlayStep> { return PlayStep{std::move(action), {}}; }},
      std::move(step.action));
}

Rounds read_rounds(const Cursor& c) {
  Rounds rounds;
  if (!c.object({"repeat", "steps"}, {}) || !c.has("repeat") || !c.has("steps")) return rounds;
  rounds.count = static_cast<std::uint32_t>(c.at("repeat").number(1, kMaxRepeat).value_or(1));
  rounds.steps = read_play_steps(c.at("steps"));
  return rounds;
}

std::optional<PlayStep> read_play_step(const Cursor& c) {
  c.faults().spend(sizeof(PlayStep));
  if (c.has("expect")) return PlayStep{read_expectation(c), {}};
  if (c.has("repeat")) return PlayStep{read_rounds(c), {}};
  if (c.has("wait_ms")) {
    c.object({"wait_ms"}, {});
    return PlayStep{Pause{read_ms(c.at("wait_ms"))}, {}};
  }
  if (c.has("away_ms")) {
    c.object({"away_ms"}, {});
    return PlayStep{Away{read_ms(c.at("away_ms"))}, {}};
  }
  if (c.has("network")) {
    c.object({"network"}, {});
    (void)read_network(c.at("network"));
    return PlayStep{Change{c.at("network").value()}, {}};
  }
  constexpr std::array<std::string_view, 9> kOfCases = {"frame",  "message", "close",   "sentinel", "await",
                                                        "octets", "tcp",     "reading", "alive_s"};
  if (std::ranges::any_of(kOfCases, [&](std::string_view key) { return c.has(key); })) {
    return from_case(read_step(c), c);
  }
  c.wrong(
      "a step with one of the keys frame, message, close, octets, tcp, reading, sentinel, await, expect, wait_ms, "
      "away_ms, network, repeat");
  return std::nullopt;
}

std::vector<PlayStep> read_play_steps(const Cursor& c) {
  std::vector<PlayStep> steps;
  each_unrolled(c, "steps", [&](const Cursor& element) {
    if (steps.size() >= kMaxUnrolled) {
      return element.fault("more steps", fmt::format("at most {} steps, repeats written out", kMaxUnrolled));
    }
    if (auto step = read_play_step(element)) {
      step->place = element.pointer();
      steps.push_back(std::move(*step));
    }
  });
  return steps;
}

ws::testing::FaultSet read_faults(const Cursor& c, ws::Role role) {
  ws::testing::FaultSet set;
  const auto text = c.text();
  std::string_view joined = text ? std::string_view(*text) : std::string_view();
  while (!joined.empty()) {
    const auto end = std::min(joined.find('+'), joined.size());
    const auto name = joined.substr(0, end);
    joined.remove_prefix(std::min(end + 1, joined.size()));
    const auto* row = ws::testing::find_fault(name);
    if (name == "none") continue;
    if (row == nullptr) {
      c.fault(fmt::format("the fault '{}'", name), "a name of touchstone echo --list-faults, or none");
    } else if (!(role == ws::Role::server ? row->server : row->client)) {
      c.fault(fmt::format("the fault '{}'", name),
              role == ws::Role::server ? "a fault that a server can have" : "a fault that a client can have");
    } else {
      set.add(row->fault);
    }
  }
  return set;
}

void read_refusal(const Cursor& c, Plan& plan) {
  if (c.value().is_number()) {
    plan.refusal = Plan::Refusal::status;
    plan.status = static_cast<int>(c.number(200, 599).value_or(503));
    return;
  }
  const auto how = c.text();
  if (how == "fin") {
    plan.refusal = Plan::Refusal::fin;
  } else if (how == "reset") {
    plan.refusal = Plan::Refusal::reset;
  } else if (how == "silence") {
    plan.refusal = Plan::Refusal::silence;
  } else {
    c.wrong("an HTTP status of 200 to 599, \"fin\", \"reset\" or \"silence\"");
  }
}

void read_then(const Cursor& c, Plan& plan) {
  using Then = Plan::Then;
  constexpr std::array<std::pair<std::string_view, Then>, 5> kThens = {
      {{"close", Then::close}, {"stay", Then::stay}, {"echo", Then::echo}, {"fin", Then::fin}, {"reset", Then::reset}}};
  const auto text = c.text();
  const auto found = std::ranges::find_if(kThens, [&](const auto& row) { return text && *text == row.first; });
  if (found == kThens.end()) return c.wrong("close, stay, echo, fin or reset");
  plan.then = found->second;
}

void read_times(const Cursor& c, Plan& plan, ws::Role role) {
  if (c.value().is_string() && c.text() == "always") {
    if (role == ws::Role::client) c.wrong("a number: a client makes its connections itself");
    plan.always = true;
    return;
  }
  plan.times = static_cast<std::uint32_t>(c.number(1, kMostTimes).value_or(1));
}

void read_fields(const Cursor& c, Plan& plan) {
  if (!c.value().is_object()) return c.wrong("an object: the names of fields and their values");
  for (const auto& [name, value] : c.value().items()) {
    if (!ws::is_token(name)) c.fault(fmt::format("the name '{}'", name), "the name of a field");
    std::string text = c.at(name).text().value_or("");
    if (!ws::is_field_value(text)) c.at(name).wrong("a value without control characters");
    plan.fields.push_back({name, std::move(text)});
  }
}

void read_opening(const Cursor& c, Plan& plan) {
  if (c.has("deflate")) plan.opening.needs_deflate = c.at("deflate").boolean().value_or(false);
  if (c.has("offer")) plan.opening.offer = c.at("offer").texts();
  if (c.has("accept")) plan.opening.accept = c.at("accept").texts();
  if (c.has("request")) plan.opening.request = read_head_script(c.at("request"));
  if (c.has("answer")) plan.opening.answer = read_head_script(c.at("answer"));
  if (plan.opening.needs_deflate && plan.opening.offer.empty()) {
    plan.opening.offer = {"permessage-deflate; client_max_window_bits"};
  }
}

// Keys of a plan that go only with one role, or not beside each other.
void check_plan(const Cursor& c, const Plan& plan, ws::Role role) {
  const auto not_for = [&](std::string_view key, std::string_view who) {
    if (c.has(key)) c.at(key).fault(fmt::format("{} of a {}", key, who), fmt::format("a script for the other side"));
  };
  if (role == ws::Role::client) {
    not_for("refuse", "client");
    not_for("answer", "client");
    not_for("accept", "client");
  } else {
    not_for("request", "server");
    not_for("offer", "server");
  }
  if (plan.refusal != Plan::Refusal::none && (c.has("steps") || c.has("fault") || c.has("then")))
    c.fault("steps, fault or then beside refuse", "one of them: nothing comes after a refusal");
  if (c.has("fault") && (c.has("steps") || c.has("then")))
    c.fault("steps or then beside fault", "one of them: a faulty endpoint echoes by itself");
  if (c.has("fields") && plan.refusal != Plan::Refusal::status) c.at("fields").wrong("fields of a refusal by status");
}

Plan read_plan(const Cursor& c, ws::Role role) {
  Plan plan;
  plan.place = c.pointer();
  if (!c.object({}, {"times", "delay_ms", "refuse", "fields", "fault", "deflate", "offer", "accept", "request",
                     "answer", "network", "read_bytes_per_s", "steps", "then", "answer_pings", "answer_close"})) {
    return plan;
  }
  if (c.has("times")) read_times(c.at("times"), plan, role);
  if (c.has("delay_ms")) plan.delay = read_ms(c.at("delay_ms"));
  if (c.has("refuse")) read_refusal(c.at("refuse"), plan);
  if (c.has("fields")) read_fields(c.at("fields"), plan);
  if (c.has("fault")) plan.fault = read_faults(c.at("fault"), role);
  read_opening(c, plan);
  if (c.has("network")) plan.network = read_network(c.at("network"));
  if (c.has("read_bytes_per_s")) plan.read_bytes_per_s = c.at("read_bytes_per_s").number(1, 1ULL << 40).value_or(0);
  if (c.has("steps")) plan.steps = read_play_steps(c.at("steps"));
  if (c.has("then")) read_then(c.at("then"), plan);
  if (c.has("answer_pings")) plan.answers_pings = c.at("answer_pings").boolean().value_or(true);
  if (c.has("answer_close")) plan.answers_close = c.at("answer_close").boolean().value_or(true);
  check_plan(c, plan, role);
  return plan;
}

void put_names(std::string_view file, std::vector<PlayStep>& steps) {
  for (PlayStep& step : steps) {
    step.place = fmt::format("{}#{}", file, step.place);
    if (auto* rounds = std::get_if<Rounds>(&step.action)) put_names(file, rounds->steps);
  }
}

}  // namespace

std::expected<Script, std::vector<CaseFileError>> read_script(std::string_view name, std::string_view text,
                                                              ws::Role role) {
  std::vector<CaseFileError> unread;
  const auto json = parse_strict(name, text, unread);
  if (!json) return std::unexpected(std::move(unread));
  Faults faults(name);
  for (CaseFileError& fault : unread) faults.add(std::move(fault));
  const Cursor root(*json, faults);
  Script script;
  if (root.object({"connections"}, {"$schema", "about", "patience_ms"}) && root.has("connections")) {
    if (root.has("patience_ms")) script.patience = read_ms(root.at("patience_ms"));
    root.at("connections").each([&](const Cursor& plan) {
      if (!script.plans.empty() && script.plans.back().always) {
        plan.fault("a connection after \"times\": \"always\"", "none: no connection is left for it");
      }
      script.plans.push_back(read_plan(plan, role));
    });
    if (root.at("connections").value().is_array() && script.plans.empty())
      root.at("connections").wrong("at least one connection");
  }
  if (!faults.empty()) return std::unexpected(faults.take());
  for (Plan& plan : script.plans) {
    put_names(name, plan.steps);
    plan.place = fmt::format("{}#{}", name, plan.place);
  }
  return script;
}

Script open_script(ws::Role role) {
  Script script;
  Plan& plan = script.plans.emplace_back();
  plan.always = role == ws::Role::server;
  plan.then = Plan::Then::stay;
  return script;
}

std::expected<Command, std::vector<CaseFileError>> read_command(std::string_view line) {
  constexpr std::string_view kName = "stdin";
  std::vector<CaseFileError> unread;
  auto json = parse_strict(kName, line, unread);
  if (!json) return std::unexpected(std::move(unread));
  Faults faults(kName);
  for (CaseFileError& fault : unread) faults.add(std::move(fault));
  Command command;
  if (!json->is_object()) {
    faults.add("", "no object", "one JSON object a line");
    return std::unexpected(faults.take());
  }
  if (json->contains("id")) command.id = (*json)["id"];
  json->erase("id");
  const Cursor given(*json, faults);
  if (given.has("connection")) command.connection = given.at("connection").number(1, UINT64_MAX).value_or(0);
  json->erase("connection");
  if (json->contains("drop")) {  // the word of a test for the step of a case
    (*json)["tcp"] = (*json)["drop"];
    json->erase("drop");
  }
  const Cursor root(*json, faults);
  if (root.has("stop")) {
    root.object({"stop"}, {});
    command.stop = root.at("stop").boolean().value_or(true);
  } else if (root.has("send")) {
    root.object({"send"}, {});
    if (root.at("send").value().is_array()) {
      command.steps = read_play_steps(root.at("send"));
    } else if (auto step = read_play_step(root.at("send"))) {
      command.steps.push_back(std::move(*step));
    }
  } else if (auto step = read_play_step(root)) {
    command.steps.push_back(std::move(*step));
  }
  if (!faults.empty()) return std::unexpected(faults.take());
  put_names(kName, command.steps);
  return command;
}

}  // namespace touchstone::play
