#!/usr/bin/env python3
"""Compares Constat's EVTX output with evtx_dump, evtxexport and python-evtx, record by record and value by value.

    evtx_compare.py [options] DIR…

Exit code: 0 every difference is an accepted one and the counts agree; 1 not; 2 could not run. See README.md.
"""
import argparse
import collections
import csv
import hashlib
import json
import multiprocessing
import os
import sys

import evtx_tools
from evtx_equiv import Accepted, equivalent
from evtx_tree import record_id

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = ("evtx_dump", "evtxexport", "python-evtx")
LISTED = 40                                              # unaccepted differences kept per file, without --list


def find_files(directories):
    """[(corpus, path, name)]: corpus is the folder above that has _expected/evtx_records.csv, else the folder given."""
    found = []
    for given in directories:
        given = os.path.abspath(given)
        for folder, _, names in os.walk(given):
            for name in names:
                if name.lower().endswith(".evtx"):
                    path = os.path.join(folder, name)
                    corpus = given
                    above = os.path.dirname(path)
                    while len(above) > 1:
                        if os.path.exists(os.path.join(above, "_expected", "evtx_records.csv")):
                            corpus = above
                            break
                        above = os.path.dirname(above)
                    found.append((corpus, path, os.path.relpath(path, corpus)))
    return sorted(set(found))


def expected_counts(corpora):
    """{(corpus, name): live records} from the _expected tables."""
    counts = {}
    for corpus in corpora:
        table = os.path.join(corpus, "_expected", "evtx_records.csv")
        if os.path.exists(table):
            with open(table, encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    counts[(corpus, row["file"])] = int(row["records_in_used_area"])
    return counts


def python_selection(files, max_bytes, percent):
    """python-evtx is slow: all files up to max_bytes, and of the larger ones those whose name hashes into the first `percent` of a
    hundred (a file is always in or always out, whatever else is compared)."""
    def drawn(corpus, name):
        digest = hashlib.sha256(("%s/%s" % (os.path.basename(corpus), name)).encode("utf-8", "surrogateescape")).digest()
        return int.from_bytes(digest[:4], "big") % 100 < percent
    return {path for corpus, path, name in files if os.path.getsize(path) <= max_bytes or drawn(corpus, name)}


# ---------------------------------------------------------------- one pair of records

def compare_records(tool, ours, theirs, used):
    """Yields (kind, path, our text, their text). `used` counts the equivalence rules."""
    for path in ours.keys() | theirs.keys():
        left, right = ours.get(path), theirs.get(path)
        if left == right:
            continue
        if left is None:
            yield "path-only-theirs", path, "", "\n".join(right)
        elif right is None:
            yield "path-only-ours", path, "\n".join(left), ""
        elif len(left) != len(right):
            yield "value-count", path, "\n".join(left), "\n".join(right)
        else:
            for a, b in zip(left, right):
                if a != b:
                    rule = equivalent(tool, a, b)
                    if rule:
                        used[rule] += 1
                    else:
                        yield "value", path, a, b


def pair_up(ours, theirs):
    """Pairs records by id: [(ours or None, theirs or None)]. Ids that repeat: equal ones first, then same time, then in order."""
    left, right = collections.defaultdict(list), collections.defaultdict(list)
    for record in ours:
        left[record_id(record)].append(record)
    for record in theirs:
        right[record_id(record)].append(record)
    pairs = []
    for number in left.keys() | right.keys():
        a, b = left[number], right[number]
        if len(a) > 1 or len(b) > 1:
            for key in (lambda r: r, lambda r: r.get("Event/System/TimeCreated@SystemTime", [""])[0][:23].replace("T", " ")):
                rest = []
                for record in a:
                    match = next((i for i, other in enumerate(b) if key(other) == key(record)), None)
                    if match is None:
                        rest.append(record)
                    else:
                        pairs.append((record, b.pop(match)))
                a = rest
        both = min(len(a), len(b))
        pairs += list(zip(a, b)) + [(record, None) for record in a[both:]] + [(None, record) for record in b[both:]]
    return pairs


def differences(tool, ours, theirs, used):
    """Yields (kind, path, our text, their text, record id)."""
    for a, b in pair_up(ours, theirs):
        if a is not None and b is not None:
            used["values"] += sum(map(len, a.values()))
        if b is None:
            yield "record-only-ours", "", "", "", record_id(a)
        elif a is None:
            yield "record-only-theirs", "", "", "", record_id(b)
        elif a != b:
            for kind, path, left, right in compare_records(tool, a, b, used):
                yield kind, path, left, right, record_id(a)


# ---------------------------------------------------------------- one file

class Job:
    """Everything a worker needs; set before the fork."""
    constat = tools = accepted = cache = limit = expected = selected = None
    listed = LISTED


def compare_file(item):
    corpus, path, name = item
    result = {"corpus": os.path.basename(corpus), "accepted": collections.Counter(), "rules": collections.Counter(),
              "unaccepted": collections.Counter(), "examples": [], "records": collections.Counter(), "identical": 0, "lines": 0, "covered": []}

    def report(tool, kind, where="", ours="", theirs="", detail="", record=""):
        difference = {"tool": tool, "kind": kind, "path": where, "ours": ours, "theirs": theirs, "detail": detail, "file": name}
        entry = Job.accepted.find(difference)
        if entry:
            result["accepted"][entry] += 1
            return
        result["unaccepted"][(tool, kind)] += 1
        if len(result["examples"]) < Job.listed:
            result["examples"].append(dict(difference, record=record, corpus=result["corpus"]))

    output = Job.constat.run(path, Job.limit)
    ours, complaints = Job.constat.reader(output.stdout)
    result["records"]["constat"] = len(ours)
    if output.code not in (0, 1):
        report("constat", "failed", detail=output.ended)
    for complaint in complaints:
        report("constat", "no-record", detail=complaint)
    expected = Job.expected.get((corpus, name))
    if expected is not None and expected != len(ours):
        report("expected", "record-count", ours=str(len(ours)), theirs=str(expected))

    digest = evtx_tools.sha256(path)
    for tool in Job.tools.values():
        if tool.name == "python-evtx" and path not in Job.selected:
            continue
        result["covered"].append(tool.name)
        reference = evtx_tools.cached(tool, path, digest, Job.cache, Job.limit)
        if reference.stdout == output.stdout:
            result["identical"] += 1
            result["records"][tool.name] = len(ours)
            continue
        if tool.reader is Job.constat.reader:
            other = collections.Counter(output.stdout.split(b"\n")) - collections.Counter(reference.stdout.split(b"\n"))
            result["lines"] += sum(other.values())
        theirs, complaints = tool.reader(reference.stdout)
        result["records"][tool.name] = len(theirs)
        detail = reference.ended + (", complains" if complaints else "")
        for kind, where, left, right, record in differences(tool.name, ours, theirs, result["rules"]):
            report(tool.name, kind, where, left, right, detail, record)
    return result


# ---------------------------------------------------------------- all files

def show(text):
    return text.encode("utf-8", "backslashreplace").decode("utf-8").encode("unicode_escape").decode("ascii")[:160]


def print_examples(examples, limit):
    per_class = collections.Counter()
    for example in examples:
        key = (example["tool"], example["kind"], example["path"])
        per_class[key] += 1
        if per_class[key] <= limit:
            print("  %(tool)s %(kind)s %(corpus)s/%(file)s record %(record)s %(path)s [%(detail)s]" % example)
            print("      ours   %s\n      theirs %s" % (show(example["ours"]), show(example["theirs"])))


def check_counts(accepted, seen, corpora, tools, check_python):
    """The accepted classes with a count that is not the one written down, for the corpora of this run."""
    wrong = []
    for entry in accepted.entries:
        if entry["tool"] not in tools or (entry["tool"] == "python-evtx" and not check_python):
            continue
        for corpus in sorted(corpora):
            counted, written = seen[(entry["id"], corpus)], entry["count"].get(corpus, 0)
            if counted != written:
                wrong.append("class %s, %s: %d seen, %d written" % (entry["id"], corpus, counted, written))
    return wrong


def write_counts(accepted, path, seen, corpora, tools):
    for entry in accepted.entries:
        if entry["tool"] in tools:
            for corpus in corpora:
                entry["count"].pop(corpus, None)
                if seen[(entry["id"], corpus)]:
                    entry["count"][corpus] = seen[(entry["id"], corpus)]
            entry["count"] = dict(sorted(entry["count"].items()))
    with open(path, "w", encoding="utf-8") as file:
        json.dump(accepted.document, file, indent=1, ensure_ascii=True)
        file.write("\n")


def options():
    parser = argparse.ArgumentParser(description="Compare Constat's EVTX output with other programs.")
    parser.add_argument("directories", nargs="+", metavar="DIR")
    parser.add_argument("--constat", metavar="COMMAND", help="command line that prints the evtx-jsonl shape of {file}; default: "
                        "$CONSTAT (or constat) dump --format evtx-jsonl --workers 2 {file}")
    parser.add_argument("--tools", default=",".join(TOOLS), help="references, comma separated (default: all)")
    parser.add_argument("--accepted", default=os.path.join(HERE, "accepted.json"))
    parser.add_argument("--cache", default=os.path.join(HERE, "..", "..", "build", "compare-cache"))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--limit", type=float, default=900, help="seconds for one program on one file")
    parser.add_argument("--python-max-bytes", type=int, default=262144, help="python-evtx: all files up to this size")
    parser.add_argument("--python-percent", type=int, default=40, help="python-evtx: this share of the larger files")
    parser.add_argument("--examples", type=int, default=3, help="shown for each tool, kind and path")
    parser.add_argument("--list", metavar="FILE", help="write every difference that is not accepted to FILE, one JSON object a line")
    parser.add_argument("--update-counts", action="store_true", help="write the counts seen into the accepted classes (read the diff!)")
    chosen = parser.parse_args()
    chosen.tools = tuple(chosen.tools.split(",")) if chosen.tools else ()
    if not set(chosen.tools) <= set(TOOLS):
        parser.error("--tools: choose from %s" % ", ".join(TOOLS))
    return chosen


def main():
    chosen = options()
    files = find_files(chosen.directories)
    if not files:
        print("evtx_compare: no *.evtx below %s" % " ".join(chosen.directories), file=sys.stderr)
        return 2
    corpora = {corpus for corpus, _, _ in files}
    Job.constat = evtx_tools.constat(chosen.constat or "%s dump --format evtx-jsonl --workers 2 {file}" % os.environ.get("CONSTAT", "constat"))
    Job.tools = evtx_tools.references(chosen.tools)
    Job.accepted = Accepted(chosen.accepted)
    Job.cache, Job.limit = chosen.cache, chosen.limit
    Job.expected = expected_counts(corpora)
    Job.listed = sys.maxsize if chosen.list else LISTED
    Job.selected = python_selection(files, chosen.python_max_bytes, chosen.python_percent)

    seen, rules, unaccepted = collections.Counter(), collections.Counter(), collections.Counter()
    records, covered = collections.Counter(), collections.Counter()
    examples, identical, lines = [], 0, 0
    with multiprocessing.get_context("fork").Pool(chosen.processes) as pool:
        largest_first = sorted(files, key=lambda item: -os.path.getsize(item[1]))
        for result in pool.imap_unordered(compare_file, largest_first):
            for entry, count in result["accepted"].items():
                seen[(entry, result["corpus"])] += count
            rules.update(result["rules"])
            unaccepted.update(result["unaccepted"])
            records.update(result["records"])
            covered.update(result["covered"])
            identical += result["identical"]
            lines += result["lines"]
            examples += result["examples"]

    names = {os.path.basename(corpus) for corpus in corpora}
    print("%d files, %d of them in an _expected table; records: %s" % (
        len(files), sum((corpus, name) in Job.expected for corpus, _, name in files),
        ", ".join("%s %d" % (tool, records[tool]) for tool in ("constat",) + chosen.tools)))
    for tool in Job.tools.values():
        print("  %s %s: %d files compared" % (tool.name, tool.version, covered[tool.name]))
    print("byte-identical outputs: %d; values compared in the others: %d" % (identical, rules.pop("values", 0)))
    if "evtx_dump" in Job.tools:
        print("lines of constat that evtx_dump does not print byte for byte: %d" % lines)
    print("rendered differently, same value: %s" % (", ".join("%s %d" % pair for pair in sorted(rules.items())) or "none"))
    for entry in Job.accepted.entries:
        total = sum(seen[(entry["id"], corpus)] for corpus in names)
        if total:
            print("accepted %7d  %-32s %s, right: %s" % (total, entry["id"], entry["tool"], entry["right"]))
    for (tool, kind), count in sorted(unaccepted.items()):
        print("NOT ACCEPTED %7d  %s %s" % (count, tool, kind))
    examples.sort(key=lambda e: (e["tool"], e["kind"], e["path"], e["corpus"], e["file"], e["record"]))
    print_examples(examples, chosen.examples)
    if chosen.list:
        with open(chosen.list, "w", encoding="ascii") as file:
            file.writelines(json.dumps(example) + "\n" for example in examples)

    checked = set(chosen.tools) | {"constat", "expected"}
    if chosen.update_counts:
        write_counts(Job.accepted, chosen.accepted, seen, names, checked)
    selection = {"max_bytes": chosen.python_max_bytes, "percent": chosen.python_percent}
    check_python = selection == Job.accepted.document["python_selection"]
    if "python-evtx" in chosen.tools and not check_python:
        print("python-evtx: another selection of files than accepted.json was written for; its counts are not checked")
    wrong = check_counts(Job.accepted, seen, names, checked, check_python)
    for text in wrong:
        print("COUNT %s" % text)
    return 1 if unaccepted or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
