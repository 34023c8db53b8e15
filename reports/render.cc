// render.cc - the table of report formats.
#include "reports/render.h"

#include <array>
#include <utility>

namespace touchstone {
namespace {

// The quick and important ones first: what fits on a full disk is then the most useful.
constexpr std::array kRenderers{
    Renderer{"json", "report.json", "all results and the run, for programs; stable", render_report_json},
    Renderer{"junit", "junit.xml", "for continuous integration", render_junit},
    Renderer{"markdown", "summary.md", "totals and failures, for a pull request", render_markdown},
    Renderer{"github", "github-summary.md, github-annotations.txt", "a job summary and annotations for GitHub Actions",
             render_github},
    Renderer{"tap", "results.tap", "the Test Anything Protocol, version 14", render_tap},
    Renderer{"ctrf", "ctrf.json", "the Common Test Report Format", render_ctrf},
    Renderer{"sarif", "results.sarif", "SARIF 2.1.0, for code scanning", render_sarif},
    Renderer{"pcap", "failures.pcapng", "the transcripts of what is not OK, for Wireshark", render_pcap},
    Renderer{"badge", "badge.json", "a badge, for shields.io's endpoint", render_badge},
    Renderer{"html", "index.html", "the report to read: one page that needs nothing but itself", render_page},
    Renderer{"autobahn", "index.json, *_case_*.json", "as Autobahn|Testsuite writes them; complete transcripts",
             render_autobahn},
};

}  // namespace

Sink::Sink(Whole whole, InPieces in_pieces) : whole_(std::move(whole)), in_pieces_(std::move(in_pieces)) {}

std::expected<void, FileError> Sink::operator()(const std::string& name, std::string_view content) const {
  return whole_(name, content);
}

std::expected<void, FileError> Sink::pieces(const std::string& name, const Pieces& pieces) const {
  if (in_pieces_) return in_pieces_(name, pieces);
  std::string content;
  const Append append = [&content](std::string_view octets) -> std::expected<void, FileError> {
    content += octets;
    return {};
  };
  if (auto made = pieces(append); !made) return made;
  return whole_(name, content);
}

std::span<const Renderer> renderers() noexcept { return kRenderers; }

const Renderer* renderer(std::string_view name) noexcept {
  for (const Renderer& row : kRenderers)
    if (row.name == name) return &row;
  return nullptr;
}

std::expected<void, FileError> render_one(const Renderer& renderer, const std::filesystem::path& folder,
                                          const Report& report) {
  if (auto made = make_folder(folder); !made) return made;
  const Sink sink([&](const std::string& name, std::string_view content) { return write_file(folder / name, content); },
                  [&](const std::string& name, const Pieces& pieces) { return write_pieces(folder / name, pieces); });
  return renderer.render(report, sink);
}

std::expected<void, FileError> render_all(const std::filesystem::path& folder, const RunInfo& run,
                                          const std::vector<Result>& results, const Texts& texts) {
  const Report report(run, results, texts);
  FileError errors;
  for (const Renderer& row : kRenderers) {
    if (auto rendered = render_one(row, folder, report); !rendered)
      errors += (errors.empty() ? "" : "\n") + rendered.error();
  }
  if (!errors.empty()) return std::unexpected(errors);
  return {};
}

}  // namespace touchstone
