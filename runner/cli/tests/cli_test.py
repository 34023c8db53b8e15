"""The program as its users meet it: options, messages, and the catalogue that it lists and checks. Usage: cli_test.py PATH-OF-TOUCHSTONE [unittest options]"""

import json
import shlex
import shutil
import subprocess
from pathlib import Path

from program import INCOMPLETE, OK, USAGE, Program, main

CASES = Path(__file__).resolve().parents[3] / "cases"


class Usage(Program):
    def refused(self, *arguments, says):
        done = self.run_it(*arguments, expect=USAGE)
        self.assertIn(says, done.stderr)

    def test_what_is_not_known_is_named(self):
        self.refused("test", "--jbos", "3", says="did you mean --jobs?")
        self.refused("tset", says="did you mean test?")
        self.refused("test", "ws://a/", "ws://b/", says="'ws://b/'")

    def test_bad_values_are_refused_with_what_is_allowed(self):
        self.refused("test", "http://h/", says="no WebSocket URL")
        self.refused("test", "--timeout", "5", says="has no unit")
        self.refused("test", "--jobs", "0", says="from 1 to 1024")
        self.refused("test", "--profile", "fast", says="allowed are core, default and full")
        self.refused("test", "--header", "x", says="has no colon")
        self.refused("test", "--ca", "nowhere.pem", "wss://h/", says="nowhere.pem")
        self.refused("test", "-4", "-6", "ws://h/", says="-6")
        self.refused("test", "--spec", "nowhere.json", says="nowhere.json")
        self.refused("explain", "7.7.1x", says="7.7.1")
        self.refused("report", "nowhere", says="nowhere")
        self.refused("lint", "nowhere.json", says="nowhere.json")
        self.refused("bench", "http://h/", says="no WebSocket URL")
        self.refused("bench", "ws://h/", "--size", "1GiB", says="such as 256, 16KiB or 1MiB")
        self.refused("bench", "ws://h/", "--duration", "10", says="has no unit")
        self.refused("bench", "ws://h/", "--connections", "900000", says="ulimit -n")
        self.refused("bench", "ws://127.0.0.1:1/", "--json", "/nowhere/x.json", says="/nowhere/x.json")

    def test_a_pattern_that_matches_nothing_names_near_ones(self):
        self.refused("test", "--case", "clsoe/*", says="near are close/*")
        self.refused("list", "--exclude", "77.*", says="matches no case")

    def test_every_help_shows_examples(self):
        for command in ["test", "list", "explain", "lint", "echo", "bench", "report", "expect", "serve", "proxy", "probe", "coverage", "fuzz",
                        "completion", "manual"]:
            self.assertIn("Examples:", self.run_it(command, "--help", expect=OK).stdout)
        self.assertIn("Exit codes:", self.run_it("--help", expect=OK).stdout)
        self.assertRegex(self.run_it("--version", expect=OK).stdout, r"^touchstone \d+\.\d+")

    def test_output_that_is_lost_is_no_success(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([self.touchstone, "list"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, INCOMPLETE)
        self.assertIn("No space left", done.stderr)


class Catalogue(Program):
    def test_list_as_json_has_what_is_promised(self):
        cases = json.loads(self.run_it("list", "--format", "json", expect=OK).stdout)
        self.assertGreaterEqual(len(cases), 517)
        for case in cases:
            self.assertEqual(list(case), ["id", "aliases", "title", "role", "requirements", "tags", "profiles"])
            self.assertIn(case["role"], ["server", "client", "both", "intermediary"])
            self.assertTrue(set(case["profiles"]) <= {"core", "default", "full"})

    def test_list_chooses(self):
        cases = json.loads(self.run_it("list", "--format", "json", "--case", "7.7.*", expect=OK).stdout)
        self.assertEqual([case["aliases"][0] for case in cases], [f"7.7.{n}" for n in range(1, 14)])

    def test_explain_knows_both_names(self):
        ours = self.run_it("explain", "close/code-valid/1000", expect=OK).stdout
        self.assertEqual(ours, self.run_it("explain", "7.7.1", expect=OK).stdout)
        for part in ["RFC 6455 section", "status code 1000", "cases/close.json", "--case close/code-valid/1000"]:
            self.assertIn(part, ours)

    def test_explain_knows_requirements(self):
        told = self.run_it("explain", "rfc6455-5.2-16", expect=OK).stdout
        for part in ["RFC 6455 section 5.2, MUST, binds both", "top bit", "lengths/top-bit/text-2-63 "]:
            self.assertIn(part, told)

    def test_explain_runs_a_case_of_a_file(self):
        own = self.folder / "my cases.json"
        own.write_text(json.dumps({"suite": "own", "about": "a", "groups": [
            {"id": "a", "title": "A Ping", "requirements": ["rfc6455-5.5.2-2"], "steps": [{"frame": "ping", "payload": "x"}]}]}))
        told = self.run_it("explain", "--cases", own, "own/a", expect=OK).stdout
        command = told[told.index("touchstone test"):].replace(" ws://HOST:PORT/", "")
        self.run_it(*shlex.split(command)[1:], "--out", "report", expect=OK)

    def test_lint_passes_the_catalogue_and_names_faults(self):
        self.run_it("lint", expect=OK)
        bad = self.folder / "bad.json"
        bad.write_text('{"suite": "x", "nonsense": 1, "groups": []}')
        done = self.run_it("lint", bad, expect=USAGE)
        self.assertRegex(done.stderr, r"bad\.json.*unknown key 'nonsense'")

    def suite(self, name="own", **changes):
        group = {"id": "bad", "title": "A text message that is not UTF-8", "requirements": ["rfc6455-8.1-1"],
                 "steps": [{"message": "text", "payload": {"hex": "ff"}}], "expect": {"end": {"fails": [1007]}}}
        return json.dumps({"suite": "own", "about": "Text.", "groups": [{**group, **changes}]})

    def test_lint_list_and_test_take_the_same_files(self):
        suites = {
            "good": (self.suite(), OK),
            "in another style": (self.suite(title="ends with a period."), OK),
            "requirement": (self.suite(requirements=["rfc6455-8.1-0"]), USAGE),
            "contradicted": (self.suite(expect={"end": "polite"}), USAGE),
            "unknown key": (self.suite(nonsense=1), USAGE),
        }
        for name, (text, expected) in suites.items():
            with self.subTest(name):
                folder = self.folder / name
                folder.mkdir()
                (folder / "own.json").write_text(text)
                for place in [folder, folder / "own.json"]:
                    self.run_it("lint", place, expect=expected)
                    self.run_it("list", "--cases", place, expect=expected)
                    self.run_it("explain", "--cases", place, "own/bad", expect=expected)
                    self.run_test("--cases", place, expect=expected)

    def test_a_catalogue_on_disk_is_read_in_place_of_the_built_in_one(self):
        folder = self.folder / "cases"
        shutil.copytree(CASES, folder)
        self.run_it("lint", folder, expect=OK)
        requirements = json.loads((folder / "requirements.json").read_text())
        requirements.append({**requirements[0], "id": "rfc6455-1.1-99"})
        (folder / "requirements.json").write_text(json.dumps(requirements))
        (folder / "own.json").write_text(self.suite(requirements=["rfc6455-1.1-99"]))
        self.run_it("lint", "--fix", folder, expect=OK)
        listed = self.run_it("list", "--cases", folder, "--case", "rfc6455-1.1-99", expect=OK).stdout
        self.assertTrue(listed.startswith("own/bad "), listed)
        self.run_test("--cases", folder, "--case", "own/*", expect=OK)
        (folder / "own.json").write_text(self.suite(title="Ends with a period."))  # style is a rule here
        self.assertIn("/title", self.run_it("lint", folder, expect=USAGE).stderr)


if __name__ == "__main__":
    main()
