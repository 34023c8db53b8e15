"""The program under attack: ended at any moment, short of everything. Usage: attack_test.py PATH-OF-TOUCHSTONE [unittest options]"""

import itertools
import json
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time

from peer import answer_to, read_head
from program import ECHO, FAILURES, INCOMPLETE, OK, UNREACHABLE, Program, main



class Attacked(Program):
    def results(self):
        """What the journal says of each case: the last whole line counts."""
        verdicts = {}
        file = self.out / "journal.jsonl"
        for line in file.read_text().splitlines(keepends=True) if file.exists() else []:
            if line.endswith("\n") and "result" in (entry := json.loads(line)):
                verdicts[entry["result"]["case"]] = entry["result"]["behavior"]
        return verdicts

    def start(self, *arguments, **options):
        process = subprocess.Popen([self.touchstone, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, cwd=self.folder, **options)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process


class KilledAtAnyMoment(Attacked):
    def kill_and_read(self, run):
        """Ends it with SIGKILL. The cases that it said to have FAILED until then."""
        run.kill()
        return set(re.findall(r"^FAILED (\S+):", run.communicate(timeout=60)[1], re.M))

    def reported(self):
        # Killed after the footer, while it renders: the record is whole.
        whole = '{"footer"' in (self.out / "journal.jsonl").read_text()
        done = self.run_it("report", self.out, "--format", "tap", expect=FAILURES if whole else INCOMPLETE)
        return int(re.search(r"(\d+) FAILED", self.last_line(done)).group(1))

    def assert_nothing_is_missing(self, told):
        verdicts = self.results()
        self.assertTrue(all(verdicts.get(case) == "FAILED" for case in told), (told, verdicts))
        self.assertEqual(self.reported(), sum(verdict == "FAILED" for verdict in verdicts.values()))

    def test_nothing_that_was_failed_on_screen_is_missing(self):
        _, url = self.echo_process("--fault", "accepts-rsv2+sends-1005")
        arguments = ["test", url, "--out", self.out, "--profile-of-peer", self.an_echo(), "--profile", "core", "--jobs", "1"]
        begun = time.monotonic()
        self.run_it(*arguments, expect=FAILURES)
        took = time.monotonic() - begun
        killed = 0
        for _ in range(10):
            shutil.rmtree(self.out, ignore_errors=True)
            run = self.start(*arguments)
            try:
                run.wait(random.uniform(0, took))  # the moment is the point, so chance chooses it
            except subprocess.TimeoutExpired:
                pass
            ended = run.poll() is not None
            told = self.kill_and_read(run)
            journal = self.out / "journal.jsonl"
            if ended or not journal.exists() or "\n" not in journal.read_text():
                self.assertTrue(ended or not told)
                continue
            self.assert_nothing_is_missing(told)
            killed += 1
        self.assertGreater(killed, 0)

    def test_a_failure_that_waits_for_its_confirmation_is_there(self):
        chosen = ["--case", "close", "--profile", "core"]
        cases = len(json.loads(self.run_it("list", "--format", "json", *chosen, expect=OK).stdout))
        count, lock, confirming = itertools.count(), threading.Lock(), threading.Event()

        def one(connection):
            with lock:
                number = next(count)
            if number > cases:  # a greeting, each case once, and now the first of them again: it gets no answer
                confirming.set()
                while connection.recv(65536):
                    pass
                return
            connection.sendall(answer_to(read_head(connection)[0]) + b"\xa1\x00\x88\x02\x03\xe8")  # RSV2, and then a Close
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass

        run = self.start("test", f"ws://127.0.0.1:{self.serve_sockets(one)}/", "--out", self.out,
                         "--profile-of-peer", self.an_echo(), *chosen)
        self.assertTrue(confirming.wait(60))
        self.assert_nothing_is_missing(self.kill_and_read(run))
        self.assertGreater(self.reported(), 0)
        self.assertIn("Seen once", (self.out / "journal.jsonl").read_text())


class Folder(Attacked):
    def close_cases(self, expect):
        return self.run_test("--case", "close", "--jobs", "1", expect=expect)

    def test_takes_one_run_at_a_time(self):
        waits = threading.Event()
        port = self.serve_sockets(lambda connection: (waits.set(), connection.recv(65536), connection.recv(65536)))
        self.start("test", f"ws://127.0.0.1:{port}/", "--out", self.out)
        self.assertTrue(waits.wait(60))
        done = self.close_cases(2)
        self.assertIn("another run of touchstone writes into", done.stderr)

    def test_is_free_again_after_a_kill(self):
        waits = threading.Event()
        port = self.serve_sockets(lambda connection: (waits.set(), connection.recv(65536), connection.recv(65536)))
        run = self.start("test", f"ws://127.0.0.1:{port}/", "--out", self.out)
        self.assertTrue(waits.wait(60))
        run.kill()
        run.wait()
        self.close_cases(OK)

    def test_keeps_the_results_of_another_command(self):
        self.close_cases(OK)
        before = self.results()
        done = self.run_it("serve", "--port", "0", "--once", "--out", self.out, expect=2)
        self.assertIn("holds the results of `touchstone test`", done.stderr)
        done = self.run_it("fuzz", "ws://127.0.0.1:1/", "--out", self.out, expect=2)
        self.assertIn("holds the results of `touchstone test`", done.stderr)
        self.assertEqual(self.results(), before)
        self.close_cases(OK)

    def test_takes_no_folder_of_somebody_else(self):
        self.out.mkdir()
        (self.out / "thesis.tex").write_text("x")
        self.assertIn("'thesis.tex'", self.close_cases(2).stderr)
        self.assertEqual(sorted(path.name for path in self.out.iterdir()), ["thesis.tex"])

    def test_follows_no_link(self):
        self.close_cases(OK)
        mine = self.folder / "mine"
        mine.write_text("mine")
        for name in ("journal.jsonl", "index.html", "report.json"):
            (self.out / name).unlink()
            (self.out / name).symlink_to(mine)
        self.run_test("--case", "close", expect=2)
        (self.out / "journal.jsonl").unlink()
        self.close_cases(OK)
        self.assertEqual(mine.read_text(), "mine")
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()
        fuzzed = self.folder / "fuzzed"
        fuzzed.mkdir()
        (fuzzed / "corpus").symlink_to(elsewhere)
        done = self.run_it("fuzz", "ws://127.0.0.1:1/", "--out", fuzzed, expect=2)
        self.assertIn("symbolic link", done.stderr)


class Short(Attacked):
    def limited(self, files):
        return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    def test_of_descriptors_at_the_start_is_no_fault_of_the_server(self):
        _, url = self.echo_process()
        for files in range(6, 14):
            with self.subTest(files=files):
                done = subprocess.run([self.touchstone, "test", url, "--out", self.out, "--case", "close"],
                                      capture_output=True, text=True, timeout=120, cwd=self.folder,
                                      preexec_fn=self.limited(files))
                self.assertIn(done.returncode, (0, 2, INCOMPLETE), done.stderr)
                self.assertNotIn("died", done.stderr + done.stdout)
                if done.returncode != 0:
                    self.assertIn("Too many open files", done.stderr + done.stdout)

    def test_of_descriptors_beside_many_cases_runs_fewer_at_a_time(self):
        _, url = self.echo_process()
        done = self.run_test(url, "--case", "close", "--jobs", "200", expect=0, preexec_fn=self.limited(24))
        self.assertNotIn("died", done.stderr + done.stdout)
        self.assertIn(" 0 FAILED, 0 ERRORED", self.last_line(done))

    def test_of_file_size_keeps_what_it_has(self):
        limit = 60 * 1024
        done = self.run_test("--case", "close", expect=INCOMPLETE,
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        self.assertIn("File too large", done.stderr)
        self.assertIn("run again", done.stderr)
        kept = len(self.results())
        self.assertGreater(kept, 0)


class Words(Attacked):
    """A server that puts an attack into every place where it can speak."""
    EVIL = "\x1b[31mRED\x07\u009bX\u202eRTL\u2028::error::pwned\n::stop-commands::x\n##[error]y"

    def assert_harmless(self, text):
        for line in text.splitlines():
            self.assertNotRegex(line, r"^\s*::|##\[|##vso\[")
            self.assertLess(len(line), 10_000)
        self.assertNotRegex(text, "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\u061c]")

    def hostile(self, mode):
        evil = self.EVIL.encode()
        field = evil.replace(b"\n", b" ")

        def one(connection):
            head, _ = read_head(connection)
            reason = field if mode == "status" else b"Switching Protocols"
            extra = {"server": b"Server: " + field, "first": b"Server: ::stop-commands::x", "long": b"Server: " + b"A" * 9000,
                     "protocol": b"Sec-WebSocket-Protocol: " + field,
                     "extension": b"Sec-WebSocket-Extensions: permessage-deflate; x=\"" + field + b"\""}.get(mode, b"X: y")
            code = b"403 " + field if mode == "refused" else b"101 " + reason
            connection.sendall(answer_to(head, extra + b"\r\n", status=code))
            payload = evil[:120]
            if mode == "message":
                connection.sendall(bytes([0x81, len(payload)]) + payload)
            if mode == "close":
                connection.sendall(bytes([0x88, len(payload) + 2]) + b"\x0b\xb9" + payload)
            connection.settimeout(0.3)
            try:
                while connection.recv(65536):
                    pass
            except OSError:
                pass

        return f"ws://127.0.0.1:{self.serve_sockets(one)}/"

    def tell(self, *arguments):
        done = subprocess.run([self.touchstone, *map(str, arguments)], capture_output=True, timeout=120, cwd=self.folder)
        text = (done.stdout + done.stderr).decode()  # UTF-8 without a fault, too
        self.assert_harmless(text)
        return text

    def test_of_a_server_reach_no_terminal_and_no_log_raw(self):
        for mode in ("server", "first", "long", "status", "refused", "protocol", "extension", "message", "close"):
            url = self.hostile(mode)
            with self.subTest(mode, command="test"):
                out = self.folder / mode
                self.tell("test", url, "--out", out, *ECHO, "--timeout", "300ms", "--subprotocol", "a",
                          "--profile-of-peer", self.an_echo())
                for name in ("results.tap",):
                    if (out / name).exists():
                        self.assert_harmless((out / name).read_text())
                if (out / "journal.jsonl").exists():
                    self.tell("report", out)
            with self.subTest(mode, command="probe"):
                self.tell("probe", url)
            with self.subTest(mode, command="bench"):
                self.tell("bench", url, "--duration", "200ms", "--warm-up", "0s", "--patience", "200ms")
            with self.subTest(mode, command="echo"):
                self.tell("echo", "--connect", url)

    def test_of_a_command_s_log_are_cleaned(self):
        text = self.tell("test", "--command", f"printf '{self.EVIL}'; exit 1", "--out", self.out, *ECHO)
        self.assertIn("RED", text)


class Interrupted(Attacked):
    """A server that accepts and says nothing."""

    def silent(self):
        def one(connection):
            while connection.recv(65536):
                pass

        return f"ws://127.0.0.1:{self.serve_sockets(one)}/"

    def ended_in(self, process):
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertLess(time.monotonic() - begun, 2, out + err)  # a second, and what a busy machine takes
        return process.returncode

    def test_every_command_ends_at_once(self):
        for name, arguments, code in (("test", ["--out", self.out], INCOMPLETE), ("probe", [], INCOMPLETE),
                                      ("fuzz", ["--time", "60s", "--out", self.folder / "fuzz"], UNREACHABLE),
                                      ("bench", ["--duration", "60s"], INCOMPLETE)):
            with self.subTest(name):
                connected = threading.Event()

                def one(connection, connected=connected):
                    connected.set()
                    while connection.recv(65536):
                        pass

                process = self.start(name, f"ws://127.0.0.1:{self.serve_sockets(one)}/", *arguments)
                self.assertTrue(connected.wait(30))
                self.assertEqual(self.ended_in(process), code)

    def test_a_campaign_ends_when_its_time_is_over(self):
        begun = time.monotonic()
        done = self.run_it("fuzz", self.silent(), "--time", "2s", "--out", "fuzz", expect=UNREACHABLE)
        self.assertLess(time.monotonic() - begun, 4, done.stderr)

    def test_a_campaign_against_one_that_falls_silent_ends_when_its_time_is_over(self):
        greeted = threading.Event()

        def one(connection):
            if not greeted.is_set():
                head, _ = read_head(connection)
                greeted.set()
                connection.sendall(answer_to(head) + b"\x88\x02\x03\xe8")
                return
            while connection.recv(65536):
                pass

        begun = time.monotonic()
        process = self.start("fuzz", f"ws://127.0.0.1:{self.serve_sockets(one)}/", "--time", "3s", "--out", "fuzz",
                             "--timeout", "30s")
        process.communicate(timeout=60)
        self.assertLess(time.monotonic() - begun, 5)


if __name__ == "__main__":
    main()
