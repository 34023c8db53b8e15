"""touchstone fuzz as its users meet it: findings and their replay, seeds, shards, the corpus, deaths, exit codes.
Usage: fuzz_test.py PATH-OF-TOUCHSTONE [unittest options]

What is found depends on the stimuli, and they change with the fuzzer: a test here holds for any seed.

As a program: fuzz_test.py mortal PORT OF does on 127.0.0.1:PORT what the server on port OF does, until the first frame
of a client has a reserved opcode. That ends it with SIGABRT and a sanitizer's report.
"""

import json
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import jsonschema

import peer
from program import FAILURES, OK, UNREACHABLE, USAGE, Program, main, unused_port

FAULT = "accepts-rsv2"
SHOULD = "fails-with-1000"  # breaks a SHOULD, no MUST
STATS = re.compile(r"^(\d+) stimuli over \d+ connections in .*; (\d+) kinds of outcome; (\d+) met again of known ones; "
                   r"(\d+) not shown again alone$", re.MULTILINE)


class Fuzzing(Program):
    def command(self, fault="none"):
        return f"{shlex.quote(self.touchstone)} echo --fault {fault} --port {{port}}"

    def run_fuzz(self, *arguments, expect, out=None):
        return self.run_it("fuzz", "--out", out or self.out, *arguments, expect=expect)

    def stats(self, done):
        """Stimuli, kinds of outcome, findings that are known, differences that did not come again."""
        self.assertRegex(done.stdout, STATS)
        return tuple(map(int, STATS.search(done.stdout).groups()))

    def findings(self, out=None):
        return sorted((out or self.out).glob("findings/*"))

    def the_finding(self, out=None):
        places = self.findings(out)
        self.assertEqual(len(places), 1, places)
        return places[0]

    def move_findings(self, to):
        to.mkdir(parents=True)
        for place in self.findings():
            place.rename(to / place.name)

    def corpus(self, out=None):
        return {file.name: file.read_text() for file in (out or self.out).glob("corpus/*")}

    def words_of_replay(self, place):
        """The command of the explanation, which is meant for its folder."""
        (line,) = re.findall(r"^    (touchstone test .*)$", (place / "README.md").read_text(), re.MULTILINE)
        words = shlex.split(line)
        self.assertEqual(words[-2:], ["--cases", "case.json"])
        return [*words[1:-1], str(place / words[-1])]


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
        self.assertEqual(sorted(file.name for file in place.iterdir()), ["README.md", "case.json", "transcript.json"])
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


class Stimuli(Fuzzing):
    """What is kept of them is all that can be seen of them, and that depends on nothing else here."""

    def campaign(self, name, *arguments):
        out = self.folder / name
        self.run_fuzz("--command", self.command(), "--inputs", "128", *arguments, out=out, expect=OK)
        self.assertTrue(self.corpus(out))
        return out

    def test_equal_seeds_give_equal_ones(self):
        first = self.corpus(self.campaign("first", "--seed", "7"))
        self.assertEqual(first, self.corpus(self.campaign("second", "--seed", "7")))
        self.assertNotEqual(first, self.corpus(self.campaign("third", "--seed", "8")))

    def test_shards_have_their_own(self):
        first = self.corpus(self.campaign("first", "--shard", "1/2"))
        self.assertEqual(first, self.corpus(self.campaign("again", "--shard", "1/2")))
        self.assertNotEqual(first, self.corpus(self.campaign("second", "--shard", "2/2")))

    def test_layers_are_what_is_varied(self):
        def layer_of(case):
            if case.get("made_of"):
                return "handshake"
            return "deflate" if "offer" in case else "frames"

        for layers in ["frames", "frames,deflate", "handshake"]:
            with self.subTest(layers):
                corpus = self.corpus(self.campaign(layers, "--layer", layers))
                seen = {layer_of(json.loads(text)["groups"][0]) for text in corpus.values()}
                self.assertEqual(seen, set(layers.split(",")))

    def test_a_resumed_campaign_begins_with_what_the_last_one_kept(self):
        out = self.campaign("first")
        before = self.corpus(out)
        resumed = ["--command", self.command(), "--seed", "2"]
        done = self.run_fuzz(*resumed, "--inputs", str(len(before)), out=out, expect=OK)
        self.assertEqual(self.stats(done)[:2], (len(before), 0))  # nothing is new
        self.assertEqual(self.corpus(out), before)
        done = self.run_fuzz(*resumed, "--inputs", "384", out=out, expect=OK)
        after = self.corpus(out)
        self.assertGreater(len(after), len(before))
        self.assertEqual(len(after), len(before) + self.stats(done)[1])
        self.assertEqual({name: after[name] for name in before}, before)

    def test_what_is_no_stimulus_in_a_corpus_is_named_and_left_alone(self):
        folder = self.out / "corpus"
        (folder / "notes").mkdir(parents=True)
        (folder / "000007.json").write_text("{")
        done = self.run_fuzz("--command", self.command(), "--inputs", "256", expect=OK)
        self.assertIn("left out of the corpus: ", done.stderr)
        self.assertIn("corpus/000007.json", done.stderr)
        self.assertEqual((folder / "000007.json").read_text(), "{")
        names = sorted(path.name for path in folder.glob("*.json"))
        self.assertEqual(len(names), self.stats(done)[1] + 1)

    def test_corpora_of_others_are_read_and_not_written(self):
        given = self.campaign("given")
        before = self.corpus(given)
        done = self.run_fuzz("--command", self.command(), "--inputs", str(len(before)), "--corpus", given, "--corpus",
                             given / "corpus", expect=OK)
        self.assertEqual(self.stats(done)[:2], (len(before), 0))  # each once, and nothing is new
        self.assertEqual(self.corpus(given), before)
        self.assertEqual(self.corpus(), {})


class Resumed(Fuzzing):
    """A campaign that is started again in its folder knows what it found."""

    def campaign(self, *arguments, expect, **more):
        return self.run_fuzz("--command", self.command(FAULT), "--layer", "frames", *arguments, expect=expect, **more)

    def test_each_finding_is_new_once(self):
        first = self.campaign("--inputs", "512", expect=FAILURES)
        names = [place.name for place in self.findings()]
        self.assertTrue(names)
        self.assertIn(f"{len(names)} new finding", first.stdout)
        for seed in range(2, 6):
            done = self.campaign("--inputs", "512", "--seed", str(seed), expect=None)
            found = [place.name for place in self.findings()]
            fresh = len(found) - len(names)
            self.assertEqual(done.returncode, FAILURES if fresh else OK, done.stderr)
            self.assertRegex(done.stdout, rf"(?m)^{fresh} new findings?, \d+ found before in ")
            names = found
        # The report is of all of them, each once.
        self.assertEqual(sorted(result["case"] for result in self.report()["results"]), [f"fuzz/{name}" for name in names])
        record = json.loads((self.out / "fuzz.json").read_text())
        self.assertEqual(record["clusters"], names)
        self.assertEqual(len(record["campaigns"]), 5)
        self.assertEqual(record["stimuli"], 5 * 512)
        self.assertEqual(sum(len(each["found"]) for each in record["campaigns"]), len(names))
        self.check_schema(record)

    def check_schema(self, record):
        schema = Path(__file__).parents[3] / "reports" / "schema" / "fuzz.json"
        jsonschema.Draft202012Validator(json.loads(schema.read_text())).validate(record)

    def test_a_killed_one_leaves_all_that_it_found(self):
        process = subprocess.Popen([self.touchstone, "fuzz", "--command", self.command(FAULT), "--time", "1m", "--out",
                                    str(self.out)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        for line in process.stderr:
            if line.startswith("finding "):
                break
        process.kill()
        process.wait()
        self.run_it("report", self.out, expect=None)
        results = {result["case"] for result in self.report()["results"]}
        self.assertTrue(results)
        self.assertLessEqual(results, {f"fuzz/{place.name}" for place in self.findings()})
        (record,) = json.loads((self.out / "fuzz.json").read_text())["campaigns"]
        self.assertFalse(record["complete"])
        self.campaign("--inputs", "512", expect=None)
        self.assertEqual(len(json.loads((self.out / "fuzz.json").read_text())["campaigns"]), 2)

    def test_a_finding_that_was_moved_away_is_no_longer_known(self):
        self.campaign("--findings", "1", expect=FAILURES)
        self.move_findings(self.folder / "triaged")
        done = self.campaign("--findings", "1", expect=FAILURES)
        self.assertIn("1 new finding in ", done.stdout)
        self.assertEqual(len(self.report()["results"]), 1)


class Merged(Fuzzing):
    def test_shards_become_one(self):
        folders = [self.folder / "one", self.folder / "two"]
        for number, folder in enumerate(folders, 1):
            self.run_fuzz("--command", self.command(FAULT), "--inputs", "512", "--shard", f"{number}/2", out=folder,
                          expect=FAILURES)
        both, again = self.folder / "both", self.folder / "again"
        self.run_it("fuzz", "--merge", both, *folders, expect=OK)
        self.run_it("fuzz", "--merge", again, *reversed(folders), expect=OK)
        self.run_it("fuzz", "--merge", again, folders[0], again, expect=OK)
        self.assertEqual(self.corpus(both), self.corpus(again))
        names = {place.name for folder in folders for place in self.findings(folder)}
        self.assertEqual({place.name for place in self.findings(both)}, names)

        def outcomes(folder):
            return {json.loads(text)["groups"][0]["note"] for text in self.corpus(folder).values()}

        self.assertEqual(outcomes(both), outcomes(folders[0]) | outcomes(folders[1]))
        self.assertEqual(len(outcomes(both)), len(self.corpus(both)))  # each outcome once
        record = json.loads((both / "fuzz.json").read_text())
        self.assertEqual((record["stimuli"], len(record["campaigns"])), (1024, 2))
        report = json.loads((both / "report.json").read_text())
        self.assertEqual({result["case"] for result in report["results"]}, {f"fuzz/{name}" for name in names})

    def test_what_cannot_be_merged_is_named(self):
        self.assertIn("which folders?", self.run_it("fuzz", "--merge", "all", expect=USAGE).stderr)
        self.assertIn("nowhere: no such folder", self.run_it("fuzz", "--merge", "all", "nowhere", expect=USAGE).stderr)
        broken = self.folder / "broken"
        broken.mkdir()
        (broken / "fuzz.json").write_text("[]")
        self.assertIn("broken/fuzz.json", self.run_it("fuzz", "--merge", "all", broken, expect=USAGE).stderr)


class Deaths(Fuzzing):
    def mortal(self):
        _, url = self.echo_process()
        port = url.rstrip("/").rpartition(":")[2]
        return f"{shlex.quote(sys.executable)} {shlex.quote(__file__)} mortal {{port}} {port}"

    def test_a_server_that_dies_is_started_again_and_that_is_a_finding(self):
        command = self.mortal()
        done = self.run_fuzz("--command", command, "--layer", "frames", "--findings", "1", expect=FAILURES)
        self.assertRegex(done.stderr, "died: the server ended with signal 6 .*AddressSanitizer.*; it is started again")
        self.assertGreater((self.out / "server.log").read_text().count("AddressSanitizer"), 1)
        place = self.the_finding()
        readme = (place / "README.md").read_text()
        self.assertIn("The endpoint was gone after this stimulus", readme)
        self.assertRegex(readme, "How it ended: the server ended with signal 6 .*AddressSanitizer")
        (result,) = self.report()["results"]
        self.assertEqual((result["case"], result["behavior"]), (f"fuzz/{place.name}", "FAILED"))
        self.assertIn("died", result["summary"])

        words = self.words_of_replay(place)
        again = self.run_it(*words, "--out", "again", expect=UNREACHABLE)
        self.assertIn("DIED  the server ended with signal 6", again.stdout)
        self.assertEqual(words[1:3], ["--command", command])
        self.run_it("test", "--command", self.command(), *words[3:], "--out", "mended", expect=OK)

    def test_a_death_that_is_known_is_not_told_again(self):
        known = self.folder / "triaged"
        bounded = ["--command", self.mortal(), "--layer", "frames", "--inputs", "256", "--known", known]
        self.run_fuzz(*bounded, expect=FAILURES)
        self.move_findings(known)
        done = self.run_fuzz(*bounded, out=self.folder / "second", expect=OK)
        self.assertIn("it is started again", done.stderr)
        self.assertGreater(self.stats(done)[2], 0)

    def test_a_server_that_nobody_can_start_again_ends_the_campaign(self):
        holder = []

        def handler(connection, number):
            if number > 1:  # the greeting, and here the end
                holder[0].close()
                raise peer.Ended
            connection.handshake()
            connection.echo(peer.fail_politely)

        holder.append(peer.Server(handler))
        done = self.run_fuzz(holder[0].url, "--jobs", "1", "--inputs", "32", expect=UNREACHABLE)
        self.assertIn("peer.py no longer accepts connections", done.stderr)
        self.assertIn("the campaign ended early", done.stderr)
        (result,) = self.report()["results"]
        self.assertEqual((result["agent"], result["behavior"]), ("peer.py", "FAILED"))
        self.assertIn("died", result["summary"])
        self.assertTrue((self.out / "index.html").exists())


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
        self.refused(url, "--layer", "frames,bits", says="no layer 'bits'; there are handshake, frames and deflate")
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
        self.refused("ws://h/", "--command", self.command(), says="leave out the URLs")

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


def mortal(port, of):
    def pass_on(source, sink, seen=None):
        while octets := source.recv(65536):
            if seen is not None:
                seen += octets
                head, _, frames = seen.partition(b"\r\n\r\n")
                if frames and frames[0] & 7 >= 3:  # opcodes 3 to 7 and 11 to 15
                    peer.abort()
            sink.sendall(octets)
        sink.shutdown(socket.SHUT_WR)

    def handler(connection, _number):
        with socket.create_connection(("127.0.0.1", of)) as server:
            back = threading.Thread(target=pass_on, args=(server, connection.sock))
            back.start()
            try:
                pass_on(connection.sock, server, b"")
            finally:
                back.join()

    peer.Server(handler, port)
    threading.Event().wait()


if __name__ == "__main__":
    if sys.argv[1] == "mortal":
        mortal(*map(int, sys.argv[2:]))
    main()
