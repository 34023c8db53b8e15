// common.h - options that several commands have. Each is declared here, once: its name, type, check and help. The help
// pages, the manual page and the completions are made of these declarations.
//
// Where a function takes `help`, the option means something else in each command, and only its shape is common.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace touchstone::cli {

// One value each time it is named: else --header would take the URL that stands after its value.
CLI::Option* repeatable(CLI::Option* option, const std::string& type);

// What is run.
CLI::Option* add_case_files_option(CLI::App& app, std::vector<std::string>& files);
CLI::Option* add_shard_option(CLI::App& app, std::string& shard, const std::string& help);
CLI::Option* add_spec_option(CLI::App& app, std::string& file, const std::string& help);

// How it is run.
CLI::Option* add_jobs_option(CLI::App& app, unsigned& jobs);
// "whatever the server does", "default: 30m"
CLI::Option* add_budget_option(CLI::App& app, std::string& budget, std::string_view peer, std::string_view usual);
CLI::Option* add_seed_option(CLI::App& app, std::uint64_t& seed);
CLI::Option* add_timeout_option(CLI::App& app, std::string& timeout, std::string_view by_default);

// The endpoint.
CLI::Option* add_server_command_option(CLI::App& app, std::string& command);
CLI::Option* add_agent_option(CLI::App& app, std::string& agent, std::string_view endpoint);  // "server", "client"
CLI::Option* add_pid_option(CLI::App& app, int& process, std::string_view purpose);

// What is written.
CLI::Option* add_out_option(CLI::App& app, std::string& folder, const std::string& help);
CLI::Option* add_expect_option(CLI::App& app, std::string& file);
CLI::Option* add_keep_all_flag(CLI::App& app, bool& keep_all);
CLI::Option* add_quiet_flag(CLI::App& app, bool& quiet, const std::string& help);
CLI::Option* add_format_option(CLI::App& app, std::string& format, const std::string& help);  // text or json

// --http: 1, 2 or auto.
CLI::Option* add_http_option(CLI::App& app, std::string& version, const std::string& help, bool both = false);
// TLS as a client: --ca, --sni, --insecure.
std::array<CLI::Option*, 3> add_trust_options(CLI::App& app, std::string& ca, std::string& server_name, bool& insecure);
// --key and --cert, which needs it.
struct IdentityOptions {
  CLI::Option *key, *certificate;
};
IdentityOptions add_identity_options(CLI::App& app, std::string& key, std::string& certificate,
                                     std::string_view whose = {});
CLI::Option* add_subprotocol_option(CLI::App& app, std::vector<std::string>& names, std::string_view purpose);

// As a server.
CLI::Option* add_port_option(CLI::App& app, std::optional<std::uint16_t>& port, std::string_view by_default);
CLI::Option* add_listen_host_option(CLI::App& app, std::string& host);
CLI::Option* add_listen_tls_flag(CLI::App& app, bool& tls, std::string_view certificate);

}  // namespace touchstone::cli
