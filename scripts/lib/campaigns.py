"""Campaigns of the network fuzzer for the scripts: run one, read what it found, say what is known of it."""
import json
import re
import subprocess
import sys

import servers as peers
from servers import PEERS, ROOT, TOUCHSTONE

# {endpoint: {cluster: what a look at the RFC by hand said}}. A name without its last words stands for all that begin like
# it, and *-KIND for a kind of finding whatever rule the stimulus was about.
TRIAGE = json.loads((ROOT / "runner" / "campaign" / "triage.json").read_text(encoding="utf-8"))
SUMMARY = re.compile(r"(\d+) stimuli over (\d+) connections in .*? \((\d+) stimuli a second\); (\d+) kinds of outcome")


def servers():
    over_http1 = [f for f in PEERS.iterdir() if (f / "run").exists() and not (f / "options").exists()]
    return ["reference", *sorted(f.name for f in over_http1)]


def prepare(name):
    """Installs and builds a server; its version."""
    if name == "reference":
        return subprocess.run([TOUCHSTONE, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    if failed := peers.prepare(name):
        sys.exit(f"{failed} failed; its messages are above")
    return subprocess.run([PEERS / name / "version"], check=True, capture_output=True, text=True).stdout.strip()


def run(name, seconds, out, *options):
    """One campaign of so many seconds: how it ended, and its numbers."""
    server = f"{TOUCHSTONE} echo --port {{port}}" if name == "reference" else f"scripts/peers/{name}/run {{port}}"
    command = [TOUCHSTONE, "fuzz", "--command", server, "--time", f"{seconds}s", "--timeout", "4s", "--out", str(out), *options]
    done = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True)
    numbers = SUMMARY.search(done.stdout)
    if numbers is None or done.returncode not in (0, 1):
        sys.exit(f"{name}: touchstone fuzz ended with exit {done.returncode}:\n{done.stdout}{done.stderr}")
    stimuli, connections, rate, kinds = map(int, numbers.groups())
    return {"seconds": seconds, "stimuli": stimuli, "connections": connections, "rate": rate, "kinds": kinds}


def findings(out):
    """All that the folder of a campaign holds, in the order in which it was found."""
    rows = []
    for folder in sorted((out / "findings").glob("*/case.json")):
        readme = (folder.parent / "README.md").read_text(encoding="utf-8")
        case = json.loads(folder.read_text(encoding="utf-8"))["groups"][0]
        number, after = re.search(r"Found with input (\d+) after ([\d.]+) s", readme).groups()
        rule = re.search(r"^Rule: (.*?) \((.*?)\): (.*)$", readme, re.MULTILINE)
        rows.append({"cluster": folder.parent.name, "clause": rule[2] if rule else "", "rule": rule[3] if rule else "",
                     "summary": case.get("note", ""), "input": int(number), "after": float(after), "folder": folder.parent})
    return sorted(rows, key=lambda row: row["after"])


def triaged(name, row):
    known = TRIAGE.get(name, {})
    rule, way = re.fullmatch(r"(rfc\d+-[\d.]+-\d+)-(.*)", row["cluster"]).groups()
    while way:
        if said := known.get(f"{rule}-{way}") or known.get(f"*-{way}"):
            return said
        way = way.rpartition("-")[0]
    return None


def cell(text):
    return text.replace("|", "\\|").replace("\n", " ")
