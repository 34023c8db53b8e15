"""Servers under test for the scripts that measure: started, awaited, observed, stopped."""
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PEERS = ROOT / "scripts" / "peers"
TOUCHSTONE = pathlib.Path(os.environ.get("TOUCHSTONE", ROOT / "build" / "release" / "touchstone")).absolute()
TICK = os.sysconf("SC_CLK_TCK")
START_LIMIT = 30  # seconds that a server may take to listen


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def prepare(name):
    """Installs and builds a peer of scripts/peers. The script that failed, if one did; its messages went to standard error."""
    for step in ("install", "build"):
        script = PEERS / name / step
        if script.exists() and subprocess.run([script], stdout=sys.stderr).returncode != 0:
            return script.relative_to(ROOT)
    return None


def version(name):
    """As a peer of scripts/peers says it; nothing for other servers."""
    script = PEERS / name / "version"
    return subprocess.run([script], check=True, capture_output=True, text=True).stdout.strip() if script.exists() else None


class Server:
    """A server process group: started, awaited, measured, stopped. `command` (the port follows) instead of the one that
    belongs to the name; `core` is the only one that it may run on."""

    def __init__(self, name, command=None, core=None):
        self.name, self.port = name, free_port()
        if command:
            command = [*command, str(self.port)]
        elif name == "reference":
            command = [TOUCHSTONE, "echo", "--port", str(self.port)]
        else:
            if failed := prepare(name):
                sys.exit(f"{failed} failed; its messages are above")
            command = [PEERS / name / "run", str(self.port)]
        if core is not None:
            command = ["taskset", "--cpu-list", str(core), *command]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
        self.wait_until_it_listens()

    def wait_until_it_listens(self):
        limit = time.monotonic() + START_LIMIT
        while time.monotonic() < limit:
            if self.process.poll() is not None:
                sys.exit(f"{self.name} ended with {self.process.returncode} before it listened")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                # There is no event for "listens now" in a process that is not ours: ask again shortly.
                time.sleep(0.02)
        sys.exit(f"{self.name} does not listen on port {self.port} after {START_LIMIT} s")

    def cpu_seconds(self):
        """User and system time of all processes of the group, those that ended included as far as their parent lives."""
        total = 0
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == self.process.pid:
                total += sum(map(int, fields[11:15]))
        return total / TICK

    def stop(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def check(parser, names):
    """Ends with a usage error when the program is not built or a name is unknown."""
    if not os.access(TOUCHSTONE, os.X_OK):
        parser.error(f"{TOUCHSTONE} is not built; run scripts/build first")
    if unknown := [n for n in names if n != "reference" and not (PEERS / n / "run").exists()]:
        parser.error(f"no server {', '.join(unknown)} in scripts/peers")
