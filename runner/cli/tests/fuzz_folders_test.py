"""touchstone fuzz: seeds, shards, and folders that are gone on with, shared and merged.
Usage: fuzz_folders_test.py PATH-OF-TOUCHSTONE [unittest options]
"""

import json
import subprocess
from pathlib import Path

import jsonschema

from fuzzing import FAULT, Fuzzing
from program import FAILURES, OK, USAGE, main


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

    def test_a_report_adds_up_what_they_did(self):
        folders = [self.folder / name for name in ("one", "two")]
        for folder, shard in zip(folders, ("1/2", "2/2")):
            self.run_fuzz("--command", self.command(FAULT), "--inputs", "400", "--shard", shard, out=folder, expect=FAILURES)
        both = self.folder / "both"
        told = self.run_it("report", *folders, "--out", both, expect=FAILURES)
        records = [json.loads((folder / "fuzz.json").read_text()) for folder in (*folders, both)]
        self.assertEqual(records[2]["stimuli"], records[0]["stimuli"] + records[1]["stimuli"])
        self.assertEqual(len(records[2]["campaigns"]), 2)
        self.assertIn(f"2 campaigns: {records[2]['stimuli']} stimuli, {len(records[2]['clusters'])} cluster", told.stdout)

    def test_what_cannot_be_merged_is_named(self):
        self.assertIn("which folders?", self.run_it("fuzz", "--merge", "all", expect=USAGE).stderr)
        self.assertIn("nowhere: no such folder", self.run_it("fuzz", "--merge", "all", "nowhere", expect=USAGE).stderr)
        broken = self.folder / "broken"
        broken.mkdir()
        (broken / "fuzz.json").write_text("[]")
        self.assertIn("broken/fuzz.json", self.run_it("fuzz", "--merge", "all", broken, expect=USAGE).stderr)


if __name__ == "__main__":
    main()
