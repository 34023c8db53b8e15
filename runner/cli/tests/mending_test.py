"""What helps to mend a server: `touchstone test --step` and `touchstone watch`.
Usage: mending_test.py PATH-OF-TOUCHSTONE [unittest options]"""

import re
import signal
import subprocess
import time
from pathlib import Path

from program import FAILURES, OK, USAGE, Program, main


class Step(Program):
    def started(self, *arguments):
        process = subprocess.Popen(
            [self.touchstone, "test", "--out", self.out, "--profile-of-peer", self.an_echo(), "--step", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder)
        self.addCleanup(lambda: [end.close() for end in (process.stdin, process.stdout, process.stderr)])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    @staticmethod
    def until(process, line):
        said = []
        for each in process.stderr:
            said.append(each)
            if line in each:
                break
        return "".join(said)

    def test_it_waits_before_what_breaks_a_rule_and_names_the_process(self):
        process = self.started("--command", f"exec {self.touchstone} echo --port {{port}}",
                               "--case", "framing/echo/text-0-whole", "--case", "reserved/opcode-first-frame/3")
        said = self.until(process, "Press Enter")
        self.assertRegex(said, r"reserved/\S+: step \d of \d breaks a rule\n")
        self.assertNotIn("framing/echo", said)
        server = int(re.search(r"gdb -p (\d+)", said)[1])
        self.assertIn("echo", Path(f"/proc/{server}/cmdline").read_text())
        self.assertIsNone(process.poll())
        process.stdin.write("\n")
        process.stdin.flush()
        rest, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, OK, rest)
        self.assertIn("2 cases: 2 OK", rest)

    def test_the_time_that_somebody_looks_is_nobodys(self):
        _, url = self.echo_process()
        process = self.started(url, "--case", "reserved/opcode-first-frame/3", "--timeout", "300ms")
        self.assertIn("The server's process is not known: --command or --pid N says it.", self.until(process, "Press Enter"))
        time.sleep(1)  # somebody looks, for longer than the time-out
        rest, _ = process.communicate("\n", timeout=60)
        self.assertEqual(process.returncode, OK, rest)

    def test_an_end_of_input_asks_nobody_and_an_interrupt_ends_it(self):
        _, url = self.echo_process()
        done = self.run_test(url, "--step", "--case", "reserved/opcode*", expect=OK, stdin=subprocess.DEVNULL)
        self.assertEqual(done.stderr.count("Press Enter"), 1)
        process = self.started(url, "--case", "reserved/opcode*")
        self.until(process, "Press Enter")
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertLess(time.monotonic() - start, 5)


class Watch(Program):
    def test_what_failed_runs_first_on_every_change(self):
        source = self.folder / "src"
        source.mkdir()
        (source / "fault").write_text("accepts-opcode-7")
        process = subprocess.Popen(
            [self.touchstone, "watch", "--case", "reserved/opcode*", "--case", "framing/echo/text-0-whole", "--dir", "src", "--",
             f"exec {self.touchstone} echo --port {{port}} --fault $(cat src/fault)"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder)
        self.addCleanup(lambda: [end.close() for end in (process.stdout, process.stderr)])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

        def until(part):
            for line in process.stdout:
                if part in line:
                    return line
            self.fail(f"no {part!r}: {process.stderr.read()}")

        until("watching 1 folder")
        failed = int(re.search(r"(\d+) FAILED", until("rest: "))[1])
        self.assertGreater(failed, 0)
        self.assertIn("new: reserved/", until("new: "))
        (source / "fault").write_text("none")
        self.assertIn("src/fault changed", until("changed"))
        first = until("failed-first: ")
        self.assertIn(f"failed-first: {failed} cases, 0 FAILED, {failed} no more", first.replace("1 case,", "1 cases,"))
        self.assertIn("0 FAILED", until("rest: "))
        self.assertTrue((self.folder / "touchstone-watch/rest/index.html").exists())
        (source / "fault").write_text("accepts-opcode-7")
        self.assertIn(f"{failed} FAILED", until("rest: "))
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=30), FAILURES)

    def test_a_wrong_call_is_told(self):
        done = self.run_it("watch", "--", "node", "server.js", expect=USAGE)
        self.assertIn("'node server.js' has no {port}", done.stderr)
        done = self.run_it("watch", "--dir", "none", "--", "x {port}", expect=USAGE)
        self.assertIn("cannot watch none: No such file or directory", done.stderr)


if __name__ == "__main__":
    main()
