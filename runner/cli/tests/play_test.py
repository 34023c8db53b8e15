"""`touchstone play`, with the Python client of packages/python and the websockets library as what it tests.
Usage: play_test.py PATH-OF-TOUCHSTONE [unittest options]"""

import asyncio
import json
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import websockets

import peer
from live import Live, NotAsScripted, REQUEST, SCRIPTS, raw, run
from program import FAILURES, INCOMPLETE, OK, UNREACHABLE, USAGE, main, unused_port


class Play(Live):
    def test_the_first_two_are_refused_and_the_third_is_served(self):
        server = self.play({"connections": [
            {"times": 2, "refuse": 503, "fields": {"Retry-After": "1"}},
            {"steps": [{"message": "text", "payload": "hello"}, {"expect": "text", "payload": "hi"}]}]})

        async def client():
            for _ in range(2):
                with self.assertRaises(websockets.InvalidStatusCode) as refused:
                    await websockets.connect(server.url)
                self.assertEqual((refused.exception.status_code, refused.exception.headers["Retry-After"]), (503, "1"))
            async with websockets.connect(server.url) as ws:
                self.assertEqual(await ws.recv(), "hello")
                await ws.send("hi")
                await ws.wait_closed()
                self.assertEqual(ws.close_code, 1000)

        run(client())
        server.finish()
        self.exit_code(server, OK)
        self.assertEqual(server.verdict["connections"], 3)
        self.assertEqual(server.wait("message", **{"from": "client"})["text"], "hi")

    def test_a_restart_closes_with_1012_and_is_back_later(self):
        server = self.play({"connections": [{"steps": [{"away_ms": 700}, {"close": 1012}]}, {"then": "echo"}]})

        async def client():
            async with websockets.connect(server.url) as ws:
                await ws.wait_closed()
                self.assertEqual(ws.close_code, 1012)
            refused = 0
            while True:
                try:
                    async with websockets.connect(server.url) as ws:
                        await ws.send("again")
                        self.assertEqual(await ws.recv(), "again")
                        return refused
                except OSError:
                    refused += 1
                    await asyncio.sleep(0.02)

        self.assertGreater(run(client()), 0)
        server.finish()
        away, back = server.wait("away"), server.wait("back")
        self.assertGreaterEqual(back["at_ms"] - away["at_ms"], 690)

    def test_who_only_looks_takes_nobodys_place(self):
        server = self.play({"connections": [{"then": "echo"}]})
        port = server.first["port"]
        socket.create_connection(("127.0.0.1", port)).close()
        with self.assertRaises(urllib.error.HTTPError) as answer:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30)
        self.assertEqual(answer.exception.code, 426)

        async def client():
            async with websockets.connect(server.url) as ws:
                await ws.send("x")
                self.assertEqual(await ws.recv(), "x")

        run(client())
        server.finish()
        self.assertEqual(server.violations, [])

    def test_a_step_that_is_not_followed_is_told_with_its_place(self):
        server = self.play({"connections": [{"steps": [{"expect": "text", "payload": "a"}]}]})

        async def client():
            async with websockets.connect(server.url) as ws:
                await ws.send("b")
                await ws.wait_closed()
                self.assertEqual(ws.close_code, 1011)

        run(client())
        self.assertRaises(NotAsScripted, server.finish)
        self.exit_code(server, FAILURES)
        failed = server.wait("step-failed")
        self.assertTrue(failed["place"].endswith("#/connections/0/steps/0"), failed)
        self.assertEqual((failed["expected"], failed["seen"]), ('a text message "a"', 'text "b"'))

    def test_what_a_client_breaks_is_a_violation_with_its_clause(self):
        server = self.play({"connections": [{"then": "stay"}]})
        with raw(server.url) as sock:
            sock.sendall(b"\x81\x01a" * 3)  # not masked
            found = server.wait("violation")
            self.assertEqual((found["by"], found["level"], found["clause"], found["rule"]),
                             ("client", "MUST", "RFC 6455 5.1", "mask-missing"))
        self.exit_code(server, FAILURES)
        self.assertEqual(server.verdict["violations"]["must"], 1)  # the same fault is told once

    def test_a_polite_client_is_never_accused(self):
        server = self.play({"connections": [{"times": "always", "then": "echo", "deflate": True}]})

        async def client():
            for size in (0, 1, 125, 126, 65535, 65536, 300000):
                async with websockets.connect(server.url, max_size=None) as ws:
                    for payload in ("x" * size, b"\xff" * size):
                        await ws.send(payload)
                        self.assertEqual(await ws.recv(), payload)
                    await (await ws.ping())

        run(client())
        self.exit_code(server, OK)
        self.assertEqual((server.violations, server.verdict["violations"]), ([], {"must": 0, "should": 0}))
        self.assertTrue(server.wait("opened")["deflate"])

    def test_frames_are_illegal_as_the_script_says(self):
        frames = [({"frame": "text", "rsv": 2, "payload": "x"}, 1002), ({"frame": "close", "payload": {"hex": "03"}}, 1002),
                  ({"frame": 3}, 1002), ({"frame": "text", "payload": {"hex": "ff"}}, 1007),
                  ({"frame": "ping", "fin": False}, 1002), ({"frame": "text", "mask": "wrong", "payload": "x"}, 1002)]
        for frame, code in frames:
            server = self.play({"connections": [{"steps": [frame, {"expect": "close", "code": code}], "answer_close": False,
                                                 "then": "fin"}]})

            async def client():
                async with websockets.connect(server.url) as ws:
                    await ws.wait_closed()

            run(client())
            server.finish()

    def test_a_fault_by_its_name(self):
        server = self.play({"connections": [{"fault": "constant-accept"}, {"fault": "none"}]})

        async def client():
            with self.assertRaises(websockets.InvalidHandshake):
                await websockets.connect(server.url)
            async with websockets.connect(server.url) as ws:
                await ws.send("x")
                self.assertEqual(await ws.recv(), "x")

        run(client())
        server.finish()

    def test_commands_on_standard_input(self):
        server = self.play()

        async def client():
            async with websockets.connect(server.url) as ws:
                await asyncio.to_thread(server.wait, "opened")
                await asyncio.to_thread(server.send, "one")
                self.assertEqual(await ws.recv(), "one")
                await ws.send("two")
                await asyncio.to_thread(server.do, {"expect": "text", "payload": "two"})
                with self.assertRaises(NotAsScripted):
                    await asyncio.to_thread(server.do, {"expect": "text", "within_ms": 50})
                await asyncio.to_thread(server.do, {"send": [{"message": "text", "payload": "a"}, {"close": 4001}]})
                await ws.wait_closed()
                self.assertEqual(ws.close_code, 4001)

        run(client())
        server.command({"close": 1000, "connection": 99})
        self.assertIn("99 is not open", server.wait("error")["text"])
        told = len(server.events)
        server.command({"sned": 1})
        self.assertIn("a step with one of the keys", server.wait("error", after=told)["text"])

    def test_drop_resets(self):
        server = self.play()

        async def client():
            async with websockets.connect(server.url) as ws:
                await asyncio.to_thread(server.wait, "opened")
                server.command({"drop": "reset"})
                await ws.wait_closed()
                self.assertEqual(ws.close_code, 1006)

        run(client())

    def test_it_ends_with_its_parent(self):
        starter = ("import subprocess, sys; p = subprocess.Popen([sys.argv[1], 'play', '--json', '--exit-with-stdin'],"
                   " stdin=subprocess.PIPE); sys.stdin.read()")
        parent = subprocess.Popen([sys.executable, "-c", starter, self.touchstone], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)
        first = json.loads(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
        parent.wait(30)
        self.assertEqual(json.loads(parent.stdout.readline())["event"], "verdict")
        self.assertEqual(parent.stdout.read(), "")  # nobody holds the pipe any more
        parent.stdout.close()
        parent.stdin.close()
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", first["port"]), timeout=5)

    def test_it_ends_at_once_whatever_its_peers_do(self):
        large = {"message": "binary", "payload": {"fill": "x", "len": 100_000_000}}
        for what, begins in (("reads nothing", True), ("has not begun", False)):
            server = self.play({"connections": [{"steps": [large]}]})
            with socket.create_connection(("127.0.0.1", server.first["port"])) as sock:
                if begins:
                    sock.sendall(REQUEST)
                    server.wait("opened")
                server.wait("connected")
                start = time.monotonic()
                self.assertEqual(server.stop()["result"], "ok" if begins else "incomplete")
                self.assertLess(time.monotonic() - start, 5, what)

    def test_a_flood_before_the_answer_is_not_kept(self):
        server = self.play({"connections": [{"refuse": "silence"}]})
        with socket.create_connection(("127.0.0.1", server.first["port"])) as sock:
            sock.sendall(REQUEST)
            server.wait("request")
            for _ in range(200):
                sock.sendall(b"x" * 1_000_000)
            status = Path(f"/proc/{server.first['pid']}/status").read_text()
        self.assertLess(int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]), 100_000)

    def test_an_end_before_all_connections_is_incomplete(self):
        self.exit_code(self.play({"connections": [{"times": 2}]}), INCOMPLETE)

    def test_wss_with_the_certificate_that_the_first_line_names(self):
        server = self.play({"connections": [{"then": "echo"}]}, tls=True)
        context = ssl.create_default_context(cafile=server.ca_file)

        async def client():
            async with websockets.connect(server.url, ssl=context) as ws:
                await ws.send("x")
                self.assertEqual(await ws.recv(), "x")

        run(client())
        server.finish()
        self.assertFalse(Path(server.ca_file).exists())

    def test_a_broken_script_is_told_with_file_and_place(self):
        broken = self.folder / "broken.json"
        broken.write_text('{"connections": [{"then": "echo", "fault": "no-such"}, {"steps": [{"expect": "txt"}, {"alive_s": 1}]},'
                          ' {"times": "always"}, {"refuse": 99}], "patient": 1}')
        done = self.run_it("play", broken, expect=USAGE)
        for words in ("/connections/0/fault: found the fault 'no-such'", "/connections/1/steps/0/expect",
                      "/connections/1/steps/1", "/connections/3", "patient"):
            self.assertIn(words, done.stderr)
        self.assertIn(str(broken), done.stderr)
        self.run_it("play", self.folder / "none.json", expect=USAGE)

    def test_the_schema_refuses_what_the_program_refuses(self):
        for script in ({}, {"connections": []}, {"connections": [{"then": "end"}]}, {"connections": [{"steps": [{"wait": 1}]}]},
                       {"connections": [{"refuse": "no"}]}, {"connections": [{"network": {"speed": 1}}]}):
            self.assertFalse(SCRIPTS.is_valid(script), script)
            path = self.folder / "script.json"
            path.write_text(json.dumps(script))
            self.run_it("play", path, expect=USAGE)

    def test_a_client_plays_its_connections_one_after_the_other(self):
        server = self.serve(peer.echo_handler())
        client = self.play({"connections": [
            {"times": 2, "steps": [{"message": "text", "payload": "a"}, {"await": "echo"}, {"sentinel": "s"}]},
            {"steps": [{"frame": 3}, {"expect": "end"}]}]}, connect=server.url)
        client.finish()
        self.assertEqual(client.verdict["connections"], 3)
        # The server ends TCP without a Close, which RFC 6455 7.1.7 only says that it SHOULD send.
        self.assertEqual([(event["level"], event["kind"]) for event in client.violations], [("SHOULD", "failed-without-close")])

    def test_a_client_without_a_server(self):
        client = self.play({"connections": [{}]}, connect=f"ws://127.0.0.1:{unused_port()}/")
        client.wait("verdict")
        self.exit_code(client, UNREACHABLE)

    def test_a_slow_and_a_cut_line(self):
        server = self.play({"connections": [
            {"network": {"bytes_per_s": 100000, "piece": 1000}, "steps": [{"message": "binary", "payload": {"fill": "x", "len": 40000}}]},
            {"network": {"cut_after": 500, "cut_by": "reset"}, "steps": [{"message": "binary", "payload": {"fill": "x", "len": 40000}}]}]})

        async def client():
            start = time.monotonic()
            async with websockets.connect(server.url) as ws:
                self.assertEqual(len(await ws.recv()), 40000)
            self.assertGreater(time.monotonic() - start, 0.35)
            async with websockets.connect(server.url) as ws:
                with self.assertRaises(websockets.ConnectionClosed):
                    await ws.recv()
            self.assertEqual(ws.close_code, 1006)

        run(client())


if __name__ == "__main__":
    main()
