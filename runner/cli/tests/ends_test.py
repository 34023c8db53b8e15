"""Runs that do not come to their end: interrupted, or with no room for their files. Usage: ends_test.py PATH-OF-TOUCHSTONE [unittest options]"""

import json
import resource
import signal
import subprocess
import threading
import time
from pathlib import Path

import peer
from program import ECHO, FAILURES, INCOMPLETE, OK, USAGE, Program, main


class Interrupted(Program):
    def test_results_so_far_are_kept(self):
        third = threading.Event()

        def handler(connection, number):
            if number >= 3:  # the greeting and one case are answered, then nothing
                third.set()
                connection.take(1 << 30)
            connection.handshake()
            connection.echo(peer.fail_politely)

        server = self.serve(handler)
        process = subprocess.Popen([self.touchstone, "test", server.url, "--jobs", "1", "--timeout", "200s", "--out",
                                    str(self.out), "--profile-of-peer", self.an_echo(), *ECHO, "--case", "2.1"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertTrue(third.wait(120))
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
        self.assertEqual(process.returncode, INCOMPLETE, stdout + stderr)
        self.assertIn("PARTIAL  1 of 3 cases ran: interrupted", stdout)
        self.assertRegex(stdout.splitlines()[-1], r"^1 case: 1 OK")
        self.assertEqual(len(self.report()["results"]), 1)


class Budget(Program):
    def test_a_run_ends_by_itself(self):
        """Nothing is answered but the opening, and every wait is long: in the greeting, in the cases, after them."""
        def handler(connection, _number):
            connection.handshake()
            connection.take(1 << 30)

        server = self.serve(handler)
        start = time.monotonic()
        done = self.run_test(server.url, "--budget", "8s", "--timeout", "200s", "--profile-of-peer", self.an_echo(), *ECHO,
                             expect=INCOMPLETE)
        self.assertLess(time.monotonic() - start, 60)  # a machine that is busy, and no wait of 200 s
        self.assertIn("at most 8.0 s (--budget)", done.stderr)
        self.assertIn("PARTIAL  0 of 2 cases ran: the time for this run is over (8 s, --budget)", done.stdout)

    def test_the_probe_is_of_it(self):
        """An endpoint that says one byte now and then, for ever, whatever it is asked."""
        def handler(connection, _number):
            connection.handshake()
            connection.drip(b"\x82\x7e\xff\xff", b"x", 0.05)

        server = self.serve(handler)
        start = time.monotonic()
        self.run_test(server.url, "--budget", "6s", "--timeout", "2s", *ECHO, expect=INCOMPLETE)
        self.assertLess(time.monotonic() - start, 60)

    def test_what_never_comes_is_not_waited_for_a_fourth_time(self):
        """One that answers nothing but the opening: a few cases say so, all others are like them."""
        def handler(connection, _number):
            connection.handshake()
            connection.take(1 << 30)

        server = self.serve(handler)
        self.run_test(server.url, "--timeout", "1s", "--profile", "core", "--profile-of-peer", self.an_echo(), "--case",
                      "framing/*", "--case", "pings/*", "--case", "reserved/*", "--case", "close/*", expect=FAILURES)
        results = self.report()["results"]
        like = [result for result in results if result["summary"].startswith("Not judged: like")]
        self.assertEqual({result["behavior"] for result in like}, {"NOT-APPLICABLE"})
        self.assertGreater(len(like), len(results) / 2)

    def test_who_answers_no_ping_harms_nobody_beside(self):
        """A fresh connection that gets no Pong got none before the case either."""
        _, url = self.echo_process("--port", "0", "--fault", "ignores-pings")
        self.run_test(url, "--profile", "core", "--timeout", "400ms", "--profile-of-peer", self.an_echo(), "--case", "floods/held/*",
                      "--case", "floods/slow-drip/*", "--case", "2.2", expect=FAILURES)
        cited = {finding["requirement"] for result in self.report()["results"] for finding in result["findings"]}
        self.assertNotIn("rfc6455-10.4-1", cited)

    def test_a_server_that_answers_no_ping_is_judged_to_the_end(self):
        """It is silent in many cases: waits become brief, and what was refuted is run again (runner/engine/models_test.cc)."""
        _, url = self.echo_process("--port", "0", "--fault", "ignores-pings")
        self.run_test(url, "--profile", "core", "--timeout", "400ms", "--profile-of-peer", self.an_echo(), "--case", "pings/*",
                      "--case", "reserved/*", "--case", "masking/*", expect=FAILURES)
        results = self.report()["results"]
        like = [result for result in results if result["summary"].startswith("Not judged: like")]
        self.assertLessEqual({result["behavior"] for result in like}, {"NOT-APPLICABLE"})
        cited = {finding["requirement"] for result in results if result["behavior"] == "FAILED"
                 for finding in result["findings"]}
        self.assertIn("rfc6455-5.5.2-2", cited)


class FullDisk(Program):
    def check(self, done):
        self.assertIn("error:", done.stderr)
        self.assertIn("--out", done.stderr)
        self.last_line(done)
        lines = (self.out / "journal.jsonl").read_text().splitlines()
        for line in lines:
            json.loads(line)  # whole lines only
        self.assertGreater(len(lines), 1)

    def test_files_that_may_not_grow(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (16 * 1024, 16 * 1024))

        self.check(self.run_test("--case", "close", expect=INCOMPLETE, preexec_fn=limit, restore_signals=False))

    def test_a_small_file_system(self):
        disk = self.folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True,
                                 check=False)
        if mounted.returncode != 0:
            self.skipTest("only root can mount a small file system")
        self.addCleanup(subprocess.run, ["umount", str(disk)], check=True)
        self.out = disk / "report"
        done = self.run_test("--case", "close", expect=INCOMPLETE)
        self.check(done)
        self.assertIn("No space left on device", done.stderr)

    def test_a_folder_that_cannot_be_made(self):
        self.out = Path("/proc/report")
        self.assertIn("--out", self.run_test(*ECHO, expect=USAGE).stderr)


if __name__ == "__main__":
    main()
