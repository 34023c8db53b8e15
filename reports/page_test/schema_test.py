#!/usr/bin/env python3
"""schema_test.py - the reports of a made-up run against their published schemas.

    schema_test.py --sample reports_sample --schemas reports/schema
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import jsonschema


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=pathlib.Path, required=True)
    parser.add_argument("--schemas", type=pathlib.Path, required=True)
    options = parser.parse_args()

    def validator(name):
        schema = json.loads((options.schemas / f"{name}.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        return jsonschema.Draft202012Validator(schema)

    faults = 0

    def check(name, what, value):
        nonlocal faults
        for error in validator(name).iter_errors(value):
            faults += 1
            print(f"{what}: {error.json_path}: {error.message[:200]}")

    with tempfile.TemporaryDirectory(prefix="touchstone-schema-") as folder:
        subprocess.run([options.sample, folder, "1"], check=True)
        out = pathlib.Path(folder)
        lines = (out / "journal.jsonl").read_text().splitlines()
        # The first and last lines, and of the results each kind once: the rest is more of the same.
        kinds = {}
        for line in map(json.loads, lines[1:-1]):
            result = line["result"]
            kinds.setdefault((result["behavior"], result["closing"], result["flaky"], result["case"].split("/")[0]), line)
        for number, line in enumerate([json.loads(lines[0]), *kinds.values(), json.loads(lines[-1])]):
            check("journal", f"journal line of kind {number}", line)
        for name in ("report", "index"):
            check(name, f"{name}.json", json.loads((out / f"{name}.json").read_text()))
        # The expectation files of real servers are of the published form.
        for file in sorted(options.schemas.resolve().parents[1].glob("scripts/peers/*/known.json")):
            check("expectations", file, json.loads(file.read_text()))
        for broken in ({"journal": 3, "run": {}}, {"result": {}}, {"footer": {"end": ""}}, {}):
            if validator("journal").is_valid(broken):
                faults += 1
                print(f"the schema lets {broken} pass")
    print(f"{faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
