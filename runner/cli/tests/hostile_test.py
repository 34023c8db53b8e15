"""Servers and clients that are out to harm: every command keeps its time and its memory. Usage: hostile_test.py PATH-OF-TOUCHSTONE [unittest options]"""

import concurrent.futures
import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time

from peer import answer_to, read_head
from program import FAILURES, INCOMPLETE, OK, UNREACHABLE, Program, main

MOST = 300 * 1024 * 1024  # docs/usage.md says it
BUDGET = 5  # seconds
GRACE = 5   # for what a busy machine takes


# --- Over HTTP/1.1: those that take their time -------------------------------------------------------------------

def opened(connection):
    """Answers the opening handshake; what came after it already."""
    head, left = read_head(connection)
    connection.sendall(answer_to(head))
    return left


def reader(connection, left=b""):
    """A function that takes so many octets of what comes, `left` first."""
    def need(size):
        nonlocal left
        while len(left) < size:
            piece = connection.recv(65536)
            if not piece:
                raise OSError("ended")
            left += piece
        part, left = left[:size], left[size:]
        return part
    return need


def frames(connection, left=b""):
    """Opcode, first octet and payload of each frame of a client, until the end."""
    need = reader(connection, left)
    while True:
        first, second = need(2)
        size = second & 127
        size = struct.unpack(">H", need(2))[0] if size == 126 else struct.unpack(">Q", need(8))[0] if size == 127 else size
        key = need(4) if second & 128 else bytes(4)
        payload = need(size)
        yield first & 15, bytes(octet ^ key[i % 4] for i, octet in enumerate(payload))


def small(opcode, payload):
    return bytes([0x80 | opcode, len(payload)]) + payload


def drips(connection):
    """Everything comes back, an octet in a tenth of a second."""
    for opcode, payload in frames(connection, opened(connection)):
        for octet in small(10 if opcode == 9 else opcode or 1, payload[:100]):
            connection.sendall(bytes([octet]))
            time.sleep(0.1)


def late_pongs(connection):
    for opcode, payload in frames(connection, opened(connection)):
        if opcode == 9:
            time.sleep(4)
        connection.sendall(small(10 if opcode == 9 else opcode or 1, payload[:100]))


def never_closes(connection):
    for opcode, payload in frames(connection, opened(connection)):
        if opcode != 8:
            connection.sendall(small(10 if opcode == 9 else opcode or 1, payload[:100]))


def says_nothing(connection):
    opened(connection)
    while connection.recv(65536):
        pass


def never_reads(connection):
    opened(connection)
    time.sleep(600)


def reads_slowly(connection):
    opened(connection)
    while connection.recv(1):
        time.sleep(1)


def pings_for_ever(connection):
    opened(connection)
    while True:
        connection.sendall(b"\x89\x01x")
        time.sleep(0.1)


def head_for_ever(connection):
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 101 X\r\nA: ")
    while True:
        connection.sendall(b"a")
        time.sleep(0.1)


SLOW = [drips, late_pongs, never_closes, says_nothing, never_reads, reads_slowly, pings_for_ever, head_for_ever]


# --- Over HTTP/2: floods of what is cheap to send and dear to keep ------------------------------------------------

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
STATUS_200 = b"\x88"  # RFC 7541 A, indexed
FIELD_OF_4000 = b"\x40\x01a\x7f" + b"\xa1\x1e" + b"x" * 4000  # RFC 7541 6.2.1: "a", 127 + 3873 octets; enters the table


def http2(kind, payload=b"", flags=0, stream=0):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def session(connection, settings=b""):
    """Yields the number of each stream that a client opens. Its SETTINGS and PINGs are answered."""
    connection.sendall(http2(SETTINGS, b"\0\x08\0\0\0\1" + settings))  # RFC 8441 3
    need = reader(connection)
    need(len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
    while True:
        head = need(9)
        size, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
        payload = need(size)
        if kind == SETTINGS and not flags & 1:
            connection.sendall(http2(SETTINGS, flags=1))
        elif kind == PING and not flags & 1:
            connection.sendall(http2(PING, payload, flags=1))
        elif kind == HEADERS:
            yield int.from_bytes(head[5:], "big") & 0x7fffffff


def flood(octets, opens=True, settings=b""):
    """After a stream is opened (and accepted), `octets(stream)` for ever."""
    def one(connection):
        for stream in session(connection, settings):
            if opens:
                connection.sendall(http2(HEADERS, STATUS_200, flags=4, stream=stream))
            part = octets(stream)
            while part:
                connection.sendall(part)
    return one


def many(kind, payload=b"", flags=0, times=500):
    return lambda stream: http2(kind, payload, flags, stream) * times


HTTP2 = {
    "CONTINUATION without an end": lambda connection: [
        (connection.sendall(http2(HEADERS, STATUS_200, stream=stream)), flood_of(connection, http2(
            CONTINUATION, b"\x40\x01a\x01b" * 2000, stream=stream))) for stream in session(connection)],
    "empty CONTINUATION": lambda connection: [
        (connection.sendall(http2(HEADERS, STATUS_200, stream=stream)), flood_of(connection, http2(
            CONTINUATION, stream=stream) * 1000)) for stream in session(connection)],
    "an HPACK bomb": flood(lambda stream: http2(HEADERS, STATUS_200 + FIELD_OF_4000 + b"\xbe" * 12000, 4, stream),
                           opens=False),
    "SETTINGS": flood(lambda stream: http2(SETTINGS, b"\0\4\0\0\xff\xff") * 1000),
    "PINGs of the session": flood(lambda stream: http2(PING, bytes(8)) * 1000),
    "RST_STREAM": flood(many(RST_STREAM, b"\0\0\0\2", times=1000)),
    "empty DATA": flood(many(DATA, times=1000)),
    "WINDOW_UPDATE": flood(many(WINDOW_UPDATE, b"\0\0\0\1", times=1000)),
    "trailers": flood(many(HEADERS, b"\x40\x01a\x01b", 4)),
    "GOAWAY": flood(lambda stream: http2(GOAWAY, b"\x7f\xff\xff\xff\0\0\0\0" + b"x" * 1000) * 100),
    "frames of an unknown kind": flood(lambda stream: http2(200, b"x" * 16000, 0, stream) * 4),
    "padding": flood(lambda stream: http2(DATA, b"\xff" + bytes(255), 8, stream) * 100),
    "Pings within the tunnel": flood(lambda stream: http2(DATA, b"\x89\x01x" * 1000, 0, stream)),
    "a window of one octet": flood(lambda stream: b"", settings=b"\0\4\0\0\0\1"),
}


def flood_of(connection, octets):
    while True:
        connection.sendall(octets)


class Servers(Program):
    def start(self, name, url, *arguments):
        """A run with a budget."""
        said = open(self.folder / f"{name}.txt", "wb")
        self.addCleanup(said.close)
        process = subprocess.Popen([self.touchstone, "test", url, "--profile", "core", "--budget", f"{BUDGET}s", "--out",
                                    self.folder / name, *arguments], stdout=said, stderr=said, cwd=self.folder)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def ended(self, process):
        """Exit code and peak of memory in bytes, once it has ended."""
        timer = threading.Timer(120, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, usage.ru_maxrss * 1024

    def assert_bounds(self, name, code, most):
        said = (self.folder / f"{name}.txt").read_text(errors="replace")[-2000:]
        self.assertIn(code, (FAILURES, UNREACHABLE, INCOMPLETE), said)
        # The reports come after, and a busy machine takes its time for them.
        if cases := re.search(r"^\d+ cases? in ([\d.]+) (m?s)", said, re.M):
            self.assertLess(float(cases[1]) / (1000 if cases[2] == "ms" else 1), BUDGET + GRACE, said)
        else:
            self.assertEqual(code, UNREACHABLE, said)
        self.assertLess(most, MOST, said)

    def run_all(self, servers, at_a_time, *arguments):
        def run(row):
            name, one = row
            return name, self.ended(self.start(name, f"ws://127.0.0.1:{self.serve_sockets(one)}/", *arguments))

        with concurrent.futures.ThreadPoolExecutor(at_a_time) as pool:
            for name, end in pool.map(run, servers.items()):
                with self.subTest(name):
                    self.assert_bounds(name, *end)

    def test_that_take_their_time_end_with_the_budget(self):
        self.run_all({one.__name__: one for one in SLOW}, len(SLOW))

    def test_that_flood_over_http2_are_bounded(self):
        self.run_all(HTTP2, 4, "--http", "2")


# --- Clients ------------------------------------------------------------------------------------------------------

REQUEST = (b"GET %s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n")
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + http2(SETTINGS)
CLIENTS = {
    "says nothing": (b"", b""),
    "a head without an end": (b"GET / HTTP/1.1\r\nA: ", b"a" * 65536),
    "fields without an end": (b"GET / HTTP/1.1\r\n", b"A: b\r\n" * 8192),
    "garbage": (b"", bytes(range(256)) * 256),
    "Pings": (REQUEST, (b"\x89\xfd\0\0\0\0" + b"p" * 125) * 500),
    "empty messages": (REQUEST, b"\x81\x80\0\0\0\0" * 5000),
    "a message without an end": (REQUEST + b"\x01\x80\0\0\0\0", b"\0\x81\0\0\0\0x" * 5000),
    "a frame without an end": (REQUEST + b"\x82\xff" + struct.pack(">Q", 2 ** 63 - 1) + bytes(4), b"z" * 65536),
    "CONTINUATION without an end": (PREFACE + http2(HEADERS, b"\x82", stream=1),
                                    http2(CONTINUATION, b"\x40\x01a\x01b" * 2000, stream=1)),
    "PINGs of the session": (PREFACE, http2(PING, bytes(8)) * 1000),
    "SETTINGS": (PREFACE, http2(SETTINGS, b"\0\4\0\0\xff\xff") * 1000),
}


class Clients(Program):
    """Beside all of them, each command that listens stays bounded, and ends when it is asked to."""

    def attack(self, port, path, seconds=2):
        until = time.monotonic() + seconds

        def one(start, more):
            while time.monotonic() < until:
                try:
                    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
                        connection.settimeout(1)
                        connection.sendall(start % path if b"%s" in start else start)
                        while time.monotonic() < until:
                            connection.sendall(more) if more else time.sleep(0.1)
                except OSError:
                    time.sleep(0.05)

        threads = [threading.Thread(target=one, args=row) for row in CLIENTS.values() for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def listening(self, *arguments):
        process = subprocess.Popen([self.touchstone, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   text=True, cwd=self.folder, stdin=subprocess.PIPE)
        for stream in (process.stdout, process.stdin):
            self.addCleanup(stream.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        while (line := process.stdout.readline()):
            if found := re.search(r"(?:127\.0\.0\.1|localhost|\[::1?\]|0\.0\.0\.0):(\d+)", line):
                # Nobody may be kept from writing by a full pipe.
                threading.Thread(target=lambda: [None for _ in process.stdout], daemon=True).start()
                return process, int(found.group(1))
        self.fail(f"{arguments}: no port")

    def test_do_no_harm(self):
        _, upstream = self.echo_process()
        for name, arguments, path in (("echo", ["--port", "0", "--http", "auto"], b"/"),
                                      ("serve", ["--port", "0", "--out", self.folder / "serve"], b"/runCase?case=1&agent=a"),
                                      ("serve --next", ["--next", "--port", "0", "--out", self.folder / "next"], b"/"),
                                      ("play", ["--port", "0"], b"/"), ("tap", ["--upstream", upstream, "--port", "0"], b"/")):
            with self.subTest(name):
                process, port = self.listening(name.split()[0], *arguments)
                self.attack(port, path)
                self.assertIsNone(process.poll(), f"{name} ended")
                begun = time.monotonic()
                process.send_signal(signal.SIGINT)
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
                self.assertLess(time.monotonic() - begun, 6, name)  # a second, and what a busy machine takes
                self.assertIn(process.returncode, (OK, FAILURES, UNREACHABLE, INCOMPLETE, -signal.SIGINT), name)
                self.assertLess(usage.ru_maxrss * 1024, MOST, name)


if __name__ == "__main__":
    main()
