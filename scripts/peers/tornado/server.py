"""Echo server with Tornado: python3 server.py PORT."""
import asyncio
import sys

from tornado.web import Application
from tornado.websocket import WebSocketHandler


class Echo(WebSocketHandler):
    def check_origin(self, origin):
        return True

    def get_compression_options(self):
        return {}  # permessage-deflate with the defaults; None would be without it.

    async def on_message(self, message):
        await self.write_message(message, binary=isinstance(message, bytes))


async def main():
    application = Application([(".*", Echo)], websocket_max_message_size=64 * 2**20)
    application.listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())
