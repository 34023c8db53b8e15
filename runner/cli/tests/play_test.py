"""`touchstone play` and `touchstone tap`, with the Python client of packages/python and the websockets library as what
they test. Usage: play_test.py PATH-OF-TOUCHSTONE [unittest options]"""

import asyncio
import json
import os
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

import jsonschema
import websockets

import peer
from program import FAILURES, INCOMPLETE, OK, UNREACHABLE, USAGE, Program, main, unused_port

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "packages/python"))
import touchstone_peer  # noqa: E402
from touchstone_peer import NotAsScripted, play, tap  # noqa: E402

EVENTS = jsonschema.Draft202012Validator(json.loads((ROOT / "runner/live/schema/events.schema.json").read_text()))
SCRIPT = json.loads((ROOT / "runner/live/schema/script.schema.json").read_text())
CASES = json.loads((ROOT / "cases/case.schema.json").read_text())
SCRIPTS = jsonschema.Draft202012Validator(
    SCRIPT, resolver=jsonschema.RefResolver("script.schema.json", SCRIPT, store={"case.schema.json": CASES}))

REQUEST = (b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 60))


def raw(url):
    """A socket on which the opening handshake is done."""
    sock = socket.create_connection(("127.0.0.1", int(url.rstrip("/").rpartition(":")[2])), timeout=30)
    sock.sendall(REQUEST)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += sock.recv(1)
    assert b" 101 " in head, head
    return sock


class Live(Program):
    def setUp(self):
        super().setUp()
        os.environ["TOUCHSTONE"] = self.touchstone

    def play(self, script=None, **options):
        if script is not None:
            SCRIPTS.validate(script)
        return self.kept(play(script, **options))

    def kept(self, peer_):
        self.addCleanup(peer_.stop)
        self.addCleanup(lambda: [EVENTS.validate(event) for event in peer_.events])
        return peer_

    def exit_code(self, peer_, expect):
        peer_.stop()
        self.assertEqual(peer_._process.returncode, expect, peer_.why())
        self.assertEqual(peer_.verdict["exit"], expect)


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


class Tap(Live):
    def tap(self, upstream, **options):
        return self.kept(tap(upstream, **options))

    async def served(self, handler=None):
        async def echo(ws, *_):
            async for message in ws:
                await ws.send(message)

        return await websockets.serve(handler or echo, "127.0.0.1", 0)

    @staticmethod
    def url_of(server):
        return f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"

    def through(self, client, handler=None, **options):
        """Runs client(url of the tap) against a server of the websockets library; the tap, ended."""
        async def both():
            server = await self.served(handler)
            tapped = await asyncio.to_thread(self.tap, self.url_of(server), **options)
            try:
                await client(tapped)
            finally:
                server.close()
                await server.wait_closed()
            return tapped

        return run(both())

    def test_what_is_right_goes_through_unblamed(self):
        async def client(tapped):
            for size in (0, 125, 126, 65536, 200000):
                async with websockets.connect(tapped.url, max_size=None) as ws:
                    await ws.send("x" * size)
                    self.assertEqual(await ws.recv(), "x" * size)
                    await (await ws.ping())

        tapped = self.through(client)
        self.exit_code(tapped, OK)
        self.assertEqual(tapped.violations, [])
        self.assertEqual(tapped.verdict["connections"], 5)

    def accused(self, tapped, side):
        tapped.stop()
        return [(event["kind"], event["clause"], event["connection"]) for event in tapped.violations if event["by"] == side]

    def test_a_strict_server_is_never_accused_whatever_is_said_to_it(self):
        _process, url = self.echo_process()
        tapped = self.tap(url)
        self.run_test(tapped.url, "--profile", "core", "--shard", "1/3", "--quiet", expect=OK)
        self.assertEqual(self.accused(tapped, "server"), [])
        self.assertGreater(len(tapped.violations), 100)  # all of the tester's

    def test_a_strict_client_is_never_accused_whatever_is_said_to_it(self):
        serve = subprocess.Popen([self.touchstone, "serve", "--profile", "core", "--shard", "1/3", "--port", "0", "--out", self.out],
                                 stdout=subprocess.PIPE, text=True)
        self.addCleanup(serve.stdout.close)
        self.addCleanup(serve.wait)
        self.addCleanup(serve.terminate)
        tapped = self.tap(re.search(r"ws://\S+", serve.stdout.readline())[0])
        self.run_it("echo", "--drive", "--connect", tapped.url, expect=OK)
        self.assertEqual(self.accused(tapped, "client"), [])
        self.assertGreater(len(tapped.violations), 100)

    def test_a_planted_fault_blames_nobody_who_refuses_it(self):
        async def client(tapped):
            async with websockets.connect(tapped.url) as ws:
                for word in ("one", "two"):
                    await ws.send(word)
                    self.assertEqual(await ws.recv(), word)
                await ws.send("three")
                await ws.wait_closed()
                self.assertEqual(ws.close_code, 1002)  # RFC 6455 5.1

        fault = {"fault": {"from": "client", "frame": 3, "change": "mask-bit"}}
        tapped = self.through(client, commands=[fault])
        self.exit_code(tapped, OK)
        planted = tapped.wait("planted")
        self.assertEqual((planted["from"], planted["frame"], planted["change"]), ("client", 3, "mask-bit"))

    def test_a_server_that_takes_it_is_accused(self):
        _process, url = self.echo_process("--fault", "accepts-unmasked")
        tapped = self.tap(url, commands=[{"fault": {"from": "client", "frame": 1, "change": "unmask"}}])

        async def client():
            async with websockets.connect(tapped.url) as ws:
                await ws.send("a")
                self.assertEqual(await ws.recv(), "a")
                await (await ws.ping(b"after the fault"))

        run(client())
        self.exit_code(tapped, FAILURES)
        found = tapped.violations[0]
        self.assertEqual((found["by"], found["kind"], found["clause"]), ("server", "fault-ignored", "RFC 6455 5.1"))

    def test_a_server_and_a_client_with_a_fault_are_told_apart(self):
        _process, url = self.echo_process("--fault", "sends-1005")
        tapped = self.tap(url)
        with raw(tapped.url) as sock:
            sock.sendall(b"\xc1\x81\0\0\0\0a")  # RSV1, and nothing was agreed on
            while sock.recv(1000):
                pass
        tapped.wait("ended", **{"from": "server"})
        tapped.stop()
        self.assertIn("client", {event["by"] for event in tapped.violations})
        self.assertEqual([event["rule"] for event in tapped.violations if event["by"] == "client"], ["reserved-bit"])

    def test_the_network_is_as_bad_as_it_is_told(self):
        async def client(tapped):
            async with websockets.connect(tapped.url) as ws:
                start = time.monotonic()
                await ws.send("x")
                await ws.recv()
                self.assertGreater(time.monotonic() - start, 0.19)  # twice 100 ms
                tapped.command({"network": {"latency_ms": 0, "stall": True}, "to": "client"})
                await ws.send("y")
                with self.assertRaises(asyncio.TimeoutError):
                    await asyncio.wait_for(ws.recv(), 0.3)
                tapped.command({"network": {"stall": False}})
                self.assertEqual(await ws.recv(), "y")
                tapped.command({"drop": "reset", "side": "client"})
                await ws.wait_closed()
                self.assertEqual(ws.close_code, 1006)

        self.exit_code(self.through(client, commands=[{"network": {"latency_ms": 100}}]), OK)

    def test_commands_over_http(self):
        async def client(tapped):
            control = tapped.first["control"]

            def ask(body=None, headers={}):
                request = urllib.request.Request(control, body and json.dumps(body).encode(), headers)
                return json.load(urllib.request.urlopen(request, timeout=30))

            await asyncio.to_thread(ask, {"network": {"cut_after": 10, "cut_by": "reset"}, "to": "client"})
            with self.assertRaises(Exception):
                await websockets.connect(tapped.url)
            await asyncio.to_thread(ask, {"clear": True})
            async with websockets.connect(tapped.url) as ws:
                await ws.send("x")
                self.assertEqual(await ws.recv(), "x")
                self.assertEqual((await asyncio.to_thread(ask))["open"], 1)
            for body, headers, status in (({"network": {"sped": 1}}, {}, 400), ({"clear": True}, {"Origin": "http://evil.test"}, 403)):
                with self.assertRaises(urllib.error.HTTPError) as refused:
                    await asyncio.to_thread(ask, body, headers)
                self.assertEqual(refused.exception.code, status)

        self.exit_code(self.through(client, options=["--control", "0"]), OK)

    def test_transcripts_hold_what_was_said(self):
        async def client(tapped):
            async with websockets.connect(tapped.url, compression=None) as ws:
                await ws.send("hello")
                await ws.recv()

        self.through(client, options=["--out", str(self.folder / "said")])
        lines = [json.loads(line) for line in (self.folder / "said/connection-1.jsonl").read_text().splitlines()]
        said = bytes.fromhex("".join(line["hex"] for line in lines if line.get("from") == "server"))
        self.assertIn(b"\x81\x05hello", said)

    def test_plain_http_goes_through_and_is_not_judged(self):
        def one(sock):
            sock.recv(10000)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

        tapped = self.tap(f"ws://127.0.0.1:{self.serve_sockets(one)}/")
        with urllib.request.urlopen(tapped.url.replace("ws:", "http:"), timeout=30) as page:
            self.assertEqual(page.read(), b"ok")
        self.exit_code(tapped, OK)

    def test_an_upstream_that_is_not_there(self):
        tapped = self.tap(f"ws://127.0.0.1:{unused_port()}/")
        with self.assertRaises((OSError, EOFError)):
            with socket.create_connection(("127.0.0.1", tapped.first["port"]), timeout=30) as sock:
                sock.sendall(REQUEST)
                if not sock.recv(1):
                    raise EOFError
        tapped.wait("unreachable")
        self.exit_code(tapped, UNREACHABLE)

    def test_a_wrong_command_is_told(self):
        done = self.run_it("tap", "--upstream", "ws://127.0.0.1:1/", "--do", '{"fault": {"from": "me"}}', expect=USAGE)
        self.assertRegex(done.stderr, re.compile("--do: command#/fault"))


if __name__ == "__main__":
    main()
