"""A WebSocket peer for tests that does what it is told, legal or not, and a proxy that judges both sides.

    with touchstone_peer.play({"connections": [{"refuse": 503}, {"then": "echo"}]}) as server:
        my_client.connect(server.url)              # must come back after the 503
        server.wait("message", text="hello")
    assert server.verdict["result"] == "ok", server.violations

`touchstone play --help` and docs/play.md describe scripts, commands and events. The classes here start the process, read
its lines and end it; all that they know of WebSocket is in the process.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any, Callable, Mapping, Optional, Sequence

Event = dict[str, Any]
__all__ = ["AsyncPeer", "Event", "NotAsScripted", "Peer", "binary", "play", "tap"]


class NotAsScripted(AssertionError):
    """A step was not followed, a MUST was broken, or what was waited for did not come."""


def binary() -> str:
    """The program: TOUCHSTONE in the environment, the one in this package, or the one on the PATH."""
    inside = Path(__file__).parent / "bin" / "touchstone"
    found = os.environ.get("TOUCHSTONE") or (str(inside) if inside.exists() else shutil.which("touchstone"))
    if not found:
        raise FileNotFoundError("no touchstone: set TOUCHSTONE, or install the wheel of this platform")
    return found


class Peer:
    """A running `touchstone play` or `touchstone tap`; use it with `with`."""

    def __init__(self, arguments: Sequence[str], script: Optional[Mapping[str, Any]] = None) -> None:
        self.events: list[Event] = []
        self.verdict: Event = {}
        self._changed = threading.Condition()
        self._file: Optional[str] = None
        command = [binary(), *arguments, "--json", "--exit-with-stdin"]
        if script is not None:
            with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
                json.dump(script, file)
            self._file = file.name
            command.append(file.name)
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.first = self.wait("connecting" if "--connect" in arguments else "listening")
        self.url: str = self.first["url"]
        self.ca_file: Optional[str] = self.first.get("ca_file")

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            event = json.loads(line)
            with self._changed:
                self.events.append(event)
                if event["event"] == "verdict":
                    self.verdict = event
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def wait(self, event: str, timeout: float = 10.0, after: int = 0, **fields: Any) -> Event:
        """The first event of that name whose fields are these, from the `after`th on; of those that came already, too."""
        def found() -> Optional[Event]:
            for each in self.events[after:]:
                if each["event"] == event and all(each.get(key) == value for key, value in fields.items()):
                    return each
            return None

        with self._changed:
            over = self._changed.wait_for(lambda: found() or not self._reader.is_alive(), timeout)
            result = found()
        if result is not None:
            return result
        if over:
            self._process.wait(10)
            assert self._process.stderr is not None
            raise NotAsScripted(f"touchstone ended: {self._process.stderr.read().decode().strip() or self.verdict}")
        raise NotAsScripted(f"no event {event} {fields} within {timeout} s; the last ones: {self.events[-5:]}")

    def command(self, command: Mapping[str, Any]) -> None:
        """A line of standard input: {"send": STEP}, {"close": 1000}, {"drop": "reset"}, {"network": ...} ..."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        self._process.stdin.flush()

    def do(self, command: Mapping[str, Any], timeout: float = 10.0) -> None:
        """The same of a play, and waits until it is done. Raises when it was not followed."""
        number = id(command) ^ len(self.events)
        self.command({**command, "id": number})
        with self._changed:
            def told() -> Optional[Event]:
                return next((e for e in self.events if e.get("id") == number), None)
            self._changed.wait_for(lambda: told() or not self._reader.is_alive(), timeout)
            answer = told()
        if answer is None or answer["event"] != "done":
            raise NotAsScripted(f"{command}: {answer}")

    def send(self, text: str) -> None:
        self.do({"send": {"message": "text", "payload": text}})

    def stop(self) -> Event:
        """Ends it; its verdict."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._reader.join(15)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        if self._file:
            os.unlink(self._file)
            self._file = None
        return self.verdict

    def finish(self, timeout: float = 30.0) -> Event:
        """Waits until all that the script plans took place; its verdict. Raises when it is not ok."""
        self.wait("verdict", timeout)
        self.stop()
        if self.verdict["result"] != "ok":
            raise NotAsScripted(self.why())
        return self.verdict

    @property
    def violations(self) -> list[Event]:
        return [event for event in self.events if event["event"] == "violation"]

    def why(self) -> str:
        """The failed steps and violations, a line each."""
        lines = []
        for event in self.events:
            if event["event"] in ("step-failed", "violation"):
                where = event.get("place") or f'{event["by"]}, {event["level"]}, {event["clause"]}'
                lines.append(f'{where}: expected {event["expected"]}; seen: {event["seen"]}')
        return "\n".join(lines) or str(self.verdict)

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def play(script: Optional[Mapping[str, Any]] = None, *, connect: Optional[str] = None, tls: bool = False,
         options: Sequence[str] = ()) -> Peer:
    """A scripted server at `url`; with `connect` a scripted client of that URL."""
    where = ["--connect", connect] if connect else ["--port", "0"]
    return Peer(["play", *where, *(["--tls"] if tls else []), *options], script)


def tap(upstream: str, *, commands: Sequence[Mapping[str, Any]] = (), options: Sequence[str] = ()) -> Peer:
    """A proxy at `url` in front of `upstream`; `commands` hold from the first connection on."""
    first = [word for command in commands for word in ("--do", json.dumps(command))]
    return Peer(["tap", "--upstream", upstream, "--port", "0", *first, *options])


class AsyncPeer:
    """The same for asyncio: `async with AsyncPeer(play, script) as server`, `await server.wait("message")`."""

    def __init__(self, make: Callable[..., Peer], *arguments: Any, **named: Any) -> None:
        self._make = lambda: make(*arguments, **named)

    async def __aenter__(self) -> AsyncPeer:
        self.peer = await asyncio.to_thread(self._make)
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.peer.stop)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.peer, name)
        if name not in ("wait", "do", "send", "stop", "finish"):
            return value

        async def call(*arguments: Any, **named: Any) -> Any:
            return await asyncio.to_thread(value, *arguments, **named)

        return call
