// Files to cases: sweeps are multiplied out, each combination is read as one case, and what a case's
// parts say is held against each other.
#include "runner/catalogue/generated_axes.h"
#include "runner/catalogue/read_case.h"
#include "runner/catalogue/read_connections.h"

#include <fmt/format.h>
#include <ws/core/bytes.h>

#include <algorithm>
#include <deque>
#include <map>

namespace touchstone {
namespace {

using Row = std::vector<std::pair<std::string_view, const Json*>>;

// All rows of one axis; every row names the same parameters.
std::vector<Row> read_axis(const Cursor& axis) {
  std::vector<Row> rows;
  axis.each([&](const Cursor& place) {
    if (!place.value().is_object() || place.value().empty()) return place.wrong("a row: an object of parameters");
    Row row;
    for (const auto& [name, value] : place.value().items()) {
      if (!is_parameter_name(name)) place.fault(fmt::format("the name '{}'", name), "names of a-z, 0-9 and _");
      row.emplace_back(name, &value);
    }
    const auto named = [&](const auto& p) { return place.value().contains(std::string(p.first)); };
    if (!rows.empty() && (rows[0].size() != row.size() || !std::ranges::all_of(rows[0], named))) {
      place.wrong("the same parameters in every row of an axis");
    }
    rows.push_back(std::move(row));
  });
  if (axis.value().is_array() && rows.empty()) axis.wrong("at least one row");
  return rows;
}

using Sweep = std::vector<std::vector<Row>>;

// The axes of one group. What is computed is kept in `made`, for rows point to their values.
class SweepReader {
 public:
  SweepReader(const Json* axes, std::deque<Json>& made) : axes_(axes), made_(made) {}

  Sweep read(const Cursor& group) {
    Sweep sweep;
    if (!group.has("sweep")) return sweep;
    std::map<std::string_view, int> names;
    group.at("sweep").each([&](const Cursor& axis) {
      sweep.push_back(read_one(axis));
      if (sweep.back().empty()) return;
      for (const auto& [name, value] : sweep.back()[0]) {
        if (++names[name] > 1)
          axis.fault(fmt::format("parameter '{}' in two axes", name), "each parameter in one axis");
      }
    });
    return sweep;
  }

 private:
  std::vector<Row> read_one(const Cursor& axis) {
    if (axis.has("states")) return read_states(axis);
    if (axis.has("cover")) return read_cover(axis);
    if (!axis.value().is_string()) return read_axis(axis);
    const auto& name = axis.value().get_ref<const std::string&>();
    if (!name.starts_with('@') || axes_ == nullptr || !axes_->contains(name.substr(1))) {
      axis.wrong("rows, or \"@name\" of one of the file's axes");
      return {};
    }
    return read_axis(Cursor(axes_->at(name.substr(1)), axis.faults()));  // Its faults have been told under /axes.
  }

  // {"states": what, "deflate": bool}: see generated_axes.h.
  std::vector<Row> read_states(const Cursor& axis) {
    if (!axis.object({"states"}, {"deflate"})) return {};
    const auto what = axis.at("states").text();
    const auto found = std::ranges::find(kStateRows, what.value_or(""));
    if (found == std::end(kStateRows)) {
      axis.at("states").wrong("faults, first, walks or long");
      return {};
    }
    const bool deflate = axis.has("deflate") && axis.at("deflate").boolean().value_or(false);
    made_.push_back(state_rows(static_cast<StateRows>(found - std::begin(kStateRows)), deflate));
    return read_axis(Cursor(made_.back(), axis.faults()));
  }

  // {"cover": axes, "strength": n, "seed": n}: rows of a covering array over these axes.
  std::vector<Row> read_cover(const Cursor& axis) {
    if (!axis.object({"cover", "strength", "seed"}, {})) return {};
    Sweep axes;
    axis.at("cover").each([&](const Cursor& one) { axes.push_back(read_one(one)); });
    const auto seed = axis.has("seed") ? axis.at("seed").number(0, UINT64_MAX) : std::nullopt;
    const auto strength = axis.has("strength") ? axis.at("strength").number(1, 3) : std::nullopt;
    std::vector<std::size_t> sizes;
    std::uint64_t product = 1;
    for (const auto& rows : axes) {
      sizes.push_back(rows.size());
      product = std::min<std::uint64_t>(product * rows.size(), kMaxCovered + 1);
    }
    if (sizes.size() < 2) axis.at("cover").fault("fewer than two axes", "two axes or more");
    if (sizes.size() > kMaxCoveredAxes || product > kMaxCovered) {
      axis.at("cover").fault("more combinations",
                             fmt::format("at most {} axes of {} combinations together", kMaxCoveredAxes, kMaxCovered));
    }
    if (!axis.faults().empty() || !seed || !strength) return {};
    std::vector<Row> rows;
    for (const auto& numbers : covering_array(sizes, static_cast<std::size_t>(*strength), *seed)) {
      Row& row = rows.emplace_back();
      for (std::size_t i = 0; i < axes.size(); ++i)
        row.insert(row.end(), axes[i][numbers[i]].begin(), axes[i][numbers[i]].end());
    }
    return rows;
  }

  const Json* axes_;
  std::deque<Json>& made_;
};

std::vector<Side> read_sides(const Cursor& c) {
  std::vector<Side> sides;
  c.each([&](const Cursor& side) {
    const auto name = side.text();
    if (name == "server") {
      sides.push_back(Side::server);
    } else if (name == "client") {
      sides.push_back(Side::client);
    } else if (name == "intermediary") {
      sides.push_back(Side::intermediary);
    } else if (name) {
      side.wrong("server, client or intermediary");
    }
  });
  if (sides.size() > 1 && std::ranges::find(sides, Side::intermediary) != sides.end()) {
    c.fault("an intermediary beside another side", "intermediary alone: its steps are another language");
  }
  if (c.value().is_array() && c.value().empty()) c.wrong("at least one side");
  return sides;
}

bool is_id(std::string_view id) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '/';
  };
  return !id.empty() && std::ranges::all_of(id, good) && id.front() != '/' && id.back() != '/' && !id.contains("//");
}

bool of_intermediary(const Cursor& group) {
  if (!group.has("sides") || !group.at("sides").value().is_array()) return false;
  const Json& sides = group.at("sides").value();
  return std::ranges::find(sides, Json("intermediary")) != sides.end();
}

void read_head(const Cursor& c, Case& result, bool two_sided) {
  if (c.has("title")) result.title = c.at("title").text().value_or("");
  if (c.has("note")) result.note = c.at("note").text().value_or("");
  if (c.has("requirements")) {
    result.requirements = c.at("requirements").texts();
    if (result.requirements.empty()) c.at("requirements").wrong("at least one requirement id");
  }
  if (c.has("aliases")) result.aliases = c.at("aliases").texts();
  if (c.has("tags")) result.tags = c.at("tags").texts();
  if (c.has("made_of")) result.made_of = c.at("made_of").texts();
  if (c.has("bugs")) result.bugs = c.at("bugs").texts();
  result.sides = c.has("sides") ? read_sides(c.at("sides")) : std::vector{Side::server, Side::client};
  if (c.has("informational")) result.informational = c.at("informational").text().value_or("");
  if (c.has("bulk")) result.bulk = c.at("bulk").boolean().value_or(false);
  if (c.has("needs")) {
    c.at("needs").each([&](const Cursor& need) {
      if (need.text().value_or("") != "permessage-deflate") need.wrong("permessage-deflate");
      result.needs_deflate = true;
    });
  }
  if (c.has("offer")) result.offer = c.at("offer").texts();
  if (c.has("accept")) result.accept = c.at("accept").texts();
  if (c.has("deadline_s")) result.deadline = std::chrono::seconds(c.at("deadline_s").number(1, 3600).value_or(60));
  if (c.has("http2")) result.http2 = read_http2_script(c.at("http2"), two_sided);
  if (two_sided) return;  // what is left is said in steps
  if (c.has("request")) result.request = read_head_script(c.at("request"));
  if (c.has("answer")) result.answer = read_head_script(c.at("answer"));
}

template <typename Kind>
std::size_t count_of(std::span<const Step> steps) {
  std::size_t count = 0;
  for (const Step& step : steps) {
    count += std::holds_alternative<Kind>(step.action) ? 1 : 0;
    if (const auto* repeat = std::get_if<step::Repeat>(&step.action)) {
      count += repeat->count * count_of<Kind>(repeat->steps);
    }
  }
  return count;
}

void collect_marks(const std::vector<Step>& steps, std::vector<std::string>& marks) {
  const Overloaded collect{
      [&](const step::Sentinel& sentinel) { marks.push_back(sentinel.mark); },
      [&](const step::Frame& frame) { marks.insert(marks.end(), frame.marks.begin(), frame.marks.end()); },
      [&](const step::Repeat& repeat) { collect_marks(repeat.steps, marks); },
      [](const step::OneOf<step::Message, step::Close, step::Octets> auto&) {},
      [](const step::OneOf<step::AwaitEcho, step::Tcp, step::Reading, step::Alive> auto&) {},
      [](const step::Staging auto&) {},
  };
  for (const Step& step : steps) std::visit(collect, step.action);
}

// Marks name moments of the case: each is set once, and only a mark that is set can be passed.
void check_marks(const Cursor& c, const Case& result) {
  std::vector<std::string> marks;
  collect_marks(result.steps, marks);
  auto sorted = marks;
  std::ranges::sort(sorted);
  if (const auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end()) {
    c.at("steps").fault(fmt::format("mark '{}' twice", *twice), "each mark once");
  }
}

void check_passes(const Cursor& expect, const Case& one) {
  if (!one.expect) return;
  std::vector<std::string> marks;
  collect_marks(one.steps, marks);
  for (const Reply& reply : one.expect->replies) {
    if (reply.kind == Reply::Kind::mark && std::ranges::find(marks, reply.mark) == marks.end()) {
      expect.fault(fmt::format("'passes' of the unknown mark '{}'", reply.mark), "a mark that the steps set");
    }
  }
}

// "@sent" and echoes must say without doubt which octets are meant, also after scaling.
void check_echoes(const Cursor& place, const Case& result) {
  if (!result.expect) return;
  const auto messages = count_of<step::Message>(result.steps);
  std::size_t pings = 0;
  for (const Step& step : result.steps) {
    const auto* frame = std::get_if<step::Frame>(&step.action);
    pings += frame != nullptr && frame->opcode == ws::Opcode::ping ? 1 : 0;
  }
  if (result.expect->echoes && messages == 0) place.fault("echoes without a message", "echoes beside message steps");
  for (const Reply& reply : result.expect->replies) {
    if (reply.kind == Reply::Kind::mark) continue;
    const bool pong = reply.kind == Reply::Kind::pong;
    if (!pong && result.expect->echoes) place.fault("echoes beside messages in replies", "one of the two");
    if (reply.sent && (pong ? pings : messages) != 1) {
      place.fault("@sent where the case sends several or none",
                  "@sent for the one message or the one Ping of the case");
    }
    if (!pong && !reply.sent && result.bulk) {
      place.fault("a payload written out in a bulk case", "echoes or @sent, because bulk cases are scaled");
    }
  }
}

class Loading {
 public:
  Loading(std::string_view name, Faults& faults) : name_(name), faults_(faults) {}

  std::vector<Case> read(const Json& document) {
    const Cursor file(document, faults_);
    if (!file.object({"suite", "about", "groups"}, {"$schema", "axes"})) return {};
    if (file.has("suite")) suite_ = file.at("suite").text().value_or("");
    if (file.has("suite") && (!is_id(suite_) || suite_.contains('/')))
      file.at("suite").wrong("a name of a-z, 0-9, - and .");
    if (file.has("about")) std::ignore = file.at("about").text();
    if (file.has("axes")) read_axes(file.at("axes"));
    if (file.has("groups")) file.at("groups").each([&](const Cursor& group) { read_group(group); });
    return std::move(cases_);
  }

 private:
  void read_axes(const Cursor& c) {
    if (!c.value().is_object()) return c.wrong("an object: a name and its rows");
    axes_ = &c.value();
    for (const auto& [name, rows] : c.value().items()) {
      if (!is_parameter_name(name)) c.fault(fmt::format("the name '{}'", name), "names of a-z, 0-9 and _");
      read_axis(c.at(name));
    }
  }

  void read_group(const Cursor& group) {
    if (!group.object(
            {"id", "title", "requirements", "steps"},
            {"note", "aliases", "tags", "made_of", "bugs", "sides", "needs", "bulk", "informational", "deadline_s",
             "offer", "accept", "request", "answer", "http2", "wire", "sweep", "expect", "connections"})) {
      return;
    }
    std::deque<Json> made;
    const Sweep sweep = SweepReader(axes_, made).read(group);
    std::uint64_t product = 1;
    for (const auto& axis : sweep) product = std::min<std::uint64_t>(product * axis.size(), kMaxCases + 1);
    if (cases_.size() + product > kMaxCases) {
      return group.fault("a sweep beyond all measure", fmt::format("at most {} cases in a file", kMaxCases));
    }
    std::map<std::string_view, bool> used;
    for (std::uint64_t i = 0; i < product && !faults_.spent(); ++i) {
      Scope scope;
      std::uint64_t rest = i;
      for (auto axis = sweep.rbegin(); axis != sweep.rend(); ++axis) {
        for (const auto& [name, value] : (*axis)[rest % axis->size()]) {
          scope.parameters.push_back({name, value, &used[name]});
        }
        rest /= axis->size();
      }
      read_one(group.in(scope));
    }
    for (const auto& [name, is_used] : used) {
      if (!is_used)
        group.at("sweep").fault(fmt::format("parameter '{}' is never used", name), "parameters that are used");
    }
  }

  void read_one(const Cursor& group) {
    faults_.spend(sizeof(Case));
    Case result;
    result.source = fmt::format("{}#{}", name_, group.pointer());
    const auto id = group.has("id") ? group.at("id").text() : std::nullopt;
    if (id) {
      result.id = suite_ + "/" + *id;
      if (!is_id(*id)) group.at("id").wrong("words of a-z, 0-9, - and . with / between");
      if (!ids_.insert(result.id).second) group.at("id").fault(fmt::format("'{}' twice", result.id), "each id once");
    }
    const bool two_sided = of_intermediary(group);
    read_head(group, result, two_sided);
    for (const auto& alias : result.aliases) {
      if (!aliases_.insert(alias).second)
        group.at("aliases").fault(fmt::format("'{}' twice", alias), "each alias once");
    }
    if (two_sided) {
      result.two_sided = read_two_sided(group);
      cases_.push_back(std::move(result));
      return;
    }
    if (group.has("wire")) result.wire = read_wire(group.at("wire"));
    if (group.has("steps")) result.steps = read_steps(group.at("steps"));
    if (group.has("expect")) result.expect = read_expect(group.at("expect"));
    if (group.has("steps")) {
      if (traffic(result.steps) > kMaxTraffic) {
        group.at("steps").fault("a case that sends more", fmt::format("at most {} octets in a case", kMaxTraffic));
      }
      check_marks(group, result);
      read_connections(group, result);
      for (std::size_t i = 0; const Case& one : each_connection(result)) {
        const Beside* beside = i++ == 0 ? nullptr : &result.connections[i - 2];
        if (!one.expect) continue;
        const Cursor place =
            beside == nullptr ? group.at("expect") : group.at("connections").at(beside->name).at("expect");
        check_passes(place, one);
        check_echoes(place, one);
      }
    }
    cases_.push_back(std::move(result));
  }

  std::string_view name_;
  Faults& faults_;
  std::string suite_;
  const Json* axes_ = nullptr;
  std::set<std::string> ids_, aliases_;
  std::vector<Case> cases_;
};

}  // namespace

std::string CaseFileError::text() const {
  return ws::one_line(fmt::format("{}#{}: found {}; allowed: {}", file, pointer, found, allowed));
}

std::expected<std::vector<Case>, std::vector<CaseFileError>> load_cases(std::string_view name, std::string_view text) {
  std::vector<CaseFileError> unreadable;
  const auto document = parse_strict(name, text, unreadable);
  if (!document) return std::unexpected(std::move(unreadable));
  Faults faults(name);
  for (auto& fault : unreadable) faults.add(std::move(fault));
  auto cases = Loading(name, faults).read(*document);
  if (!faults.empty()) return std::unexpected(faults.take());
  return cases;
}

}  // namespace touchstone
