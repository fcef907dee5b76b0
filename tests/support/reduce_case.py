#!/usr/bin/env python3
"""Cut a small case out of a scenario case: some hosts, some hours.

    reduce_case.py SPEC CASE OUT [--evtx-make PROGRAM] [--truth FILE]

CASE has the layout of a scenario case (evidence/, catalogue/, context/, truth.json). SPEC is JSON:

    {"hosts":   ["RDS01", "FS01"],            Windows hosts to keep
     "evtx":    ["RDS01"],                    of these, the ones that become EVTX files (with --evtx-make)
     "windows": [{"from": "2026-05-28T08:15:00Z", "to": "2026-05-28T09:45:00Z",
                  "only": ["windows/RDS01/", "zeek/"]}, ...]}

A record is kept if its time lies in a window (from <= time < to) and, where a window says `only`, its file's path below
evidence/ begins with one of those. Files that keep no record are left out; header lines stay. catalogue/ and
context/ are copied whole. --truth writes what of truth.json is still backed by kept records, with the new line numbers;
grades are not computed anew.

The same input gives the same bytes. Standard library only. Exit code 0: done; 1: a record's time cannot be read, or
EVTX making failed; 2: wrong use.
"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Europe/Luxembourg")
AUDIT = re.compile(r"msg=audit\((\d+)\.(\d+):\d+\)")
NGINX = re.compile(r"\[(\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\]")
JOURNAL = re.compile(r"^__REALTIME_TIMESTAMP=(\d+)$", re.M)


class Unreadable(Exception):
    """A record without a time where one is due."""


def iso(text):
    """ISO time to seconds since 1970; without a zone letter it is UTC."""
    text = re.sub(r"\.(\d{1,6})\d*", lambda m: "." + m.group(1).ljust(6, "0"), text.rstrip("Z"))
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()


def local(text, form):
    return datetime.strptime(text, form).replace(tzinfo=LOCAL).timestamp()


class Reducer:
    def __init__(self, spec, case, out):
        self.hosts = set(spec["hosts"])
        self.windows = [(iso(w["from"]), iso(w["to"]), w.get("only")) for w in spec["windows"]]
        self.year = datetime.fromtimestamp(self.windows[0][0], timezone.utc).year
        self.case, self.out = case, out
        self.lines = {}  # file below evidence/ -> {old line: new line}
        self.records = {}  # file below evidence/ -> number of records kept

    def wanted(self, name, time):
        return any(
            start <= time < end and (only is None or any(name.startswith(p) for p in only))
            for start, end, only in self.windows
        )

    def write(self, name, lines, records):
        if not records:
            return
        path = self.out / "evidence" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "w", encoding="utf-8", newline="") as out:
            out.writelines(lines)
        self.records[name] = records

    def by_line(self, name, time_of):
        """Lines that stand alone. time_of gives seconds, or None for lines that always stay."""
        kept, numbers, records = [], {}, 0
        with open(self.case / "evidence" / name, encoding="utf-8", newline="") as lines:
            for number, line in enumerate(lines, 1):
                time = time_of(line)
                if time is None or self.wanted(name, time):
                    records += time is not None
                    kept.append(line)
                    numbers[number] = len(kept)
        self.lines[name] = numbers
        self.write(name, kept, records)

    def windows_log(self, name):
        self.by_line(name, lambda l: iso(json.loads(l)["Event"]["System"]["TimeCreated"]["#attributes"]["SystemTime"]))

    def sign_ins(self, name):
        """A JSON array, one element a line: the comma after the last one that is kept must go."""
        kept, numbers = ["[\n"], {}
        with open(self.case / "evidence" / name, encoding="utf-8", newline="") as lines:
            for number, line in enumerate(lines, 1):
                text = line.strip().rstrip(",")
                if text.startswith("{") and self.wanted(name, iso(json.loads(text)["createdDateTime"])):
                    kept.append(text + ",\n")
                    numbers[number] = len(kept)
        records = len(kept) - 1
        if records:
            kept[-1] = kept[-1].replace(",\n", "\n")
        self.lines[name] = numbers
        self.write(name, kept + ["]\n"], records)

    def journal(self, name):
        """Blocks that end with an empty line."""
        text = (self.case / "evidence" / name).read_text(encoding="utf-8")
        kept, records, old, new, numbers = [], 0, 1, 1, {}
        for block in text.split("\n\n"):
            if not block.strip():
                continue
            stamp = JOURNAL.search(block)
            if not stamp:
                raise Unreadable(f"{name}: entry without time: {block[:60]!r}")
            size = block.count("\n") + 2
            if self.wanted(name, int(stamp.group(1)) / 1e6):
                kept.append(block + "\n\n")
                numbers.update({old + i: new + i for i in range(size - 1)})
                records += 1
                new += size
            old += size
        self.lines[name] = numbers
        self.write(name, kept, records)

    def history(self, name):
        """#time, then one command."""
        kept, numbers, time = [], {}, None
        with open(self.case / "evidence" / name, encoding="utf-8", newline="") as lines:
            for number, line in enumerate(lines, 1):
                if re.fullmatch(r"#\d+\s*", line):
                    time = int(line[1:])
                if time is not None and self.wanted(name, time):
                    kept.append(line)
                    numbers[number] = len(kept)
        self.lines[name] = numbers
        self.write(name, kept, len(kept) // 2)

    def one(self, name):
        """Reduce one file, by its place in the case."""
        found = lambda match, line: match or self.fail(name, line)
        head = lambda line: line.startswith("#")
        if name.startswith("windows/"):
            if name.split("/")[1] in self.hosts:
                self.windows_log(name)
        elif name.endswith("unified_audit_log.jsonl"):
            self.by_line(name, lambda l: iso(json.loads(l)["CreationTime"]))
        elif name.endswith("entra_signins.json"):
            self.sign_ins(name)
        elif name.startswith("zeek/") or name.endswith("squid_access.log"):
            self.by_line(name, lambda l: None if head(l) else float(l.split(None, 1)[0]))
        elif name.endswith("nginx_access.log"):
            self.by_line(name, lambda l: datetime.strptime(
                found(NGINX.search(l), l).group(1), "%d/%b/%Y:%H:%M:%S %z").timestamp())
        elif name.endswith("auth.log"):
            self.by_line(name, lambda l: local(f"{self.year} {l[:15]}", "%Y %b %d %H:%M:%S"))
        elif name.endswith("audit.log"):
            self.by_line(name, lambda l: int(found(AUDIT.search(l), l).group(1)))
        elif name.endswith("journal.export"):
            self.journal(name)
        elif "/bash_history_" in name:
            self.history(name)
        elif name.startswith("exchange/"):
            self.by_line(name, lambda l: None if head(l) else iso(l.split(",", 1)[0]))
        elif name.endswith("_asa.log"):
            self.by_line(name, lambda l: local(l[:20], "%b %d %Y %H:%M:%S"))
        else:
            raise Unreadable(f"{name}: not a file of a scenario case")

    @staticmethod
    def fail(name, line):
        raise Unreadable(f"{name}: no time in {line[:60]!r}")

    def all(self):
        root = self.case / "evidence"
        for path in sorted(p for p in root.rglob("*") if p.is_file()):
            self.one(path.relative_to(root).as_posix())
        for folder in ("catalogue", "context"):
            if (self.case / folder).is_dir():
                shutil.copytree(self.case / folder, self.out / folder, copy_function=shutil.copyfile)

    def to_evtx(self, hosts, program):
        """JSON lines of these hosts become EVTX files of the same name."""
        for name in sorted(self.records):
            parts = name.split("/")
            if parts[0] != "windows" or parts[1] not in hosts:
                continue
            path = self.out / "evidence" / name
            subprocess.run([program, "from-jsonl", path, path.with_suffix(".evtx")], check=True)
            path.unlink()
            self.records[name.removesuffix(".jsonl") + ".evtx"] = self.records.pop(name)
            self.lines[name] = {old: None for old in self.lines[name]}  # known by EventRecordID from here

    def reference(self, ref):
        """A reference into the reduced case, or None if its record is gone."""
        name, lines = ref["file"], self.lines.get(ref["file"], {})
        if name not in self.records and name.removesuffix(".jsonl") + ".evtx" not in self.records:
            return None
        if "line" not in ref or ref["line"] not in lines:
            return None
        new = lines[ref["line"]]
        if new is not None:
            return {**ref, "line": new}
        rest = {k: v for k, v in ref.items() if k != "line"}
        return {**rest, "file": name.removesuffix(".jsonl") + ".evtx"}

    def truth(self, value):
        """Truth with its references renewed; what had evidence and has lost all of it is dropped."""
        if isinstance(value, list):
            return [v for v in map(self.truth, value) if v is not None]
        if not isinstance(value, dict):
            return value
        done = {k: self.truth(v) for k, v in value.items() if k != "evidence"}
        if "evidence" in value:
            done["evidence"] = [r for r in map(self.reference, value["evidence"]) if r]
            if value["evidence"] and not done["evidence"]:
                return None
            if "evidence_count" in done:
                done["evidence_count"] = len(done["evidence"])
        return done


def main():
    parser = argparse.ArgumentParser(description="Cut a small case out of a scenario case.")
    parser.add_argument("spec", type=pathlib.Path)
    parser.add_argument("case", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path, help="folder to make; must not exist")
    parser.add_argument("--evtx-make", help="program that makes EVTX files")
    parser.add_argument("--truth", type=pathlib.Path, help="file for the part of truth.json that remains")
    args = parser.parse_args()
    if args.out.exists():
        parser.error(f"{args.out} exists")
    spec = json.loads(args.spec.read_text(encoding="utf-8"))
    reducer = Reducer(spec, args.case, args.out)
    try:
        reducer.all()
        if args.evtx_make:
            reducer.to_evtx(set(spec.get("evtx", [])), args.evtx_make)
    except (Unreadable, subprocess.CalledProcessError, OSError) as error:
        print(f"reduce_case.py: {error}", file=sys.stderr)
        return 1
    if args.truth:
        whole = json.loads((args.case / "truth.json").read_text(encoding="utf-8"))
        args.truth.write_text(json.dumps(reducer.truth(whole), indent=1) + "\n", encoding="utf-8")
    for name, records in sorted(reducer.records.items()):
        print(f"{records:8} {(args.out / 'evidence' / name).stat().st_size:9} {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
