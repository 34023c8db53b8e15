#include "runner/cli/options/spec_file.h"

#include "runner/catalogue/strict_json.h"
#include "runner/cli/text.h"

#include <fmt/core.h>
#include <ws/core/bytes.h>
#include <ws/core/glob.h>
#include <ws/core/http/url.h>

#include <algorithm>
#include <optional>

namespace touchstone::cli {
namespace {

struct Fault {
  std::string text;
};

// Autobahn's settings of its own WebSocket stack. Touchstone's cases say octet by octet what is sent, so none of
// them can change a verdict; they are known, and only `version` is looked at.
const std::vector<std::string> kOptions = {
    "version",          "allowHixie76",     "utf8validateIncoming", "acceptMaskedServerFrames",
    "maskClientFrames", "applyMask",        "maxFramePayloadSize",  "maxMessagePayloadSize",
    "autoFragmentSize", "failByDrop",       "echoCloseCodeReason",  "serverConnectionDropTimeout",
    "tcpNoDelay",       "autoPingInterval", "openHandshakeTimeout", "closeHandshakeTimeout",
    "autoPingTimeout",  "autoPingSize",
};
const std::vector<std::string> kServerOptions = {
    "versions", "webStatus", "maskServerFrames", "requireMaskedClientFrames", "allowedOrigins", "maxConnections",
};

class SpecReader {
 public:
  explicit SpecReader(std::string_view file) : file_(file) {}

  SpecFile read(const Json& root) {
    need(root.is_object(), "", root, "an object");
    known_keys(root, "",
               {"outdir", "servers", "cases", "touchstone", "exclude-cases", "exclude-agent-cases", "options"});
    read_common(root, kOptions);
    need(root.contains("servers"), "/servers", Json(), "an array of servers");
    const Json& servers = root.at("servers");
    need(servers.is_array() && !servers.empty(), "/servers", servers, "an array with at least one server");
    for (std::size_t i = 0; i < servers.size(); ++i) read_server(servers[i], fmt::format("/servers/{}", i));
    return std::move(spec_);
  }

  SpecFile read_server_side(const Json& root) {
    need(root.is_object(), "", root, "an object");
    // webport stands in Autobahn's samples; here the page is on the port of the tests.
    known_keys(root, "",
               {"url", "outdir", "cases", "touchstone", "exclude-cases", "exclude-agent-cases", "options", "protocols",
                "key", "cert", "webport"});
    std::vector<std::string> options = kOptions;
    options.insert(options.end(), kServerOptions.begin(), kServerOptions.end());
    read_common(root, options);
    (void)texts(root, "", "protocols");  // the first that a client offers is taken
    spec_.url = text(root, "", "url");
    need(!spec_.url.empty(), "/url", root.contains("url") ? root.at("url") : Json(),
         "where to listen, ws://host:port or wss://host:port");
    spec_.key = text(root, "", "key");
    spec_.certificate = text(root, "", "cert");
    return std::move(spec_);
  }

 private:
  void read_common(const Json& root, const std::vector<std::string>& options) {
    spec_.outdir = text(root, "", "outdir");
    spec_.cases = texts(root, "", "cases");
    spec_.own = texts(root, "", "touchstone");
    spec_.exclude_cases = texts(root, "", "exclude-cases");
    if (root.contains("exclude-agent-cases")) read_excludes(root.at("exclude-agent-cases"));
    if (root.contains("options")) read_options(root.at("options"), "/options", options);
  }

  // Paths, patterns, names and URLs: none of them has control characters.
  static constexpr std::string_view kText = "a string without control characters";
  static bool is_text(const Json& value) {
    if (!value.is_string()) return false;
    const auto& text = value.get_ref<const std::string&>();
    return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  }

  // `url` is the text there.
  void need_url(const std::string& url, const std::string& pointer, const Json& found) const {
    const auto parsed = ws::parse_url(url);
    if (!parsed)
      throw Fault{fmt::format("{}: {}: found {}: {}; allowed is ws://host:port/path or wss://...", file_, pointer,
                              found.dump(), parsed.error())};
  }

  void need(bool holds, const std::string& pointer, const Json& found, std::string_view allowed) const {
    if (holds) return;
    std::string shown = found.is_null() ? "nothing" : found.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (shown.size() > 60) shown = std::string(cut_to(shown, 57)) + "...";
    throw Fault{
        fmt::format("{}: {}: found {}; allowed is {}", file_, pointer.empty() ? "top level" : pointer, shown, allowed)};
  }

  void known_keys(const Json& object, const std::string& pointer, const std::vector<std::string>& known) {
    for (const auto& [key, value] : object.items()) {
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      const auto near = nearest(key, known, 1);
      const std::string hint = near.empty() ? "known are " + join_and(known) : "did you mean \"" + near.front() + "\"?";
      const std::string warning = fmt::format("{}: {}/{}: unknown key, ignored; {}", file_, pointer, key, hint);
      spec_.warnings.push_back(ws::one_line(warning));
    }
  }

  // Autobahn's samples write null for "not told".
  std::string text(const Json& object, const std::string& pointer, const char* key) const {
    if (!object.contains(key) || object.at(key).is_null()) return {};
    need(is_text(object.at(key)), pointer + "/" + key, object.at(key), kText);
    return object.at(key).get<std::string>();
  }

  std::vector<std::string> texts(const Json& object, const std::string& pointer, const std::string& key) const {
    std::vector<std::string> out;
    if (!object.contains(key) || object.at(key).is_null()) return out;
    const Json& list = object.at(key);
    need(list.is_array(), pointer + "/" + key, list, "an array of strings");
    for (std::size_t i = 0; i < list.size(); ++i) {
      need(is_text(list[i]), fmt::format("{}/{}/{}", pointer, key, i), list[i], kText);
      out.push_back(list[i].get<std::string>());
    }
    return out;
  }

  void read_excludes(const Json& agents) {
    need(agents.is_object(), "/exclude-agent-cases", agents, "an object of agent pattern to array of case patterns");
    for (const auto& [agent, cases] : agents.items()) {
      spec_.exclude_agent_cases.emplace_back(agent, texts(agents, "/exclude-agent-cases", agent));
    }
  }

  void read_options(const Json& options, const std::string& pointer, const std::vector<std::string>& known = kOptions) {
    if (options.is_null()) return;
    need(options.is_object(), pointer, options, "an object");
    known_keys(options, pointer, known);
    if (!options.contains("version")) return;
    // Autobahn counts the drafts: 18 is the last one, which became version 13 of the RFC.
    const Json& version = options.at("version");
    need(version == 13 || version == 18, pointer + "/version", version, "13 or 18, which both mean RFC 6455");
  }

  void read_server(const Json& server, const std::string& pointer) {
    need(server.is_object(), pointer, server, "an object with a \"url\"");
    known_keys(server, pointer, {"agent", "url", "hostname", "origin", "protocols", "options"});
    if (server.contains("options")) read_options(server.at("options"), pointer + "/options");
    SpecServer& out = spec_.servers.emplace_back();
    out.url = text(server, pointer, "url");
    need(!out.url.empty(), pointer + "/url", server.contains("url") ? server.at("url") : Json(),
         "a URL, ws://host:port/path or wss://host:port/path");
    need_url(out.url, pointer + "/url", server.at("url"));
    out.agent = text(server, pointer, "agent");
    out.hostname = text(server, pointer, "hostname");
    out.origin = text(server, pointer, "origin");
    out.protocols = texts(server, pointer, "protocols");
  }

  std::string file_;
  SpecFile spec_;
};

std::expected<SpecFile, std::string> parse(std::string_view name, std::string_view text,
                                           SpecFile (SpecReader::*read)(const Json&)) {
  std::vector<CaseFileError> faults;
  const std::optional<Json> root = parse_strict(name, text, faults);
  if (!faults.empty()) return std::unexpected(faults.front().text());
  try {
    SpecReader reader(name);
    return (reader.*read)(*root);
  } catch (const Fault& fault) {
    return std::unexpected(ws::one_line(fault.text));
  }
}

}  // namespace

std::expected<SpecFile, std::string> parse_spec(std::string_view name, std::string_view text) {
  return parse(name, text, &SpecReader::read);
}

std::expected<SpecFile, std::string> parse_server_spec(std::string_view name, std::string_view text) {
  return parse(name, text, &SpecReader::read_server_side);
}

std::vector<std::string> excluded_for(const SpecFile& spec, std::string_view agent) {
  std::vector<std::string> out;
  for (const auto& [pattern, cases] : spec.exclude_agent_cases) {
    if (ws::matches_glob(agent, pattern)) out.insert(out.end(), cases.begin(), cases.end());
  }
  return out;
}

}  // namespace touchstone::cli
