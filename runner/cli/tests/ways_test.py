"""The ways to a server: proxies, a Unix socket, TLS; and one run shared out among machines. Usage: ways_test.py PATH-OF-TOUCHSTONE"""

import json
import os
import select
import shutil
import socket
import ssl
import subprocess
import sys
import threading

from program import ECHO, OK, UNREACHABLE, USAGE, Program, main, unused_port

UNIX_ECHO = """
import asyncio, sys, websockets
async def echo(socket):
    async for message in socket:
        await socket.send(message)
async def main():
    async with websockets.unix_serve(echo, sys.argv[1]):
        print("ready", flush=True)
        await asyncio.Future()
asyncio.run(main())
"""


def program_path(name):
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")


class Ways(Program):
    """To a server that is not at the URL's host and port."""

    def started(self, *command):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return process

    def wait_for(self, process, port):
        while process.poll() is None:
            try:
                return socket.create_connection(("127.0.0.1", port)).close()
            except ConnectionRefusedError:
                select.select([], [], [], 0.01)
        self.fail(f"the proxy ended with {process.returncode}")

    def test_a_unix_socket(self):
        path = self.folder / "socket"
        server = self.started("/usr/bin/python3", "-W", "ignore", "-c", UNIX_ECHO, path)  # Debian's has websockets
        self.assertEqual(server.stdout.readline(), "ready\n")
        self.run_test("ws://unix.example/", "--unix-socket", path, *ECHO, expect=OK)
        self.assertIn(f"--unix-socket {path}", self.report()["results"][0]["replay"])
        done = self.run_test("ws://unix.example/", "--unix-socket", "nowhere", *ECHO, expect=UNREACHABLE)
        self.assertIn("nowhere", done.stderr)
        done = self.run_test("--command", "true", "--unix-socket", path, *ECHO, expect=USAGE)
        self.assertIn("--unix-socket goes with a URL", done.stderr)

    def through(self, kind, port, credentials=""):
        """The echo server, by a name that only the proxy looks up; the proxy's own failures are told as such."""
        _, url = self.echo_process()
        proxy = f"{kind}://{credentials}127.0.0.1:{port}"
        self.run_test(url, "--proxy", proxy, *ECHO, expect=OK)
        self.assertIn(f"--proxy {proxy}", self.report()["results"][0]["replay"])
        done = self.run_test(f"ws://127.0.0.1:{unused_port()}/", "--proxy", proxy, *ECHO, expect=UNREACHABLE)
        self.assertIn("proxy", done.stderr)

    def test_an_http_proxy(self):
        if not program_path("tinyproxy"):
            self.skipTest("tinyproxy is not installed")
        port, conf = unused_port(), self.folder / "tinyproxy.conf"
        conf.write_text(f"Port {port}\nListen 127.0.0.1\nMaxClients 20\nLogLevel Critical\nBasicAuth me secret\n")
        self.wait_for(self.started(program_path("tinyproxy"), "-d", "-c", conf), port)
        self.through("http", port, "me:secret@")
        done = self.run_test("ws://127.0.0.1:9/", "--proxy", f"http://127.0.0.1:{port}", *ECHO, expect=UNREACHABLE)
        self.assertIn("407", done.stderr)

    def test_a_socks_proxy(self):
        if not program_path("microsocks"):
            self.skipTest("microsocks is not installed")
        port = unused_port()
        self.wait_for(self.started(program_path("microsocks"), "-i", "127.0.0.1", "-p", str(port)), port)
        self.through("socks5", port)

    def test_what_is_no_proxy_is_refused(self):
        done = self.run_test("ws://h/", "--proxy", "ftp://h:1", expect=USAGE)
        self.assertIn("starts with http:// or socks5://", done.stderr)
        done = self.run_test("ws://h/", "--proxy", "http://h:1", "--unix-socket", "s", expect=USAGE)
        self.assertIn("--proxy", done.stderr)


class Shards(Program):
    def test_reports_of_all_shards_are_the_report_of_the_whole(self):
        _, url = self.echo_process()
        cases = ["--case", "framing/*"]
        self.run_test(url, *cases, expect=OK)
        whole = {result["case"] for result in self.report()["results"]}
        folders = []
        for shard in ["1/3", "2/3", "3/3"]:
            folders.append(self.folder / f"shard{shard[0]}")
            self.run_it("test", url, *cases, "--shard", shard, "--out", folders[-1], expect=OK)
        self.run_it("report", *folders, "--out", self.folder / "merged", expect=OK)
        merged = json.loads((self.folder / "merged" / "report.json").read_text())
        self.assertEqual(sorted(result["case"] for result in merged["results"]), sorted(whole))


class Tls(Program):
    def test_http_1_1_is_what_tls_carries(self):
        _, url = self.echo_process("--tls")
        address = "127.0.0.1", int(url.rstrip("/").rpartition(":")[2])

        def agreed(*protocols):
            context = ssl._create_unverified_context()
            context.set_alpn_protocols(protocols)
            with socket.create_connection(address) as raw, context.wrap_socket(raw) as secure:
                return secure.selected_alpn_protocol()

        self.assertEqual(agreed("h2", "http/1.1"), "http/1.1")
        with self.assertRaisesRegex(ssl.SSLError, "(?i)no.application.protocol"):  # RFC 7301 3.2
            agreed("h2")

    def test_http_1_1_is_what_a_client_asks_tls_for(self):
        key, certificate = self.folder / "key.pem", self.folder / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", key,
                        "-out", certificate], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.set_alpn_protocols(["h2", "http/1.1"])
        seen = []
        with socket.create_server(("127.0.0.1", 0)) as server:
            def accept_one():
                raw, _ = server.accept()
                with context.wrap_socket(raw, server_side=True) as secure:
                    seen.append(secure.selected_alpn_protocol())

            thread = threading.Thread(target=accept_one)
            thread.start()
            self.run_it("echo", "--connect", f"wss://127.0.0.1:{server.getsockname()[1]}/", "--insecure", expect=UNREACHABLE)
            thread.join()
        self.assertEqual(seen, ["http/1.1"])


if __name__ == "__main__":
    main()
