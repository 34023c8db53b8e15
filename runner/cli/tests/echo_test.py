"""`touchstone echo` and `touchstone bench`. Usage: echo_test.py PATH-OF-TOUCHSTONE [unittest options]"""

import json
import re
import signal
import socket
import ssl
import subprocess
import warnings
from pathlib import Path

import jsonschema

import peer
from program import FAILURES, INCOMPLETE, OK, UNREACHABLE, USAGE, Program, main, unused_port


class Echo(Program):
    def test_the_server_ends_in_order(self):
        for ways in [(), ("--threads", "3"), ("--coroutines",)] * 15:  # whichever thread it finds, whatever that is about to do
            process, url = self.echo_process(*ways)
            self.assertRegex(url, r"^ws://127\.0\.0\.1:\d+/$")
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(timeout=30), OK)

    def test_tls_1_2_and_1_3_are_spoken_and_nothing_older(self):
        _process, url = self.echo_process("--tls")
        port = int(url.rstrip("/").rpartition(":")[2])
        for version, spoken in ((ssl.TLSVersion.TLSv1_1, None), (ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_ciphers("ALL:@SECLEVEL=0")  # or the client itself would refuse the old version
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = context.maximum_version = version
            with socket.create_connection(("127.0.0.1", port), timeout=30) as sock:
                if spoken is None:
                    self.assertRaises(ssl.SSLError, context.wrap_socket, sock)
                else:
                    self.assertEqual(context.wrap_socket(sock).version(), spoken)

    def test_the_server_closes_its_connections_as_it_ends(self):
        process, url = self.echo_process()
        port = int(url.rstrip("/").rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=30) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += sock.recv(1)
            process.send_signal(signal.SIGTERM)
            connection = peer.Connection(sock)
            _fin, opcode, payload = connection.frame()
            self.assertEqual((opcode, payload[:2]), (peer.CLOSE, b"\x03\xe9"))  # RFC 6455 7.4.1: 1001, going away
            sock.sendall(b"\x88\x82\0\0\0\0\x03\xe9")
            self.assertEqual(sock.recv(1), b"")
        self.assertEqual(process.wait(timeout=30), OK)

    def test_the_client_echoes_until_it_is_closed(self):
        echoed = []

        def handler(connection, _number):
            connection.handshake()
            connection.send(peer.TEXT, b"hello")
            echoed.append(connection.frame()[2])
            connection.send(peer.CLOSE, b"\x03\xe8")
            connection.frame()

        server = self.serve(handler)
        self.run_it("echo", "--connect", server.url, expect=OK)
        self.assertEqual(echoed, [b"hello"])

    def test_the_client_tells_of_an_abrupt_end(self):
        server = self.serve(lambda connection, _number: connection.handshake())
        done = self.run_it("echo", "--connect", server.url, expect=FAILURES)
        self.assertIn("without a closing handshake", done.stderr)

    def test_the_client_cannot_connect(self):
        self.run_it("echo", "--connect", f"ws://127.0.0.1:{unused_port()}/", expect=UNREACHABLE)

    def test_a_port_in_use(self):
        _, url = self.echo_process()
        port = url.rstrip("/").rsplit(":", 1)[1]
        self.assertIn(port, self.run_it("echo", "--port", port, expect=USAGE).stderr)


class Bench(Program):
    SHORT = ["--connections", "5", "--duration", "300ms", "--warm-up", "0s"]

    def measured(self, *arguments, expect):
        done = self.run_it("bench", *arguments, "--json", "load.json", "--html", "load.html", expect=expect)
        load = json.loads((self.folder / "load.json").read_text())
        schema = json.loads((Path(__file__).parents[3] / "reports/schema/bench.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(load)
        self.assertIn("<svg", (self.folder / "load.html").read_text())
        return done, load

    def test_a_load_is_measured_and_written(self):
        _, url = self.echo_process()
        done, load = self.measured(url, *self.SHORT, "--text", "--deflate", expect=OK)
        self.assertIn("5 of 5 connections opened", done.stdout)
        self.assertGreater(load["load"]["echoes"], 0)
        self.assertTrue(load["options"]["deflate"])
        _, load = self.measured(url, *self.SHORT, "--rate", "200", expect=OK)
        self.assertEqual(load["load"]["latency_from"], "due")
        self.assertAlmostEqual(load["load"]["echoes"], 60, delta=20)
        _, load = self.measured(url, *self.SHORT, "--idle", expect=OK)
        self.assertNotIn("load", load)
        self.assertEqual(load["opening"]["opened"], 5)

    def test_wss_needs_trust(self):
        _, url = self.echo_process("--tls")
        self.assertIn("certificate", self.run_it("bench", url, *self.SHORT, expect=UNREACHABLE).stderr)
        self.measured(url, *self.SHORT, "--insecure", expect=OK)

    def test_a_server_that_cannot_be_reached_is_named(self):
        port = unused_port()
        done, load = self.measured(f"ws://127.0.0.1:{port}/", expect=UNREACHABLE)
        self.assertIn(f"127.0.0.1:{port}: Connection refused", done.stderr)
        self.assertIn("refused", load["unreachable"])

    def test_what_was_measured_before_the_server_died_is_kept(self):
        process, url = self.echo_process()
        bench = subprocess.Popen([self.touchstone, "bench", url, "--warm-up", "0s", "--duration", "60s", "--json", "load.json"],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder)
        self.assertIn("measuring", bench.stderr.readline())
        process.kill()
        out, err = bench.communicate(timeout=60)
        self.assertEqual(bench.returncode, UNREACHABLE, err)
        # With a FIN, or with a RST where octets of ours were not read.
        self.assertEqual(sum(map(int, re.findall(r"ended early: (\d+) connection", out))), 100, out)
        self.assertGreater(json.loads((self.folder / "load.json").read_text())["load"]["echoes"], 0)

    def test_an_interrupted_load_is_told_and_kept(self):
        _, url = self.echo_process()
        bench = subprocess.Popen([self.touchstone, "bench", url, "--warm-up", "0s", "--duration", "60s", "--json", "load.json"],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder)
        self.assertIn("measuring", bench.stderr.readline())
        bench.send_signal(signal.SIGINT)
        out, err = bench.communicate(timeout=60)
        self.assertEqual(bench.returncode, INCOMPLETE, err)
        self.assertTrue(json.loads((self.folder / "load.json").read_text())["interrupted"])


if __name__ == "__main__":
    main()
