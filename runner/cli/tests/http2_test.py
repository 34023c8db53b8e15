"""WebSockets over HTTP/2 (RFC 8441) with endpoints of others: Node's http2, and hyper-h2. Usage: http2_test.py PATH-OF-TOUCHSTONE"""

import shutil
import subprocess
import textwrap
import unittest

from program import ECHO, OK, UNREACHABLE, Program, main

PYTHON = "/usr/bin/python3"  # Debian's has h2
NODE = shutil.which("node")

# An echo whose frames are made by hand: whole messages below 126 octets, Ping, Close.
NODE_SERVER = """
const http2 = require('http2');
const server = http2.createServer({settings: {enableConnectProtocol: process.argv[2] === 'on'}});
server.on('stream', (stream, head) => {
  stream.on('error', () => {});
  if (head[':protocol'] !== 'websocket') { stream.respond({':status': 404}, {endStream: true}); return; }
  stream.respond({':status': 200});
  let input = Buffer.alloc(0);
  stream.on('data', (octets) => {
    input = Buffer.concat([input, octets]);
    while (input.length >= 6 && input.length >= 6 + (input[1] & 127)) {
      const size = input[1] & 127, key = input.subarray(2, 6);
      const payload = Buffer.from(input.subarray(6, 6 + size).map((octet, i) => octet ^ key[i & 3]));
      const opcode = input[0] & 15;
      input = input.subarray(6 + size);
      stream.write(Buffer.concat([Buffer.from([0x80 | (opcode === 9 ? 10 : opcode), size]), payload]));
      if (opcode === 8) stream.end();
    }
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
"""

NODE_CLIENT = """
const http2 = require('http2');
const session = http2.connect(process.argv[2], {rejectUnauthorized: false});
session.once('remoteSettings', (settings) => {
  const stream = session.request({':method': 'CONNECT', ':protocol': 'websocket', ':path': '/', 'sec-websocket-version': '13'});
  stream.on('response', (head) => console.log(settings.enableConnectProtocol, head[':status']));
  stream.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69, 0x88, 0x82, 0, 0, 0, 0, 3, 232]));
  let text = '';
  stream.on('data', (octets) => text += octets.toString('hex'));
  stream.on('end', () => { console.log(text); stream.end(); session.close(); });
});
"""

H2_CLIENT = """
import socket, sys
import h2.config, h2.connection, h2.events, h2.settings
sock = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
conn = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
conn.initiate_connection()
sock.sendall(conn.data_to_send())
events = []
def pump(until):
    while not any(until(e) for e in events):
        data = sock.recv(65536)
        assert data, "the connection ended"
        events.extend(conn.receive_data(data))
        sock.sendall(conn.data_to_send())
pump(lambda e: isinstance(e, h2.events.RemoteSettingsChanged))
print("setting", conn.remote_settings.enable_connect_protocol)
def ask(extra, **more):
    del events[:]
    stream = conn.get_next_available_stream_id()
    head = {":method": "CONNECT", ":protocol": "websocket", ":scheme": "http", ":path": "/", ":authority": "localhost",
            "sec-websocket-version": "13", **extra}
    conn.send_headers(stream, [(k, v) for k, v in head.items() if v is not None], **more)
    sock.sendall(conn.data_to_send())
    pump(lambda e: isinstance(e, (h2.events.ResponseReceived, h2.events.StreamReset)))
    for e in events:
        if isinstance(e, h2.events.ResponseReceived): return stream, dict(e.headers)[":status"]
        if isinstance(e, h2.events.StreamReset): return stream, f"reset {e.error_code}"
stream, status = ask({})
print("tunnel", status)
frame = bytes([0x81, 0x82, 1, 2, 3, 4]) + bytes([ord("h") ^ 1, ord("i") ^ 2])
for octet in frame: conn.send_data(stream, bytes([octet]), pad_length=3)
conn.end_stream(stream)
sock.sendall(conn.data_to_send())
pump(lambda e: isinstance(e, h2.events.StreamEnded) and e.stream_id == stream)
print("data", b"".join(e.data for e in events if isinstance(e, h2.events.DataReceived)).hex())
conn.config.validate_outbound_headers = conn.config.normalize_outbound_headers = False
for name, extra in [("no path", {":path": None}), ("upgrade", {"upgrade": "websocket"}), ("upper case", {"X-Y": "z"}),
                    ("other protocol", {":protocol": "connect-ip"}), ("version", {"sec-websocket-version": "12"}),
                    ("GET", {":method": "GET"}), ("no websocket", {":method": "GET", ":protocol": None})]:
    print(name, ask(extra)[1])
"""


class Http2(Program):
    def script(self, name, text):
        file = self.folder / name
        file.write_text(textwrap.dedent(text))
        return str(file)

    def node_server(self, setting):
        process = subprocess.Popen([NODE, self.script("server.js", NODE_SERVER), setting], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return int(process.stdout.readline())

    def output(self, *command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.splitlines()

    def test_a_driver_over_http2_alone(self):
        for http in ("2", "auto"):
            command = f"{self.touchstone} echo --drive --connect {{url}} --http {http}"
            done = self.run_it("serve", "--http", http, "--case", "pings/*", "--command", command, "--out", self.out, expect=OK)
            self.assertRegex(self.last_line(done), r"^(\d+) cases: \1 OK")

    @unittest.skipUnless(NODE, "node is not here")
    def test_cases_run_unchanged_against_a_server_of_others(self):
        url = f"ws://127.0.0.1:{self.node_server('on')}/"
        self.run_test(url, "--http", "2", *ECHO, "--case", "2.4", "--case", "close/code-valid/1000",
                      "--profile-of-peer", self.an_echo(), expect=OK)
        result = self.report()["results"][0]
        self.assertIn("--http 2", result["replay"])

    @unittest.skipUnless(NODE, "node is not here")
    def test_the_probe_says_what_http2_it_is(self):
        url = f"ws://127.0.0.1:{self.node_server('on')}/"
        lines = self.run_it("probe", url, "--http", "2", expect=OK).stdout.splitlines()
        self.assertIn("opened by           extended CONNECT of HTTP/2 (RFC 8441)", lines)
        self.assertRegex(next(line for line in lines if line.startswith("SETTINGS")), r"ENABLE_CONNECT_PROTOCOL 1\b")
        _, url = self.echo_process("--http", "auto")
        lines = self.run_it("probe", url, expect=OK).stdout.splitlines()
        self.assertIn("opened by           Upgrade of HTTP/1.1 (RFC 6455)", lines)
        self.assertFalse([line for line in lines if line.startswith("SETTINGS")])

    @unittest.skipUnless(NODE, "node is not here")
    def test_who_ignores_a_stream_that_was_passed_over_may(self):
        """nghttp2 does, and RFC 9113 5.1 has it so for closed streams."""
        url = f"ws://127.0.0.1:{self.node_server('on')}/"
        self.run_test(url, "--http", "2", "--case", "http2-tunnel/headers-on-older-stream", expect=OK)
        result = self.report()["results"][0]
        self.assertEqual([finding["choice"] for finding in result["findings"]], ["C-42"])

    @unittest.skipUnless(NODE, "node is not here")
    def test_a_server_without_the_setting_is_not_asked(self):
        url = f"ws://127.0.0.1:{self.node_server('off')}/"
        done = self.run_test(url, "--http", "2", *ECHO, expect=UNREACHABLE)
        self.assertIn("ENABLE_CONNECT_PROTOCOL", done.stderr)

    @unittest.skipUnless(NODE, "node is not here")
    def test_the_reference_serves_a_client_of_others(self):
        for scheme, arguments in (("http", []), ("https", ["--tls"])):
            _, url = self.echo_process("--http", "2", *arguments)
            port = url.rstrip("/").rpartition(":")[2]
            lines = self.output(NODE, self.script("client.js", NODE_CLIENT), f"{scheme}://127.0.0.1:{port}")
            self.assertEqual(lines, ["true 200", "81026869880203e8"])

    def test_the_reference_is_strict_about_heads(self):
        try:
            subprocess.run([PYTHON, "-c", "import h2"], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            self.skipTest("python3-h2 is not here")
        _, url = self.echo_process("--http", "auto")
        port = url.rstrip("/").rpartition(":")[2]
        lines = self.output(PYTHON, "-W", "ignore", self.script("client.py", H2_CLIENT), port)
        self.assertEqual(lines, ["setting 1", "tunnel 200", "data 81026869", "no path reset 1", "upgrade reset 1",
                                 "upper case reset 1", "other protocol 501", "version 400", "GET reset 1",
                                 "no websocket 404"])


if __name__ == "__main__":
    main()
