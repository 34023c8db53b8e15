"""touchstone serve as clients meet it: Autobahn's answers, HTTP, restarts, hostile clients, exit codes.
Usage: serve_test.py PATH-OF-TOUCHSTONE [unittest options]"""

import base64
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.error
import urllib.request
from pathlib import Path

TOUCHSTONE = ""
OK, FAILURES, USAGE, UNREACHABLE, INCOMPLETE = range(5)
SMALL = ["--case", "1.1.1", "--case", "1.2.1", "--case", "4.1.1"]  # two echoes and a reserved opcode


def request(path, *fields):
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade",
             f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}", "Sec-WebSocket-Version: 13", *fields]
    return "\r\n".join([*lines, "", ""]).encode()


class Client:
    """One WebSocket connection of a client that trusts the server: no fragments beyond what the cases here need."""

    def __init__(self, port, path):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.sock.sendall(request(path))
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
        length = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack(">H", len(payload))
        key = os.urandom(4)
        masked = bytes(octet ^ key[i % 4] for i, octet in enumerate(payload))
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
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = Path(folder.name) / "report"
        self.process = None

    def start(self, *arguments, selection=SMALL):
        command = [TOUCHSTONE, "serve", "--port", "0", "--out", self.out, *selection, *arguments]
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


class Autobahn(Serving):
    def test_its_questions_get_its_answers(self):
        self.start()
        self.assertEqual(self.ask("/getCaseCount"), ["3"])
        info = json.loads(self.ask("/getCaseInfo?case=1")[0])
        self.assertEqual((info["id"], set(info)), ("1.1.1", {"id", "description"}))
        self.assertEqual(json.loads(self.ask("/getCaseInfo?casetuple=4.1.1")[0])["id"], "4.1.1")
        self.run_case(3, "me")
        self.assertEqual(json.loads(self.ask("/getCaseStatus?case=3&agent=me")[0]), {"behavior": "OK"})
        self.assertEqual(self.ask("/updateReports?agent=me"), [])
        self.assertEqual(set(self.index()), {"me"})

    def test_once_ends_after_the_first_report(self):
        self.start("--once")
        self.drive("me")
        self.assertIn("3 cases: 3 OK", self.end(OK))

    def test_stop_server_and_shutdown_on_complete(self):
        self.start()
        self.ask("/stopServer")
        self.end(OK)
        self.start()
        self.ask("/updateReports?agent=x&shutdownOnComplete=true")
        self.end(OK)

    def test_its_file_is_taken_as_it_is(self):
        spec = self.out.parent / "fuzzingserver.json"
        spec.write_text(json.dumps({"url": "ws://127.0.0.1:9001", "options": {"failByDrop": False, "versions": [13]},
                                    "outdir": "./reports/clients", "webport": 8080, "cases": ["1.1.*"],
                                    "exclude-cases": ["1.1.8"], "exclude-agent-cases": {"slow*": ["1.1.2"]}}))
        self.start("--spec", spec, selection=[])
        self.assertEqual(self.ask("/getCaseCount"), ["7"])
        self.assertEqual(self.run_case(2, "slow one".replace(" ", "+")), [])
        self.assertEqual(len(self.run_case(2, "fast")), 1)

    def test_a_star_of_its_file_is_its_own_517_cases(self):
        spec = self.out.parent / "fuzzingserver.json"
        ids = []
        for cases in ({"cases": ["*"]}, {"cases": ["1.1.*"], "touchstone": ["opening-answer/*"]}):
            spec.write_text(json.dumps({"url": "ws://127.0.0.1:9001", **cases}))
            self.start("--spec", spec, selection=[])
            count = int(self.ask("/getCaseCount")[0])
            ids.append([json.loads(self.ask(f"/getCaseInfo?case={number}")[0])["id"] for number in range(1, count + 1)])
            self.stop(OK)
        self.assertTrue(all(re.fullmatch(r"\d+(\.\d+)+", case) for case in ids[0]), ids[0])
        self.assertGreaterEqual(len(ids[0]), 510)  # a few cases of ours are two of its own
        self.assertEqual(ids[1][:8], [f"1.1.{number}" for number in range(1, 9)])
        self.assertTrue(all(case.startswith("opening-answer/") for case in ids[1][8:]) and len(ids[1]) > 8, ids[1])

    def test_cases_of_a_file_of_ones_own_are_played(self):
        own = self.out.parent / "own.json"
        own.write_text(json.dumps({"suite": "own", "about": "Text.", "groups": [{
            "id": "one", "title": "A text message that is not UTF-8", "requirements": ["rfc6455-8.1-1"],
            "steps": [{"message": "text", "payload": {"hex": "ff"}}], "expect": {"end": {"fails": [1007]}}}]}))
        listed = subprocess.run([TOUCHSTONE, "list", "--cases", own], capture_output=True, text=True)
        self.assertEqual((listed.returncode, listed.stdout.split()[0]), (OK, "own/one"), listed)
        self.start("--cases", own, selection=[])
        self.assertEqual(self.ask("/getCaseCount"), ["1"])
        self.assertEqual(json.loads(self.ask("/getCaseInfo?case=1")[0])["id"], "own/one")
        missing = subprocess.run([TOUCHSTONE, "serve", "--cases", own.with_name("none.json")], capture_output=True,
                                 text=True, timeout=60)
        self.assertEqual(missing.returncode, 2)
        self.assertIn("cannot read", missing.stderr)

    def test_a_driver_may_knock_before_it_begins(self):
        self.start()
        knock = Client(self.port, "/")
        self.assertIn(b" 101 ", knock.head.splitlines()[0])
        self.assertEqual(knock.until_the_end(echo=False), [])

    def test_clients_side_by_side_have_results_of_their_own(self):
        self.start()
        first = Client(self.port, "/runCase?case=1&agent=first")
        self.run_case(1, "second")  # while the other one has not even answered
        first.until_the_end(echo=False)
        for agent, behavior in (("first", "FAILED"), ("second", "OK")):
            self.assertEqual(json.loads(self.ask(f"/getCaseStatus?case=1&agent={agent}")[0])["behavior"], behavior)


    def test_four_drivers_at_once(self):
        self.start()
        agents = [f"agent {number}" for number in range(4)]
        drivers = [threading.Thread(target=self.drive, args=(agent.replace(" ", "%20"),)) for agent in agents]
        for driver in drivers:
            driver.start()
        for driver in drivers:
            driver.join()
        self.assertEqual(sorted(self.index()), agents)
        for agent in agents:
            self.assertEqual({case: result["behavior"] for case, result in self.index()[agent].items()},
                             {"1.1.1": "OK", "1.2.1": "OK", "4.1.1": "OK"})


class Results(Serving):
    def test_survive_a_restart_and_a_kill(self):
        self.start()
        self.run_case(1, "me")
        self.ask("/getCaseStatus?case=1&agent=me")  # it is judged
        self.process.kill()
        self.process.wait()
        self.start()
        self.assertEqual(json.loads(self.ask("/getCaseStatus?case=1&agent=me")[0]), {"behavior": "OK"})
        self.run_case(2, "me")
        self.run_case(3, "me")
        self.ask("/updateReports?agent=me")
        self.assertEqual(set(self.index()["me"]), {"1.1.1", "1.2.1", "4.1.1"})
        self.stop(OK)

    def test_exit_1_when_a_case_failed(self):
        self.start("--once", "--timeout", "300ms")
        for number in (1, 2, 3):
            Client(self.port, f"/runCase?case={number}&agent=mute").until_the_end(echo=False)
        self.ask("/updateReports?agent=mute")
        self.end(FAILURES)

    def test_exit_4_when_a_driver_stops_early(self):
        self.start("--once")
        self.run_case(1, "me")
        self.ask("/updateReports?agent=me")
        self.end(INCOMPLETE)


    def test_a_driver_that_disappears_in_a_case(self):
        """Nobody knows whether its program died: the case is neither OK nor FAILED."""
        self.start()
        self.run_case(1, "gone")
        client = Client(self.port, "/runCase?case=3&agent=gone")  # a reserved opcode: it may end TCP
        client.sock.shutdown(socket.SHUT_RDWR)
        client.sock.close()
        self.run_case(1, "other")  # the server has seen that by the time it has served another
        self.ask("/updateReports?agent=other")
        self.stop(FAILURES)
        lines = [json.loads(line) for line in (self.out / "journal.jsonl").read_text().splitlines()]
        behaviors = {(each["result"]["agent"], each["result"]["aliases"][0]): each["result"]["behavior"]
                     for each in lines if "result" in each}
        self.assertEqual(behaviors, {("gone", "1.1.1"): "OK", ("gone", "4.1.1"): "ERRORED", ("other", "1.1.1"): "OK"})


class Http(Serving):
    def test_serves_the_page_and_the_report(self):
        self.start()
        for path, kind in (("/", "text/html"), ("/live.js", "text/javascript"), ("/driver.js", "text/javascript"),
                           ("/theme.css", "text/css"), ("/dom.js", "text/javascript"), ("/live.css", "text/css")):
            status, headers, body = self.http(path)
            self.assertEqual((status, headers["Content-Type"].split(";")[0]), (200, kind))
            self.assertEqual(int(headers["Content-Length"]), len(body.encode()))
        self.assertEqual(self.http("/report/index.html")[0], 404)
        self.drive("me")
        self.assertIn("Touchstone", self.http("/report/")[2])
        self.assertEqual(json.loads(self.http("/report/report.json")[2])["agents"][0]["name"], "me")
        self.assertEqual(self.http("/report/", method="HEAD")[2], "")

    def test_says_what_is_wrong(self):
        self.start()
        for path, method, status, words in (("/nowhere", "GET", 404, "/getCaseCount"), ("/runCase?case=1&agent=x", "GET", 426, "WebSocket"),
                                            ("/", "POST", 405, "GET"), ("/report/../journal.jsonl", "GET", 404, "")):
            got = self.http(path, method)
            self.assertEqual(got[0], status, path)
            self.assertIn(words, got[2])
        for path, status, words in (("/runCase?case=1", b"400", b"agent=NAME is missing"), ("/live.js", b"404", b"plain HTTP"),
                                    ("/runCase?case=4&agent=x", b"400", b"from 1 to 3"), ("/chat", b"404", b"nothing at")):
            client = Client(self.port, path)
            self.assertIn(b" " + status + b" ", client.head.splitlines()[0])
            self.assertIn(words, client.stream.read())
            client.sock.close()

    def test_a_bad_handshake_for_a_case_is_told_and_recorded(self):
        self.start()
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as sock:
            sock.sendall(request("/runCase?case=1&agent=old").replace(b"Version: 13", b"Version: 8"))
            self.assertTrue(sock.makefile("rb").readline().startswith(b"HTTP/1.1 426 "))
        self.assertEqual(json.loads(self.ask("/getCaseStatus?case=1&agent=old")[0])["behavior"], "FAILED")


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


class Command(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = Path(folder.name) / "report"

    def serve(self, command, *arguments, expect, selection=SMALL):
        done = subprocess.run([TOUCHSTONE, "serve", "--out", self.out, "--command", command, *selection, *arguments],
                              capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done

    def test_the_reference_client_conforms(self):
        done = self.serve(f"{TOUCHSTONE} echo --drive --connect {{url}}", "--agent", "reference", "--profile", "core",
                          expect=OK, selection=[])
        self.assertRegex(done.stdout.splitlines()[-1], r" 0 NON-STRICT, .* 0 UNIMPLEMENTED, .* 0 FAILED, 0 ERRORED$")

    def test_the_reference_client_conforms_over_tls(self):
        done = self.serve(f"{TOUCHSTONE} echo --drive --ca {self.out}/certificate.pem --connect {{url}}", "--tls",
                          "--profile", "core", expect=OK, selection=[])
        self.assertRegex(done.stdout.splitlines()[-1], r" 0 NON-STRICT, .* 0 UNIMPLEMENTED, .* 0 FAILED, 0 ERRORED$")

    def test_a_client_for_one_connection_is_started_for_each_case(self):
        self.serve(f"{TOUCHSTONE} echo --connect {{case_url}}", expect=OK)

    def test_a_client_with_a_fault_is_caught(self):
        for fault, expect in (("none", OK), ("accepts-masked", FAILURES)):
            self.serve(f"{TOUCHSTONE} echo --drive --connect {{url}} --fault {fault}", "--timeout", "400ms", expect=expect,
                       selection=["--case", "masking/*"])

    def test_a_client_that_never_connects(self):
        self.assertIn("began no case", self.serve("true {url}", expect=UNREACHABLE).stdout)
        self.serve("sleep 60 # {url}", "--idle", "300ms", expect=UNREACHABLE)

    def test_a_client_that_ends_early(self):
        driver = f"{sys.executable} {__file__} --drive {{url}} 1"
        self.assertIn("PARTIAL", self.serve(driver, expect=INCOMPLETE).stdout)

    def test_a_client_that_crashes_is_started_again_for_the_rest(self):
        driver = f"{sys.executable} {__file__} --drive {{url}} 1 crash"
        done = self.serve(f"exec {driver}", expect=UNREACHABLE)
        self.assertIn("signal 9", done.stdout)
        self.assertIn("3 cases: 3 OK", done.stdout)

    def results(self):
        lines = [json.loads(line) for line in (self.out / "journal.jsonl").read_text().splitlines()]
        return {line["result"]["case"]: line["result"] for line in lines if "result" in line}

    def test_a_client_that_dies_in_a_case_fails_it(self):
        """By a signal, a panic or an exit code; as a driver of all cases or as a program for each; its twin does not."""
        words = {"segv": "signal 11", "panic": "panicked at", "leave": "last words"}
        for manner, seen in words.items():
            for way in ("--drive {url} 99", "--connect {case_url}"):
                with self.subTest(manner=manner, way=way):
                    done = self.serve(f"exec {sys.executable} {__file__} {way} {manner}", "--agent", "x",
                                      expect=UNREACHABLE, selection=[*SMALL, "--case", "4.1.3"])
                    self.assertRegex(done.stdout.splitlines()[-1], "^4 cases: 3 OK, .* 1 FAILED, 0 ERRORED")
                    failed = [each for each in self.results().values() if each["behavior"] == "FAILED"]
                    self.assertEqual([each["aliases"][0] for each in failed], ["4.1.1"])
                    self.assertIn(seen, failed[0]["summary"])
                    self.assertEqual(failed[0]["findings"][0]["kind"], "endpoint-died")
        for way in ("--drive {url} 99", "--connect {case_url}"):
            self.serve(f"exec {sys.executable} {__file__} {way} fail", expect=OK, selection=[*SMALL, "--case", "4.1.3"])

    def test_an_exit_code_for_every_error_is_no_death(self):
        self.serve(f"exec {sys.executable} {__file__} --connect {{case_url}} tell", expect=OK,
                   selection=["--case", "reserved/opcode*"])

    def test_a_failure_is_shown_twice(self):
        driver = f"{sys.executable} {__file__} --drive {{url}} 99 mute"
        self.serve(driver, "--timeout", "300ms", expect=FAILURES)
        journal = [json.loads(line) for line in (self.out / "journal.jsonl").read_text().splitlines()]
        results = [line["result"] for line in journal if "result" in line]
        self.assertEqual(len(results), 3)
        self.assertFalse(any(result.get("flaky") for result in results))


def die(manner, opcode):
    """How a program ends in the middle of a case."""
    if manner == "tell":  # an exit code is its way to tell of any error
        os._exit(1)
    if opcode != 3:
        return
    if manner == "segv":
        os.kill(os.getpid(), signal.SIGSEGV)
    if manner == "panic":
        print("thread 'main' panicked at src/frame.rs:7:5:", flush=True)
        os._exit(101)
    if manner == "leave":
        print("last words", flush=True)
        os._exit(1)


def drive(url, most, manner=""):
    """A driver for Autobahn's server, for --command: at most so many cases; then it may kill itself."""
    port = int(url.rpartition(":")[2])
    count = int(Client(port, "/getCaseCount").until_the_end(echo=False)[0])
    for number in range(1, min(count, int(most)) + 1):
        Client(port, f"/runCase?case={number}&agent=x").until_the_end(manner != "mute", lambda opcode: die(manner, opcode))
    if manner == "crash" and count > 1:
        os.kill(os.getpid(), signal.SIGKILL)
    Client(port, "/updateReports?agent=x").until_the_end(echo=False)


if __name__ == "__main__":
    if sys.argv[1] == "--drive":
        drive(*sys.argv[2:])
    elif sys.argv[1] == "--connect":
        _, port, path = re.split(r":(\d+)", sys.argv[2], maxsplit=1)
        Client(int(port), path).until_the_end(True, lambda opcode: die(sys.argv[3], opcode))
    else:
        TOUCHSTONE = os.path.abspath(sys.argv.pop(1))
        unittest.main()
