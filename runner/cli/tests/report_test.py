"""Reports, expectation files and comparisons as users meet them. Usage: report_test.py PATH-OF-TOUCHSTONE [unittest options]"""

import json

import peer
from program import ECHO, FAILURES, INCOMPLETE, OK, USAGE, Program, main


class Report(Program):
    def test_several_runs_become_one(self):
        for name in ["a", "b"]:
            self.run_it("test", "--out", name, "--agent", name, *ECHO, expect=OK)
        done = self.run_it("report", "a", "b", "--out", self.out, expect=OK)
        self.assertTrue(self.last_line(done).startswith("4 cases: 4 OK"))
        self.assertEqual({result["agent"] for result in self.report()["results"]}, {"a", "b"})
        # The merged journal is one like any other.
        (self.out / "index.html").unlink()
        self.run_it("report", self.out, expect=OK)
        self.assertTrue((self.out / "index.html").exists())

    def test_a_run_that_was_cut_off_is_partial(self):
        self.run_test(*ECHO, expect=OK)
        journal = self.out / "journal.jsonl"
        lines = journal.read_text().splitlines(keepends=True)
        journal.write_text("".join(lines[:2]) + lines[2][:40])
        done = self.run_it("report", self.out, expect=INCOMPLETE)
        self.assertIn("PARTIAL", done.stdout)
        self.assertTrue(self.last_line(done).startswith("1 case:"))

    def test_formats_are_known(self):
        done = self.run_it("report", "--format", "pdf", expect=USAGE)
        self.assertIn("junit", done.stderr)


class Transcripts(Program):
    def octets(self, *arguments):
        self.run_test("--case", "9.1.1", *arguments, expect=OK)
        entry = self.report_of_journal()["transcript"]["entries"][0]
        self.assertEqual(entry["length"], 65536)
        return len(entry["octets"]) // 2

    def report_of_journal(self):
        lines = [json.loads(line) for line in (self.out / "journal.jsonl").read_text().splitlines()]
        return next(line["result"] for line in lines if "result" in line)

    def test_what_is_ok_keeps_its_beginning(self):
        short, whole = self.octets(), self.octets("--keep-all")
        self.assertLessEqual(short, 256)
        self.assertGreater(whole, short)


class Expect(Program):
    """peer.py does not look at UTF-8, so 6.3.1 fails."""

    def setUp(self):
        super().setUp()
        self.url = self.serve(peer.echo_handler()).url
        self.file = self.folder / "expected.json"
        self.run_test(self.url, "--case", "6.3.1", *ECHO, expect=FAILURES)
        self.run_it("expect", "--update", self.file, "--from", self.out, expect=OK)

    def test_a_file_that_was_written_expects_its_run(self):
        self.run_it("expect", self.file, "--from", self.out, expect=OK)
        done = self.run_test(self.url, "--case", "6.3.1", *ECHO, "--expect", self.file, expect=OK)
        self.last_line(done)
        self.assertNotIn("UNEXPECTED", done.stdout)
        accepted = json.loads(self.file.read_text())["accepted"]
        self.assertEqual([(entry["behavior"], len(entry["cases"])) for entry in accepted], [(["FAILED"], 1)])

    def test_reasons_are_kept(self):
        expected = json.loads(self.file.read_text())
        self.assertTrue(expected["accepted"][0]["reason"].startswith("UNEXPLAINED"))
        expected["accepted"][0]["reason"] = "peer.py is simple"
        self.file.write_text(json.dumps(expected))
        self.run_it("expect", "--update", self.file, "--from", self.out, expect=OK)
        self.assertEqual(json.loads(self.file.read_text())["accepted"][0]["reason"], "peer.py is simple")

    def test_what_is_new_is_told(self):
        done = self.run_test(self.url, "--case", "6.3.1", "--case", "6.3.2", *ECHO, "--expect", self.file,
                             expect=FAILURES)
        self.assertIn("which is not listed", done.stdout)

    def test_fewer_cases_and_a_case_that_did_not_run_are_told(self):
        done = self.run_test(self.url, *ECHO, "--expect", self.file, expect=FAILURES)
        self.assertIn("did not run", done.stdout)
        self.assertIn("2 cases ran, the file asks for at least 3", done.stdout)

    def test_a_case_that_passes_is_told(self):
        done = self.run_test("--case", "6.3.1", *ECHO, "--expect", self.file, expect=FAILURES)
        self.assertRegex(done.stdout, r"UNEXPECTED  \S+ is OK, no longer FAILED")

    def test_a_bad_file_is_refused_before_the_run(self):
        self.file.write_text('{"expectations": 1, "accepted": [{"behavior": ["MAYBE"], "reason": "x", "cases": []}]}')
        done = self.run_test(self.url, *ECHO, "--expect", self.file, expect=USAGE)
        self.assertIn("/accepted/0/behavior", done.stderr)


class Compare(Program):
    def test_new_failures_end_with_1(self):
        self.run_it("test", "--out", "good", "--case", "6.3.1", *ECHO, expect=OK)
        bad = self.serve(peer.echo_handler()).url
        self.run_it("test", bad, "--out", "bad", "--case", "6.3.1", *ECHO, expect=FAILURES)
        done = self.run_it("report", "compare", "good", "bad", expect=FAILURES)
        self.assertIn("New failures: 1, fixed: 0", done.stdout)
        self.assertIn("New causes: 1, gone: 0.", done.stdout)
        self.assertRegex(done.stdout, r"New causes: 1\n  FAILED  rfc\S+: explains 1 case\n    rule      ")
        self.assertIn("OK -> FAILED", done.stdout)
        self.assertIn("Fixed: 1", self.run_it("report", "compare", "bad", "good", expect=OK).stdout)
        found = json.loads(self.run_it("report", "compare", "good", "bad", "--format", "json", expect=FAILURES).stdout)
        self.assertEqual(len(found["new_failures"]), 1)
        self.assertEqual([(cause["number"], cause["cases"]) for cause in found["new_causes"]],
                         [(1, [found["new_failures"][0]["case"]])])
        self.run_it("report", "compare", "good", "nowhere", expect=USAGE)


if __name__ == "__main__":
    main()
