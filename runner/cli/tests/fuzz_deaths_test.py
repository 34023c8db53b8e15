"""touchstone fuzz: servers that die.
Usage: fuzz_deaths_test.py PATH-OF-TOUCHSTONE [unittest options]

As a program: fuzz_deaths_test.py mortal PORT OF does on 127.0.0.1:PORT what the server on port OF does, until the first frame
of a client has a reserved opcode. That ends it with SIGABRT and a sanitizer's report.
"""

import shlex
import socket
import sys
import threading

import peer
from fuzzing import Fuzzing
from program import FAILURES, OK, UNREACHABLE, main


class Deaths(Fuzzing):
    def mortal(self):
        _, url = self.echo_process()
        port = url.rstrip("/").rpartition(":")[2]
        return f"{shlex.quote(sys.executable)} {shlex.quote(__file__)} mortal {{port}} {port}"

    def test_a_server_that_dies_is_started_again_and_that_is_a_finding(self):
        command = self.mortal()
        done = self.run_fuzz("--command", command, "--layer", "frames", "--findings", "1", expect=FAILURES)
        self.assertRegex(done.stderr, "died: the server ended with signal 6 .*AddressSanitizer.*; it is started again")
        self.assertGreater((self.out / "server.log").read_text().count("AddressSanitizer"), 1)
        place = self.the_finding()
        readme = (place / "README.md").read_text()
        self.assertIn("The endpoint was gone after this stimulus", readme)
        self.assertRegex(readme, "How it ended: the server ended with signal 6 .*AddressSanitizer")
        (result,) = self.report()["results"]
        self.assertEqual((result["case"], result["behavior"]), (f"fuzz/{place.name}", "FAILED"))
        self.assertIn("died", result["summary"])

        words = self.words_of_replay(place)
        again = self.run_it(*words, "--out", "again", expect=UNREACHABLE)
        self.assertIn("DIED  the server ended with signal 6", again.stdout)
        self.assertEqual(words[1:3], ["--command", command])
        self.run_it("test", "--command", self.command(), *words[3:], "--out", "mended", expect=OK)

    def test_a_death_that_is_known_is_not_told_again(self):
        known = self.folder / "triaged"
        bounded = ["--command", self.mortal(), "--layer", "frames", "--inputs", "256", "--known", known]
        self.run_fuzz(*bounded, expect=FAILURES)
        self.move_findings(known)
        done = self.run_fuzz(*bounded, out=self.folder / "second", expect=OK)
        self.assertIn("it is started again", done.stderr)
        self.assertGreater(self.stats(done)[2], 0)

    def test_a_server_that_nobody_can_start_again_ends_the_campaign(self):
        holder = []

        def handler(connection, number):
            if number > 1:  # the greeting, and here the end
                holder[0].close()
                raise peer.Ended
            connection.handshake()
            connection.echo(peer.fail_politely)

        holder.append(peer.Server(handler))
        done = self.run_fuzz(holder[0].url, "--jobs", "1", "--inputs", "32", expect=UNREACHABLE)
        self.assertIn("peer.py no longer accepts connections", done.stderr)
        self.assertIn("the campaign ended early", done.stderr)
        (result,) = self.report()["results"]
        self.assertEqual((result["agent"], result["behavior"]), ("peer.py", "FAILED"))
        self.assertIn("died", result["summary"])
        self.assertTrue((self.out / "index.html").exists())


def mortal(port, of):
    def pass_on(source, sink, seen=None):
        while octets := source.recv(65536):
            if seen is not None:
                seen += octets
                head, _, frames = seen.partition(b"\r\n\r\n")
                if frames and frames[0] & 7 >= 3:  # opcodes 3 to 7 and 11 to 15
                    peer.abort()
            sink.sendall(octets)
        sink.shutdown(socket.SHUT_WR)

    def handler(connection, _number):
        with socket.create_connection(("127.0.0.1", of)) as server:
            back = threading.Thread(target=pass_on, args=(server, connection.sock))
            back.start()
            try:
                pass_on(connection.sock, server, b"")
            finally:
                back.join()

    peer.Server(handler, port)
    threading.Event().wait()


if __name__ == "__main__":
    if sys.argv[1] == "mortal":
        mortal(*map(int, sys.argv[2:]))
    main()
