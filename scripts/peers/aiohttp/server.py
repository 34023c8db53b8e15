"""Echo server with aiohttp: python3 server.py PORT. permessage-deflate is on by default."""
import sys

from aiohttp import WSMsgType, web


async def echo(request):
    websocket = web.WebSocketResponse(max_msg_size=64 * 2**20)
    await websocket.prepare(request)
    async for message in websocket:
        if message.type == WSMsgType.TEXT:
            await websocket.send_str(message.data)
        elif message.type == WSMsgType.BINARY:
            await websocket.send_bytes(message.data)
    return websocket


application = web.Application()
application.router.add_get("/{path:.*}", echo)
web.run_app(application, host="127.0.0.1", port=int(sys.argv[1]), print=None)
