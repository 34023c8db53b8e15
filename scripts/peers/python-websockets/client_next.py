"""Driver with websockets for `touchstone serve --next`: python3 client_next.py URL."""
import pathlib
import ssl
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "lib"))
sys.dont_write_bytecode = True
import websockets
from next_driver import Unimplemented, drive


async def connect(told):
    if "proxy" in told:
        raise Unimplemented("this version knows no proxies")
    options = {"subprotocols": told.get("subprotocols"), "extra_headers": told.get("headers"), "close_timeout": 1}
    if "ca" in told:
        options["ssl"] = ssl.create_default_context(cafile=told["ca"])
    if told.get("reconnect"):
        async for websocket in websockets.connect(told["url"], **options):
            try:
                async for _ in websocket:
                    pass
                return  # closed in order
            except websockets.ConnectionClosed:
                continue
    async with websockets.connect(told["url"], **options) as websocket:
        async for _ in websocket:
            pass


drive(sys.argv[1], connect)
