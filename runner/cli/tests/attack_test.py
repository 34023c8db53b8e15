"""The program under attack: ended at any moment, short of everything. Usage: attack_test.py PATH-OF-TOUCHSTONE [unittest options]"""

import json
import random
import re
import resource
import signal
import subprocess
import time

from program import FAILURES, INCOMPLETE, Program, main


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
    CHOSEN = ["--case", "rfc6455-5.2-3", "--case", "close", "--case", "utf8", "--profile", "core"]

    def setUp(self):
        super().setUp()
        self.server = self.echo_process("--fault", "accepts-rsv2+sends-1005")[1]

    def killed_when(self, moment):
        """Kills a run with SIGKILL at `moment(number of cases in the journal, planned)`; what it said until then."""
        run = self.start("test", self.server, "--out", self.out, "--profile-of-peer", self.an_echo(), *self.CHOSEN)
        planned = None
        end = time.monotonic() + 120
        while run.poll() is None and time.monotonic() < end:
            if planned is None and (self.out / "journal.jsonl").exists():
                head = (self.out / "journal.jsonl").read_text().split("\n", 1)
                planned = json.loads(head[0])["run"]["planned"] if len(head) == 2 else None
            if planned is not None and moment(len(self.results()), planned):
                break
        run.kill()
        told = run.communicate(timeout=60)[1]
        return set(re.findall(r"^FAILED (\S+):", told, re.M))

    def reported(self):
        done = self.run_it("report", self.out, "--format", "tap", expect=INCOMPLETE)
        return int(re.search(r"(\d+) FAILED", self.last_line(done)).group(1))

    def test_nothing_that_was_failed_on_screen_is_missing(self):
        for _ in range(10):
            share = random.random()
            with self.subTest(share=share):
                told = self.killed_when(lambda known, planned: known >= share * planned)
                verdicts = self.results()
                self.assertTrue(all(verdicts.get(case) == "FAILED" for case in told), (told, verdicts))
                self.assertEqual(self.reported(), sum(verdict == "FAILED" for verdict in verdicts.values()))

    def test_a_failure_that_waits_for_its_confirmation_is_there(self):
        self.killed_when(lambda known, planned: known >= planned)
        self.assertGreater(self.reported(), 0)
        text = (self.out / "journal.jsonl").read_text()
        self.assertIn("Seen once", text)
        self.run_test(self.server, "--profile-of-peer", self.an_echo(), *self.CHOSEN, expect=FAILURES)
        for line in (self.out / "report.json").read_text().splitlines():
            self.assertNotIn("Seen once", line)


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


if __name__ == "__main__":
    main()
