"""serving.py - `touchstone serve` for the tests: the server as a process, and a client by hand."""

import base64
import json
import os
import re
import signal
import socket
import struct
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request
from pathlib import Path

SMALL = ["--case", "1.1.1", "--case", "1.2.1", "--case", "4.1.1"]  # two echoes and a reserved opcode


def request(path, *fields):
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade",
             f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}", "Sec-WebSocket-Version: 13", *fields]
    return "\r\n".join([*lines, "", ""]).encode()


class Client:
    """One WebSocket connection of a client that trusts the server: no fragments beyond what the cases here need."""

    def __init__(self, port, path, spoil=lambda head: head):
        self.masks = True
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.sock.sendall(spoil(request(path)))
        self.stream = self.sock.makefile("rb")
        self.head = b""
        while not self.head.endswith(b"\r\n\r\n"):
            line = self.stream.readline()
            if not line:
                break
            self.head += line

    def frame(self):
        head = self.stream.read(2)
        if len(head) < 2:
            return None
        length = head[1] & 127
        if length > 125:
            length = int.from_bytes(self.stream.read(2 if length == 126 else 8), "big")
        return head[0] & 15, self.stream.read(length)

    def send(self, opcode, payload):
        bit = 0x80 if self.masks else 0
        length = bytes([bit | len(payload)]) if len(payload) < 126 else bytes([bit | 126]) + struct.pack(">H", len(payload))
        key = os.urandom(4) if self.masks else b""
        masked = bytes(octet ^ key[i % 4] for i, octet in enumerate(payload)) if self.masks else payload
        self.sock.sendall(bytes([0x80 | opcode]) + length + key + masked)

    def until_the_end(self, echo, on_reserved=None):
        """Texts that came. Reserved opcodes fail the connection as they must, or as `on_reserved` does."""
        texts = []
        while (got := self.frame()) is not None:
            opcode, payload = got
            if opcode in (1, 2):
                texts.append(payload.decode("utf-8", "replace"))
                if echo:
                    self.send(opcode, payload)
            elif opcode == 9:
                self.send(10, payload)
            elif opcode == 8:
                self.send(8, payload)
                break
            elif opcode != 10:
                if on_reserved:
                    on_reserved(opcode)
                self.send(8, struct.pack(">H", 1002))
                break
        while self.stream.read(4096):
            pass
        self.sock.close()
        return texts


class Serving(unittest.TestCase):
    TOUCHSTONE = ""  # set by who runs the tests

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = Path(folder.name) / "report"
        self.process = None

    def start(self, *arguments, selection=SMALL):
        command = [self.TOUCHSTONE, "serve", "--port", "0", "--out", self.out, *selection, *arguments]
        self.process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(self.process.stdout.close)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        self.port = int(re.search(r":(\d+)/", self.process.stdout.readline()).group(1))

    def stop(self, expect):
        self.process.send_signal(signal.SIGINT)
        self.end(expect)

    def end(self, expect):
        told = self.process.stdout.read()
        self.assertEqual(self.process.wait(60), expect, told)
        return told

    def ask(self, path):
        return Client(self.port, path).until_the_end(echo=False)

    def run_case(self, number, agent):
        return Client(self.port, f"/runCase?case={number}&agent={agent}").until_the_end(echo=True)

    def drive(self, agent):
        for number in range(1, int(self.ask("/getCaseCount")[0]) + 1):
            self.run_case(number, agent)
            json.loads(self.ask(f"/getCaseStatus?case={number}&agent={agent}")[0])["behavior"]
        self.ask(f"/updateReports?agent={agent}")

    def http(self, path, method="GET"):
        try:
            with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method)) as got:
                return got.status, got.headers, got.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read().decode()

    def index(self):
        return json.loads((self.out / "index.json").read_text())
