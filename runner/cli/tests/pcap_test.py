"""Files for Wireshark: tshark has to read them, and to see in them what the report says. Usage: pcap_test.py PATH-OF-TOUCHSTONE"""

import shutil
import ssl
import socket
import subprocess
import unittest

from program import FAILURES, OK, USAGE, Program, main

TSHARK = shutil.which("tshark")


@unittest.skipUnless(TSHARK, "needs tshark. On Debian: apt-get install tshark")
class Pcap(Program):
    def tshark(self, file, *arguments):
        done = subprocess.run([TSHARK, "-r", str(file), "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE",
                               *arguments], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.splitlines()

    def fields(self, file, what, *names):
        options = [word for name in names for word in ("-e", name)]
        return [line.split("\t") for line in self.tshark(file, "-Y", what, "-T", "fields", "-E", "occurrence=a", *options)]

    def is_sound(self, file):
        bad = "tcp.analysis.flags or tcp.checksum.status == 0 or ip.checksum.status == 0"
        self.assertEqual(self.tshark(file, "-Y", bad), [])

    def test_one_case_frame_by_frame(self):
        self.run_test("--case", "1.1.2", "--keep-all", expect=OK)
        file = self.folder / "case.pcapng"
        self.run_it("report", "pcap", "1.1.2", "--from", self.out, "--out", file, expect=OK)
        self.is_sound(file)
        frames = self.fields(file, "websocket", "ip.src", "websocket.opcode", "websocket.mask", "websocket.payload_length")
        client, server = "127.0.0.2", "127.0.0.1"
        texts = [frame for frame in frames if frame[1] == "1"]
        self.assertEqual([(frame[0], frame[2] in ("1", "True")) for frame in texts], [(client, True), (server, False)])
        closes = [frame for frame in frames if frame[1] == "8"]
        self.assertEqual([frame[0] for frame in closes], [client, server])
        comment = "\n".join(line[0] for line in self.fields(file, "frame.comment", "frame.comment"))
        self.assertIn("OK", comment)
        self.assertIn("touchstone test", comment)  # the command that runs it again

    def test_every_failure_is_there_with_its_clause(self):
        for fault, case in (("accepts-unmasked", "5.1"), ("sends-1005", "7.4"), ("reverses-fragments", "5.4"), ("accepts-rsv2", "5.2")):
            _process, url = self.echo_process("--fault", fault)
            self.out = self.folder / fault
            done = self.run_test(url, "--profile", "core", "--case", "close/*", "--case", "1.*", "--case", "3.*", "--case", "5.*",
                                 "--case", "7.*", expect=None)
            self.assertIn(done.returncode, (OK, FAILURES), done.stderr)
            bad = [case for case in self.report()["results"] if case["behavior"] in ("FAILED", "NON-STRICT", "ERRORED")]
            file = self.out / "failures.pcapng"
            self.is_sound(file)
            streams = {line[0] for line in self.fields(file, "tcp", "tcp.stream")}
            self.assertEqual(len(streams), len(bad), fault)
            if bad:
                self.assertTrue(self.fields(file, "websocket", "frame.number"), fault)
                comments = "\n".join(line[0] for line in self.fields(file, "frame.comment", "frame.comment"))
                for one in bad:
                    self.assertIn(one["case"], comments)
                self.assertIn("RFC 6455 " + case, comments)

    def test_a_finding_of_the_fuzzer_has_its_packets(self):
        _process, url = self.echo_process("--fault", "accepts-rsv2")
        self.run_it("fuzz", url, "--findings", "1", "--time", "60s", "--out", self.out, expect=FAILURES)
        (file,) = (self.out / "findings").glob("*/packets.pcapng")
        self.is_sound(file)
        self.assertTrue(self.fields(file, "websocket", "frame.number"))
        comments = "\n".join(line[0] for line in self.fields(file, "frame.comment", "frame.comment"))
        for part in (f"fuzz/{file.parent.name}", "RFC 6455 ", "--cases"):
            self.assertIn(part, comments)

    def test_no_such_case(self):
        self.run_test(*["--case", "1.1.1"], expect=OK)
        done = self.run_it("report", "pcap", "no/such", "--from", self.out, expect=USAGE)
        self.assertIn("no case 'no/such'", done.stderr)

    def test_a_key_log_opens_tls(self):
        keys = self.folder / "keys.log"
        self.run_test("--tls", "--case", "1.1.1", "--keylog", keys, expect=OK)
        lines = keys.read_text().splitlines()
        self.assertTrue(any(line.startswith("CLIENT_TRAFFIC_SECRET_0 ") for line in lines), lines[:3])
        self.assertEqual(keys.stat().st_mode & 0o77, 0)
        file = self.folder / "tls.pcapng"
        self.run_it("report", "pcap", "1.1.1", "--from", self.out, "--out", file, "--keylog", keys, expect=OK)
        self.assertIn(lines[0].encode(), file.read_bytes())
        self.is_sound(file)
        self.run_it("test", "--tls", "--case", "1.1.1", "--keylog", self.folder / "no/such", expect=USAGE)

    def test_the_key_log_belongs_to_the_connection(self):
        keys = self.folder / "keys.log"
        _process, url = self.echo_process("--tls", "--keylog", str(keys))
        mine = self.folder / "mine.log"
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.keylog_filename = str(mine)
        with socket.create_connection(("127.0.0.1", int(url.rstrip("/").rpartition(":")[2]))) as sock:
            with context.wrap_socket(sock) as tls:
                tls.sendall(b"GET / HTTP/1.1\r\n\r\n")
                tls.recv(10)
        secrets = {line for line in mine.read_text().splitlines() if line.startswith("SERVER_TRAFFIC_SECRET_0")}
        self.assertTrue(secrets)
        self.assertLessEqual(secrets, set(keys.read_text().splitlines()))


if __name__ == "__main__":
    main()
