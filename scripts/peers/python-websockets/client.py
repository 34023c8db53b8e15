"""Driver with websockets for the fuzzing server: python3 client.py URL."""
import asyncio
import sys

import websockets


async def run(number):
    url = f"{sys.argv[1]}/runCase?case={number}&agent=python-websockets"
    try:
        async with websockets.connect(url, max_size=64 * 2**20, close_timeout=1) as websocket:
            async for message in websocket:
                await websocket.send(message)
    except (websockets.WebSocketException, OSError, ValueError):
        pass  # The connection has ended, in whatever way. ValueError: zlib refuses a window of 8 bits.


async def main():
    async with websockets.connect(sys.argv[1] + "/getCaseCount") as websocket:
        count = int(await websocket.recv())
    for number in range(1, count + 1):
        await run(number)
    async with websockets.connect(sys.argv[1] + "/updateReports?agent=python-websockets") as websocket:
        await websocket.wait_closed()


asyncio.run(main())
