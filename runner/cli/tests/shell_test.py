"""The manual page and the completion in real shells. Usage: shell_test.py PATH-OF-TOUCHSTONE [unittest options]

zsh, fish and mandoc are from Debian; what is not installed is skipped."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOUCHSTONE = ""


def output_of(*arguments, **options):
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=True, **options).stdout


def visible_options(help_text):
    """Names of options at the beginning of the lines of --help."""
    names = set()
    for line in help_text.splitlines():
        found = re.match(r"  (-[-\w]+)(?:,(-[-\w]+))?", line)
        if found:
            names.update(name for name in found.groups() if name)
    return names


def subcommands(help_text):
    part = help_text.split("\nSubcommands:\n", 1)
    return re.findall(r"^  (\w+) ", part[1].split("\n\n")[0], re.M) if len(part) == 2 else []


def all_commands(path=()):
    """Every command that --help shows, with its help."""
    text = output_of(TOUCHSTONE, *path, "--help")
    yield path, text
    for name in subcommands(text):
        yield from all_commands((*path, name))


class Manual(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.page = output_of(TOUCHSTONE, "manual")

    def test_has_every_command_and_option_of_the_help(self):
        sections = {}
        for part in re.split(r"^\.Ss ", self.page, flags=re.M)[1:]:
            head, body = part.split("\n", 1)
            sections[head] = body.replace("\\-", "-").replace("\\&", "")
        commands = dict(all_commands())
        self.assertGreater(len(commands), 10)
        for path, text in commands.items():
            if not path:
                continue
            section = sections[" ".join(("touchstone", *path))]
            items = set(re.findall(r'Fl "(-?[-\w]+)"', section))
            self.assertEqual({name[1:] for name in visible_options(text)} - {"h", "-help"}, items, path)

    @unittest.skipUnless(shutil.which("mandoc"), "apt-get install mandoc")
    def test_is_clean_mdoc(self):
        done = subprocess.run(["mandoc", "-Tlint", "-Wall"], input=self.page, capture_output=True, text=True, timeout=60)
        self.assertEqual("", done.stdout + done.stderr)

    @unittest.skipUnless(shutil.which("mandoc"), "apt-get install mandoc")
    def test_reads_as_written(self):
        plain = re.sub(r".\x08", "", output_of("mandoc", "-Tascii", input=self.page))
        self.assertIn("touchstone test --command 'node server.js {port}' --case 'close/*'", plain)
        self.assertIn("3  the endpoint could not be reached, or died", plain)


class Typed:
    """A shell on a terminal, to type at. Waits for what it prints, never for a time."""

    def __init__(self, argv, folder, environment):
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            os.execvpe(argv[0], argv, environment)
        self.seen = ""

    def type(self, text):
        os.write(self.terminal, text.encode())

    def wait_for(self, pattern):
        """What came up to the first match of the pattern, control sequences removed."""
        while True:
            clean = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r", "", self.seen)
            found = re.search(pattern, clean)
            if found:
                self.seen = clean[found.end():]
                return clean[:found.end()]
            if not select.select([self.terminal], [], [], 60)[0]:
                raise AssertionError(f"waited for {pattern!r}, saw {clean!r}")
            try:
                self.seen += os.read(self.terminal, 65536).decode(errors="replace")
            except OSError:
                raise AssertionError(f"the shell ended; waited for {pattern!r}, saw {clean!r}") from None

    def close(self):
        os.close(self.terminal)
        os.waitpid(self.process, 0)


class Completion(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for name in ("case one.json", "bin/touchstone", "cases/x"):
            (self.folder / name).parent.mkdir(exist_ok=True)
            (self.folder / name).touch()
        # A touchstone that completes, but instead of anything else says which words it was given.
        say = self.folder / "bin/touchstone"
        say.write_text(f"""#!/bin/sh
case $1 in comple*) exec {TOUCHSTONE} "$@" ;; esac
printf said:; printf '[%s]' "$@"; echo\n""")
        say.chmod(0o755)
        self.environment = {"HOME": str(self.folder), "TERM": "dumb", "LC_ALL": "C.UTF-8",
                            "PATH": f"{self.folder}/bin:{os.environ['PATH']}"}

    def check_typing(self, *argv, setup):
        """Types lines with TABs and compares the words that arrive. `setup` makes the shell say `ready`."""
        shell = Typed(argv, self.folder, self.environment)
        self.addCleanup(shell.close)
        shell.type(setup + "\n")
        shell.wait_for(r"(^|\n)ready *\n")
        for written, arrives in [
                ("cov\t", ["coverage"]),
                ("test --profile c\t--qui\t", ["test", "--profile", "core", "--quiet"]),
                ("test --profile=fu\t", ["test", "--profile=full"]),
                ("test --case close/code-val\t1000\t", ["test", "--case", "close/code-valid/1000"]),
                ("test --case=close/code-val\t1000\t", ["test", "--case=close/code-valid/1000"]),
                ("test --exclude tag:ut\t", ["test", "--exclude", "tag:utf8"]),
                ("report compare --format m\t", ["report", "compare", "--format", "markdown"]),
                ("echo --fault accepts-rsv3\t", ["echo", "--fault", "accepts-rsv3"]),
                ("test --header 'A: b' --qui\t", ["test", "--header", "A: b", "--quiet"]),
                ("lint case\\ o\t", ["lint", "case one.json"]),
                ("test --out=cas\tx", ["test", "--out=cases/x"]),
                ("test --out cas\tx", ["test", "--out", "cases/x"])]:
            with self.subTest(written):
                shell.type(f"touchstone {written}\n")
                said = shell.wait_for(r"said:([^\n]*)\n")
                self.assertEqual(arrives, re.findall(r"\[([^]]*)\]", said[said.rindex("said:"):]))

    def words_of_bash(self, line):
        script = """source <(touchstone completion bash)
        COMP_LINE=$1 COMP_POINT=${#1}
        read -ra COMP_WORDS <<<"$1"
        if [[ $1 == *' ' ]]; then COMP_WORDS+=(''); fi
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        compopt() { :; }
        _touchstone touchstone
        printf '%s\\n' "${COMPREPLY[@]}" """
        return output_of("bash", "-c", script, "bash", line, env=self.environment, cwd=self.folder).splitlines()

    def test_bash_offers_what_the_help_shows(self):
        for path, text in all_commands():
            line = " ".join(("touchstone", *path))
            with self.subTest(line):
                # A short name is offered where there is no long one.
                names = {name for name in visible_options(text) if name != "-h"}
                self.assertEqual(names, set(self.words_of_bash(line + " -")))
                if not path:
                    self.assertEqual(subcommands(text), self.words_of_bash(line + " "))

    def test_bash_on_a_terminal(self):
        self.check_typing("bash", "--norc", "--noprofile", "-i", setup="bind 'set enable-bracketed-paste off'; "
                          "source <(touchstone completion bash); echo rea''dy")

    @unittest.skipUnless(shutil.which("zsh"), "apt-get install zsh")
    def test_zsh_on_a_terminal(self):
        self.check_typing("zsh", "-f", "-i", setup="autoload -Uz compinit; compinit -u -D; unsetopt zle_bracketed_paste; "
                          "source <(touchstone completion zsh); echo rea''dy")

    @unittest.skipUnless(shutil.which("zsh"), "apt-get install zsh")
    def test_zsh_finds_it_in_a_folder(self):
        (self.folder / "functions").mkdir()
        (self.folder / "functions/_touchstone").write_text(output_of(TOUCHSTONE, "completion", "zsh"))
        self.check_typing("zsh", "-f", "-i", setup=f"fpath=({self.folder}/functions $fpath); autoload -Uz compinit; "
                          "compinit -u -D; echo rea''dy")

    @unittest.skipUnless(shutil.which("fish"), "apt-get install fish")
    def test_fish(self):
        def offered(line):
            out = output_of("fish", "--no-config", "-c", 'touchstone completion fish | source; complete -C "$argv"', line,
                            env=self.environment, cwd=self.folder)
            return dict((row + "\t").split("\t")[:2] for row in out.splitlines())

        self.assertEqual({"coverage": "Say which requirements of the RFCs have cases"}, offered("touchstone cov"))
        self.assertEqual({"core", "default", "full"}, set(offered("touchstone test --profile ")))
        self.assertEqual({"--profile=full"}, set(offered("touchstone test --profile=fu")))
        self.assertIn("close/", offered("touchstone test --case clo"))
        self.assertIn("case one.json", [name.replace("\\", "") for name in offered("touchstone lint case")])
        self.assertEqual({"cases/"}, set(offered("touchstone test --out cas")))
        self.assertEqual({"--out=cases/"}, set(offered("touchstone test --out=cas")))


if __name__ == "__main__":
    TOUCHSTONE = str(Path(sys.argv.pop(1)).resolve())
    unittest.main()
