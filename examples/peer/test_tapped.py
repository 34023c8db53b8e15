"""An ordinary test of a client and a server, with a proxy in between that judges both by the RFC."""
import asyncio

import websockets

from touchstone_peer import AsyncPeer, tap


async def upper(ws, *_):
    async for message in ws:
        await ws.send(message.upper())


def test_both_sides_obey():
    async def run():
        async with websockets.serve(upper, "127.0.0.1", 0) as server:
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            slow_line = {"network": {"latency_ms": 20, "piece": 7}}
            async with AsyncPeer(tap, url, commands=[slow_line]) as proxy:
                async with websockets.connect(proxy.url) as ws:
                    await ws.send("hello")
                    assert await ws.recv() == "HELLO"
                    await (await ws.ping())
            assert proxy.verdict["result"] == "ok", proxy.why()

    asyncio.run(asyncio.wait_for(run(), 60))
