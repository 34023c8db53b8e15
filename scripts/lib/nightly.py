"""scripts/nightly [--minutes N] [--endpoint NAME]... [--known DIR] [--no-targets] [--no-tidy] [--seed N]

A night of fuzzing in N minutes (default 20). Half of it is for the libFuzzer targets, all of them (scripts/fuzz: corpora
are merged and minimised), half for campaigns of the network fuzzer against servers of scripts/peers (default: reference,
ws, python-websockets, gorilla), each the same share. What earlier nights found and kept is in build/fuzz-corpus and
build/nightly/NAME, which a machine without memory has to bring back; the seed is the number of the day, so that no night
repeats the one before.

Writes build/nightly/report.md: what is new since last night first, then all numbers. New is a finding that no earlier
night had and that nobody has looked at (runner/campaign/triage.json, or a folder --known DIR/NAME). The
findings are in build/fuzz-findings and build/nightly/NAME/findings.

  --no-targets   network campaigns only, with all of the time
  --no-tidy      without clang-tidy over all sources (scripts/tidy), which comes first and takes ten to twenty minutes more

Exit 0: nothing new. 1: new findings, a target that crashed, or findings of clang-tidy. 2: a wrong option, or a build that failed. Anything else:
a server did not start; the message says which.
"""
import argparse
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
from campaigns import ROOT, cell, findings, prepare, run, servers, triaged

WORK = ROOT / "build" / "nightly"
ENDPOINTS = ["reference", "ws", "python-websockets", "gorilla"]


def build(options):
    if "TOUCHSTONE" in os.environ:
        return
    if subprocess.run([ROOT / "scripts" / "build", "release", "touchstone"]).returncode != 0:
        print("scripts/nightly: the build failed; its messages are above", file=sys.stderr)
        sys.exit(2)


def fuzz_targets(minutes):
    """The rows of scripts/fuzz, and whether one crashed."""
    table = WORK / "targets.json"
    table.unlink(missing_ok=True)
    done = subprocess.run([ROOT / "scripts" / "fuzz", "--minutes", str(minutes), "--json", table], stdout=sys.stderr)
    if done.returncode not in (0, 1) or not table.exists():
        sys.exit(2)
    return json.loads(table.read_text(encoding="utf-8"))


def fuzz_endpoint(name, seconds, options):
    """The numbers of the campaign; its new findings; how many findings earlier nights left."""
    version = prepare(name)
    out = WORK / name
    (out / "findings").mkdir(parents=True, exist_ok=True)
    earlier = {row["cluster"] for row in findings(out)}
    known = WORK / "known" / name  # one folder for the option: what this machine found, and what it was given
    shutil.rmtree(known, ignore_errors=True)
    shutil.copytree(out / "findings", known / "earlier")
    if options.known and (options.known / name).is_dir():
        shutil.copytree(options.known / name, known / "given")
    numbers = run(name, seconds, out, "--known", known, "--seed", options.seed)
    fresh = [row for row in findings(out) if row["cluster"] not in earlier]
    return {"name": name, "version": version, **numbers, "earlier": len(earlier),
            "new": [row for row in fresh if triaged(name, row) is None],
            "triaged": [row for row in fresh if triaged(name, row) is not None]}


def report(options, targets, endpoints):
    crashed = [(row["target"], finding) for row in targets for finding in row["findings"]]
    new = [(e["name"], row) for e in endpoints for row in e["new"]]
    lines = [f"# Night of {datetime.date.today()}", "",
             f"{options.minutes:g} minutes, seed {options.seed}: {len(new) + len(crashed)} new since last night.", ""]
    if crashed:
        lines += ["## Inputs on which a target failed", "",
                  *(f"- `{target}`: `{finding}`; again: `build/fuzz/{target}_fuzzer {finding}`" for target, finding in crashed), ""]
    if new:
        lines += ["## New findings at servers", "", "| server | cluster | clause | what it did |", "|---|---|---|---|",
                  *(f"| {name} | {row['cluster']} | {row['clause']} | {cell(row['summary'])} |" for name, row in new), "",
                  "Each is a folder in `build/nightly/SERVER/findings` with the case, the transcript and the command that replays",
                  "it. Hold it against the RFC, then write what it is into `runner/campaign/triage.json`.", ""]
    lines += ["## Campaigns against servers", "",
              "| server | version | seconds | stimuli | a second | kinds of outcome | found before | new, known by triage | new |",
              "|---|---|---:|---:|---:|---:|---:|---:|---:|",
              *(f"| {e['name']} | {e['version']} | {e['seconds']} | {e['stimuli']} | {e['rate']} | {e['kinds']} | {e['earlier']} | "
                f"{len(e['triaged'])} | {len(e['new'])} |" for e in endpoints), ""]
    if targets:
        lines += ["## libFuzzer targets", "", "| target | seconds | executions | a second | edges | inputs kept | failures |",
                  "|---|---:|---:|---:|---:|---:|---:|",
                  *(f"| {r['target']} | {r['seconds']} | {r['executions']} | {r['per_second']} | {r['edges']} | {r['inputs']} | "
                    f"{len(r['findings'])} |" for r in targets), ""]
    (WORK / "report.md").write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))
    return bool(new or crashed)


def main():
    parser = argparse.ArgumentParser(prog="nightly", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--endpoint", action="append", choices=servers(), metavar="NAME")
    parser.add_argument("--known", type=pathlib.Path, metavar="DIR")
    parser.add_argument("--no-targets", action="store_true")
    parser.add_argument("--no-tidy", action="store_true")
    parser.add_argument("--seed", type=int, default=datetime.date.today().toordinal())
    options = parser.parse_args()
    if options.known and not options.known.is_dir():
        parser.error(f"--known {options.known}: no such folder")
    endpoints = options.endpoint or ENDPOINTS
    WORK.mkdir(parents=True, exist_ok=True)
    (WORK / "report.md").unlink(missing_ok=True)  # of a night that breaks off there is none, not last night's
    build(options)
    untidy = not options.no_tidy and subprocess.run([ROOT / "scripts" / "tidy"], stdout=sys.stderr).returncode != 0
    share = options.minutes if options.no_targets else options.minutes / 2
    targets = [] if options.no_targets else fuzz_targets(options.minutes / 2)
    seconds = max(1, round(share * 60 / len(endpoints)))
    new = report(options, targets, [fuzz_endpoint(name, seconds, options) for name in endpoints])
    if untidy:
        print("clang-tidy has findings: they are above, and scripts/tidy shows them again", file=sys.stderr)
    return 1 if new or untidy else 0


if __name__ == "__main__":
    sys.exit(main())
