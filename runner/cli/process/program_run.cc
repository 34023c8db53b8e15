#include "runner/cli/process/program_run.h"

#include "runner/cli/process/child_process.h"
#include "runner/cli/process/program_log.h"

#include <asio/posix/stream_descriptor.hpp>

#include <memory>

#include <unistd.h>

namespace touchstone::cli {

asio::awaitable<ProgramEnd> run_program(asio::any_io_executor executor, const std::string& command,
                                        const std::filesystem::path& log, ws::io::Signal& changed,
                                        const ProgramPatience& patience) {
  const std::uintmax_t log_before = log_size(log);
  auto process = ChildProcess::start(command, log);
  ProgramEnd end;
  if (!process) {
    end.how = process.error();
    co_return end;
  }
  // A descriptor of its own, because the descriptor of the process is closed by ChildProcess.
  const auto descriptor = std::make_shared<asio::posix::stream_descriptor>(executor, ::dup(process->descriptor()));
  const auto over = std::make_shared<bool>(false);
  descriptor->async_wait(asio::posix::stream_descriptor::wait_read,
                         [over, descriptor, &changed](const std::error_code& error) {
                           if (error) return;  // we left
                           *over = true;
                           changed.notify_all();
                         });
  while (!*over) {
    const bool silent = static_cast<bool>(co_await changed.wait(ws::io::deadline_after(patience.idle())));
    if (silent && !patience.busy()) break;
  }
  std::error_code ignored;
  descriptor->cancel(ignored);
  if (*over) end.how = process->ended(std::chrono::milliseconds(0)).value_or("an unknown way");
  process->stop();
  if (!end.how.empty() && !end.orderly()) {
    const std::string written = log_since(log, log_before);
    end.last_words = last_words(written);
    end.panic = tells_of_a_crash(written);
    end.exception = report_in_log(written).has_value();
  }
  co_return end;
}

}  // namespace touchstone::cli
