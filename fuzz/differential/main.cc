// main.cc - differential: runs a campaign against the libraries and writes the report. scripts/differential calls it.
// Exit 1: a difference that triage.json does not know. Exit 2: usage.
#include "fuzz/differential/report.h"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <fstream>
#include <iostream>

namespace {

ws::Bytes octets_of(const std::string& hex) {
  ws::Bytes out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<std::byte>(std::strtoul(hex.substr(i, 2).c_str(), nullptr, 16)));
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Gives the same octets to the strict core and to other WebSocket libraries, and reports how they differ"};
  differential::Plan plan;
  std::string triage_file, out, shown;
  bool deflate = false;
  std::int64_t seconds = plan.time.count();
  app.add_option("corpus", plan.corpora, "Folders with inputs of connection_server_fuzzer")
      ->check(CLI::ExistingDirectory);
  app.add_option("--seconds", seconds, "How long to look")->check(CLI::PositiveNumber);
  app.add_option("--inputs", plan.inputs,
                 "How many inputs to try, instead; equal numbers and seeds give equal reports");
  app.add_option("--seed", plan.seed, "Of the mutations")->check(CLI::PositiveNumber);
  app.add_option("--triage", triage_file, "What is known about differences")->check(CLI::ExistingFile);
  app.add_option("--out", out, "The report, Markdown; standard output when not given");
  app.add_option("--show", shown, "Frames in hex: only says what each one makes of them");
  app.add_flag("--deflate", deflate, "With --show: permessage-deflate is agreed on");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const std::vector<differential::Library> libraries = {differential::wslay(), differential::websocketpp(),
                                                        differential::beast()};
  if (!shown.empty()) {
    std::cout << show(libraries, octets_of(shown), deflate);
    return 0;
  }
  if (plan.corpora.empty() || triage_file.empty()) {
    std::cerr << "differential: needs a corpus and --triage, or --show\n";
    return 2;
  }
  plan.time = std::chrono::seconds(seconds);
  const auto triage = differential::read_triage(triage_file);
  if (!triage) {
    std::cerr << "differential: " << triage.error() << '\n';
    return 2;
  }

  const differential::Campaign campaign = run(libraries, plan);
  const std::string report = markdown(campaign, libraries, *triage);
  if (out.empty()) {
    std::cout << report;
  } else if (!(std::ofstream(out) << report)) {
    std::cerr << "differential: " << out << ": cannot be written\n";
    return 2;
  }
  std::size_t unknown = 0;
  for (const auto& [difference, finding] : campaign.findings) {
    if (triage_of(*triage, difference) != nullptr) continue;
    ++unknown;
    std::cerr << "not in triage.json: " << difference.library << " / " << difference.rule << " / "
              << difference.expected << " / " << difference.seen << '\n';
  }
  std::cerr << campaign.inputs << " inputs, " << campaign.findings.size() << " clusters of differences, " << unknown
            << " of them unknown\n";
  return unknown == 0 ? 0 : 1;
}
