"""Endpoints that pass, fail, cannot be reached or die under `touchstone test`. Usage: endpoints_test.py PATH-OF-TOUCHSTONE [unittest options]"""

import json
import os
import re
import shlex
import socket
import ssl
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import peer
from program import ECHO, FAILURES, OK, RESERVED, UNREACHABLE, USAGE, Program, main, unused_port

PEER = Path(__file__).parent / "peer.py"


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

    def start_under_a_supervisor(self):
        """A server that aborts for one input, and is started again on its port by somebody else."""
        port = unused_port()
        over = threading.Event()
        running = []

        def supervise():
            while not over.is_set():
                running[:] = [subprocess.Popen([sys.executable, str(PEER), str(port), "abort"],
                                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)]
                running[0].wait()

        def stop():
            over.set()
            running[0].kill()
            thread.join()

        thread = threading.Thread(target=supervise)
        thread.start()
        self.addCleanup(stop)
        peer.wait_for_port(port)
        return f"ws://127.0.0.1:{port}/"

    def behaviors(self):
        return {r["case"]: r["behavior"] for r in self.report()["results"]}

    def test_the_killer_among_parallel_cases_is_found_and_nobody_else_is_accused(self):
        beside = ["--case", "framing/echo/text-*", "--case", "pings/answered/*"]
        for how in (["--command", self.command("abort")], [self.start_under_a_supervisor()]):
            with self.subTest(how[0][:9]):
                self.run_test(*how, "--jobs", "16", *beside, *RESERVED, expect=UNREACHABLE)
                behaviors = self.behaviors()
                self.assertEqual(behaviors.pop("reserved/opcode-first-frame/3"), "FAILED")
                self.assertGreater(len(behaviors), 10)
                self.assertEqual({case: b for case, b in behaviors.items() if b in ("FAILED", "ERRORED")}, {})

    def test_a_server_that_stays_dead_leaves_suspects(self):
        port = unused_port()
        server = subprocess.Popen([sys.executable, str(PEER), str(port), "abort"], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        peer.wait_for_port(port)
        self.run_test(f"ws://127.0.0.1:{port}/", "--timeout", "500ms", "--jobs", "16", "--case", "framing/echo/text-*",
                      "--case", "pings/answered/*", *RESERVED, expect=UNREACHABLE)
        accused = {case for case, b in self.behaviors().items() if b == "FAILED"}
        self.assertLessEqual(accused, {"reserved/opcode-first-frame/3"})

    def test_a_server_that_ends_at_once_is_told_with_its_log(self):
        done = self.run_test("--command", "echo cannot open config >&2; exit 7", expect=UNREACHABLE)
        self.assertIn("exit code 7", done.stderr)
        self.assertIn("cannot open config", done.stderr)

    def test_a_server_that_never_listens_is_given_up(self):
        done = self.run_test("--command", self.command("deaf"), "--start-timeout", "700ms", expect=UNREACHABLE)
        self.assertIn("did not accept a connection", done.stderr)


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


if __name__ == "__main__":
    main()
