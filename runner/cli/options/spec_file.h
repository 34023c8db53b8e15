// spec_file.h - Autobahn's fuzzingclient.json and fuzzingserver.json: what to test with which cases.
#pragma once
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace touchstone::cli {

struct SpecServer {
  std::string url;
  std::string agent;     // empty: the Server field of its answer names it
  std::string hostname;  // for TLS: SNI and the name that is verified
  std::string origin;
  std::vector<std::string> protocols;
};

struct SpecFile {
  std::vector<SpecServer> servers;    // fuzzingclient.json
  std::string url, key, certificate;  // fuzzingserver.json: where to listen, and as whom (files)
  std::vector<std::string> cases;     // in Autobahn's names; empty: all that it has
  std::vector<std::string> own;       // "touchstone": cases that Autobahn does not have, by name
  std::vector<std::string> exclude_cases;
  std::vector<std::pair<std::string, std::vector<std::string>>> exclude_agent_cases;  // agent glob, case globs
  std::string outdir;                                                                 // empty: not told
  std::vector<std::string> warnings;                                                  // one line each
};

// `name` is used in messages. The error is one line with the JSON pointer, what was found and what is allowed.
[[nodiscard]] std::expected<SpecFile, std::string> parse_spec(std::string_view name, std::string_view text);
[[nodiscard]] std::expected<SpecFile, std::string> parse_server_spec(std::string_view name, std::string_view text);

// The case globs that `spec` excludes for this agent. In an agent glob '*' matches any run of characters.
[[nodiscard]] std::vector<std::string> excluded_for(const SpecFile& spec, std::string_view agent);

}  // namespace touchstone::cli
