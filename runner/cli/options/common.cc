#include "runner/cli/options/common.h"

#include "runner/cli/options/validators.h"
#include "runner/engine/run.h"

#include <fmt/core.h>
#include <ws/io/net/key_log.h>
#include <CLI/CLI.hpp>

#include <limits>

namespace touchstone::cli {

CLI::Option* repeatable(CLI::Option* option, const std::string& type) {
  return option->type_name(type)->allow_extra_args(false)->take_all();
}

CLI::Option* add_case_files_option(CLI::App& app, std::vector<std::string>& files) {
  return repeatable(app.add_option("--cases", files,
                                   "The cases of this file, or of the files in this folder, not the catalogue's; may "
                                   "be repeated"),
                    "FILE");
}

CLI::Option* add_shard_option(CLI::App& app, std::string& shard, const std::string& help) {
  return app.add_option("--shard", shard, help)->type_name("I/N|auto");
}

CLI::Option* add_spec_option(CLI::App& app, std::string& file, const std::string& help) {
  return app.add_option("--spec", file, help)->type_name("FILE");
}

CLI::Option* add_jobs_option(CLI::App& app, unsigned& jobs) {
  return app.add_option("--jobs", jobs, fmt::format("Connections at a time (default: {})", kDefaultJobs))
      ->type_name("N")
      ->check(between(1, 1024));
}

CLI::Option* add_budget_option(CLI::App& app, std::string& budget, std::string_view peer, std::string_view usual) {
  return app
      .add_option("--budget", budget,
                  fmt::format("End the run after so long, as it stands, whatever {} does; 0s: never (default: {}). "
                              "Different kinds of cases come first",
                              peer, usual))
      ->type_name("DURATION");
}

CLI::Option* add_seed_option(CLI::App& app, std::uint64_t& seed) {
  return app.add_option("--seed", seed, "Of everything random; equal seeds send equal bytes (default: 1)")
      ->type_name("N")
      ->check(between(0, std::numeric_limits<long long>::max()));
}

CLI::Option* add_timeout_option(CLI::App& app, std::string& timeout, std::string_view by_default) {
  return app
      .add_option("--timeout", timeout,
                  fmt::format("Silence that counts as no answer, such as 5s or 500ms (default: {})", by_default))
      ->type_name("DURATION");
}

CLI::Option* add_server_command_option(CLI::App& app, std::string& command) {
  return app
      .add_option("--command", command,
                  "Start the server with this shell command, in which {port} becomes a free port. It is restarted when "
                  "it dies, and stopped at the end. Its output goes to DIR/server.log")
      ->type_name("COMMAND");
}

CLI::Option* add_agent_option(CLI::App& app, std::string& agent, std::string_view endpoint) {
  return app
      .add_option("--agent", agent, fmt::format("Name of the {} in the report, whatever it calls itself", endpoint))
      ->type_name("NAME");
}

CLI::Option* add_pid_option(CLI::App& app, int& process, std::string_view purpose) {
  return app.add_option("--pid", process, fmt::format("Process id of the server on this machine: {}", purpose))
      ->type_name("N")
      ->check(CLI::PositiveNumber);
}

CLI::Option* add_out_option(CLI::App& app, std::string& folder, const std::string& help) {
  return app.add_option("--out", folder, help)->type_name("DIR");
}

CLI::Option* add_expect_option(CLI::App& app, std::string& file) {
  return app
      .add_option("--expect", file,
                  "Known failures with their reasons, see `touchstone expect --help`; exit 1 on whatever is new")
      ->type_name("FILE");
}

CLI::Option* add_keep_all_flag(CLI::App& app, bool& keep_all) {
  return app.add_flag("--keep-all", keep_all,
                      "Keep the whole transcript of every case; else cases that are OK keep their beginning and end");
}

CLI::Option* add_quiet_flag(CLI::App& app, bool& quiet, const std::string& help) {
  return app.add_flag("--quiet", quiet, help);
}

CLI::Option* add_format_option(CLI::App& app, std::string& format, const std::string& help) {
  return app.add_option("--format", format, help)->type_name("text|json")->check(one_of({"text", "json"}));
}

namespace {

// Once in each command that speaks TLS, in whichever role.
void add_key_log_option(CLI::App& app) {
  if (app.get_option_no_throw("--keylog") != nullptr) return;
  app.add_option_function<std::string>(
         "--keylog",
         [](const std::string& path) {
           if (const auto opened = ws::io::log_tls_keys(path); !opened)
             throw CLI::ValidationError("--keylog", opened.error());
         },
         "Add the secrets of all TLS connections to this file, for Wireshark (SSLKEYLOGFILE's form)")
      ->type_name("FILE")
      ->group("TLS");
}

}  // namespace

std::array<CLI::Option*, 3> add_trust_options(CLI::App& app, std::string& ca, std::string& server_name,
                                              bool& insecure) {
  add_key_log_option(app);
  return {app.add_option("--ca", ca, "wss: trust these certificates (PEM) instead of the system's")->type_name("FILE"),
          app.add_option("--sni", server_name, "wss: server name to ask for and to verify, instead of the URL's host")
              ->type_name("NAME"),
          app.add_flag("--insecure", insecure, "wss: accept any certificate")};
}

IdentityOptions add_identity_options(CLI::App& app, std::string& key, std::string& certificate,
                                     std::string_view whose) {
  CLI::Option* const k = app.add_option("--key", key, fmt::format("Private key (PEM){}", whose))->type_name("FILE");
  CLI::Option* const c =
      app.add_option("--cert", certificate, fmt::format("Certificate (PEM){}", whose))->type_name("FILE")->needs(k);
  return {k, c};
}

CLI::Option* add_subprotocol_option(CLI::App& app, std::vector<std::string>& names, std::string_view purpose) {
  return repeatable(app.add_option("--subprotocol", names, fmt::format("Subprotocol to {}; may be repeated", purpose)),
                    "NAME");
}

CLI::Option* add_port_option(CLI::App& app, std::optional<std::uint16_t>& port, std::string_view by_default) {
  return app.add_option("--port", port, fmt::format("Port to listen on; 0: a free one (default: {})", by_default))
      ->type_name("N")
      ->check(between(0, 65535));
}

CLI::Option* add_listen_host_option(CLI::App& app, std::string& host) {
  return app.add_option("--host", host, "Address to listen on")->type_name("ADDRESS")->capture_default_str();
}

CLI::Option* add_http_option(CLI::App& app, std::string& version, const std::string& help, bool both) {
  std::vector<std::string> versions{"1", "2", "auto"};
  if (both) versions.emplace_back("both");
  return app.add_option("--http", version, help)
      ->type_name(both ? "1|2|auto|both" : "1|2|auto")
      ->check(CLI::IsMember(std::move(versions)));
}

CLI::Option* add_listen_tls_flag(CLI::App& app, bool& tls, std::string_view certificate) {
  add_key_log_option(app);
  return app.add_flag("--tls", tls, fmt::format("wss; without --cert under a fresh certificate{}", certificate));
}

}  // namespace touchstone::cli
