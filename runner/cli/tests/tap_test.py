"""`touchstone tap`, between clients and servers of the websockets library.
Usage: tap_test.py PATH-OF-TOUCHSTONE [unittest options]"""

import asyncio
import json
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request

import websockets

from live import Live, REQUEST, raw, run, tap
from program import FAILURES, OK, UNREACHABLE, USAGE, main, unused_port


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
