"""touchstone serve --command: clients that it starts, that end early, crash, or die in a case.
Usage: serve_command_test.py PATH-OF-TOUCHSTONE [unittest options]"""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

from program import FAILURES, INCOMPLETE, OK, UNREACHABLE
from serving import SMALL, Serving

DRIVER = Path(__file__).with_name("serve_driver.py")


class Command(Serving):
    def serve(self, command, *arguments, expect, selection=SMALL):
        done = subprocess.run([self.TOUCHSTONE, "serve", "--out", self.out, "--command", command, *selection, *arguments],
                              capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done

    def test_the_reference_client_conforms(self):
        done = self.serve(f"{self.TOUCHSTONE} echo --drive --connect {{url}}", "--agent", "reference", "--profile", "core",
                          expect=OK, selection=[])
        self.assertRegex(done.stdout.splitlines()[-1], r" 0 NON-STRICT, .* 0 UNIMPLEMENTED, .* 0 FAILED, 0 ERRORED$")

    def test_the_reference_client_conforms_over_tls(self):
        done = self.serve(f"{self.TOUCHSTONE} echo --drive --ca {self.out}/certificate.pem --connect {{url}}", "--tls",
                          "--profile", "core", expect=OK, selection=[])
        self.assertRegex(done.stdout.splitlines()[-1], r" 0 NON-STRICT, .* 0 UNIMPLEMENTED, .* 0 FAILED, 0 ERRORED$")

    def test_a_client_for_one_connection_is_started_for_each_case(self):
        self.serve(f"{self.TOUCHSTONE} echo --connect {{case_url}}", expect=OK)

    def test_a_client_with_a_fault_is_caught(self):
        for fault, expect in (("none", OK), ("accepts-masked", FAILURES)):
            self.serve(f"{self.TOUCHSTONE} echo --drive --connect {{url}} --fault {fault}", "--timeout", "400ms", expect=expect,
                       selection=["--case", "masking/*"])

    def test_a_client_that_never_connects(self):
        self.assertIn("began no case", self.serve("true {url}", expect=UNREACHABLE).stdout)
        self.serve("sleep 60 # {url}", "--idle", "300ms", expect=UNREACHABLE)

    def test_a_client_that_ends_early(self):
        driver = f"{sys.executable} {DRIVER} --drive {{url}} 1"
        self.assertIn("PARTIAL", self.serve(driver, expect=INCOMPLETE).stdout)

    def test_a_client_that_crashes_is_started_again_for_the_rest(self):
        driver = f"{sys.executable} {DRIVER} --drive {{url}} 1 crash"
        done = self.serve(f"exec {driver}", expect=UNREACHABLE)
        self.assertIn("signal 9", done.stdout)
        self.assertIn("3 cases: 3 OK", done.stdout)

    def results(self):
        lines = [json.loads(line) for line in (self.out / "journal.jsonl").read_text().splitlines()]
        return {line["result"]["case"]: line["result"] for line in lines if "result" in line}

    def test_a_client_that_dies_in_a_case_fails_it(self):
        """By a signal, a panic or an exit code; as a driver of all cases or as a program for each; its twin does not."""
        words = {"segv": "signal 11", "panic": "panicked at", "leave": "last words"}
        for manner, seen in words.items():
            for way in ("--drive {url} 99", "--connect {case_url}"):
                with self.subTest(manner=manner, way=way):
                    done = self.serve(f"exec {sys.executable} {DRIVER} {way} {manner}", "--agent", "x",
                                      expect=UNREACHABLE, selection=[*SMALL, "--case", "4.1.3"])
                    self.assertRegex(done.stdout.splitlines()[-1], "^4 cases: 3 OK, .* 1 FAILED, 0 ERRORED")
                    failed = [each for each in self.results().values() if each["behavior"] == "FAILED"]
                    self.assertEqual([each["aliases"][0] for each in failed], ["4.1.1"])
                    self.assertIn(seen, failed[0]["summary"])
                    self.assertEqual(failed[0]["findings"][0]["kind"], "endpoint-died")
        for way in ("--drive {url} 99", "--connect {case_url}"):
            self.serve(f"exec {sys.executable} {DRIVER} {way} fail", expect=OK, selection=[*SMALL, "--case", "4.1.3"])

    def test_an_exit_code_for_every_error_is_no_death(self):
        self.serve(f"exec {sys.executable} {DRIVER} --connect {{case_url}} tell", expect=OK,
                   selection=["--case", "reserved/opcode*"])

    def test_a_failure_is_shown_twice(self):
        driver = f"{sys.executable} {DRIVER} --drive {{url}} 99 mute"
        self.serve(driver, "--timeout", "300ms", expect=FAILURES)
        journal = [json.loads(line) for line in (self.out / "journal.jsonl").read_text().splitlines()]
        results = {line["result"]["case"]: line["result"] for line in journal if "result" in line}  # the last one counts
        self.assertEqual(len(results), 3)
        self.assertFalse(any(result.get("flaky") for result in results.values()))


if __name__ == "__main__":
    Serving.TOUCHSTONE = os.path.abspath(sys.argv.pop(1))
    unittest.main()
