#include "runner/serve/route.h"

#include <ws/core/bytes.h>
#include <ws/core/utf8.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <expected>
#include <optional>

namespace touchstone::serve {
namespace {

constexpr std::size_t kLongestAgent = 200;

struct Parameter {
  std::string name, value;
};

// application/x-www-form-urlencoded, as drivers write it by hand: what is no %HH stays as it is.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned octet = 0;
    const char* at = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() && std::from_chars(at, at + 2, octet, 16).ptr == at + 2) {
      out += static_cast<char>(octet);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::vector<Parameter> parameters(std::string_view query) {
  std::vector<Parameter> out;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (pair.empty()) continue;
    out.push_back({decoded(pair.substr(0, equals)), decoded(pair.substr(std::min(equals + 1, pair.size())))});
  }
  return out;
}

using route::Problem;

class Router {
 public:
  Router(std::string_view target, std::span<const Case* const> cases, std::string_view agent)
      : path_(decoded(target.substr(0, target.find('?')))), cases_(cases), agent_(agent) {
    if (const auto mark = target.find('?'); mark != std::string_view::npos) {
      parameters_ = parameters(target.substr(mark + 1));
    }
  }

  Route route() {
    if (path_ == "/getCaseCount") return route::CaseCount{};
    if (path_ == "/getCaseInfo") return of_case([](const Case* c) -> Route { return route::CaseInfo{c}; });
    if (path_ == "/runCase") return of_run<route::RunCase>();
    if (path_ == "/getCaseStatus") return of_run<route::CaseStatus>();
    if (path_ == "/updateReports") return update_reports();
    if (path_ == "/stopServer") return route::StopServer{};
    if (path_ == "/events") return route::Events{};
    if (path_ == "/") return route::PageFile{std::string(route::kFrontPage)};
    for (const std::string_view file : {"live.js", "live.css", "driver.js", "theme.css", "dom.js"}) {
      if (path_ == fmt::format("/{}", file)) return route::PageFile{std::string(file)};
    }
    constexpr std::string_view kReport = "/report/";
    if (path_ == "/report") return route::ReportFile{"index.html"};
    if (path_.starts_with(kReport)) return report_file(path_.substr(kReport.size()));
    return Problem{404, fmt::format("There is nothing at {}. Drivers use /getCaseCount, /getCaseInfo, /runCase, "
                                    "/getCaseStatus, /updateReports and /stopServer over WebSocket; people "
                                    "open / and /report/.",
                                    shown(path_))};
  }

 private:
  static std::string shown(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, 100)) out += c > 0x20 && c < 0x7f ? c : '?';
    return text.size() > 100 ? out + "..." : out;
  }

  [[nodiscard]] std::unexpected<Problem> refused(const std::string& text, int status = 400) const {
    return std::unexpected(Problem{status, fmt::format("{}: {}", path_, text)});
  }

  template <class Make>
  [[nodiscard]] Route of_case(const Make& make) const {
    const auto found = which();
    return found ? make(*found) : Route(found.error());
  }

  template <class Run>
  [[nodiscard]] Route of_run() const {
    const auto name = agent();
    if (!name) return name.error();
    return of_case([&](const Case* c) -> Route { return Run{c, *name}; });
  }

  [[nodiscard]] Route update_reports() const {
    const auto name = agent();
    return name ? Route(route::UpdateReports{*name, shut_down()}) : Route(name.error());
  }

  [[nodiscard]] const std::string* parameter(std::string_view name) const {
    const auto found = std::ranges::find(parameters_, name, &Parameter::name);
    return found == parameters_.end() ? nullptr : &found->value;
  }

  [[nodiscard]] std::expected<const Case*, Problem> which() const {
    if (const std::string* id = parameter("casetuple")) return by_id(*id);
    const std::string* text = parameter("case");
    if (text == nullptr) return refused("neither case=N nor casetuple=ID is given");
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (error != std::errc{} || end != text->data() + text->size() || number < 1 || number > cases_.size()) {
      return refused(fmt::format("case={} is no number from 1 to {}", shown(*text), cases_.size()));
    }
    return cases_[number - 1];
  }

  [[nodiscard]] std::expected<const Case*, Problem> by_id(const std::string& id) const {
    const auto named = [&](const Case* c) {
      return c->id == id || std::ranges::find(c->aliases, id) != c->aliases.end();
    };
    const auto found = std::ranges::find_if(cases_, named);
    if (found == cases_.end()) {
      return refused(fmt::format("casetuple={} is not among the {} cases that this server was told to run", shown(id),
                                 cases_.size()),
                     404);
    }
    return *found;
  }

  [[nodiscard]] std::expected<std::string, Problem> agent() const {
    if (!agent_.empty()) return agent_;
    const std::string* name = parameter("agent");
    if (name == nullptr || name->empty()) return refused("agent=NAME is missing; results are kept under this name");
    const bool printable =
        std::ranges::none_of(*name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    if (name->size() > kLongestAgent || !printable || !ws::is_utf8(ws::as_octets(*name))) {
      return refused(fmt::format("agent is longer than {} bytes, or no printable UTF-8", kLongestAgent));
    }
    return *name;
  }

  [[nodiscard]] bool shut_down() const {
    const std::string* text = parameter("shutdownOnComplete");
    return text != nullptr && (*text == "true" || *text == "yes");
  }

  // Names of files, never paths: nothing outside of the folder can be named.
  [[nodiscard]] Route report_file(const std::string& name) const {
    const bool plain = std::ranges::all_of(name, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
             c == '.';
    });
    if (name.empty()) return route::ReportFile{"index.html"};
    if (!plain || name.front() == '.') return Problem{404, "The report has no file of that name."};
    return route::ReportFile{name};
  }

  std::string path_;
  std::span<const Case* const> cases_;
  std::string agent_;
  std::vector<Parameter> parameters_;
};

// "12.1.10" as numbers; nothing when it is no id of Autobahn's.
std::optional<std::vector<unsigned>> numbers(std::string_view id) {
  std::vector<unsigned> out;
  const char *at = id.data(), *const end = id.data() + id.size();
  while (true) {
    unsigned number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc{}) return std::nullopt;
    out.push_back(number);
    if (next == end) return out;
    if (*next != '.') return std::nullopt;
    at = next + 1;
  }
}

std::optional<std::vector<unsigned>> autobahn_place(const Case& c) {
  std::optional<std::vector<unsigned>> first;
  for (const std::string& alias : c.aliases) {
    auto place = numbers(alias);
    if (place && (!first || *place < *first)) first = std::move(place);
  }
  return first;
}

}  // namespace

Route route_of(std::string_view target, std::span<const Case* const> cases, std::string_view agent) {
  // RFC 9112 3.2.2: a server takes the absolute form as well.
  if (const auto scheme = target.find("://"); scheme != std::string_view::npos && !target.starts_with('/')) {
    const auto path = target.find('/', scheme + 3);
    target = path == std::string_view::npos ? "/" : target.substr(path);
  }
  return Router(target, cases, agent).route();
}

std::optional<std::string> query_parameter(std::string_view target, std::string_view name) {
  const auto mark = target.find('?');
  if (mark == std::string_view::npos) return std::nullopt;
  for (Parameter& each : parameters(target.substr(mark + 1)))
    if (each.name == name) return std::move(each.value);
  return std::nullopt;
}

bool over_websocket(const Route& route) noexcept { return route.index() <= Route(route::Events{}).index(); }

bool may_refuse_opening(const Case& c) {
  return c.expect && c.expect->opening && c.expect->opening->outcome != ExpectOpening::Outcome::open;
}

std::vector<const Case*> numbered(std::vector<const Case*> cases) {
  std::ranges::stable_sort(cases, [](const Case* a, const Case* b) {
    const auto x = autobahn_place(*a), y = autobahn_place(*b);
    if (x && y) return *x < *y;
    if (x || y) return x.has_value();
    return !may_refuse_opening(*a) && may_refuse_opening(*b);
  });
  return cases;
}

}  // namespace touchstone::serve
