"""`touchstone proxy`, and the proxies of `touchstone echo`. Usage: proxy_test.py PATH-OF-TOUCHSTONE [unittest options]"""

import json

from program import FAILURES, OK, UNREACHABLE, USAGE, Program, main, unused_port


class Proxy(Program):
    def proxy(self, *arguments, fault="none", expect, patience="2s"):
        relay = f"{self.touchstone} echo --port {{front}} --proxy-to {{back}} --proxy-fault {fault}"
        return self.run_it("proxy", "--command", relay, "--out", self.out, "--timeout", patience, *arguments, expect=expect)

    def results(self):
        return json.loads((self.out / "report.json").read_text())["results"]

    def test_a_strict_proxy_is_without_blame(self):
        self.proxy("--case", "proxy-*", "--case", "framing/*", expect=OK)
        self.assertEqual({r["behavior"] for r in self.results()} & {"FAILED", "ERRORED", "NON-STRICT"}, set())

    def test_a_fault_is_found_and_the_transcript_has_both_ends(self):
        done = self.proxy("--case", "proxy-head/named-in-connection/*", fault="forwards-named-fields", expect=FAILURES)
        self.assertIn("rfc9110-7.6.1-3", done.stdout.replace("RFC 9110 7.6.1", "rfc9110-7.6.1-3"))
        self.assertTrue([r for r in self.results() if r["behavior"] == "FAILED"])
        journal = (self.out / "journal.jsonl").read_text()
        for end in ("client", "server"):
            self.assertIn(f'"connection":"{end}"', journal)

    def test_random_words_find_a_fault_and_leave_a_case(self):
        self.proxy("--fuzz", "2s", expect=OK)
        done = self.proxy("--fuzz", "10s", fault="loses-an-octet", expect=FAILURES, patience="300ms")
        self.assertIn("rfc9110-3.7-1", done.stdout)
        case = next((self.out / "findings").iterdir())
        self.out = self.folder / "again"
        self.proxy("--cases", case, fault="loses-an-octet", expect=FAILURES)

    def test_random_words_are_of_http_1(self):
        self.out.mkdir(exist_ok=True)
        relay = f"{self.touchstone} echo --port {{front}} --proxy-to {{back}} --http 2"
        self.refused("proxy", "--command", relay, "--http", "2", "--fuzz", "2s", "--out", self.out, says="HTTP/2 in front")

    def test_a_case_of_the_catalogue_that_the_proxy_spoils_is_its_own(self):
        self.proxy("--case", "2.2", fault="drops-pings", expect=FAILURES)
        finding = self.results()[0]["findings"][0]
        self.assertEqual(finding["kind"], "differs-from-direct")
        self.assertIn("At the server behind it", finding["seen"])

    def test_a_configuration_gets_the_ports(self):
        conf = self.folder / "proxy.conf"
        conf.write_text("--port {front} --proxy-to {back}")
        self.run_it("proxy", "--command", f"sh -c '{self.touchstone} echo $(cat {{conf}})'", "--conf", conf, "--case",
                    "proxy-head/ordinary", "--out", self.out, expect=OK)

    def test_what_cannot_be_is_refused(self):
        self.refused("proxy", says="which proxy?")
        self.refused("proxy", "--front", "ws://127.0.0.1:1/", says="--back PORT")
        self.refused("proxy", "--front", "ws://127.0.0.1:1/", "--back", "x", says="is no port")
        self.refused("echo", "--proxy-to", "1", "--proxy-fault", "no-such", says="see touchstone echo --list-proxy-faults")

    def test_a_proxy_that_is_not_there_is_unreachable(self):
        self.run_it("proxy", "--front", f"ws://127.0.0.1:{unused_port()}/", "--back", str(unused_port()), "--out", self.out,
                    "--timeout", "1s", expect=UNREACHABLE)

    def refused(self, *arguments, says):
        done = self.run_it(*arguments, expect=USAGE)
        self.assertIn(says, done.stderr)


if __name__ == "__main__":
    main()
