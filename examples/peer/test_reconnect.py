"""A client that reconnects: after two refusals, after a reset, and not before the server is back."""
import asyncio

import websockets


async def collect(url, wanted):
    """The client under test: keeps a connection, whatever happens, until it has so many messages."""
    got = []
    while len(got) < wanted:
        try:
            async with websockets.connect(url) as ws:
                async for message in ws:
                    got.append(message)
        except (OSError, websockets.WebSocketException):
            pass
        await asyncio.sleep(0.01)
    return got


def test_it_comes_back(touchstone_play):
    server = touchstone_play({"connections": [
        {"times": 2, "refuse": 503},
        {"steps": [{"message": "text", "payload": "one"}], "then": "reset"},
        {"steps": [{"message": "text", "payload": "two"}, {"away_ms": 200}, {"close": 1012}]},
        {"steps": [{"message": "text", "payload": "three"}]},
    ]})
    assert asyncio.run(asyncio.wait_for(collect(server.url, 3), 30)) == ["one", "two", "three"]
    assert server.finish()["connections"] == 5
