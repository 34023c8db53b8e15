"""A server's largest message: one byte more is refused with 1009, and others are served all the same."""
import asyncio
import threading

import pytest
import websockets

LIMIT = 1000


@pytest.fixture
def server_url():
    """The server under test, in a thread: it echoes messages of at most LIMIT bytes."""
    started, stop = threading.Event(), threading.Event()
    urls = []

    async def echo(ws, *_):
        async for message in ws:
            await ws.send(message)

    async def serve():
        async with websockets.serve(echo, "127.0.0.1", 0, max_size=LIMIT) as server:
            urls.append(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
            started.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    started.wait(10)
    yield urls[0]
    stop.set()
    thread.join()


def test_one_byte_more_is_too_much(server_url, touchstone_play):
    def message(length):
        return {"message": "binary", "payload": {"fill": "x", "len": length}}

    client = touchstone_play({"connections": [
        {"steps": [message(LIMIT), {"await": "echo"}]},
        {"steps": [message(LIMIT + 1), {"expect": "close", "code": 1009}]},
        {"steps": [{"message": "binary", "parts": ["x" * LIMIT, "x"]}, {"expect": "close", "code": 1009}]},
        {"steps": [message(1), {"await": "echo"}]},
    ]}, connect=server_url)
    client.finish()
