"""touchstone serve under attack: silence, floods, resets, pages of other sites.
Usage: serve_attack_test.py PATH-OF-TOUCHSTONE [unittest options]"""

import json
import os
import socket
import struct
import sys
import unittest

from program import OK
from serving import Client, Serving, request


class Hostile(Serving):
    def lives(self):
        self.assertEqual(self.ask("/getCaseCount"), ["3"])

    def test_silence_delays_nobody(self):
        self.start()
        silent = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(50)]
        half = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(10)]
        for sock in half:
            sock.sendall(b"GET /runCase?case=1&agent=x HTTP/1.1\r\nHost:")
        self.drive("me")
        for sock in silent + half:
            sock.close()

    def answered(self, *lines):
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as one:
            one.sendall("\r\n".join([*lines, "", ""]).encode())
            return int(one.makefile("rb").readline().split()[1])

    def test_a_page_of_another_site_is_refused(self):
        self.start()
        upgrade = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
        evil = ["Host: evil.example:9001", "Origin: http://evil.example:9001"]  # its name points at this machine
        other = [f"Host: 127.0.0.1:{self.port}", "Origin: https://example.com"]
        own = [f"Host: 127.0.0.1:{self.port}", f"Origin: http://127.0.0.1:{self.port}"]
        for path in ("/events", "/updateReports?agent=a", "/getCaseStatus?case=1&agent=a"):
            for site in (evil, other):
                self.assertEqual(self.answered(f"GET {path} HTTP/1.1", *site, *upgrade), 403, (path, site))
        for path in ("/", "/report/index.html"):
            self.assertEqual(self.answered(f"GET {path} HTTP/1.1", "Host: evil.example"), 403, path)
        self.assertEqual(self.answered("GET /stopServer HTTP/1.1", *evil, *upgrade), 403)
        self.assertEqual(self.answered("GET /getCaseCount HTTP/1.1", *other, *upgrade), 101)
        self.assertEqual(self.answered("GET /updateReports?agent=a HTTP/1.1", *own, *upgrade), 101)
        self.lives()

    def test_a_thousand_slow_clients_lock_nobody_out(self):
        self.start()
        slow = []
        try:
            for _ in range(1100):
                one = socket.create_connection(("127.0.0.1", self.port), timeout=30)
                one.sendall(b"GET / HT")
                slow.append(one)
            self.lives()
        finally:
            for one in slow:
                one.close()

    def test_rubbish_and_floods_end_in_an_answer(self):
        self.start()
        for octets in (b"\x16\x03\x01\x02\x00\x01\x00", b"\x00" * 100, b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 500 + b"\r\n",
                       b"GET /" + b"x" * 1_000_000, b"SSH-2.0-OpenSSH_9\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", self.port), timeout=30) as sock:
                try:
                    sock.sendall(octets)
                    sock.shutdown(socket.SHUT_WR)
                    answer = sock.recv(100)
                except ConnectionError:  # the answer was cut short by what was still coming
                    answer = b""
                self.assertIn(answer[:10], (b"", b"HTTP/1.1 4", b"HTTP/1.1 5"))
        self.lives()

    def test_a_reset_at_any_octet(self):
        self.start("--timeout", "500ms")
        talk = request("/runCase?case=1&agent=reset")
        echo = b"\x81\x80" + bytes(4) + b"\x88\x82" + bytes(4) + b"\x03\xe8"
        for whole, path in ((talk + echo, "run"), (request("/getCaseCount"), "count"), (request("/events"), "events")):
            for cut in range(0, len(whole) + 1, 1 if path == "run" else 7):
                sock = socket.create_connection(("127.0.0.1", self.port))
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close() is a RST
                sock.sendall(whole[:cut])
                sock.close()
        self.lives()
        self.drive("me")

    def test_a_flood_of_frames_ends_with_the_case(self):
        self.start("--timeout", "500ms")
        client = Client(self.port, "/runCase?case=1&agent=flood")
        chunk = (b"\x8a\x80" + bytes(4)) * 10_000  # unsolicited Pongs
        try:
            for _ in range(2_000):
                client.sock.sendall(chunk)
        except OSError:
            pass
        client.sock.close()
        self.assertIn(json.loads(self.ask("/getCaseStatus?case=1&agent=flood")[0])["behavior"], ("FAILED", "NON-STRICT"))
        self.lives()

    def test_a_client_that_never_reads_ends_with_the_case(self):
        self.start("--timeout", "500ms", selection=["--case", "9.1.3", "--case", "1.1.1"])
        client = Client(self.port, "/runCase?case=2&agent=deaf")
        self.assertEqual(json.loads(self.ask("/getCaseStatus?case=2&agent=deaf")[0])["behavior"], "FAILED")
        client.sock.close()
        self.run_case(1, "other")
        self.assertEqual(json.loads(self.ask("/getCaseStatus?case=1&agent=other")[0])["behavior"], "OK")

    def test_a_reset_at_any_octet_of_what_the_server_sends(self):
        self.start("--timeout", "500ms", selection=["--case", "1.1.4"])
        for octets in range(1, 300, 3):  # of the head of the answer, then of the message
            with socket.create_connection(("127.0.0.1", self.port), timeout=30) as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.sendall(request("/runCase?case=1&agent=reset"))
                sock.recv(octets, socket.MSG_WAITALL)
        self.run_case(1, "other")
        self.assertEqual(json.loads(self.ask("/getCaseStatus?case=1&agent=other")[0])["behavior"], "OK")

    def test_a_page_that_does_not_read_is_let_go(self):
        self.start()
        pages = [Client(self.port, "/events") for _ in range(3)]
        self.drive("me")
        for page in pages:
            page.sock.close()
        self.lives()


if __name__ == "__main__":
    Serving.TOUCHSTONE = os.path.abspath(sys.argv.pop(1))
    unittest.main()
