"""scripts/bench echo [--http2] [--server NAME]... [--connections N] [--size SIZE] [--text] [--deflate] [--idle] [--runs N] [--json FILE] [--figures]

Echo servers side by side: each alone on the first core, `touchstone bench` on the last, the servers in turns, medians
over --runs (default 3). Decisive is the server's CPU time per message (user and system): the one load generator may
be busy before the fastest servers are. Memory is the server's own (anonymous) memory per connection. `epoll` is no
WebSocket server: it sends back bytes and stands for the limit of the machine. `reference` is `touchstone echo`,
`coroutines` the same with --coroutines, `beast` the asynchronous server of scripts/bench.d; the others are folders of
scripts/peers. Nobody compresses without --deflate. With --idle (and, say, --connections 10000) connections are opened
and held. --http2 puts a hundred WebSockets on each connection of HTTP/2 (RFC 8441) beside one connection for each over HTTP/1.1;
`nghttp2` sends back the bytes of each stream, without WebSocket. Every echo is compared. --figures writes what was measured into docs/figures and from there into the
documents. The environment may name another binary (TOUCHSTONE).
"""
import argparse
import datetime
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

import figures
from servers import ROOT, TOUCHSTONE, Server, prepare, version

SERVERS = ["epoll", "reference", "coroutines", "bun", "libwebsockets", "gorilla", "beast", "websocketpp", "ws", "nhooyr"]
OTHERS = ["python-websockets", "deno"]  # on demand: slow, or the same engine
OVER_HTTP2 = ["nghttp2", "reference-http2"]
BARE = ["epoll", "nghttp2"]  # no WebSocket
OWN = {"epoll": "epoll_echo", "beast": "beast_echo", "nghttp2": "nghttp2_echo"}  # programs of scripts/bench.d
COROUTINES = [TOUCHSTONE, "echo", "--coroutines", "--port"]
FIRST, LAST = min(os.sched_getaffinity(0)), max(os.sched_getaffinity(0))


def command_of(name):
    """The command of a server that no folder of scripts/peers has; the port follows."""
    if name == "coroutines":
        return COROUTINES
    if name == "reference-http2":
        return [TOUCHSTONE, "echo", "--http", "2", "--port"]
    return build(name) if name in OWN else None


def build(name):
    """The command of a server of scripts/bench.d, built when it is older than its source."""
    source, program = ROOT / "scripts" / "bench.d" / f"{OWN[name]}.cc", ROOT / "build" / "peers" / "bench" / OWN[name]
    if name == "beast" and (failed := prepare("beast")):  # its packages
        sys.exit(f"{failed} failed; its messages are above")
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        program.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["g++", "-std=c++17", "-O2", "-pthread", "-o", program, source,
                        *(["-lnghttp2"] if name == "nghttp2" else [])], check=True)
    return [program]


def load(server, arguments):
    """One run of the load generator; what it measured."""
    scheme = "tcp" if server.name in BARE else "ws"
    arguments = [*arguments, "--http", "2", "--streams", "100"] if server.name in OVER_HTTP2 else arguments
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        command = ["taskset", "--cpu-list", str(LAST), TOUCHSTONE, "bench", f"{scheme}://127.0.0.1:{server.port}/",
                   "--pid", str(server.process.pid), "--json", file.name, "--quiet", *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"scripts/bench: {' '.join(map(str, command))} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return json.loads(pathlib.Path(file.name).read_text())


def measure(name, arguments, warm_up):
    """A fresh server for each run, so that its memory is that of these connections."""
    server = Server(name, command=command_of(name), core=FIRST)
    try:
        load(server, warm_up)
        return row(load(server, arguments))
    finally:
        server.stop()


def row(measured):
    found = {"memory_kib": measured["server"]["memory_kib_per_connection"], "opened_per_second": measured["opening"]["per_second"]}
    if "load" in measured:
        latency = measured["load"]["latency_us"]
        found |= {"cpu_us": measured["server"]["cpu_us_per_echo"], "rate": measured["load"]["echoes_per_second"],
                  "mb_per_second": measured["load"]["octets_per_second"] / 1e6, "generator_cpu": measured["own_cpu"],
                  "p50_us": latency["p50"], "p99_us": latency["p99"], "p99_9_us": latency["p99_9"]}
    return found


def place(options):
    """The file of docs/figures and its columns, by what `rows` calls them, that this measurement belongs to; or nothing."""
    if options.text:
        return None
    if options.http2:
        at_home = (options.size, options.connections, options.deflate, options.idle) == ("256", 1000, False, False)
        return ("speed-http2", {**{key: (key, 1) for key in ("cpu_us", "rate", "memory_kib")},
                                **{f"{key}_ms": (f"{key}_us", 1000) for key in ("p50", "p99")}}) if at_home else None
    if options.idle:
        at_home = (options.size, options.connections, options.deflate) == ("256", 10000, False)
        return ("speed-echo-sizes", {"idle_memory_kib": ("memory_kib", 1)}) if at_home else None
    if options.deflate:
        return ("speed-echo-sizes", {"cpu_us_deflate": ("cpu_us", 1)}) if (options.size, options.connections) == ("256", 1000) else None
    if (options.size, options.connections) == ("256", 1000):
        return "speed-echo", {**{key: (key, 1) for key in ("cpu_us", "rate", "mb_per_second", "memory_kib")},
                              **{f"{key}_ms": (f"{key}_us", 1000) for key in ("p50", "p99", "p99_9")}}
    if (options.size, options.connections) in (("16", 1000), ("16KiB", 1000), ("1MiB", 64)):
        found = {f"cpu_us_{options.size}": ("cpu_us", 1)}
        return "speed-echo-sizes", found if options.size == "16" else {**found, f"mb_per_second_{options.size}": ("mb_per_second", 1)}
    return None


def publish(rows, options):
    file, columns = place(options)
    measured = [{"name": row["server"], **{column: round(row[key] / unit, 2) for column, (key, unit) in columns.items()}} for row in rows]
    figures.update(file, [row | ({"version": v} if (v := version(row["name"])) else {}) for row in measured])


def table(rows, idle):
    if idle:
        print("| Server | Memory per connection, KiB | Opened per second |\n| --- | ---: | ---: |")
        for r in rows:
            print(f"| {r['server']} | {r['memory_kib']:.2f} | {r['opened_per_second']:.0f} |")
        return
    print("| Server | CPU per message, us | Messages per second | MB/s | P50 ms | P99 ms | P99.9 ms | Memory per connection, KiB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for r in rows:
        print(f"| {r['server']} | {r['cpu_us']:.2f} | {r['rate']:.0f} | {r['mb_per_second']:.1f} | {r['p50_us'] / 1e3:.2f} | "
              f"{r['p99_us'] / 1e3:.2f} | {r['p99_9_us'] / 1e3:.2f} | {r['memory_kib']:.2f} |")


def main(arguments, machine):
    parser = argparse.ArgumentParser(prog="scripts/bench echo", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", action="append", choices=SERVERS + OTHERS + OVER_HTTP2)
    parser.add_argument("--http2", action="store_true", help="the reference over HTTP/2 beside HTTP/1.1, and bare programs for both")
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--size", default="256", help="bytes of a message: 256, 16KiB, 1MiB")
    parser.add_argument("--text", action="store_true", help="text messages rather than binary ones")
    parser.add_argument("--deflate", action="store_true", help="offer permessage-deflate")
    parser.add_argument("--idle", action="store_true", help="hold the connections, send nothing")
    parser.add_argument("--seconds", type=int, default=3, help="measured time of a run, after one second of warming up")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--figures", action="store_true")
    options = parser.parse_args(arguments)
    if options.figures and not place(options):
        parser.error("--figures: no table has a place for these options; those that have one are in docs/speed.md")
    if not os.access(TOUCHSTONE, os.X_OK):
        parser.error(f"{TOUCHSTONE} is not built; run scripts/build first")
    names = options.server or (["epoll", "reference", *OVER_HTTP2] if options.http2 else None) or [n for n in SERVERS if not (n == "epoll" and options.deflate)]

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # for the servers; some do not raise it themselves
    kind = ["--size", options.size] + ["--text"] * options.text + ["--deflate"] * options.deflate
    full = [*kind, "--connections", str(options.connections), "--duration", f"{options.seconds}s", *["--idle"] * options.idle]
    warm_up = [*kind, "--connections", "10", "--duration", "300ms", "--warm-up", "0s"]
    runs = {name: [] for name in names}
    for _ in range(options.runs):
        for name in names:
            runs[name].append(measure(name, full, warm_up))
    rows = [{"server": name, **{key: statistics.median(one[key] for one in measured) for key in measured[0]}}
            for name, measured in runs.items()]

    what = "idle" if options.idle else f"{'text' if options.text else 'binary'} messages of {options.size} octets, closed loop"
    print(f"{datetime.date.today()}, {machine}, medians of {options.runs} runs; {options.connections} connections, {what}"
          f"{', permessage-deflate' if options.deflate else ''}\n")
    table(rows, options.idle)
    if options.json:
        settings = {key: value for key, value in vars(options).items() if key not in ("json", "server")}
        options.json.write_text(json.dumps({"machine": machine, "date": str(datetime.date.today()), "options": settings,
                                            "medians": rows, "runs": runs}, indent=2) + "\n")
    if options.figures:
        publish(rows, options)
