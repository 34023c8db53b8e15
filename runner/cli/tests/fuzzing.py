"""What the tests of `touchstone fuzz` share. What is found depends on the stimuli, and they change with the fuzzer: a test
holds for any seed.
"""

import re
import shlex

from program import Program

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
