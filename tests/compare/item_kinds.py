#!/usr/bin/env python3
"""What became of every item of a case, as the table of docs/CORPUS.md: by format, and where none is known by the
end of its name, with the collections (first folders below ROOT) it comes from.

    constat investigate ROOT --case CASE; item_kinds.py CASE ROOT
"""
import collections
import os
import re
import sqlite3
import sys

STATES = {1: "read", 2: "defective", 3: "unreadable", 4: "not supported", 5: "not supported"}


def kind(path, fmt):
    if fmt:
        return fmt, True
    name = os.path.basename(path.rsplit("!", 1)[-1]).lower()
    match = re.search(r"\.([a-z][a-z0-9]{0,9})$", name)
    return (f".{match[1]}" if match else "no ending"), False


def main():
    case, root = sys.argv[1], sys.argv[2].rstrip("/") + "/"
    rows = collections.defaultdict(lambda: [collections.Counter(), 0, 0, collections.Counter()])
    totals = collections.Counter()
    with sqlite3.connect(f"file:{case}/case.sqlite?mode=ro", uri=True) as db:
        for path, fmt, state, size, events in db.execute("SELECT path, format, state, size, events FROM item"):
            path = path.decode("utf-8", "replace")
            row = rows[kind(path, fmt.decode())]
            word = STATES.get(state, f"state {state}")
            row[0][word] += 1
            row[1] += size
            row[2] += events
            row[3][path.removeprefix(root).split("/", 1)[0].split("!", 1)[0]] += 1
            totals[word] += 1
    words = ["read", "defective", "unreadable", "not supported"]
    print("| kind | " + " | ".join(words) + " | MB | events | from |")
    print("| --- |" + " ---: |" * (len(words) + 2) + " --- |")
    order = sorted(rows.items(), key=lambda kv: (not kv[0][1], -sum(kv[1][0].values()), kv[0][0]))
    few = [collections.Counter(), 0, 0, 0]
    for (name, known), (states, size, events, where) in order:
        if not known and sum(states.values()) < 4:
            few[0] += states
            few[1] += size
            few[3] += 1
            continue
        places = ", ".join(name for name, _ in where.most_common(4)) + (", …" if len(where) > 4 else "")
        counts = " | ".join(str(states[word] or "") for word in words)
        print(f"| {name} | {counts} | {size / 1e6:.1f} | {events or ''} | {places} |")
    counts = " | ".join(str(few[0][word] or "") for word in words)
    print(f"| {few[3]} other endings | {counts} | {few[1] / 1e6:.1f} | | |")
    counts = " | ".join(str(totals[word] or "") for word in words)
    print(f"| all | {counts} | | | |")


main()
