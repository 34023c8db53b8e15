"""touchstone serve --next: the contract, driven by our own driver and by ones that leave in every way.
Usage: next_test.py PATH-OF-TOUCHSTONE [unittest options]"""

import json
import os
import subprocess
import sys
import tempfile
import unittest
import urllib.request
from pathlib import Path

from program import FAILURES, OK

FEW = ["--case", "next/uri/path", "--case", "next/uri/query", "--case", "next/tls/expired"]
# Fetches one order, says in which way it leaves.
LEAVES = "import json,sys,urllib.request; order = json.load(urllib.request.urlopen(sys.argv[1])); sys.exit({})"


class Told(unittest.TestCase):
    TOUCHSTONE = ""  # set by who runs the tests

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = Path(folder.name) / "report"

    def serve(self, command, *arguments, expect=OK):
        done = subprocess.run([self.TOUCHSTONE, "serve", "--next", "--command", command, "--out", self.out, *arguments],
                              capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        results = json.loads((self.out / "report.json").read_text())["results"]
        return {result["case"]: result for result in results}

    def obeys(self, fault=None):
        return f"{self.TOUCHSTONE} echo --obey {{next}}" + (f" --told-fault {fault}" if fault else "")

    def test_the_strict_client_does_all_that_it_is_told(self):
        results = self.serve(self.obeys())
        self.assertEqual({result["behavior"] for result in results.values()}, {"OK"}, results)
        self.assertGreater(len(results), 50)
        faultless = self.serve(self.obeys("none"), "--timeout", "1s")
        self.assertEqual({result["behavior"] for result in faultless.values()}, {"OK"}, faultless)

    def test_a_fault_is_found_where_it_is(self):
        results = self.serve(self.obeys("believes-old-ones"), "--timeout", "1s", expect=FAILURES)
        self.assertTrue(all(r["replay"].startswith("touchstone serve --next --case ") for r in results.values()), results)
        failed = {case: result["findings"][0]["requirement"] for case, result in results.items() if result["behavior"] != "OK"}
        self.assertEqual(failed, {"next/tls/expired": "rfc6455-4.1-12"})

    def test_what_a_driver_cannot_do_is_no_fault(self):
        results = self.serve(f"{sys.executable} -c '{LEAVES.format(89)}' {{next}}", *FEW)
        self.assertEqual([result["behavior"] for result in results.values()], ["UNIMPLEMENTED"] * 3)

    def test_a_client_that_crashes_fails(self):
        boom = LEAVES.replace("sys.exit({})", 'raise RuntimeError("boom")')
        results = self.serve(f"{sys.executable} -c '{boom}' {{next}}", "--case", "next/uri/path", expect=FAILURES)
        self.assertIn("boom", results["next/uri/path"]["summary"])

    def test_a_driver_by_hand(self):
        with subprocess.Popen([self.TOUCHSTONE, "serve", "--next", "--port", "0", "--once", "--out", self.out, *FEW],
                              stdout=subprocess.PIPE, text=True) as process:
            url = process.stdout.readline().split()[-1] + "?agent=by-hand"

            def fetch(more=""):
                with urllib.request.urlopen(url + more, timeout=60) as answer:
                    return json.load(answer)

            order = fetch()
            self.assertEqual(order["case"], "next/uri/path")
            self.assertTrue(order["connect"][0]["url"].startswith("ws://127.0.0.1:"))
            fetch("&unimplemented=no%20time")  # of the first
            self.assertIn("ca", fetch()["connect"][0])
            self.assertEqual(fetch(), {"done": True})
            process.wait(60)
        results = {r["case"]: r for r in json.loads((self.out / "report.json").read_text())["results"]}
        self.assertEqual(results["next/uri/path"]["behavior"], "UNIMPLEMENTED")
        self.assertIn("no time", results["next/uri/path"]["summary"])
        self.assertEqual(results["next/uri/query"]["behavior"], "FAILED")  # it did not connect
        self.assertEqual(results["next/tls/expired"]["behavior"], "OK")

    def test_cases_need_the_flag(self):
        for arguments, words in ((["--case", "next/*"], "add --next"), (["--next", "--case", "1.1.1"], "next/*")):
            done = subprocess.run([self.TOUCHSTONE, "serve", *arguments], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 2)
            self.assertIn(words, done.stderr)


if __name__ == "__main__":
    Told.TOUCHSTONE = os.path.abspath(sys.argv.pop(1))
    unittest.main()
