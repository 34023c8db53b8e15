// pcap.h - transcripts as a file that Wireshark reads, with verdicts, clauses and findings as comments on the packets.
#pragma once
#include "reports/report.h"
#include "reports/support/pieces.h"

#include <span>
#include <string>

namespace touchstone {

// Each result is a TCP connection of its own. A frame of which only a part was kept has zeros in place of the rest (of
// 4 MiB in all), and its packet says so. `key_log`: of TLS, may be empty; what is here is in clear all the same. Gone
// through result by result, so that what is in memory is one of them.
[[nodiscard]] std::expected<void, FileError> append_pcapng(const Append& append, const Report& report,
                                                           std::span<const Result* const> results,
                                                           std::string_view key_log = {});

}  // namespace touchstone
