"""What the tests of `touchstone play` and `touchstone tap` share: the Python client of packages/python, and the schemas
of scripts and events, by which every script and every event of these tests is held."""

import asyncio
import json
import os
import socket
import sys
from pathlib import Path

import jsonschema

from program import Program

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "packages/python"))
from touchstone_peer import NotAsScripted, play, tap  # noqa: E402, F401

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
