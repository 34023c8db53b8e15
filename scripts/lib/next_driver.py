"""next_driver.py - the driver's side of `touchstone serve --next` (docs/next.md), for clients in Python.

drive(url, connect): fetches orders and gives each connection of one to `connect(told)`, a coroutine that makes the
connection and stays until it has ended; told is a dictionary as in docs/next.md. What raises Unimplemented(why) is told to the
tester; any other exception is the client's way to fail a connection.
"""
import asyncio
import json
import urllib.parse
import urllib.request


class Unimplemented(Exception):
    pass


def fetch(url, why):
    if why:
        url += "&unimplemented=" + urllib.parse.quote(why)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=600) as answer:
        return json.load(answer)


async def run(url, connect):
    async def one(told):
        task = asyncio.ensure_future(connect(told))
        try:
            await asyncio.wait_for(task, told["cancel_ms"] / 1000) if "cancel_ms" in told else await task
        except Unimplemented:
            raise
        except Exception:  # the connection failed, in whatever way
            pass

    why = None
    while True:
        order = await asyncio.get_running_loop().run_in_executor(None, fetch, url, why)
        if order.get("done"):
            return
        why = None
        wanted = [told for told in order["connect"] for _ in range(told.get("count", 1))]
        for result in await asyncio.gather(*map(one, wanted), return_exceptions=True):
            if isinstance(result, Unimplemented):
                why = str(result)


def drive(url, connect):
    asyncio.run(run(url, connect))
