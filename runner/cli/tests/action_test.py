"""The action for GitHub, its shell steps run here. Usage: action_test.py ROOT PATH-OF-TOUCHSTONE [unittest options]"""

import http.server
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

import yaml

ROOT = TOUCHSTONE = Path()


class Action(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.action = yaml.safe_load((ROOT / "action.yml").read_text())

    def step(self, name):
        return next(step for step in self.action["runs"]["steps"] if step["name"] == name)

    def run_step(self, name, **inputs):
        """What GitHub does with a step: expressions in `env`, then `run` in bash, whose outputs come back."""
        values = {key: given.get("default", "") for key, given in self.action["inputs"].items()} | inputs
        environment = {key: re.sub(r"\$\{\{ inputs\.(\w+).*?\}\}", lambda found: values[found[1]], text)
                       for key, text in self.step(name).get("env", {}).items()}
        files = {key: self.folder / key for key in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        done = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", self.step(name)["run"]],
                              env={**os.environ, **environment, "GITHUB_ACTION_PATH": str(ROOT), "RUNNER_TEMP": str(self.folder),
                                   **{key: str(path) for key, path in files.items()}},
                              capture_output=True, text=True, cwd=self.folder, timeout=120)
        outputs, summary = (path.read_text() if path.exists() else "" for path in files.values())
        return done, dict(line.split("=", 1) for line in outputs.splitlines()), summary

    def test_has_the_shape_that_github_asks_for(self):
        self.assertLessEqual({"name", "description", "runs"}, set(self.action))
        self.assertEqual("composite", self.action["runs"]["using"])
        text = (ROOT / "action.yml").read_text()
        for name, given in self.action["inputs"].items():
            self.assertEqual({"description", "default"}, set(given), name)
            self.assertIn(f"inputs.{name}", text.replace(f"{name}:", ""))
        ids = {step.get("id") for step in self.action["runs"]["steps"]}
        for used in re.findall(r"steps\.(\w+)\.", text):
            self.assertIn(used, ids)
        for step in self.action["runs"]["steps"]:
            self.assertEqual("run" in step, "uses" not in step, step["name"])
            # An expression inside a script would be read by the shell.
            self.assertNotIn("${{", step.get("run", ""))
            self.assertEqual("bash" if "run" in step else None, step.get("shell"))

    def test_a_good_server_passes(self):
        done, outputs, summary = self.run_step(
            "Test the server", binary=str(TOUCHSTONE), command=f"{shlex.quote(str(TOUCHSTONE))} echo --port {{port}}",
            url="ws://127.0.0.1:{port}/chat", options="--case 1.1.1\n--header X-Mood: quite good; 'really'\n\n--quiet\n")
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertEqual({"exit-code": "0"}, outputs)
        self.assertIn("1 case: 1 OK", done.stdout)
        self.assertTrue(summary)
        self.assertNotIn("::error", done.stdout)

    def test_a_bad_server_fails_with_annotations(self):
        done, outputs, summary = self.run_step(
            "Test the server", binary=str(TOUCHSTONE), report="out/report", options="--case 3.*",
            command=f"{shlex.quote(str(TOUCHSTONE))} echo --fault accepts-rsv3 --port {{port}}")
        self.assertEqual(1, done.returncode, done.stdout + done.stderr)
        self.assertEqual({"exit-code": "1"}, outputs)
        self.assertIn("::error title=", done.stdout)
        self.assertIn("RFC 6455", summary)
        report = json.loads((self.folder / "out/report/report.json").read_text())
        self.assertTrue(report)

    def test_what_changed_is_one_comment_that_is_written_anew(self):
        comments = []

        class Api(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.say([{"id": 7, "body": "by somebody else"}] + comments)

            def do_POST(self):
                comments.append({"id": 8, "body": self.asked()["body"]})
                self.say(comments[-1])

            def do_PATCH(self):
                assert self.path.endswith("/issues/comments/8"), self.path
                comments[-1] = {"id": 8, "body": self.asked()["body"]}
                self.say(comments[-1])

            def asked(self):
                assert self.headers["Authorization"] == "Bearer secret"
                return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

            def say(self, answer):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, *_):
                pass

        api = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
        threading.Thread(target=api.serve_forever, daemon=True).start()
        self.addCleanup(api.server_close)
        self.addCleanup(api.shutdown)

        def run(fault, out):
            subprocess.run([TOUCHSTONE, "test", "--case", "3.*", "--quiet", "--out", out, "--command",
                            f"{shlex.quote(str(TOUCHSTONE))} echo --fault {fault} --port {{port}}"], cwd=self.folder, timeout=120)

        def comment(url=f"http://127.0.0.1:{api.server_port}"):
            done = subprocess.run([ROOT / "scripts/action.d/comment"], capture_output=True, text=True, timeout=60, env={
                **os.environ, "TOUCHSTONE": str(TOUCHSTONE), "REPORT": str(self.folder / "now"), "NAME": "server", "TOKEN": "secret",
                "BRANCH": "main", "NUMBER": "3", "GITHUB_API_URL": url, "GITHUB_REPOSITORY": "a/b", "RUNNER_TEMP": str(self.folder)})
            self.assertEqual(0, done.returncode, done.stderr)
            return done.stdout

        run("accepts-rsv3", "now")
        self.assertEqual("", comment())
        self.assertIn("No run of `main`", comments[0]["body"])
        run("none", "touchstone-base")
        self.assertEqual("", comment())
        self.assertEqual(1, len(comments))
        self.assertNotIn("No run of", comments[0]["body"])
        self.assertIn("rsv", comments[0]["body"].lower())
        self.assertIn("::warning", comment("http://127.0.0.1:1"))

    def test_a_server_must_be_named(self):
        done, outputs, _ = self.run_step("Test the server", binary=str(TOUCHSTONE))
        self.assertEqual(2, done.returncode)
        self.assertIn("::error title=Touchstone::Neither command nor url", done.stdout)

    def test_inputs_are_no_shell_code(self):
        done, _, _ = self.run_step("Test the server", binary=str(TOUCHSTONE), url="$(touch owned); touch owned",
                                   options="--case `touch owned`\n--agent $(touch owned)")
        self.assertEqual(2, done.returncode)
        self.assertFalse((self.folder / "owned").exists())

    def test_the_key_of_the_cache_follows_the_sources(self):
        _, outputs, _ = self.run_step("Tell what would be built")
        self.assertRegex(outputs["key"], r"^[0-9a-f]{32}$")


if __name__ == "__main__":
    ROOT, TOUCHSTONE = (Path(sys.argv.pop(1)).resolve() for _ in range(2))
    unittest.main()
