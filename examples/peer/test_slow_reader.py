"""A chat of which one member hardly reads: the others must not wait for it."""
import asyncio

import websockets

from touchstone_peer import AsyncPeer, play

MEMBERS = set()


async def chat(ws, *_):
    """The server under test: says to all what each of them says."""
    MEMBERS.add(ws)
    try:
        async for message in ws:
            websockets.broadcast(MEMBERS, message)
    finally:
        MEMBERS.discard(ws)


def test_one_slow_member_delays_nobody():
    async def run():
        async with websockets.serve(chat, "127.0.0.1", 0) as server:
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            slow = {"connections": [{"read_bytes_per_s": 1000, "then": "stay"}]}
            async with AsyncPeer(play, slow, connect=url) as reader, websockets.connect(url) as quick:
                await reader.wait("opened")
                for number in range(30):
                    await quick.send(f"{number} " + "x" * 100_000)
                    assert (await quick.recv()).startswith(f"{number} ")
                assert len([e for e in reader.events if e["event"] == "message"]) == 0  # it is still at the first

    asyncio.run(asyncio.wait_for(run(), 60))
