"""Figures that were measured: docs/figures/NAME.json keeps them, and the documents show them between markers,

    <!-- figures:NAME -->          the table: when, where and how it was measured, then its rows
    <!-- figures:NAME.VIEW -->     the same with the columns of "views": {VIEW: [column, ...]}
    <!-- figures:NAME.details -->  a section for each row, as "details" says
    <!-- figures:NAME.summary -->  when, where and how, and the summary, without a table
    <!-- figures:rooms -->         not measured: the order of the rooms, from scripts/check-includes
    ...
    <!-- /figures:NAME -->

A file has "date", "machine" (null where it is of no account) and "command" (what measured it; "measured" says more),
"key" (the columns that name a row), "columns" ({"key", "title", "decimals"}), "rows", and sometimes "summary", a
sentence. Where rows were measured on different days, each has its "date". What a person wrote into a row stays when a
script measures it again: update() replaces what it is given and nothing else.
"""
import datetime
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import platform
import re

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent
ROOT = SCRIPTS.parent
FOLDER = ROOT / "docs" / "figures"
BLOCK = re.compile(r"(<!-- figures:([\w.-]+) -->\n)(.*?)(<!-- /figures:\2 -->)", re.DOTALL)
MARKER = re.compile(r"<!-- /?figures\b.*?-->")


def machine():
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB"


def load(name):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def dump(data):
    """JSON with one row a line, so that a new measurement is a small difference."""
    def text(value):
        return json.dumps(value, ensure_ascii=False)

    members = []
    for key, value in data.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            members.append(f"  {text(key)}: [\n" + ",\n".join(f"    {text(row)}" for row in value) + "\n  ]")
        else:
            members.append(f"  {text(key)}: {text(value)}")
    return "{\n" + ",\n".join(members) + "\n}\n"


def update(name, rows, *, replace=False, **facts):
    """Puts what was measured today, or on the "date" of a row, into docs/figures/NAME.json and into the documents. `rows` are
    matched by the columns of "key". Rows that were not measured stay as they are, with their day, unless `replace` is set;
    so do the columns that were not. `facts` (command, measured, summary, machine) replace those of the file."""
    data = load(name)
    data["rows"] = merged(data, rows, str(datetime.date.today()), replace)
    data.pop("date", None)
    days = {day for row in data["rows"] for day in row["date"].split(" to ")}
    here = machine()
    if len(days) > 1 and here not in data["machine"]:  # older figures are of another machine
        here = f"{data['machine']} and {here}"
    data.update({"machine": here, **facts})
    if len(days) == 1:  # of the file, then
        data = {"date": days.pop(), **data}
        for row in data["rows"]:
            del row["date"]
    (FOLDER / f"{name}.json").write_text(dump(data), encoding="utf-8")
    write_documents()


def merged(data, rows, today, replace):
    """The rows of the file and the new ones, in the order of the file, each with its day. A day may be two: of the oldest and
    of the newest figure in the row."""
    def identity(row):
        return tuple(row.get(column) for column in data["key"])

    def renew(old, new):
        day = new.get("date", today)
        stays = any(isinstance(value, (int, float)) and key not in new for key, value in old.items())
        since = old.get("date", data.get("date"))
        return {**old, **new, "date": f"{since[:10]} to {day}" if stays and since[:10] != day else day}

    measured = {identity(row): row for row in rows}
    known = {identity(row) for row in data["rows"]}
    found = []
    for old in data["rows"]:
        if identity(old) in measured:
            found.append(renew(old, measured[identity(old)]))
        elif not replace:
            found.append({**old, "date": old.get("date", data.get("date"))})
    first = data["columns"][0]["key"]
    return found + [{first: row.get("name"), "date": today, **row} for row in rows if identity(row) not in known]


def cell(value, column):
    if value is None:
        return ""
    if isinstance(value, float) and "decimals" in column:
        return f"{value:.{column['decimals']}f}"
    return str(value).replace("|", "\\|").replace("\n", " ")


def table(columns, rows):
    def is_number(column):
        values = [row.get(column["key"]) for row in rows]
        return any(isinstance(v, (int, float)) for v in values)

    lines = ["| " + " | ".join(column["title"] for column in columns) + " |",
             "| " + " | ".join("---:" if is_number(column) else "---" for column in columns) + " |"]
    lines += ["| " + " | ".join(cell(row.get(column["key"]), column) for column in columns) + " |" for row in rows]
    return lines


def origin(data):
    """When, where and by what, as one sentence. What is not known is said to be so."""
    days = sorted({day for row in data["rows"] for day in row.get("date", data.get("date")).split(" to ")} or {data["date"]})
    when = f"on {days[0]}" if len(days) == 1 else f"from {days[0]} to {days[-1]}"
    where = f", {data['machine']}" if data["machine"] else ""
    return f"Measured {when}{where}, by `{data['command']}`" + (f": {data['measured']}" if data.get("measured") else "") + "."


def details(data):
    """A section for each row: its heading and text with the row's values in place of {column}, then its own tables."""
    lines, how = [], data["details"]
    for row in data["rows"]:
        lines += [how["heading"].format(**row), "", how["text"].format(**row), ""]
        for inner in how["tables"]:
            if row.get(inner["rows"]):
                lines += [*table(inner["columns"], row[inner["rows"]]), ""]
    return lines[:-1]


def rooms():
    """The table of scripts/check-includes, from the bottom up."""
    loader = importlib.machinery.SourceFileLoader("check_includes", str(SCRIPTS / "check-includes"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_includes", loader))
    loader.exec_module(module)
    return ["| | room | may include, of what stands before it |", "| ---: | --- | --- |",
            *(f"| {at} | {room} | {', '.join(folders) or 'nothing'} |" for at, (room, folders, _) in enumerate(module.ROOMS, 1))]


def render(name):
    """The lines between the markers of NAME or NAME.VIEW."""
    if name == "rooms":
        return rooms()
    file, _, view = name.partition(".")
    data = load(file)
    if view == "details":
        return details(data)
    lines = [origin(data), ""]
    if view != "summary":
        columns = data["columns"]
        if view:
            by_key = {column["key"]: column for column in columns}
            columns = [by_key[key] for key in data["views"][view]]
        lines += [*table(columns, data["rows"]), ""]
    if data.get("summary"):
        lines += [data["summary"], ""]
    return lines[:-1]


def documents(root=None):
    """Every *.md of the repository, and none that a build, a run or a package manager left there."""
    root = root or ROOT
    return sorted(p for p in root.rglob("*.md")
                  if not {"build", "node_modules", ".git", "touchstone-report", "touchstone-fuzz"} & set(p.relative_to(root).parts))


def renewed(text):
    """The document with every block as its JSON says."""
    return BLOCK.sub(lambda block: block[1] + "\n".join(render(block[2])) + "\n" + block[4], text)


def names(text):
    return [block[2] for block in BLOCK.finditer(text)]


def write_documents():
    """Writes every document that differs; their paths."""
    changed = []
    for path in documents():
        text = path.read_text(encoding="utf-8")
        if (new := renewed(text)) != text:
            path.write_text(new, encoding="utf-8")
            changed.append(path.relative_to(ROOT))
    return changed
