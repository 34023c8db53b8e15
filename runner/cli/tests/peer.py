"""A WebSocket server of a few lines that misbehaves as told: what the tests of the program talk to.

As a program: peer.py PORT KIND serves on 127.0.0.1:PORT.
  echo     echoes, as well as it can without permessage-deflate
  abort    the same, but a frame with the reserved opcode 3 ends it with SIGABRT and a sanitizer's report
  deaf     never listens
"""

import base64
import hashlib
import os
import re
import socket
import struct
import sys
import threading
import time

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Ended(OSError):
    """The other side is gone."""


def read_head(sock, head=b""):
    """A head of HTTP with its empty line, and what came after it; `head` has come already."""
    while b"\r\n\r\n" not in head:
        more = sock.recv(65536)
        if not more:
            raise Ended
        head += more
    end = head.index(b"\r\n\r\n") + 4
    return head[:end], head[end:]


def answer_to(head, fields=b"", status=b"101 Switching Protocols"):
    """The answer that this request asks for; `fields` are whole lines that it says as well."""
    key = re.search(rb"(?i)sec-websocket-key: *(\S+)", head)
    accept = base64.b64encode(hashlib.sha1((key.group(1) if key else b"") + GUID).digest())
    return (b"HTTP/1.1 " + status + b"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + fields +
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")


class Connection:
    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""

    def take(self, octets):
        while len(self.buffer) < octets:
            more = self.sock.recv(65536)
            if not more:
                raise Ended
            self.buffer += more
        head, self.buffer = self.buffer[:octets], self.buffer[octets:]
        return head

    def handshake(self):
        head, self.buffer = read_head(self.sock, self.buffer)
        self.sock.sendall(answer_to(head, b"Server: peer.py\r\n"))

    def frame(self):
        first, second = self.take(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", self.take(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self.take(8))
        mask = self.take(4) if second & 0x80 else b"\0\0\0\0"
        payload = self.take(length)
        repeated = (mask * (length // 4 + 1))[:length]
        unmasked = (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(length, "big")
        return first & 0x80, first & 0x0F, unmasked

    def send(self, opcode, payload):
        length = len(payload)
        if length < 126:
            head = struct.pack("!BB", 0x80 | opcode, length)
        elif length < 65536:
            head = struct.pack("!BBH", 0x80 | opcode, 126, length)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 127, length)
        self.sock.sendall(head + payload)

    def drip(self, head, piece, pause):
        """Says `head` and then `piece` every `pause` seconds, for ever."""
        self.sock.sendall(head)
        while True:
            time.sleep(pause)
            self.sock.sendall(piece)

    def echo(self, on_reserved):
        message, kind = b"", TEXT
        while True:
            fin, opcode, payload = self.frame()
            if opcode == CLOSE:
                self.send(CLOSE, payload)
                return
            if opcode == PING:
                self.send(PONG, payload)
            elif opcode in (0, TEXT, BINARY):
                kind = opcode or kind
                message += payload
                if fin:
                    self.send(kind, message)
                    message = b""
            elif opcode != PONG:
                on_reserved()
                return


def fail_politely():
    """A reserved opcode fails the connection."""


def abort():
    os.write(2, b"==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x60200000eff0\n")
    os.abort()


def wait_for_port(port, seconds=20):
    """Until something listens there."""
    until = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


class Server:
    """Serves each connection in a thread with handler(connection, number), numbers from 1."""

    def __init__(self, handler, port=0):
        self.handler = handler
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}/"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        number = 0
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            number += 1
            threading.Thread(target=self.serve, args=(sock, number), daemon=True).start()

    def serve(self, sock, number):
        with sock:
            try:
                self.handler(Connection(sock), number)
            except OSError:
                pass

    def close(self):
        # A thread that blocks in accept() keeps the socket alive until it is shut down.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def echo_handler(on_reserved=fail_politely):
    def handler(connection, _number):
        connection.handshake()
        connection.echo(on_reserved)

    return handler


def main():
    port, kind = int(sys.argv[1]), sys.argv[2]
    print("peer.py", kind, "on", port, "process", os.getpid(), flush=True)
    if kind != "deaf":
        Server(echo_handler(abort if kind == "abort" else fail_politely), port)
    threading.Event().wait()


if __name__ == "__main__":
    main()
