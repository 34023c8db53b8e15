#include "runner/campaign/openings.h"

#include "runner/campaign/opening_grammar.h"
#include "runner/campaign/raw_request.h"
#include "runner/catalogue/catalogue.h"
#include "runner/engine/talk/opening.h"

#include <algorithm>
#include <cctype>
#include <map>

namespace touchstone::fuzz {
namespace {

constexpr std::string_view kOldTag = "opening:";  // before a case's made_of, in tags
constexpr std::size_t kMostJoined = 4096;         // octets of a request that may go with others

using Level = ExpectOpening::Level;
using Outcome = ExpectOpening::Outcome;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string name_in(const FieldEdit& edit) {
  if (edit.kind != FieldEdit::Kind::line) return lower(edit.name);
  const std::string line = ws::to_string(PayloadGenerator(1).make(edit.value));
  const auto end = line.find_first_of(" \t:");
  return lower(line.substr(0, end));
}

std::vector<std::string> touched_by(const HeadScript& script) {
  std::vector<std::string> out;
  for (const FieldEdit& edit : script.fields) out.push_back(name_in(edit));
  if (script.wire != 0) out.emplace_back("wire");
  if (!script.start.empty()) {
    out.emplace_back("start");
    // RFC 9112 3.2.2: a target in absolute form takes the place of Host.
    if (script.start.contains("://")) out.emplace_back("host");
  }
  return out;
}

bool edits_lines_only(const Case& c) {
  const auto many = [](const FieldEdit& edit) { return edit.times > 100; };
  return c.request && c.offer.empty() && !c.request->raw && length(c.request->before) == 0 &&
         length(c.request->behind) == 0 && !c.request->glue && !c.request->stop &&
         std::ranges::none_of(c.request->fields, many);
}

// Steps that are over at once.
bool is_brisk(const Case& c) {
  const Overloaded brisk{
      [](const step::OneOf<step::Alive, step::Repeat> auto&) { return false; },
      [](const step::Staging auto&) { return false; },
      [](const step::OneOf<step::Frame, step::Message, step::Close, step::Octets> auto&) { return true; },
      [](const step::OneOf<step::Sentinel, step::AwaitEcho, step::Tcp, step::Reading> auto&) { return true; },
  };
  return std::ranges::all_of(c.steps, [&](const Step& step) { return std::visit(brisk, step.action); });
}

OpeningPart part_of(const Case& c, std::size_t octets) {
  OpeningPart part{c.id, c, edits_lines_only(c) && c.expect->opening && octets <= kMostJoined, {}};
  if (c.request) part.touches = touched_by(*c.request);
  // What is agreed on decides how frames are read.
  if (std::ranges::find(part.touches, "sec-websocket-extensions") != part.touches.end()) part.joins = false;
  part.c.made_of = {part.id};
  part.c.tags.clear();
  part.c.aliases.clear();
  part.c.bugs.clear();
  return part;
}

std::vector<OpeningPart> all_parts() {
  std::vector<OpeningPart> parts;
  Target target;
  target.url = {false, "127.0.0.1", 9001, "/"};
  for (const Case& c : Catalogue::built_in().cases()) {
    if (c.http2 || c.bulk || c.sides.empty() || c.sides.front() != Side::server) continue;
    if (!c.expect || !is_brisk(c) || is_scenario(c)) continue;
    const bool negotiates = c.id.starts_with("opening-offer/") || c.id.starts_with("negotiation/");
    if (!c.request && !c.expect->opening && !negotiates) continue;
    const std::size_t octets = opening_request(c, target, 1).octets.size();
    if (octets <= kMostRequest) parts.push_back(part_of(c, octets));
  }
  return parts;
}

const OpeningPart* part_of_catalogue(const std::string& id) {
  static const auto index = [] {
    std::map<std::string, const OpeningPart*, std::less<>> out;
    for (const OpeningPart& part : opening_parts()) out.emplace(part.id, &part);
    return out;
  }();
  const auto found = index.find(id);
  return found == index.end() ? nullptr : found->second;
}

using Parts = std::vector<OpeningPart>;

Parts parts_of(const Case& c) {
  Parts out;
  for (const std::string& id : c.made_of) {
    if (auto part = opening_part(id)) out.push_back(std::move(*part));
  }
  return out;
}

// One departure that has to be refused decides, whatever else is allowed. Its status is the fitting one when all else
// is beyond doubt; with a second departure an endpoint may well have seen that one first.
const OpeningPart& deciding(const Parts& parts) {
  const auto rank = [](const OpeningPart& part) {
    const ExpectOpening& opening = *part.c.expect->opening;
    const int doubt = static_cast<int>(opening.level);  // must, should, may
    return opening.outcome == Outcome::refuse ? doubt : 5 - doubt;
  };
  return *std::ranges::min_element(parts, {}, rank);
}

bool beyond_doubt(const Parts& parts, const OpeningPart& but) {
  return std::ranges::all_of(parts, [&](const OpeningPart& part) {
    const ExpectOpening& opening = *part.c.expect->opening;
    return &part == &but || (opening.outcome == Outcome::open && opening.level == Level::must);
  });
}

// What comes in pieces may be refused at the first of them, so only what must open is cut.
bool may_be_cut(const OpeningPart& part) {
  const auto& opening = part.c.expect->opening;
  return opening && opening->outcome == Outcome::open && opening->level == Level::must;
}

bool cuts(const OpeningPart& part) { return std::ranges::find(part.touches, "wire") != part.touches.end(); }

}  // namespace

const std::vector<OpeningPart>& opening_parts() {
  static const std::vector<OpeningPart> parts = all_parts();
  return parts;
}

std::optional<OpeningPart> opening_part(const std::string& id) {
  if (const auto drawn = drawn_opening(id)) return part_of(*drawn, 0);
  const OpeningPart* const known = part_of_catalogue(id);
  if (known == nullptr) return std::nullopt;
  return *known;
}

bool has_opening(const Case& c) noexcept { return !c.made_of.empty(); }

Case from_older_corpus(Case c) {
  std::erase_if(c.tags, [&](const std::string& tag) {
    if (!tag.starts_with(kOldTag)) return false;
    c.made_of.push_back(tag.substr(kOldTag.size()));
    return true;
  });
  return c;
}

void add_opening(Case& c, const OpeningPart& part) {
  const auto present = parts_of(c);
  const auto clash = [&](const OpeningPart& other) {
    return !other.joins || !part.joins || (cuts(part) && !may_be_cut(other)) || (cuts(other) && !may_be_cut(part)) ||
           std::ranges::find_first_of(other.touches, part.touches) != other.touches.end();
  };
  if (std::ranges::none_of(present, clash)) c.made_of.push_back(part.id);
}

void drop_openings(Case& c) {
  c.made_of.clear();
  c.request.reset();
}

std::optional<Case> whole_opening(const Case& c) {
  const auto parts = parts_of(c);
  if (parts.size() != 1 || parts.front().joins) return std::nullopt;
  Case out = parts.front().c;
  out.id = c.id;
  return out;
}

void join_openings(Case& c) {
  const auto parts = parts_of(c);
  if (parts.empty()) {
    if (has_opening(c)) drop_openings(c);  // a corpus from another catalogue
    return;
  }
  HeadScript script;
  for (const OpeningPart& part : parts) {
    const HeadScript& one = *part.c.request;
    if (!one.start.empty()) script.start = one.start;
    if (one.wire != 0) script.wire = one.wire;
    script.fields.insert(script.fields.end(), one.fields.begin(), one.fields.end());
  }
  c.request = std::move(script);
  const OpeningPart& decides = deciding(parts);
  ExpectOpening opening = *decides.c.expect->opening;
  if (!beyond_doubt(parts, decides)) opening.statuses = {200};  // any
  if (parts.size() > 1) opening.with.clear();
  c.expect->opening = std::move(opening);
  // The rule of the frames stays the last one.
  c.requirements.insert(c.requirements.begin(), decides.c.requirements.begin(), decides.c.requirements.end());
}

}  // namespace touchstone::fuzz
