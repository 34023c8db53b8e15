"""Echo server with websockets: python3 server.py PORT. permessage-deflate is on by default."""
import asyncio
import sys

import websockets


async def echo(websocket):
    async for message in websocket:
        await websocket.send(message)


async def main():
    async with websockets.serve(echo, "127.0.0.1", int(sys.argv[1]), max_size=64 * 2**20):
        await asyncio.Future()


asyncio.run(main())
