"""touchstone fuzz --serve: clients, with the driver that `touchstone serve` takes.
Usage: fuzz_clients_test.py PATH-OF-TOUCHSTONE [unittest options]
"""

import re
import shlex

from fuzzing import FAULT, Fuzzing
from program import FAILURES, OK, UNREACHABLE, USAGE, main


class Clients(Fuzzing):
    def client(self, fault="none"):
        return f"{shlex.quote(self.touchstone)} echo --drive --connect {{url}} --fault {fault}"

    def fuzz(self, fault, *arguments, expect):
        return self.run_fuzz("--serve", "--agent", "mine", "--command", self.client(fault), *arguments, expect=expect)

    def test_one_without_a_fault_has_no_findings(self):
        done = self.fuzz("none", "--inputs", "500", "--weak", expect=OK)
        stimuli, outcomes, known, unstable = self.stats(done)
        self.assertGreaterEqual(stimuli, 500)
        self.assertGreater(outcomes, 5)
        self.assertEqual((known, unstable), (0, 0))
        self.assertEqual(len(self.corpus()), outcomes)
        self.assertEqual(self.report()["agents"][0]["name"], "mine")

    def test_a_finding_can_be_replayed_and_is_found_once(self):
        self.fuzz(FAULT, "--findings", "1", expect=FAILURES)
        place = self.the_finding()
        (line,) = re.findall(r"^    (touchstone serve .*)$", (place / "README.md").read_text(), re.MULTILINE)
        words = [*shlex.split(line)[1:-1], str(place / "case.json")]
        self.run_it(*words, "--out", "again", expect=FAILURES)
        self.run_it(*[word.replace(FAULT, "none") for word in words], "--out", "mended", expect=OK)
        again = self.fuzz(FAULT, "--inputs", "200", "--seed", "9", expect=None)
        self.assertEqual(len(re.findall(rf"finding {re.escape(place.name)}:", again.stderr)), 0)

    def test_a_client_that_never_comes_ends_it(self):
        done = self.run_fuzz("--serve", "--command", "true {url}", "--inputs", "10", expect=UNREACHABLE)
        self.assertIn("began no case", done.stderr)

    def test_it_needs_a_command(self):
        done = self.run_fuzz("--serve", expect=USAGE)
        self.assertIn("--command 'my-client {url}' starts one", done.stderr)


if __name__ == "__main__":
    main()
