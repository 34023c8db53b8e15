"""serve_driver.py - a client for `touchstone serve --command` that ends as it is told to.
Usage: serve_driver.py --drive URL MOST [MANNER] | --connect CASE-URL MANNER"""

import os
import re
import signal
import sys

from serving import Client


def die(manner, opcode):
    """How a program ends in the middle of a case."""
    if manner == "tell":  # an exit code is its way to tell of any error
        os._exit(1)
    if opcode != 3:
        return
    if manner == "segv":
        os.kill(os.getpid(), signal.SIGSEGV)
    if manner == "panic":
        print("thread 'main' panicked at src/frame.rs:7:5:", flush=True)
        os._exit(101)
    if manner == "leave":
        print("last words", flush=True)
        os._exit(1)


def drive(url, most, manner=""):
    """A driver for Autobahn's server, for --command: at most so many cases; then it may kill itself."""
    port = int(url.rpartition(":")[2])
    count = int(Client(port, "/getCaseCount").until_the_end(echo=False)[0])
    for number in range(1, min(count, int(most)) + 1):
        Client(port, f"/runCase?case={number}&agent=x").until_the_end(manner != "mute", lambda opcode: die(manner, opcode))
    if manner == "crash" and count > 1:
        os.kill(os.getpid(), signal.SIGKILL)
    Client(port, "/updateReports?agent=x").until_the_end(echo=False)


if __name__ == "__main__":
    if sys.argv[1] == "--drive":
        drive(*sys.argv[2:])
    else:
        _, port, path = re.split(r":(\d+)", sys.argv[2], maxsplit=1)
        Client(int(port), path).until_the_end(True, lambda opcode: die(sys.argv[3], opcode))
