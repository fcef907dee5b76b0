#!/usr/bin/env python3
"""Compare what Constat detects with what SQL made by pySigma finds in the same normalised events.

    sigma_detections.py CONSTAT KNOWLEDGE RULES EVIDENCE… [--accepted FILE] [--update] [--show N]

Needs pySigma and its SQLite backend (PyPI: pysigma-backend-sqlite; the accepted list names the
versions). Events come from `constat dump --format jsonl`, one table a log source (sigma_events.py),
columns without regard to case; rules come from RULES, those that Constat loads. Compared is the
number of events for each (evidence file, rule). A difference must be in the accepted list: rule,
number of files that differ, events on each side, a reason, and which side is right. Exit code 1 if
one is not, or if the list has one that is not met.
"""
import argparse
import collections
import importlib.metadata
import json
import os
import re
import sqlite3
import subprocess
import sys
import time

from sigma.backends.sqlite import sqliteBackend
from sigma.collection import SigmaCollection
from sigma.conditions import ConditionFieldEqualsValueExpression
from sigma.exceptions import SigmaError
from sigma.types import SigmaFieldReference

import sigma_events

FULLTEXT = "_all"


def fields_of(node, found):
    if isinstance(node, ConditionFieldEqualsValueExpression):
        found.add(node.field)
        if isinstance(node.value, SigmaFieldReference):
            found.add(node.value.field)
    for child in getattr(node, "args", []):
        if not isinstance(child, str):
            fields_of(child, found)


class Reference:
    """Rules as SQL, by log source."""

    def __init__(self):
        self.backend = sqliteBackend(fulltext_field=FULLTEXT)
        self.queries = collections.defaultdict(list)  # log source → (rule file, SQL condition)
        self.columns = collections.defaultdict(set)
        self.skipped = {}

    def add(self, path):
        try:
            with open(path, encoding="utf-8") as file:
                collection = SigmaCollection.from_yaml(file.read())
            for rule in collection.rules:
                source = tuple((getattr(rule.logsource, n) or "").lower() for n in ("product", "category", "service"))
                fields = set()
                for condition in rule.detection.parsed_condition:
                    fields_of(condition.parse(), fields)
                wheres = [q.split(" WHERE ", 1)[1] for q in self.backend.convert_rule(rule)]
                self.columns[source] |= fields
                self.queries[source].append((path, " OR ".join(f"({w})" for w in wheres)))
        except (SigmaError, AttributeError, TypeError, IndexError, NotImplementedError) as error:
            self.skipped[path] = f"{type(error).__name__}: {error}"


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def make_tables(database, reference):
    for source, columns in reference.columns.items():
        # SQLite does not tell names of columns apart by case: the first writing stands for all.
        names = list({c.lower(): c for c in sorted(columns)}.values())
        reference.columns[source] = names
        table = quoted("/".join(source))
        declared = "".join(f", {quoted(c)} TEXT COLLATE NOCASE" for c in names)
        database.execute(f"CREATE TABLE {table} (_file INTEGER, _event INTEGER, {FULLTEXT} TEXT{declared})")


def fill_tables(database, constat, knowledge, reference, evidence):
    rows = sigma_events.read_rows(os.path.join(knowledge, "logsources.tsv"))
    sources = sigma_events.Sources(rows, list(reference.columns))
    dump = subprocess.Popen([constat, "dump", "-q", "--knowledge", knowledge, "-t", "jsonl"] + evidence,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    files, pending, count = {}, collections.defaultdict(list), 0
    for line in dump.stdout:
        event = json.loads(line)
        for key in ("product", "service", "channel", "provider", "code"):
            event.setdefault(key, "")
        event.setdefault("fields", {})
        count += 1
        file = files.setdefault(str(event["item"]), len(files))
        text = None
        for source, fitting in sources.of(event):
            if text is None:
                text = sigma_events.whole_text(event)
            cells = [sigma_events.field_value(event, fitting, c) for c in reference.columns[source]]
            pending[source].append([file, count, text] + cells)
            if len(pending[source]) == 1000:
                insert(database, source, pending.pop(source))
    for source, batch in pending.items():
        insert(database, source, batch)
    if dump.wait() not in (0, 1):
        sys.exit("constat dump failed")
    return list(files), count


def insert(database, source, batch):
    marks = ",".join("?" * len(batch[0]))
    database.executemany(f"INSERT INTO {quoted('/'.join(source))} VALUES ({marks})", batch)


def regexp(cache={}):
    def matches(pattern, value):
        if value is None:
            return None
        if pattern not in cache:
            cache[pattern] = re.compile(pattern)
        return cache[pattern].search(str(value)) is not None
    return matches


def run_queries(database, reference, files, rules):
    """Counter of (evidence file, rule file)."""
    found = collections.Counter()
    database.create_function("REGEXP", 2, regexp(), deterministic=True)
    for source, queries in reference.queries.items():
        table = quoted("/".join(source))
        for path, where in queries:
            try:
                for file, number in database.execute(
                        f"SELECT _file, COUNT(DISTINCT _event) FROM {table} WHERE {where} GROUP BY _file"):
                    found[files[file], os.path.relpath(path, rules)] += number
            except (sqlite3.Error, re.error) as error:
                reference.skipped[path] = f"{type(error).__name__}: {error}"
    return found


def constat_detections(arguments, rules):
    command = [arguments.constat, "hunt", "-q", "--knowledge", arguments.knowledge, "-t", "jsonl", "--rules", rules]
    hunt = subprocess.run(command + arguments.evidence, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if hunt.returncode not in (0, 1):
        sys.exit("constat hunt failed")
    found = collections.Counter()
    for line in hunt.stdout.decode().split("\n"):
        if line:
            row = json.loads(line)
            if "Events" not in row:
                found[str(row["EvidenceFile"]), os.path.relpath(row["RuleFile"], rules)] += 1
    return found


def loaded_rules(arguments):
    check = subprocess.run([arguments.constat, "rules", "check", "--json", "--knowledge", arguments.knowledge, arguments.rules],
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    files = [json.loads(line) for line in check.stdout.decode().split("\n") if line]
    return sorted({f["file"] for f in files if f["status"] == "loaded"})


def differences(ours, theirs, skipped, rules):
    """By rule: files that differ, events of each side in them."""
    skipped = {os.path.relpath(p, rules) for p in skipped}
    by_rule = {}
    for key in sorted(set(ours) | set(theirs)):
        if key[1] in skipped or ours[key] == theirs[key]:
            continue
        entry = by_rule.setdefault(key[1], {"rule": key[1], "files": 0, "constat": 0, "reference": 0})
        entry["files"] += 1
        entry["constat"] += ours[key]
        entry["reference"] += theirs[key]
        entry.setdefault("example", key[0])
    return by_rule


def judge(found, skipped, accepted, arguments):
    listed = {d["rule"]: d for d in accepted["differences"]}
    counts = ("files", "constat", "reference")
    unknown = [d for r, d in found.items() if r not in listed or any(listed[r][c] != d[c] for c in counts)]
    stale = [r for r in listed if r not in found]
    skips = {os.path.relpath(p, arguments.rules): w for p, w in skipped.items()}
    new_skips = sorted(set(skips) - set(accepted["not_compared"]))
    for difference in unknown[:arguments.show]:
        print(json.dumps(difference, ensure_ascii=False))
    for rule in stale:
        print(f"{rule}: accepted, but not met")
    for rule in new_skips[:arguments.show]:
        print(f"{rule}: cannot be compared: {skips[rule]}")
    print(f"{len(found)} rules differ, {len(unknown)} not as accepted, {len(stale)} accepted but not met; "
          f"{len(skips)} cannot be asked of the reference, {len(new_skips)} of them new")
    if arguments.update:
        for difference in found.values():
            known = listed.get(difference["rule"], {"reason": "?", "right": "?"})
            difference.update(reason=known["reason"], right=known["right"])
            difference.pop("example", None)
        accepted["differences"] = sorted(found.values(), key=lambda d: d["rule"])
        accepted["not_compared"] = dict(sorted(skips.items()))
        with open(arguments.accepted, "w", encoding="utf-8") as file:
            json.dump(accepted, file, indent=1, ensure_ascii=False)
            file.write("\n")
    return 1 if unknown or stale or new_skips else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("constat")
    parser.add_argument("knowledge")
    parser.add_argument("rules")
    parser.add_argument("evidence", nargs="+")
    parser.add_argument("--accepted", required=True)
    parser.add_argument("--update", action="store_true", help="write what was found into the accepted list")
    parser.add_argument("--show", type=int, default=20)
    arguments = parser.parse_args()
    with open(arguments.accepted, encoding="utf-8") as file:
        accepted = json.load(file)
    start = time.time()
    reference = Reference()
    for path in loaded_rules(arguments):
        reference.add(path)
    print(f"{sum(map(len, reference.queries.values()))} rules as SQL, {len(reference.queries)} log sources; "
          f"{time.time() - start:.0f} s; pySigma {importlib.metadata.version('pysigma')}, "
          f"backend {importlib.metadata.version('pysigma-backend-sqlite')}", flush=True)
    database = sqlite3.connect("")
    make_tables(database, reference)
    files, events = fill_tables(database, arguments.constat, arguments.knowledge, reference, arguments.evidence)
    print(f"{events} events of {len(files)} files in tables; {time.time() - start:.0f} s", flush=True)
    theirs = run_queries(database, reference, files, arguments.rules)
    ours = constat_detections(arguments, arguments.rules)
    print(f"detections: Constat {sum(ours.values())} in {len(ours)} (file, rule), reference {sum(theirs.values())} "
          f"in {len(theirs)}; {time.time() - start:.0f} s", flush=True)
    return judge(differences(ours, theirs, reference.skipped, arguments.rules), reference.skipped, accepted, arguments)


if __name__ == "__main__":
    sys.exit(main())
