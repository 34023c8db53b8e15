"""touchstone fuzz as its users meet it: findings and their replay, exit codes, messages.
Usage: fuzz_test.py PATH-OF-TOUCHSTONE [unittest options]
"""

import json
import re
import shlex
import signal
import socket
import subprocess

from fuzzing import FAULT, SHOULD, Fuzzing
from program import FAILURES, OK, UNREACHABLE, USAGE, main, unused_port


class Blameless(Fuzzing):
    def test_a_server_without_a_fault_has_no_findings(self):
        _, url = self.echo_process()
        done = self.run_fuzz(url, "--inputs", "500", expect=OK)
        self.assertEqual(done.stdout.splitlines()[-1], "0 new findings")
        stimuli, kinds, known, unstable = self.stats(done)
        self.assertEqual((stimuli, known, unstable), (500, 0, 0))
        self.assertGreater(kinds, 10)
        self.assertEqual(self.findings(), [])
        self.assertEqual(self.report()["results"], [])
        self.assertTrue((self.out / "index.html").exists())

    def test_the_time_ends_a_campaign(self):
        done = self.run_fuzz("--command", self.command(), "--time", "500ms", expect=OK)
        self.assertGreater(self.stats(done)[0], 0)

    def test_tls_is_verified_unless_told_otherwise(self):
        _, url = self.echo_process("--tls")
        self.assertIn("certificate", self.run_fuzz(url, "--inputs", "32", expect=UNREACHABLE).stderr)
        self.assertEqual(self.stats(self.run_fuzz(url, "--insecure", "--inputs", "32", expect=OK))[0], 32)

    def test_it_fuzzes_without_the_catalogue_too(self):
        done = self.run_fuzz("--command", self.command(), "--inputs", "600", "--no-catalogue", "--weak", expect=OK)
        self.assertRegex(done.stdout, r"(?m)^\d+ of \d{4} pairs of a state and a frame visited on purpose$")

    def test_over_http2_nothing_of_http1_is_varied(self):
        _, url = self.echo_process("--http", "2")
        self.run_fuzz(url, "--http", "2", "--inputs", "600", "--weak", expect=OK)
        done = self.run_fuzz(url, "--http", "2", "--layer", "handshake", expect=USAGE)
        self.assertIn("over HTTP/2 the layer is http2", done.stderr)

    def test_bare_connections_are_counted_and_nothing_is_fuzzed(self):
        done = self.run_fuzz("--command", self.command(), "--bare", "--time", "500ms", expect=OK)
        self.assertGreater(int(re.search(r": (\d+) bare connections a second$", done.stdout.strip()).group(1)), 0)
        self.assertFalse((self.out / "index.html").exists())


class Findings(Fuzzing):
    def find(self, *arguments):
        self.done = self.run_fuzz("--command", self.command(FAULT), "--findings", "1", *arguments, expect=FAILURES)
        return self.the_finding()

    def test_a_finding_is_a_folder_with_the_case_the_transcript_and_what_it_means(self):
        place = self.find()
        self.assertIn(f"1 new finding in {self.out / 'findings'}", self.done.stdout)
        self.assertIn(f"finding {place.name}: ", self.done.stderr)
        self.assertEqual(sorted(file.name for file in place.iterdir()), ["README.md", "case.json", "packets.pcapng",
                                                                             "transcript.json"])
        case = json.loads((place / "case.json").read_text())["groups"][0]
        self.assertEqual(case["id"], place.name)
        self.assertLessEqual(len(case["steps"]), 2, "it was made small")
        sent = [entry for entry in json.loads((place / "transcript.json").read_text())["entries"]
                if entry["direction"] == "sent"]
        self.assertTrue(any(entry.get("rsv", 0) & 2 for entry in sent), sent)
        explanation = (place / "README.md").read_text()
        for part in [f"# {place.name}\n", "  - expected: ", "  - seen: ", "Replay:"]:
            self.assertIn(part, explanation)
        rule = re.search(r"^Rule: (rfc6455-([\d.]+)-\d+) \(RFC 6455 \2\): \w", explanation, re.MULTILINE)
        self.assertIsNotNone(rule, explanation)
        self.assertTrue(place.name.startswith(rule[1] + "-"), place)

    def test_the_report_has_it_too(self):
        place = self.find()
        (result,) = self.report()["results"]
        self.assertEqual((result["behavior"], result["case"]), ("FAILED", f"fuzz/{place.name}"))
        self.assertIn(place.name, (self.out / "index.html").read_text())
        again = self.run_it(*shlex.split(result["replay"])[1:], "--out", "again", expect=FAILURES)
        self.assertTrue(self.last_line(again).startswith("1 case: 0 OK"))

    def test_its_replay_shows_it_again_and_passes_without_the_fault(self):
        words = self.words_of_replay(self.find())
        again = self.run_it(*words, "--out", "again", expect=FAILURES)
        self.assertTrue(self.last_line(again).startswith("1 case: 0 OK"))
        mended = [word.replace(FAULT, "none") for word in words]
        self.assertNotEqual(mended, words)
        passed = self.run_it(*mended, "--out", "mended", expect=OK)
        self.assertTrue(self.last_line(passed).startswith("1 case: 1 OK"))

    def test_a_url_is_replayed_as_a_url(self):
        _, url = self.echo_process("--fault", FAULT)
        self.run_fuzz(url, "--findings", "1", expect=FAILURES)
        words = self.words_of_replay(self.the_finding())
        self.assertEqual(words[:2], ["test", url])
        self.run_it(*words, "--out", "again", expect=FAILURES)

    def test_what_is_known_is_not_told_again(self):
        known = self.folder / "triaged"
        bounded = ["--command", self.command(FAULT), "--inputs", "1024", "--known", known]
        self.run_fuzz(*bounded, expect=FAILURES)  # nothing is known before the first one was looked at
        self.move_findings(known / "my server")
        done = self.run_fuzz(*bounded, out=self.folder / "second", expect=OK)
        self.assertIn("0 new findings", done.stdout)
        self.assertGreater(self.stats(done)[2], 0)
        self.assertEqual(self.findings(self.folder / "second"), [])

    def test_a_should_counts_when_asked(self):
        self.run_fuzz("--command", self.command(SHOULD), "--inputs", "512", expect=OK)
        self.run_fuzz("--command", self.command(SHOULD), "--findings", "1", "--weak", expect=FAILURES)
        explanation = (self.the_finding() / "README.md").read_text()
        self.assertIn("\n- weak (rfc6455-7.", explanation)
        self.assertNotIn("\n- violation (", explanation)

    def test_of_two_servers_the_one_with_the_fault_is_named(self):
        _, good = self.echo_process()
        _, bad = self.echo_process("--fault", FAULT)
        self.run_fuzz(good, bad, "--findings", "1", expect=FAILURES)
        self.assertEqual([agent["url"] for agent in self.report()["agents"]], [good, bad])
        (result,) = self.report()["results"]
        self.assertEqual(result["agent"], bad.removeprefix("ws://").removesuffix("/"))
        self.assertEqual(self.words_of_replay(self.the_finding())[:2], ["test", bad])


class Interrupted(Fuzzing):
    def test_the_first_one_ends_the_campaign_in_order(self):
        process = subprocess.Popen([self.touchstone, "fuzz", "--command", self.command(FAULT), "--time", "1m", "--out",
                                    str(self.out)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        for line in process.stderr:
            if line.startswith("finding "):
                break
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
        self.assertEqual(process.returncode, FAILURES, stdout + stderr)
        self.assertNotIn("connections in 60 s", stdout)  # its time was not up
        told = int(re.search(r"^(\d+) new finding", stdout, re.MULTILINE).group(1))
        self.assertGreater(told, 0)
        self.assertEqual((len(self.findings()), len(self.report()["results"])), (told, told))
        port = int(re.search(r"listening on ws://127.0.0.1:(\d+)/", (self.out / "server.log").read_text()).group(1))
        with self.assertRaises(ConnectionRefusedError):  # the server was stopped
            socket.create_connection(("127.0.0.1", port), timeout=30).close()


class Refused(Fuzzing):
    def refused(self, *arguments, says):
        done = self.run_fuzz(*arguments, expect=USAGE)
        self.assertIn(says, done.stderr)
        self.assertFalse(self.out.exists())

    def test_bad_values_are_refused_with_what_is_allowed(self):
        url = "ws://h/"
        self.refused(url, "--layer", "frames,bits", says="no layer 'bits'; there are handshake, frames, deflate and http2")
        self.refused(url, "--time", "5", says="has no unit")
        self.refused(url, "--timeout", "2", says="has no unit")
        self.refused(url, "--inputs", "many", says="--inputs")
        self.refused(url, "--seed", "x", says="--seed")
        self.refused(url, "--jobs", "0", says="from 1 to 1024")
        self.refused(url, "--known", __file__, says="found a file, expected a folder")
        for number in ["0", "-1", "many"]:
            self.refused(url, "--inputs", number, says="--inputs")
            self.refused(url, "--findings", number, says="--findings")
        for shard in ["0/2", "3/2", "1/0", "1", "1/2x", "-1/2", " 1/2", "1/-2", "1/99999999999"]:
            self.refused(url, "--shard", shard, says="with I from 1 to N, such as 1/4")

    def test_which_server_has_to_be_told_once(self):
        self.refused(says="Name its URL, or start it with --command")
        self.refused("ws://h/", "ws://i/", "--command", self.command(), says="name one URL at most")

    def test_an_address_that_is_none(self):
        done = self.run_fuzz("http://h/", expect=USAGE)
        self.assertIn("no WebSocket URL", done.stderr)

    def test_bare_is_without_tls(self):
        _, url = self.echo_process("--tls")
        self.assertIn("--bare is for ws://", self.run_fuzz(url, "--insecure", "--bare", expect=USAGE).stderr)

    def test_nobody_listens(self):
        port = unused_port()
        done = self.run_fuzz(f"ws://127.0.0.1:{port}/", expect=UNREACHABLE)
        self.assertIn(str(port), done.stderr)
        self.assertIn("refused", done.stderr)
        _, good = self.echo_process()
        self.run_fuzz(good, f"ws://127.0.0.1:{port}/", expect=UNREACHABLE)

    def test_a_command_that_ends_at_once_is_told_with_its_log(self):
        done = self.run_fuzz("--command", "echo cannot open config >&2; exit 7", expect=UNREACHABLE)
        self.assertIn("exit code 7", done.stderr)
        self.assertIn("cannot open config", done.stderr)

    def test_the_help_shows_examples_and_exit_codes(self):
        told = self.run_it("fuzz", "--help", expect=OK).stdout
        for part in ["Examples:", "touchstone fuzz ws://", "Exit codes:", "3  an endpoint could not be reached"]:
            self.assertIn(part, told)


if __name__ == "__main__":
    main()
