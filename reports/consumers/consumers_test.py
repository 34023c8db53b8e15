"""consumers_test.py --sample REPORTS_SAMPLE --modules NODE_MODULES

The reports of made-up runs (hostile texts included), read by those for whom they are: `prove` and tap-parser read
results.tap, Microsoft's SARIF validator reads results.sarif, CTRF's own schema judges ctrf.json, shields.io's badge-maker
draws the badges, and @actions/core writes the same workflow commands. reports/consumers/test installs them.
"""
import argparse
import collections
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import unittest

import jsonschema

OPTIONS = argparse.Namespace()


FOLDERS = {}  # of each kind of run, its report


def setUpModule():
    base = tempfile.TemporaryDirectory(prefix="touchstone-consumers-")
    unittest.addModuleCleanup(base.cleanup)
    for kind, words in {"one": ["1"], "three": ["3"], "partial": ["1", "partial"]}.items():
        FOLDERS[kind] = pathlib.Path(base.name) / kind
        subprocess.run([OPTIONS.sample, FOLDERS[kind], *words], check=True)


class Reports(unittest.TestCase):
    def all_of(self, name):
        return [(kind, folder / name, json.loads((folder / "report.json").read_text()))
                for kind, folder in FOLDERS.items()]

    def node(self, script, *arguments):
        done = subprocess.run(["node", "-e", script, *map(str, arguments)], capture_output=True, text=True, timeout=120,
                              env={**os.environ, "NODE_PATH": str(OPTIONS.modules)}, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout


def counts(report):
    return collections.Counter(result["behavior"] for result in report["results"])


class Tap(Reports):
    def test_perls_harness_counts_what_we_count(self):
        for kind, file, report in self.all_of("results.tap"):
            # Perl's harness of Debian 12 knows version 13, of which 14 is an extension that we make no use of.
            older = file.with_name("results13.tap")
            older.write_text(file.read_text().replace("TAP version 14", "TAP version 13", 1))
            done = subprocess.run(["prove", "--nocolor", "--source", "File", "--ext=.tap", older], text=True,
                                  capture_output=True, check=False)
            of = counts(report)
            bad = of["FAILED"] + of["ERRORED"]
            told = done.stdout + done.stderr
            if kind == "partial":
                self.assertIn("Bailout called.  Further testing stopped:", told)
                continue
            self.assertIn(f"Failed {bad}/{len(report['results'])} subtests", told)
            self.assertIn(f"{of['UNIMPLEMENTED'] + of['NOT-APPLICABLE']} skipped", told)
            self.assertNotIn("Parse errors", told)

    def test_the_strict_parser_of_version_14_finds_no_fault(self):
        script = """
          const { Parser } = require('tap-parser');
          const parser = new Parser({ strict: true });
          const extra = [], diagnostics = [];
          parser.on('extra', (text) => extra.push(text));
          parser.on('assert', (each) => { if (each.diag) diagnostics.push(each.diag); });
          parser.on('complete', (end) => console.log(JSON.stringify({ extra, diagnostics, count: end.count, fail: end.fail,
            skip: end.skip, bailout: end.bailout, planEnd: end.plan && end.plan.end,
            faults: end.failures.filter((each) => each.tapError).map((each) => each.tapError) })));
          parser.end(require('fs').readFileSync(process.argv[1]));
        """
        for kind, file, report in self.all_of("results.tap"):
            seen = json.loads(self.node(script, file))
            of = counts(report)
            self.assertEqual(seen["extra"], [])
            self.assertEqual(seen["count"], len(report["results"]))
            self.assertEqual(seen["planEnd"], report["planned"])
            self.assertEqual(seen["fail"], of["FAILED"] + of["ERRORED"])
            self.assertEqual(seen["skip"], of["UNIMPLEMENTED"] + of["NOT-APPLICABLE"])
            self.assertEqual(bool(seen["bailout"]), kind == "partial")
            self.assertTrue(any(each["verdict"] == "FAILED" for each in seen["diagnostics"]))
            if kind != "partial":
                self.assertEqual(seen["faults"], [])


class Ctrf(Reports):
    def test_its_schema_is_kept(self):
        schema = json.loads((OPTIONS.modules / "ctrf/dist/ctrf-schema-0.0.json").read_text())
        validator = jsonschema.validators.validator_for(schema)(schema)
        for _kind, file, report in self.all_of("ctrf.json"):
            ctrf = json.loads(file.read_text())
            self.assertEqual([error.message for error in validator.iter_errors(ctrf)], [])
            of, summary = counts(report), ctrf["results"]["summary"]
            self.assertEqual(summary["failed"], of["FAILED"] + of["ERRORED"])
            self.assertEqual(summary["tests"], summary["passed"] + summary["failed"] + summary["skipped"])
            statuses = collections.Counter(test["status"] for test in ctrf["results"]["tests"])
            self.assertEqual(statuses["passed"], summary["passed"])
            ctrf["results"]["tests"][0]["status"] = "fine"
            self.assertFalse(validator.is_valid(ctrf), "the schema lets a wrong status pass")


class Sarif(Reports):
    def validate(self, file):
        tool = OPTIONS.modules / "@microsoft/sarif-multitool-linux/Sarif.Multitool"
        tool.chmod(0o755)
        done = subprocess.run([tool, "validate", file], capture_output=True, text=True, timeout=300, check=False,
                              env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"})
        self.assertIn("1 files scanned", done.stdout, done.stderr)
        return [line for line in done.stdout.splitlines() if ": error " in line]

    @unittest.skipUnless(platform.machine() == "x86_64", "the SARIF validator is built for x86_64")
    def test_the_validator_finds_no_error(self):
        for kind, file, report in self.all_of("results.sarif"):
            if kind == "one":  # It takes its time, and the others are more of the same.
                self.assertEqual(self.validate(file), [])
            sarif = json.loads(file.read_text())
            broken = {result["case"] for result in report["results"] if result["behavior"] in ("FAILED", "ERRORED")}
            told = {result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] for run in sarif["runs"]
                    for result in run["results"] if result["level"] == "error"}
            self.assertEqual(broken, told)
            for run in sarif["runs"]:
                for result in run["results"]:
                    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
                    self.assertTrue((file.parent / uri).exists(), uri)
            self.assertEqual(len(sarif["runs"]), len(report["agents"]))

    @unittest.skipUnless(platform.machine() == "x86_64", "the SARIF validator is built for x86_64")
    def test_the_validator_would_find_one(self):
        sarif = json.loads((FOLDERS["one"] / "results.sarif").read_text())
        results = sarif["runs"][0]["results"]
        del results[1:]  # the validator takes its time over each
        results[0]["nonsense"] = 1
        file = FOLDERS["one"] / "broken.sarif"
        file.write_text(json.dumps(sarif))
        self.assertNotEqual(self.validate(file), [])


class GitHub(Reports):
    def test_the_commands_are_those_of_its_toolkit(self):
        # Each command is taken apart, and written again by @actions/core.
        script = """
          const core = require('@actions/core');
          for (const { level, title, message } of JSON.parse(process.argv[1])) core[level](message, { title });
        """
        for _kind, file, _report in self.all_of("github-annotations.txt"):
            text = file.read_text()
            commands = []
            for line in text.removesuffix("\n").split("\n"):
                head, _, data = line.removeprefix("::").partition("::")
                level, _, title = head.partition(" title=")
                for code, octet in (("%3A", ":"), ("%2C", ","), ("%0A", "\n"), ("%25", "%")):
                    title, data = title.replace(code, octet), data.replace(code, octet)
                commands.append({"level": level, "title": title, "message": data})
            self.assertEqual(self.node(script, json.dumps(commands)), text)
            of = collections.Counter(command["level"] for command in commands)
            self.assertLessEqual(max(of["error"], of["warning"]), 10, "GitHub shows no more of a step")

    def test_the_summary_gives_the_digest_first_and_fits(self):
        for kind, file, report in self.all_of("github-summary.md"):
            text = file.read_text()
            self.assertIn(f"{counts(report)['FAILED']} FAILED", text.splitlines()[0])
            self.assertLess(len(text.encode()), 1024 * 1024)
            self.assertEqual(text.count("<details>"), text.count("</details>"))
            self.assertEqual("[!WARNING]" in text, kind == "partial")
            self.assertNotIn("<script", text)


class Badge(Reports):
    def test_shields_draws_it(self):
        script = """
          const { makeBadge } = require('badge-maker');
          const { schemaVersion, label, message, color, ...others } = JSON.parse(process.argv[1]);
          if (schemaVersion !== 1 || Object.keys(others).length) throw new Error('not of the endpoint schema');
          console.log(makeBadge({ label, message, color }));
        """
        for _kind, folder, report in self.all_of(""):
            badges = sorted(folder.glob("badge*.json"))
            self.assertEqual(len(badges), len(report["agents"]))
            for file in badges:
                badge = json.loads(file.read_text())
                drawn = self.node(script, json.dumps(badge))
                self.assertIn(badge["message"], drawn)
                # The named colour was known: badge-maker draws unknown ones grey.
                self.assertIn({"red": "#e05d44", "green": "#97ca00", "brightgreen": "#4c1", "lightgrey": "#9f9f9f"}
                              [badge["color"]], drawn)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=pathlib.Path, required=True)
    parser.add_argument("--modules", type=pathlib.Path, required=True)
    OPTIONS, rest = parser.parse_known_args()
    OPTIONS.modules = OPTIONS.modules.resolve()
    unittest.main(argv=[sys.argv[0], *rest])
