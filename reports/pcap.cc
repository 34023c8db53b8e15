// pcap.cc - failures.pcapng: the transcripts of all that is not OK, for Wireshark.
#include "reports/pcap.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "reports/digest.h"
#include "reports/render.h"
#include "reports/support/pcapng.h"
#include "reports/support/said.h"
#include "reports/text.h"

namespace touchstone {
namespace {

using From = Pcapng::From;

// The header that the entry tells, in its shortest form (RFC 6455 5.2).
std::string header_of(const Entry& entry) {
  std::string out;
  out += static_cast<char>((entry.fin ? 0x80 : 0) | (entry.rsv << 4) | entry.opcode);
  const int masked = entry.mask ? 0x80 : 0;
  const auto put = [&](std::uint64_t value, int octets) {
    for (int i = octets - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xff);
  };
  if (entry.length < 126) {
    out += static_cast<char>(masked | static_cast<int>(entry.length));
  } else if (entry.length < 65536) {
    out += static_cast<char>(masked | 126);
    put(entry.length, 2);
  } else {
    out += static_cast<char>(masked | 127);
    put(entry.length, 8);
  }
  if (entry.mask) put(*entry.mask, 4);
  return out;
}

// Who sent the masked frames is the client; of a connection without any the heads say it.
bool tester_is_client(const Transcript& transcript) {
  int sent = 0, came = 0;
  for (const Entry& entry : transcript.entries) {
    if (entry.kind != Entry::Kind::frame) continue;
    (entry.direction == Entry::Direction::sent ? sent : came) += entry.mask ? 1 : -1;
  }
  return sent >= came;
}

class ResultWriter {
 public:
  // `filler`: octets that may still be shown as 00, in the whole file.
  ResultWriter(const Report& report, const Result& result, Pcapng& file, std::size_t& filler)
      : report_(report),
        result_(result),
        file_(file),
        filler_(filler),
        client_is_us_(tester_is_client(result.transcript)) {
    start_ = std::chrono::duration_cast<std::chrono::microseconds>(result.started.time_since_epoch()).count();
  }

  void write() {
    const Transcript& transcript = result_.transcript;
    file_.open(start_, verdict());
    if (!transcript.request.empty()) file_.data(From::client, start_, transcript.request, {});
    if (!transcript.response.empty()) file_.data(From::server, start_, transcript.response, {});
    for (const Entry& entry : transcript.entries) add(entry);
    // What was found is a matter of the whole connection: it stands where that is over.
    if (!client_ended_) file_.fin(From::client, last_, findings());
    if (!server_ended_) file_.fin(From::server, last_, client_ended_ ? findings() : std::string());
    if (client_ended_ && server_ended_) file_.data(From::client, last_, {}, findings());
  }

 private:
  [[nodiscard]] std::string verdict() const {
    return clean_text(fmt::format("{} {}: {} ({})\n{}\n{}", result_.endpoint, result_.case_id, name(result_.behavior),
                                  name(result_.closing), result_.title, result_.summary));
  }

  [[nodiscard]] std::string findings() const {
    std::string out;
    for (const Finding& finding : result_.findings) {
      out += fmt::format("{}: expected {}; seen: {}\n", clause_and_weight(report_, finding), finding.expected,
                         finding.seen);
    }
    out += "Again: " + result_.replay;
    return clean_text(out);
  }

  [[nodiscard]] From from(const Entry& entry) const {
    const bool by_us = entry.direction == Entry::Direction::sent;
    return by_us == client_is_us_ ? From::client : From::server;
  }

  void add(const Entry& entry) {
    last_ = std::max(last_, start_ + entry.at_us);
    if (entry.direction == Entry::Direction::local) {
      if (!entry.note.empty()) note_ += (note_.empty() ? "" : "; ") + entry.note;
      return;
    }
    std::string comment = std::exchange(note_, {});
    const auto more = [&](std::string text) { comment += (comment.empty() ? "" : "; ") + std::move(text); };
    if (!entry.note.empty()) more(entry.note);
    if (entry.repeated > 1) more(fmt::format("stands for {} like it", entry.repeated));
    switch (entry.kind) {
      case Entry::Kind::eof:
      case Entry::Kind::reset:
        return end(entry, comment);
      case Entry::Kind::frame:
        return add_frame(entry, comment);
      default:
        if (!entry.octets.empty()) file_.data(from(entry), start_ + entry.at_us, entry.octets, clean_text(comment));
    }
  }

  void add_frame(const Entry& entry, std::string comment) {
    const Entry& kept = entry.same_as && *entry.same_as < result_.transcript.entries.size()
                            ? result_.transcript.entries[*entry.same_as]
                            : entry;
    std::string payload =
        kept.octets.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(kept.octets.size(), entry.length)));
    if (const std::uint64_t missing = entry.length - payload.size(); missing > 0) {
      const bool shown = missing <= filler_;
      comment += fmt::format("{}{} of {} bytes of this frame were kept, the others are {}", comment.empty() ? "" : "; ",
                             payload.size(), entry.length,
                             shown ? "shown as 00" : "left out, so that what follows is not decoded");
      if (shown) payload.resize(static_cast<std::size_t>(entry.length));
      filler_ -= shown ? static_cast<std::size_t>(missing) : 0;
    }
    for (std::size_t i = 0; entry.mask && i < payload.size(); ++i)
      payload[i] = static_cast<char>(payload[i] ^ static_cast<char>(*entry.mask >> (24 - 8 * (i % 4)) & 0xff));
    file_.data(from(entry), start_ + entry.at_us, header_of(entry) + payload, clean_text(comment));
  }

  void end(const Entry& entry, std::string_view comment) {
    bool& ended = from(entry) == From::client ? client_ended_ : server_ended_;
    if (std::exchange(ended, true)) return;
    if (entry.kind == Entry::Kind::eof) {
      file_.fin(from(entry), start_ + entry.at_us, clean_text(comment));
    } else {
      file_.reset(from(entry), start_ + entry.at_us, clean_text(comment));
    }
  }

  const Report& report_;
  const Result& result_;
  Pcapng& file_;
  std::size_t& filler_;
  bool client_is_us_;
  std::int64_t start_ = 0, last_ = 0;
  std::string note_;  // of what the tester did, on the next packet
  bool client_ended_ = false, server_ended_ = false;
};

constexpr std::size_t kMostFiller = 4 * 1024 * 1024;

bool is_worth_it(const Result& result) {
  return (is_bad(result) || result.behavior == Behavior::non_strict) && !result.transcript.entries.empty();
}

}  // namespace

std::expected<void, FileError> append_pcapng(const Append& append, const Report& report,
                                             std::span<const Result* const> results, std::string_view key_log) {
  Pcapng file(
      fmt::format("touchstone {}: made of transcripts. The octets of WebSocket and their times are real; "
                  "addresses, ports and all of TCP around them are not.",
                  report.run().version));
  if (!key_log.empty()) file.secrets(key_log);
  std::size_t filler = kMostFiller;
  for (const Result* result : results) {
    ResultWriter(report, *result, file, filler).write();
    if (auto appended = append(file.take()); !appended) return appended;
  }
  return append(file.take());
}

std::expected<void, FileError> render_pcap(const Report& report, const Sink& sink) {
  std::vector<const Result*> bad;
  for (const EndpointResults& endpoint : report.endpoints())
    std::ranges::copy_if(endpoint.results, std::back_inserter(bad), [](const Result* r) { return is_worth_it(*r); });
  return sink.pieces("failures.pcapng", [&](const Append& append) { return append_pcapng(append, report, bad); });
}

}  // namespace touchstone
