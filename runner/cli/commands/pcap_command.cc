#include "reports/journal.h"
#include "reports/pcap.h"
#include "reports/support/files.h"
#include "runner/cli/cli.h"
#include "runner/cli/must.h"
#include "runner/cli/print.h"
#include "runner/cli/run/outcome.h"
#include "runner/cli/run/requirement_texts.h"

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>

namespace touchstone::cli {
namespace {

constexpr const char* kPcapFooter = R"(
Verdict, clauses and findings are comments on the packets. What a transcript does not keep of a frame is shown as zeros, and
the packet says so; --keep-all of the run keeps everything. Each run writes failures.pcapng, with all that is not OK.

Exit codes: 0 written; 2 no such case in the journal, or the file cannot be read or written.

Examples:
  touchstone report pcap 7.5.1
  touchstone report pcap 'close/code-valid/1000' --from touchstone-report --out close.pcapng
  tshark -r close.pcapng -Y websocket)";

struct PcapOptions {
  std::string id, from = std::string(kDefaultFolder), out, key_log;
};

bool is_named(const Result& result, const std::string& id) {
  return result.case_id == id || std::ranges::find(result.aliases, id) != result.aliases.end();
}

std::string file_name(std::string id) {
  std::ranges::replace_if(id, [](char c) { return c == '/' || static_cast<unsigned char>(c) < ' '; }, '_');
  return id + ".pcapng";
}

Exit write(const PcapOptions& options) {
  const Journal journal = must(read_journal(options.from));
  const Texts texts = quoted_texts(Catalogue::built_in());
  const Report report(journal.run, journal.results, texts);
  std::vector<const Result*> found;
  for (const Result& result : journal.results)
    if (is_named(result, options.id)) found.push_back(&result);
  if (found.empty()) throw UsageError(fmt::format("{}: no case '{}' in it", options.from, options.id));
  std::string keys;
  if (!options.key_log.empty()) keys = must(read_file(options.key_log));
  const std::string path = options.out.empty() ? file_name(options.id) : options.out;
  must(write_pieces(path, [&](const Append& append) { return append_pcapng(append, report, found, keys); }));
  out("{}\n", path);
  return Exit::ok;
}

}  // namespace

void add_pcap_command(CLI::App& report, Exit& exit) {
  auto options = std::make_shared<PcapOptions>();
  CLI::App* command = report.add_subcommand("pcap", "Write the transcript of a case as a file for Wireshark");
  command->footer(kPcapFooter);
  command->add_option("CASE", options->id, "Its id, or Autobahn's")->required();
  command->add_option("--from", options->from, "The journal, or the folder that has it")
      ->type_name("DIR")
      ->capture_default_str();
  command->add_option("--out", options->out, "The file to write (default: CASE.pcapng)")->type_name("FILE");
  command->add_option("--keylog", options->key_log, "Put the TLS secrets of this file (SSLKEYLOGFILE's form) into it")
      ->type_name("FILE");
  command->callback([options, &exit] { exit = write(*options); });
}

}  // namespace touchstone::cli
