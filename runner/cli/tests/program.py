"""The base of the tests that run the binary: touchstone in a folder of its own, with its exit codes and its report."""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

import peer

TOTALS = re.compile(r"\d+ cases?: \d+ OK, \d+ NON-STRICT, \d+ INFORMATIONAL, \d+ UNIMPLEMENTED, "
                    r"\d+ NOT-APPLICABLE, \d+ FAILED, \d+ ERRORED")
OK, FAILURES, USAGE, UNREACHABLE, INCOMPLETE = range(5)
# Small selections keep this test quick.
ECHO = ["--case", "1.1.1", "--case", "1.2.1"]
RESERVED = ["--case", "4.1.1"]  # opcode 3


def unused_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Program(unittest.TestCase):
    touchstone = ""  # the path of the binary; main() sets it

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.out = self.folder / "report"

    def an_echo(self):
        """The file that says so: no connection is spent on finding out."""
        file = self.out.parent / "peer.json"
        file.write_text(json.dumps({"peer": 1, "text": "echoed", "binary": "echoed", "speaks_unasked": False,
                                    "largest_message": None}))
        return str(file)

    def run_it(self, *arguments, expect, **options):
        done = subprocess.run([self.touchstone, *map(str, arguments)], capture_output=True, text=True, timeout=240,
                              cwd=self.folder, **options)
        told = f"{shlex.join(map(str, arguments))}\n--- stdout\n{done.stdout}\n--- stderr\n{done.stderr}"
        if expect is not None:
            self.assertEqual(done.returncode, expect, told)
        return done

    def run_test(self, *arguments, expect, **options):
        return self.run_it("test", "--out", self.out, *arguments, expect=expect, **options)

    def last_line(self, done):
        line = done.stdout.splitlines()[-1]
        self.assertRegex(line, TOTALS)
        return line

    def report(self):
        return json.loads((self.out / "report.json").read_text())

    def serve_sockets(self, one):
        """The port of a server on which each connection is given to `one`, as a socket, in a thread of its own."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.addCleanup(listener.close)

        def handle(connection):
            with connection:
                try:
                    one(connection)
                except OSError:
                    pass

        def accept():
            while True:
                try:
                    connection = listener.accept()[0]
                except OSError:
                    return
                threading.Thread(target=handle, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return listener.getsockname()[1]

    def serve(self, handler):
        server = peer.Server(handler)
        self.addCleanup(server.close)
        return server

    def echo_process(self, *arguments):
        process = subprocess.Popen([self.touchstone, "echo", *arguments], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        line = process.stdout.readline()
        self.assertTrue(line.startswith("listening on ws"), line)
        return process, line.split()[-1]


def main():
    Program.touchstone = os.path.abspath(sys.argv.pop(1))
    unittest.main(module="__main__")
