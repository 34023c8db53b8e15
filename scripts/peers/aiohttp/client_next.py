"""Driver with aiohttp for `touchstone serve --next`: python3 client_next.py URL."""
import pathlib
import ssl
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "lib"))
sys.dont_write_bytecode = True
import aiohttp
from next_driver import Unimplemented, drive


async def connect(told):
    if told.get("reconnect"):
        raise Unimplemented("it does not come back by itself")
    options = {"headers": told.get("headers"), "proxy": told.get("proxy"), "protocols": told.get("subprotocols", ())}
    if "ca" in told:
        options["ssl"] = ssl.create_default_context(cafile=told["ca"])
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(told["url"], **options) as websocket:
            async for _ in websocket:
                pass


drive(sys.argv[1], connect)
