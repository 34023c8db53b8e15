"""touchstone serve as clients meet it: Autobahn's answers, HTTP, restarts, exit codes.
Usage: serve_test.py PATH-OF-TOUCHSTONE [unittest options]"""

import json
import os
import re
import socket
import subprocess
import sys
import threading
import unittest

from program import FAILURES, INCOMPLETE, OK
from serving import Client, Serving, request


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
        listed = subprocess.run([self.TOUCHSTONE, "list", "--cases", own], capture_output=True, text=True)
        self.assertEqual((listed.returncode, listed.stdout.split()[0]), (OK, "own/one"), listed)
        self.start("--cases", own, selection=[])
        self.assertEqual(self.ask("/getCaseCount"), ["1"])
        self.assertEqual(json.loads(self.ask("/getCaseInfo?case=1")[0])["id"], "own/one")
        missing = subprocess.run([self.TOUCHSTONE, "serve", "--cases", own.with_name("none.json")], capture_output=True,
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

    def test_a_request_of_another_version_is_told_and_recorded(self):
        self.start()
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as sock:
            sock.sendall(request("/runCase?case=1&agent=old").replace(b"Version: 13", b"Version: 6"))
            self.assertTrue(sock.makefile("rb").readline().startswith(b"HTTP/1.1 426 "))
        self.assertEqual(json.loads(self.ask("/getCaseStatus?case=1&agent=old")[0])["behavior"], "FAILED")


# What a client does to every opening request of its own, the questions of its driver too, and the clause that it breaks.
SPOILED = {
    "small letters": (lambda head: head.replace(b"GET ", b"get ", 1), "rfc6455-4.1-17"),
    "no Host": (lambda head: head.replace(b"Host: localhost\r\n", b""), "rfc6455-4.1-20"),
    "short key": (lambda head: re.sub(rb"-Key: \S+", b"-Key: c2hvcnQ=", head), "rfc6455-4.1-24"),
    "no base64": (lambda head: re.sub(rb"-Key: \S+", b"-Key: " + b"*" * 22 + b"==", head), "rfc6455-4.1-24"),
    "version 8": (lambda head: head.replace(b"Version: 13", b"Version: 8"), "rfc6455-4.1-29"),
    "bare LF": (lambda head: head.replace(b"\r\n", b"\n"), "rfc6455-4.1-16"),
    "blank before the colon": (lambda head: head.replace(b"Upgrade:", b"Upgrade :", 1), "rfc6455-4.1-16"),
    "unknown parameter": (lambda head: head[:-2] + b"Sec-WebSocket-Extensions: permessage-deflate; x\r\n\r\n", "rfc6455-9.1-4"),
}


class BrokenRequests(Serving):
    """What lies after an opening request that breaks a rule is judged too, and the fault is one cause."""

    def drive_spoiled(self, agent, spoil, unmasked):
        def one(path):
            client = Client(self.port, path, spoil)
            client.masks = not unmasked or not path.startswith("/runCase")
            try:
                return client.until_the_end(echo=path.startswith("/runCase"))
            except ConnectionResetError:  # for the frames that broke a rule
                return []
            finally:
                client.sock.close()
                client.stream.close()

        for number in range(1, int(one("/getCaseCount")[0]) + 1):
            one(f"/runCase?case={number}&agent={agent}")
            json.loads(one(f"/getCaseStatus?case={number}&agent={agent}")[0])
        one(f"/updateReports?agent={agent}")

    def causes(self, agent):
        report = json.loads((self.out / "report.json").read_text())
        return sorted(cause["requirement"] for cause in report["causes"] if cause["agent"] == agent)

    def test_one_fault_is_one_cause_and_a_second_is_another(self):
        self.start()
        for name, (spoil, requirement) in SPOILED.items():
            for unmasked in (False, True):
                agent = name.replace(" ", "-") + ("-unmasked" if unmasked else "")
                self.drive_spoiled(agent, spoil, unmasked)
                self.assertEqual(self.causes(agent), sorted([requirement] + ["rfc6455-5.1-1"] * unmasked), agent)


if __name__ == "__main__":
    Serving.TOUCHSTONE = os.path.abspath(sys.argv.pop(1))
    unittest.main()
