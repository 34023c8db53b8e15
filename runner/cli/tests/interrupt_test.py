"""Ctrl-C: the first ends every command within a second, in every phase, with what it has; the second at once.
Usage: interrupt_test.py PATH-OF-TOUCHSTONE [unittest options]"""

import os
import re
import shlex
import signal
import socket
import subprocess
import threading
import time

from program import ECHO, Program, main, unused_port

SECONDS = 2.5  # one, and what a busy machine takes


class Interrupted(Program):
    def start(self, *arguments, **options):
        process = subprocess.Popen([self.touchstone, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   text=True, cwd=self.folder, **options)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def silent(self):
        """The address of a server that takes connections and says nothing, and an event: somebody came."""
        came = threading.Event()

        def one(connection):
            came.set()
            while connection.recv(65536):
                pass

        return f"127.0.0.1:{self.serve_sockets(one)}", came

    def command(self, text):
        """A shell command that says with a file when it runs, and that file."""
        sign = self.folder / f"runs-{len(list(self.folder.iterdir()))}"
        return f"touch {shlex.quote(str(sign))}; {text}", sign

    def until(self, holds, what):
        limit = time.monotonic() + 60
        while not holds():
            self.assertLess(time.monotonic(), limit, what)
            time.sleep(0.02)

    def ends(self, process, signals=1, expect=(0, 1, 3, 4)):
        begun = time.monotonic()
        for _ in range(signals):
            process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        self.assertLess(time.monotonic() - begun, SECONDS, out)
        self.assertIn(process.returncode, expect, out)
        return out

    def address_of(self, process, line):
        text = process.stdout.readline()
        found = re.search(line, text)
        self.assertTrue(found, text)
        return found.group(1)

    def half_open(self, port):
        """A client that has sent its request, and says nothing more."""
        client = socket.create_connection(("127.0.0.1", int(port)), timeout=30)
        self.addCleanup(client.close)
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
        return client

    # --- Whom a silent server keeps waiting -----------------------------------------------------------------------

    def test_clients_of_a_silent_server(self):
        for name, arguments in (("play", ["--connect", "ws://{at}/"]),
                                ("fuzz", ["ws://{at}/", "--http", "2", "--layer", "http2", "--out", "http2"]),
                                ("fuzz", ["--bare", "ws://{at}/", "--out", "bare"]),
                                ("bench", ["ws://{at}/", "--http", "2", "--patience", "60s"]),
                                ("bench", ["ws://{at}/", "--idle", "--patience", "60s"]),
                                ("probe", ["ws://{at}/", "--http", "2"]),
                                ("test", ["ws://{at}/", "--http", "2", "--out", "tested"]),
                                ("proxy", ["--front", "ws://{at}/", "--back", str(unused_port()), "--out", "proxied"])):
            for signals in (1, 2):
                with self.subTest(name, arguments=arguments, signals=signals):
                    at, came = self.silent()
                    process = self.start(name, *[each.replace("{at}", at) for each in arguments])
                    self.assertTrue(came.wait(30))
                    self.ends(process, signals)

    # --- Commands that start a program ------------------------------------------------------------------------------

    def test_while_a_program_starts(self):
        """It runs and never comes to what it is for."""
        url, port = "sleep 600; : {url}", "sleep 600; : {port}"
        for name, option, text, arguments in (
                ("serve", "--command", "sleep 600; : {next}", ["--next", "--agent", "a", "--out", "told"]),
                ("serve", "--command", url, ["--agent", "a", "--out", "served"]),
                ("fuzz", "--command", url, ["--serve", "--agent", "a", "--out", "client"]),
                ("fuzz", "--command", port, ["--out", "server"]),
                ("test", "--command", port, ["--out", "tested"]),
                ("proxy", "--command", "sleep 600; : {front} {back}", ["--out", "proxied"]),
                ("watch", "--", port, ["--out", "watched"])):
            for signals in (1, 2):
                with self.subTest(name, option=option, signals=signals):
                    command, sign = self.command(text)
                    process = self.start(name, *arguments, option, command)
                    self.until(sign.exists, f"{name} did not start its command")
                    self.ends(process, signals)
                    sign.unlink()

    def test_a_campaign_in_the_middle(self):
        own = shlex.quote(self.touchstone)
        for out, arguments in (("http2", ["--http", "2", "--layer", "http2", "--command", f"{own} echo --http 2 --port {{port}}"]),
                               ("server", ["--command", f"{own} echo --port {{port}}"]),
                               ("client", ["--serve", "--command", f"{own} echo --drive --connect {{url}}"])):
            with self.subTest(out):
                process = self.start("fuzz", "--time", "60s", "--out", out, *arguments)
                corpus = self.folder / out / "corpus"
                self.until(lambda corpus=corpus: corpus.is_dir() and len(list(corpus.iterdir())) > 5, "no stimulus is kept")
                self.ends(process, expect=(0,))
                self.assertTrue((self.folder / out / "report.json").exists())
                self.assertTrue((self.folder / out / "fuzz.json").exists())

    def test_a_server_that_does_not_leave_when_asked(self):
        own = shlex.quote(self.touchstone)
        for name, arguments in (("fuzz", ["--time", "60s"]), ("test", ["--case", "floods/*", "--jobs", "1"])):
            with self.subTest(name):
                command, sign = self.command(f"trap '' TERM; {own} echo --port {{port}} & sleep 600")
                process = self.start(name, "--command", command, "--out", name, *arguments)
                self.until(sign.exists, "the server was not started")
                self.ends(process)

    # --- Servers ------------------------------------------------------------------------------------------------------

    def test_servers_with_a_client_that_says_nothing(self):
        at, _ = self.silent()
        for name, arguments in (("play", []), ("tap", ["--upstream", f"ws://{at}/"])):
            with self.subTest(name):
                process = self.start(name, *arguments)
                port = self.address_of(process, r"ws://127\.0\.0\.1:(\d+)")
                self.half_open(port)
                self.ends(process)

    # --- What reads and writes files ----------------------------------------------------------------------------------

    def test_who_waits_for_a_file(self):
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        for arguments in (["report", "pcap", "1.1.1", "--from", pipe], ["report", pipe, "--out", "all"]):
            with self.subTest(arguments=arguments):
                process = self.start(*arguments)
                writer = os.open(pipe, os.O_WRONLY)  # returns when somebody reads
                self.ends(process, expect=(-signal.SIGINT, 4))
                os.close(writer)

    def test_watch_between_two_runs(self):
        command = f"{shlex.quote(self.touchstone)} echo --port {{port}}"
        process = self.start("watch", "--out", "watched", *ECHO, "--", command)
        rest = self.folder / "watched" / "rest" / "report.json"
        self.until(rest.exists, "no run came to its end")
        self.ends(process, expect=(0,))


if __name__ == "__main__":
    main()
