"""The program as its users meet it: exit codes, messages, files. Usage: cli_test.py PATH-OF-TOUCHSTONE [unittest options]"""

import json
import os
import re
import resource
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import warnings
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import jsonschema

import peer
from program import ECHO, FAILURES, INCOMPLETE, OK, RESERVED, UNREACHABLE, USAGE, Program, main, unused_port

PEER = Path(__file__).parent / "peer.py"
CASES = Path(__file__).resolve().parents[3] / "cases"


class Usage(Program):
    def refused(self, *arguments, says):
        done = self.run_it(*arguments, expect=USAGE)
        self.assertIn(says, done.stderr)

    def test_what_is_not_known_is_named(self):
        self.refused("test", "--jbos", "3", says="did you mean --jobs?")
        self.refused("tset", says="did you mean test?")
        self.refused("test", "ws://a/", "ws://b/", says="'ws://b/'")

    def test_bad_values_are_refused_with_what_is_allowed(self):
        self.refused("test", "http://h/", says="no WebSocket URL")
        self.refused("test", "--timeout", "5", says="has no unit")
        self.refused("test", "--jobs", "0", says="from 1 to 1024")
        self.refused("test", "--profile", "fast", says="allowed are core, default and full")
        self.refused("test", "--header", "x", says="has no colon")
        self.refused("test", "--ca", "nowhere.pem", "wss://h/", says="nowhere.pem")
        self.refused("test", "-4", "-6", "ws://h/", says="-6")
        self.refused("test", "--spec", "nowhere.json", says="nowhere.json")
        self.refused("explain", "7.7.1x", says="7.7.1")
        self.refused("report", "nowhere", says="nowhere")
        self.refused("lint", "nowhere.json", says="nowhere.json")
        self.refused("bench", "http://h/", says="no WebSocket URL")
        self.refused("bench", "ws://h/", "--size", "1GiB", says="such as 256, 16KiB or 1MiB")
        self.refused("bench", "ws://h/", "--duration", "10", says="has no unit")
        self.refused("bench", "ws://h/", "--connections", "900000", says="ulimit -n")
        self.refused("bench", "ws://127.0.0.1:1/", "--json", "/nowhere/x.json", says="/nowhere/x.json")

    def test_a_pattern_that_matches_nothing_names_near_ones(self):
        self.refused("test", "--case", "clsoe/*", says="near are close/*")
        self.refused("list", "--exclude", "77.*", says="matches no case")

    def test_every_help_shows_examples(self):
        for command in ["test", "list", "explain", "lint", "echo", "bench", "report", "expect", "serve", "probe", "coverage", "fuzz",
                        "completion", "manual"]:
            self.assertIn("Examples:", self.run_it(command, "--help", expect=OK).stdout)
        self.assertIn("Exit codes:", self.run_it("--help", expect=OK).stdout)
        self.assertRegex(self.run_it("--version", expect=OK).stdout, r"^touchstone \d+\.\d+")

    def test_output_that_is_lost_is_no_success(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([self.touchstone, "list"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, INCOMPLETE)
        self.assertIn("No space left", done.stderr)


class Catalogue(Program):
    def test_list_as_json_has_what_is_promised(self):
        cases = json.loads(self.run_it("list", "--format", "json", expect=OK).stdout)
        self.assertGreaterEqual(len(cases), 517)
        for case in cases:
            self.assertEqual(list(case), ["id", "aliases", "title", "role", "requirements", "tags", "profiles"])
            self.assertIn(case["role"], ["server", "client", "both"])
            self.assertTrue(set(case["profiles"]) <= {"core", "default", "full"})

    def test_list_chooses(self):
        cases = json.loads(self.run_it("list", "--format", "json", "--case", "7.7.*", expect=OK).stdout)
        self.assertEqual([case["aliases"][0] for case in cases], [f"7.7.{n}" for n in range(1, 14)])

    def test_explain_knows_both_names(self):
        ours = self.run_it("explain", "close/code-valid/1000", expect=OK).stdout
        self.assertEqual(ours, self.run_it("explain", "7.7.1", expect=OK).stdout)
        for part in ["RFC 6455 section", "status code 1000", "cases/close.json", "--case close/code-valid/1000"]:
            self.assertIn(part, ours)

    def test_explain_knows_requirements(self):
        told = self.run_it("explain", "rfc6455-5.2-16", expect=OK).stdout
        for part in ["RFC 6455 section 5.2, MUST, binds both", "top bit", "lengths/top-bit/text-2-63 "]:
            self.assertIn(part, told)

    def test_lint_passes_the_catalogue_and_names_faults(self):
        self.run_it("lint", expect=OK)
        bad = self.folder / "bad.json"
        bad.write_text('{"suite": "x", "nonsense": 1, "groups": []}')
        done = self.run_it("lint", bad, expect=USAGE)
        self.assertRegex(done.stderr, r"bad\.json.*unknown key 'nonsense'")

    def suite(self, name="own", **changes):
        group = {"id": "bad", "title": "A text message that is not UTF-8", "requirements": ["rfc6455-8.1-1"],
                 "steps": [{"message": "text", "payload": {"hex": "ff"}}], "expect": {"end": {"fails": [1007]}}}
        return json.dumps({"suite": "own", "about": "Text.", "groups": [{**group, **changes}]})

    def test_lint_list_and_test_take_the_same_files(self):
        suites = {
            "good": (self.suite(), OK),
            "in another style": (self.suite(title="ends with a period."), OK),
            "requirement": (self.suite(requirements=["rfc6455-8.1-0"]), USAGE),
            "contradicted": (self.suite(expect={"end": "polite"}), USAGE),
            "unknown key": (self.suite(nonsense=1), USAGE),
        }
        for name, (text, expected) in suites.items():
            with self.subTest(name):
                folder = self.folder / name
                folder.mkdir()
                (folder / "own.json").write_text(text)
                for place in [folder, folder / "own.json"]:
                    self.run_it("lint", place, expect=expected)
                    self.run_it("list", "--cases", place, expect=expected)
                    self.run_it("explain", "--cases", place, "own/bad", expect=expected)
                    self.run_test("--cases", place, expect=expected)

    def test_a_catalogue_on_disk_is_read_in_place_of_the_built_in_one(self):
        folder = self.folder / "cases"
        shutil.copytree(CASES, folder)
        self.run_it("lint", folder, expect=OK)
        requirements = json.loads((folder / "requirements.json").read_text())
        requirements.append({**requirements[0], "id": "rfc6455-1.1-99"})
        (folder / "requirements.json").write_text(json.dumps(requirements))
        (folder / "own.json").write_text(self.suite(requirements=["rfc6455-1.1-99"]))
        self.run_it("lint", "--fix", folder, expect=OK)
        listed = self.run_it("list", "--cases", folder, "--case", "rfc6455-1.1-99", expect=OK).stdout
        self.assertTrue(listed.startswith("own/bad "), listed)
        self.run_test("--cases", folder, "--case", "own/*", expect=OK)
        (folder / "own.json").write_text(self.suite(title="Ends with a period."))  # style is a rule here
        self.assertIn("/title", self.run_it("lint", folder, expect=USAGE).stderr)


class Reachable(Program):
    def test_the_embedded_server_passes(self):
        done = self.run_test("--case", "close/*", expect=OK)
        self.last_line(done)
        for name in ["index.html", "report.json", "journal.jsonl"]:
            self.assertTrue((self.out / name).exists(), name)
        self.assertEqual(len(self.report()["results"]), int(self.last_line(done).split()[0]))

    def test_the_embedded_server_passes_over_tls(self):
        self.run_test("--tls", *ECHO, expect=OK)

    def test_quiet_says_only_the_last_line(self):
        done = self.run_test("--quiet", *ECHO, expect=OK)
        self.assertEqual(done.stdout.splitlines(), [self.last_line(done)])
        self.assertEqual(done.stderr, "")

    def test_a_failure_is_told_with_clause_and_replay(self):
        server = self.serve(peer.echo_handler())
        done = self.run_test(server.url, "--case", "6.3.1", expect=FAILURES)  # peer.py does not look at UTF-8
        self.last_line(done)
        for part in ["FAILED", "RFC 6455 section", "expected", "seen", f"touchstone test {server.url} --case"]:
            self.assertIn(part, done.stdout)
        self.assertRegex(done.stdout, r"1 cause explains 1 case\.\n\nFAILED  cause 1 explains 1 case\n  \S")
        result, = self.report()["results"]
        cause, = self.report()["causes"]
        self.assertEqual((result["agent"], result["cause"]), ("peer.py", cause["number"]))
        self.assertEqual((cause["cases"], cause["shortest"]), ([result["case"]], result["case"]))

    def test_tls_is_verified_unless_told_otherwise(self):
        _, url = self.echo_process("--tls")
        done = self.run_test(url, *ECHO, expect=UNREACHABLE)
        self.assertIn("certificate", done.stderr)
        self.run_test(url, "--insecure", *ECHO, expect=OK)

    def test_a_trusted_certificate_is_enough(self):
        _, url = self.echo_process("--tls")
        host, port = re.fullmatch(r"wss://(.*):(\d+)/", url).groups()
        ca = self.folder / "ca.pem"
        ca.write_text(ssl.get_server_certificate((host, int(port))))
        self.run_test(url, "--ca", ca, *ECHO, expect=OK)
        self.run_test(url, "--ca", ca, "--sni", "wrong.example", *ECHO, expect=UNREACHABLE)

    def test_ipv6(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            self.skipTest("this machine has no ::1")
        _, url = self.echo_process("--host", "::1")
        self.run_test(url, *ECHO, expect=OK)
        self.run_test(url, "-4", *ECHO, expect=UNREACHABLE)


class WrongAnswers(Program):
    """Servers that open every connection with one wrong answer, and have a second fault in their frames."""
    CASES = ["1.1.2", "opening-offer/client-window-not-offered", "reserved-everywhere/bits/ping-2", "close/code-valid/1000"]
    ANSWERS = {
        "constant-accept": ("rfc6455-4.2.2-18", "answer-accept-wrong", ""),
        "unasked-subprotocol": ("rfc6455-4.2.2-10", "answer-subprotocol-unasked", "chat"),
        "unasked-client-window": ("rfc7692-7.1.2.2-7", "answer-parameter-not-offered", "client_max_window_bits"),
    }

    def held_against(self, *faults):
        """Clause, kind and evidence of all that weighs, over all cases."""
        process, url = self.echo_process(*(word for fault in faults for word in ("--fault", fault)))
        selection = [word for case in self.CASES for word in ("--case", case)]
        self.run_test(url, *selection, "--profile-of-peer", self.an_echo(), "--timeout", "2s", expect=FAILURES)
        process.terminate()
        report = self.report()
        held = {(finding["requirement"], finding.get("kind", ""), finding.get("evidence", ""))
                for result in report["results"] for finding in result["findings"] if finding["weight"] != "choice"}
        causes = report.get("causes")
        if causes is not None:  # one for each
            self.assertEqual(len(causes), len(held), causes)
        return held

    def test_both_faults_are_told_each_by_its_clause(self):
        frames = {fault: self.held_against(fault) for fault in ("masks-frames", "sends-1005", "accepts-rsv2")}
        for fault, held in frames.items():
            self.assertEqual(len(held), 1, f"{fault}: {held}")
        for answer, told in self.ANSWERS.items():
            self.assertEqual(self.held_against(answer), {told})
        for (answer, told), (fault, held) in zip(self.ANSWERS.items(), frames.items()):
            self.assertEqual(self.held_against(answer, fault), {told} | held)

    def test_names_may_be_joined(self):
        self.assertIn(self.ANSWERS["constant-accept"], self.held_against("constant-accept+sends-1005"))
        self.run_it("echo", "--fault", "constant-accept+sends-1004", expect=USAGE)


class Unreachable(Program):
    def test_connection_refused(self):
        port = unused_port()
        done = self.run_test(f"ws://127.0.0.1:{port}/", expect=UNREACHABLE)
        self.assertIn(str(port), done.stderr)
        self.assertIn("refused", done.stderr)

    def test_a_name_that_does_not_exist(self):
        done = self.run_test("ws://no-such-host.invalid/", expect=UNREACHABLE)
        self.assertIn("no-such-host.invalid", done.stderr)

    def test_an_http_server_that_answers_200(self):
        class Page(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"hi")

            def log_message(self, *_):
                pass

        server = HTTPServer(("127.0.0.1", 0), Page)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        done = self.run_test(f"ws://127.0.0.1:{server.server_port}/", expect=UNREACHABLE)
        self.assertIn("200", done.stderr)
        self.assertIn("101", done.stderr)

    def test_tls_to_a_server_without_tls(self):
        server = self.serve(peer.echo_handler())
        done = self.run_test(server.url.replace("ws:", "wss:"), "--timeout", "2s", expect=UNREACHABLE)
        self.assertIn(str(server.port), done.stderr)

    def test_a_server_that_is_gone_in_mid_run(self):
        holder = []

        def handler(connection, number):
            if number == 3:  # the greeting, one case, and here the end
                holder[0].close()
                raise peer.Ended
            connection.handshake()
            connection.echo(peer.fail_politely)

        holder.append(peer.Server(handler))
        done = self.run_test(holder[0].url, "--jobs", "1", "--profile-of-peer", self.an_echo(), *ECHO, "--case", "2.1",
                             expect=UNREACHABLE)
        self.assertIn("died", done.stdout)
        self.assertIn("PARTIAL", done.stdout)
        self.last_line(done)
        self.assertGreaterEqual(len(self.report()["results"]), 1)


class Command(Program):
    def command(self, kind):
        return f"{shlex.quote(sys.executable)} {shlex.quote(str(PEER))} {{port}} {kind}"

    def test_the_server_is_started_and_stopped(self):
        done = self.run_test("--command", self.command("echo"), *ECHO, expect=OK)
        self.last_line(done)
        log = (self.out / "server.log").read_text()
        process = int(re.search(r"process (\d+)", log).group(1))
        with self.assertRaises(ProcessLookupError):
            os.kill(process, 0)

    def test_a_failure_of_a_case_file_is_replayed_with_the_file(self):
        file = self.folder / "own cases.json"
        file.write_text(json.dumps({"suite": "own", "about": "Text that is not UTF-8 (RFC 6455 8.1).", "groups": [
            {"id": "bad", "title": "A text message that is not UTF-8", "requirements": ["rfc6455-8.1-1"],
             "steps": [{"message": "text", "payload": {"hex": "ff"}}], "expect": {"end": {"fails": [1007]}}}]}))
        self.run_test("--command", self.command("echo"), "--cases", file, expect=FAILURES)
        replay = self.report()["results"][0]["replay"]
        words = shlex.split(replay)
        self.assertEqual(words[0], "touchstone")
        again = self.run_it(*words[1:], "--out", "again", expect=FAILURES)
        self.assertTrue(self.last_line(again).startswith("1 case: 0 OK"))

    def test_a_server_that_dies_is_named_with_its_case_and_started_again(self):
        done = self.run_test("--command", self.command("abort"), "--jobs", "1", *RESERVED, *ECHO, "--case", "5.3",
                             "--case", "7.1.1", expect=UNREACHABLE)
        self.assertIn("signal 6", done.stdout)
        self.assertIn("AddressSanitizer: heap-use-after-free", done.stdout)
        self.assertIn("DIED", done.stdout)
        self.assertIn("reserved/opcode-first-frame/3", done.stdout)
        self.assertTrue(self.last_line(done).startswith("5 cases:"), done.stdout)
        self.assertGreater((self.out / "server.log").read_text().count("peer.py abort"), 1)

    def test_a_server_that_ends_at_once_is_told_with_its_log(self):
        done = self.run_test("--command", "echo cannot open config >&2; exit 7", expect=UNREACHABLE)
        self.assertIn("exit code 7", done.stderr)
        self.assertIn("cannot open config", done.stderr)

    def test_a_server_that_never_listens_is_given_up(self):
        done = self.run_test("--command", self.command("deaf"), "--start-timeout", "700ms", expect=UNREACHABLE)
        self.assertIn("did not accept a connection", done.stderr)


class Interrupted(Program):
    def test_results_so_far_are_kept(self):
        third = threading.Event()

        def handler(connection, number):
            if number >= 3:  # the greeting and one case are answered, then nothing
                third.set()
                connection.take(1 << 30)
            connection.handshake()
            connection.echo(peer.fail_politely)

        server = self.serve(handler)
        process = subprocess.Popen([self.touchstone, "test", server.url, "--jobs", "1", "--timeout", "200s", "--out",
                                    str(self.out), "--profile-of-peer", self.an_echo(), *ECHO, "--case", "2.1"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertTrue(third.wait(120))
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
        self.assertEqual(process.returncode, INCOMPLETE, stdout + stderr)
        self.assertIn("PARTIAL  1 of 3 cases ran: interrupted", stdout)
        self.assertRegex(stdout.splitlines()[-1], r"^1 case: 1 OK")
        self.assertEqual(len(self.report()["results"]), 1)


class FullDisk(Program):
    def check(self, done):
        self.assertIn("error:", done.stderr)
        self.assertIn("--out", done.stderr)
        self.last_line(done)
        lines = (self.out / "journal.jsonl").read_text().splitlines()
        for line in lines:
            json.loads(line)  # whole lines only
        self.assertGreater(len(lines), 1)

    def test_files_that_may_not_grow(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (16 * 1024, 16 * 1024))

        self.check(self.run_test("--case", "close", expect=INCOMPLETE, preexec_fn=limit, restore_signals=False))

    def test_a_small_file_system(self):
        disk = self.folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True,
                                 check=False)
        if mounted.returncode != 0:
            self.skipTest("only root can mount a small file system")
        self.addCleanup(subprocess.run, ["umount", str(disk)], check=True)
        self.out = disk / "report"
        done = self.run_test("--case", "close", expect=INCOMPLETE)
        self.check(done)
        self.assertIn("No space left on device", done.stderr)

    def test_a_folder_that_cannot_be_made(self):
        self.out = Path("/proc/report")
        self.assertIn("--out", self.run_test(*ECHO, expect=USAGE).stderr)


class SpecFile(Program):
    def test_autobahns_file_with_two_servers(self):
        _, first = self.echo_process()
        _, second = self.echo_process()
        spec = self.folder / "fuzzingclient.json"
        spec.write_text(json.dumps({
            "outdir": str(self.out),
            "servers": [{"agent": "One", "url": first, "options": {"version": 18}}, {"agent": "Two", "url": second}],
            "cases": ["1.1.*", "8.*"], "exclude-cases": ["1.1.8"], "exclude-agent-cases": {"Tw*": ["1.1.1"]},
            "colour": "red"}))
        done = self.run_it("test", "--spec", spec, expect=OK)
        self.assertIn("/colour: unknown key", done.stderr)
        self.assertIn("'8.*' matches no case", done.stderr)
        agents = [result["agent"] for result in self.report()["results"]]
        self.assertEqual((agents.count("One"), agents.count("Two")), (7, 6))
        index = json.loads((self.out / "index.json").read_text())
        self.assertIn("1.1.1", index["One"])
        self.assertNotIn("1.1.1", index["Two"])

    def test_one_of_two_servers_is_missing(self):
        _, first = self.echo_process()
        spec = self.folder / "spec.json"
        spec.write_text(json.dumps({"servers": [{"url": f"ws://127.0.0.1:{unused_port()}", "agent": "Gone"},
                                                {"url": first, "agent": "There"}], "cases": ["1.1.1"]}))
        done = self.run_test("--spec", spec, expect=UNREACHABLE)
        self.assertIn("Gone could not be reached", done.stdout)
        self.assertTrue(self.last_line(done).startswith("1 case: 1 OK"))


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
