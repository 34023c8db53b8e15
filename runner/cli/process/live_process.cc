#include "runner/cli/process/live_process.h"

#include "reports/support/files.h"
#include "reports/support/version.h"
#include "runner/cli/must.h"
#include "runner/cli/print.h"
#include "runner/cli/process/interrupt.h"
#include "runner/cli/process/line_reader.h"

#include <unistd.h>

#include <fmt/format.h>
#include <asio/posix/stream_descriptor.hpp>

#include <cstdlib>
#include <utility>

namespace touchstone::cli {
namespace {

void print_line(const std::string& line) {
  put(stdout, line + "\n");
  std::fflush(stdout);  // somebody waits for it
}

// A file that only this user reads, whose name nobody can guess.
std::filesystem::path written_certificate(const std::string& pem) {
  std::error_code none;
  std::string name = (std::filesystem::temp_directory_path(none) / "touchstone-ca-XXXXXX.pem").string();
  const int file = ::mkstemps(name.data(), 4);
  if (file < 0) throw UsageError("cannot write the certificate to " + name);
  ::close(file);
  must(write_file(name, pem));
  return name;
}

}  // namespace

LiveProcess::LiveProcess(const LiveOptions& options) : options_(options), events_(print_line, !options.json) {
  watch_for_interrupts();
}

LiveProcess::~LiveProcess() {
  std::error_code ignored;
  if (!certificate_.empty()) std::filesystem::remove(certificate_, ignored);
}

ws::io::ListenOptions LiveProcess::listen(const std::string& certificate, const std::string& key) {
  ws::io::ListenOptions listen;
  listen.host = options_.host;
  listen.port = options_.port.value_or(0);
  if (!options_.tls && certificate.empty()) return listen;
  ws::io::ServerTls& tls = listen.tls.emplace();
  tls.certificate_file = certificate;
  tls.private_key_file = key;
  if (!certificate.empty()) return listen;
  ws::io::Identity identity = ws::io::self_signed(options_.host);
  certificate_ = written_certificate(identity.certificate_pem);
  tls.certificate_pem = std::move(identity.certificate_pem);
  tls.private_key_pem = std::move(identity.private_key_pem);
  return listen;
}

void LiveProcess::announce(std::uint16_t port, Json more) {
  const bool secure = options_.tls || more.contains("secure");
  more.erase("secure");
  const std::string url =
      fmt::format("{}://{}:{}/", secure ? "wss" : "ws",
                  options_.host.contains(':') ? fmt::format("[{}]", options_.host) : options_.host, port);
  if (!options_.json) return print_line("listening on " + url);
  Json first;
  first["event"] = "listening";
  first["touchstone"] = kVersion;
  first["protocol"] = 1;
  first["url"] = url;
  first["host"] = options_.host;
  first["port"] = port;
  first["pid"] = ::getpid();
  if (!certificate_.empty()) first["ca_file"] = certificate_.string();
  first.update(more);
  events_.tell_object(first);
}

void LiveProcess::run(const std::function<void(const std::string&)>& on_line, const std::function<void()>& on_stop) {
  asio::posix::stream_descriptor interrupt(context_, ::dup(interrupt_descriptor()));
  interrupt.async_wait(asio::posix::stream_descriptor::wait_read, [&](std::error_code error) {
    if (!error) on_stop();
  });
  const LineReader lines(
      executor(),
      [&](const std::string& line) {
        if (line.find_first_not_of(" \t\r") != std::string::npos) on_line(line);
      },
      [&] {
        if (options_.exit_with_stdin) on_stop();
      });
  context_.run();
}

void LiveProcess::tell_faults(const std::vector<CaseFileError>& faults) {
  for (const CaseFileError& fault : faults) events_.tell("error", 0, {{"text", fault.text()}});
}

Exit LiveProcess::verdict(Exit exit, Json more) {
  Json last = Json::object();
  last["result"] = exit == Exit::ok ? "ok" : exit == Exit::incomplete ? "incomplete" : "failed";
  last.update(more);
  last["exit"] = static_cast<int>(exit);
  events_.tell("verdict", 0, last);
  return exit;
}

Exit exit_of(const Totals& totals, std::uint64_t failed, bool strict) {
  const bool bad = failed > 0 || totals.musts > 0 || (strict && totals.shoulds > 0);
  return bad ? Exit::failures : Exit::ok;
}

Json totals_json(const Totals& totals) {
  Json json;
  json["must"] = totals.musts;
  json["should"] = totals.shoulds;
  return json;
}

}  // namespace touchstone::cli
