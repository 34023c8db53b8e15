"""A client that is sent what the RFC forbids must close with the code that says so."""
import asyncio

import pytest
import websockets


async def listen(url):
    """The client under test."""
    async with websockets.connect(url) as ws:
        await ws.wait_closed()


@pytest.mark.parametrize("frame, code", [
    ({"frame": "text", "rsv": 4, "payload": "nothing was agreed on"}, 1002),
    ({"frame": "ping", "payload": {"fill": "x", "len": 126}}, 1002),
    ({"frame": "cont", "payload": "of no message"}, 1002),
    ({"frame": "text", "payload": {"hex": "c328"}}, 1007),
    ({"frame": "text", "mask": "wrong", "payload": "masked by a server"}, 1002),
])
def test_it_refuses(touchstone_play, frame, code):
    server = touchstone_play({"connections": [
        {"steps": [frame, {"expect": "close", "code": code}], "answer_close": False, "then": "fin"}]})
    asyncio.run(asyncio.wait_for(listen(server.url), 30))
    server.finish()
