// render.h - every report format, as one table. A new format is one file with a render function, and one row in
// render.cc.
#pragma once
#include "reports/report.h"
#include "reports/support/pieces.h"

#include <expected>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace touchstone {

// Takes the files of a report, each once; `name` is relative to the report's folder.
class Sink {
 public:
  using Whole = std::function<std::expected<void, FileError>(const std::string& name, std::string_view content)>;
  using InPieces = std::function<std::expected<void, FileError>(const std::string& name, const Pieces& pieces)>;
  // Without `in_pieces` the pieces of a file come together in memory.
  explicit Sink(Whole whole, InPieces in_pieces = {});

  std::expected<void, FileError> operator()(const std::string& name, std::string_view content) const;
  // For what may be large.
  [[nodiscard]] std::expected<void, FileError> pieces(const std::string& name, const Pieces& pieces) const;

 private:
  Whole whole_;
  InPieces in_pieces_;
};

struct Renderer {
  std::string_view name;   // "junit"
  std::string_view files;  // "junit.xml": for people
  std::string_view about;
  std::expected<void, FileError> (*render)(const Report& report, const Sink& sink);
};

[[nodiscard]] std::span<const Renderer> renderers() noexcept;
// Nothing when there is none of that name.
[[nodiscard]] const Renderer* renderer(std::string_view name) noexcept;

// Writes all reports into `folder`, each file whole or not at all. One renderer's error does not keep the others
// from trying; the error returned tells them all.
[[nodiscard]] std::expected<void, FileError> render_all(const std::filesystem::path& folder, const RunInfo& run,
                                                        const std::vector<Result>& results, const Texts& texts);

// One report only.
[[nodiscard]] std::expected<void, FileError> render_one(const Renderer& renderer, const std::filesystem::path& folder,
                                                        const Report& report);

// The renderers, each in a file of its name.
[[nodiscard]] std::expected<void, FileError> render_report_json(const Report& report, const Sink& sink);
[[nodiscard]] std::expected<void, FileError> render_autobahn(const Report& report, const Sink& sink);
[[nodiscard]] std::expected<void, FileError> render_junit(const Report& report, const Sink& sink);
[[nodiscard]] std::expected<void, FileError> render_markdown(const Report& report, const Sink& sink);
[[nodiscard]] std::expected<void, FileError> render_tap(const Report& report, const Sink& sink);
[[nodiscard]] std::expected<void, FileError> render_ctrf(const Report& report, const Sink& sink);
[[nodiscard]] std::expected<void, FileError> render_sarif(const Report& report, const Sink& sink);
[[nodiscard]] std::expected<void, FileError> render_github(const Report& report, const Sink& sink);
[[nodiscard]] std::expected<void, FileError> render_pcap(const Report& report, const Sink& sink);
[[nodiscard]] std::expected<void, FileError> render_badge(const Report& report, const Sink& sink);
[[nodiscard]] std::expected<void, FileError> render_page(const Report& report, const Sink& sink);

}  // namespace touchstone
