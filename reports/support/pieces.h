// pieces.h - a file that is too large to be made in memory first.
#pragma once
#include "reports/support/files.h"

#include <functional>

namespace touchstone {

// Appends so many octets to the file.
using Append = std::function<std::expected<void, FileError>(std::string_view octets)>;
// Makes the whole file, piece after piece; its error is that of append().
using Pieces = std::function<std::expected<void, FileError>(const Append& append)>;

// As write_file(), which this is without the pieces: whole or not at all.
[[nodiscard]] std::expected<void, FileError> write_pieces(const std::filesystem::path& path, const Pieces& pieces);

}  // namespace touchstone
