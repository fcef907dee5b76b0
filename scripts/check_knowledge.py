#!/usr/bin/env python3
"""Check the tables of knowledge/: form, words, duplicates, order, and names of fields.

    check_knowledge.py [--knowledge FOLDER] [--corpus FOLDER ...] [--top N]

Exit status 0: no errors; 1: errors, each with file and line; 2: usage or unreadable files.

With --corpus, events below the folders are read (.evtx through evtxexport of libevtx-utils; .json
and .jsonl with one event a line, as evtx_dump, NXLog and Winlogbeat write them). Reported are the
share of events that have an action row, the commonest kinds without one, and roles whose field no
event of the kind had although fields.tsv says "corpus". These are no errors: the folders may be a
part of the corpus, and older versions of an event have fewer fields.
"""
import argparse
import collections
import json
import os
import re
import signal
import subprocess
import sys
from xml.etree import ElementTree

ROLES = """user user_domain user_sid user_target user_target_domain user_target_sid session
session_target source_host source_ip source_port destination_host destination_ip destination_port
process process_id process_guid process_command_line parent_process parent_process_id
parent_process_guid parent_command_line object object_detail hash""".split()

COLUMNS = {
    "sources.tsv": ["product", "service", "channel", "provider", "abbreviation"],
    "actions.tsv": ["product", "service", "provider", "code", "condition", "action",
                    "outcome"] + ROLES,
    "ecs.tsv": ["product", "service", "code", "field", "ecs", "transform"],
    "messages.tsv": ["product", "service", "provider", "code", "text"],
    "parameters.tsv": ["set", "code", "text"],
    "fields.tsv": ["product", "service", "provider", "code", "origin", "fields"],
}
OUTCOMES = {"success", "failure", "unknown"}
TRANSFORMS = {"", "lower", "ip", "basename", "dash-empty", "pid", "port", "hashes", "domain-user"}
PREFIX_TRANSFORMS = {"hashes", "domain-user"}
SYSTEM = set("""System.Provider.Name System.Provider.Guid System.EventID System.EventID.Qualifiers
System.Version System.Level System.Task System.Opcode System.Keywords System.TimeCreated.SystemTime
System.EventRecordID System.Correlation.ActivityID System.Correlation.RelatedActivityID
System.Execution.ProcessID System.Execution.ThreadID System.Channel System.Computer
System.Security.UserID""".lower().split())
# Field sets of ECS 8, and of Winlogbeat's own winlog.*
ECS_SETS = set("""agent client cloud code_signature container data_stream destination device dll dns
ecs elf email error event faas file geo group hash host http interface log macho network observer
orchestrator organization os package pe process registry related risk rule server service source
threat tls tracing url user user_agent vlan volume vulnerability winlog x509""".split())
# Names that collectors put beside an event's own fields
COLLECTOR = set("""EventID Task Channel Hostname SourceName Keywords @timestamp Message ProviderGuid
EventReceivedTime port SeverityValue @version SourceModuleType SourceModuleName host EventTime
Severity ThreadID RecordNumber ExecutionProcessID EventType Version OpcodeValue Opcode Category
TimeCreated Level AccountType AccountName Domain UserID ActivityID RelatedActivityID ProcessID type
ERROR_EVT_UNRESOLVED tags UserData""".split())
ROW_LIMIT_ECS = 800  # of one product, service and code: ECS_ROWS_MAX of the program

Row = collections.namedtuple("Row", "line cells")


def die(text):
    print(f"check_knowledge.py: {text}", file=sys.stderr)
    sys.exit(2)


class Report:
    def __init__(self):
        self.errors = 0

    def error(self, name, line, text):
        self.errors += 1
        print(f"{name}:{line}: {text}")


def load(folder, name, report):
    """Rows of a table as dicts by column; form is checked on the way."""
    try:
        with open(os.path.join(folder, name), "rb") as file:
            data = file.read()
    except OSError as e:
        die(e)
    if data.startswith(b"\xef\xbb\xbf"):
        report.error(name, 1, "begins with a byte order mark")
    if b"\r" in data:
        report.error(name, 1, "has carriage returns")
    if not data.endswith(b"\n"):
        report.error(name, data.count(b"\n") + 1, "last line does not end")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as e:
        report.error(name, data.count(b"\n", 0, e.start) + 1, "is not UTF-8")
        return []
    rows = []
    columns = None
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = line.split("\t")
        if columns is None:
            columns = cells
            if columns != COLUMNS[name]:
                report.error(name, number, "columns are not: " + " ".join(COLUMNS[name]))
                return []
            continue
        if len(cells) > len(columns):
            report.error(name, number, "more cells than columns")
        for cell in cells:
            if cell != cell.strip():
                report.error(name, number, f"cell {cell!r} begins or ends with a blank")
        cells += [""] * (len(columns) - len(cells))
        rows.append(Row(number, dict(zip(columns, cells))))
    if not rows:
        report.error(name, 1, "has no rows")
    return rows


def vocabulary(folder, report):
    words = set()
    try:
        with open(os.path.join(folder, "README.md"), encoding="utf-8") as file:
            part = file.read().partition("## Vocabulary of actions")[2]
    except OSError as e:
        die(e)
    for word in re.findall(r"^\| `([a-z-]+)` \|", part, re.M):
        if word in words:
            report.error("README.md", 0, f"word {word} is defined twice")
        words.add(word)
    if not words:
        report.error("README.md", 0, "no vocabulary found")
    return words


def base(field):
    """param1[statement] is a part of param1."""
    return re.sub(r"\[[^\[\]]+\]$", "", field)


def conditions(text):
    """(field, operator, values) of each term; ValueError if it is not well formed."""
    found = []
    for term in filter(None, text.split(" & ")):
        match = re.match(r"\s*([^=~]*?)\s*(!=|=|~)(.*)$", term)
        if not match or not match.group(1):
            raise ValueError(f"condition {term!r}: expected Field=value")
        field, operator, values = match.groups()
        values = [v.strip() for v in values.split("|")]
        if operator == "~" and "" in values:
            raise ValueError(f"condition {term!r}: empty text after ~")
        found.append((field, operator, values))
    return found


def placeholders(text):
    if re.search(r"\{[^{}]*(\{|$)|(^|\})[^{}]*\}|\{\}", text):
        raise ValueError("placeholders are not balanced")
    return re.findall(r"\{([^{}]+)\}", text)


class Fields:
    """What is known of the fields of a kind."""

    def __init__(self, rows):
        self.kinds = collections.defaultdict(dict)  # (product, service, code) → provider → names
        for row in rows:
            c = row.cells
            names = {f.lower() for f in c["fields"].split("|") if f}
            self.kinds[(c["product"], c["service"], c["code"])].setdefault(
                c["provider"].lower(), set()).update(names)
        self.products = {kind[0] for kind in self.kinds}

    def of(self, product, service, code, provider=""):
        """None when the product has no list at all; its records then have names of their own."""
        if product not in self.products:
            return None
        known = set()
        for kind, by_provider in self.kinds.items():
            if kind[0] != product or (service != "*" and kind[1] != service) or \
                    (code != "*" and kind[2] != code):
                continue
            for name, fields in by_provider.items():
                if not provider or not name or name == provider.lower():
                    known |= fields
        return known


def check_field(report, name, row, field, known):
    lower = base(field).lower()
    if lower.startswith("system."):
        if lower not in SYSTEM:
            report.error(name, row.line, f"no such part of System: {field}")
    elif known is not None and lower not in known:
        report.error(name, row.line, f"no event of this kind has a field {field}")


def check_duplicates(report, name, rows, keys):
    seen = {}
    for row in rows:
        key = tuple(row.cells[k].lower() for k in keys)
        if key in seen:
            report.error(name, row.line, f"same {', '.join(keys)} as line {seen[key]}")
        seen.setdefault(key, row.line)


def check_sources(report, rows):
    check_duplicates(report, "sources.tsv", rows, ["channel", "provider"])
    open_channels = set()
    for row in rows:
        c = row.cells
        for key in ("product", "service", "abbreviation"):
            if not c[key]:
                report.error("sources.tsv", row.line, f"no {key}")
        if not c["channel"] and not c["provider"]:
            report.error("sources.tsv", row.line, "neither channel nor provider")
        if c["provider"] and c["channel"].lower() in open_channels:
            report.error("sources.tsv", row.line, "stands behind the row for any provider")
        if not c["provider"]:
            open_channels.add(c["channel"].lower())
    return {(r.cells["product"], r.cells["service"]) for r in rows}


def check_actions(report, rows, words, services, fields):
    name = "actions.tsv"
    check_duplicates(report, name, rows, ["product", "service", "provider", "code", "condition"])
    finished = {}
    for row in rows:
        c = row.cells
        kind = (c["product"], c["service"], c["code"])
        provider = c["provider"].lower()
        if not c["code"]:
            report.error(name, row.line, "no code")
        if c["product"] == "windows" and kind[:2] not in services:
            report.error(name, row.line, f"sources.tsv has no service {c['service']}")
        if c["action"] not in words:
            report.error(name, row.line, f"action {c['action']!r} is not in the vocabulary")
        if c["outcome"] not in OUTCOMES:
            report.error(name, row.line, f"outcome {c['outcome']!r} is not known")
        for before in ("", provider):
            if (kind, before) in finished:
                report.error(name, row.line, "is never reached: line "
                             f"{finished[(kind, before)]} takes every such event")
                break
        if not c["condition"]:
            finished.setdefault((kind, provider), row.line)
        known = fields.of(*kind, provider)
        try:
            for field, _, _ in conditions(c["condition"]):
                check_field(report, name, row, field, known)
        except ValueError as e:
            report.error(name, row.line, str(e))
        for role in ROLES:
            if c[role]:
                check_field(report, name, row, c[role], known)


def check_ecs(report, rows, services, fields):
    name = "ecs.tsv"
    check_duplicates(report, name, rows, ["product", "service", "code", "field", "ecs",
                                          "transform"])
    count = collections.Counter()
    for row in rows:
        c = row.cells
        count[(c["product"], c["service"], c["code"])] += 1
        if c["product"] == "windows" and c["service"] != "*" and \
                (c["product"], c["service"]) not in services:
            report.error(name, row.line, f"sources.tsv has no service {c['service']}")
        if not c["field"]:
            report.error(name, row.line, "no field")
        if c["transform"] not in TRANSFORMS:
            report.error(name, row.line, f"transform {c['transform']!r} is not known")
        if not re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)*", c["ecs"]) or \
                c["ecs"].split(".")[0] not in ECS_SETS:
            report.error(name, row.line, f"{c['ecs']!r} is no ECS name")
        elif "." not in c["ecs"] and c["transform"] not in PREFIX_TRANSFORMS:
            report.error(name, row.line, f"{c['ecs']!r} is a set, not a field")
        if c["ecs"] in ("event.action", "event.outcome"):
            report.error(name, row.line, f"{c['ecs']} comes from actions.tsv")
        if c["service"] == "*" and not c["field"].startswith("System.") and \
                c["product"] == "windows":
            report.error(name, row.line, "a field of one source in a row for any service")
        check_field(report, name, row, c["field"], fields.of(c["product"], c["service"],
                                                             c["code"]))
    for key, n in count.items():
        if n > ROW_LIMIT_ECS:
            report.error(name, 0, f"{' '.join(key)}: {n} rows, the program takes {ROW_LIMIT_ECS}")


def check_messages(report, rows, services, fields):
    name = "messages.tsv"
    check_duplicates(report, name, rows, ["product", "service", "provider", "code"])
    anyone = {}
    for row in rows:
        c = row.cells
        kind = (c["product"], c["service"], c["code"])
        if c["product"] == "windows" and kind[:2] not in services:
            report.error(name, row.line, f"sources.tsv has no service {c['service']}")
        if not c["text"]:
            report.error(name, row.line, "no text")
        if kind in anyone:
            report.error(name, row.line, f"is never reached: line {anyone[kind]} is for any "
                         "provider")
        if not c["provider"]:
            anyone.setdefault(kind, row.line)
        try:
            for field in placeholders(c["text"]):
                check_field(report, name, row, field, fields.of(*kind, c["provider"]))
        except ValueError as e:
            report.error(name, row.line, str(e))


def check_parameters(report, rows):
    name = "parameters.tsv"
    check_duplicates(report, name, rows, ["set", "code"])
    for row in rows:
        c = row.cells
        if not re.fullmatch(r"\d+|0x[0-9a-f]+", c["code"]):
            report.error(name, row.line, f"code {c['code']!r} is neither decimal nor 0x…")
        if not c["set"] or not c["text"]:
            report.error(name, row.line, "no set or no text")


def check_fields(report, rows, services):
    name = "fields.tsv"
    check_duplicates(report, name, rows, ["product", "service", "provider", "code", "origin"])
    for row in rows:
        c = row.cells
        if c["origin"] not in ("corpus", "documented"):
            report.error(name, row.line, f"origin {c['origin']!r} is not known")
        if c["product"] == "windows" and (c["product"], c["service"]) not in services:
            report.error(name, row.line, f"sources.tsv has no service {c['service']}")


def check_pairs(report, actions, messages):
    """Every event with an action has a message line."""
    told = {(r.cells["product"], r.cells["service"], r.cells["code"], p)
            for r in messages for p in {"", r.cells["provider"].lower()}}
    for row in actions:
        c = row.cells
        if c["product"] == "windows" and (c["product"], c["service"], c["code"],
                                          c["provider"].lower()) not in told:
            report.error("actions.tsv", row.line, "messages.tsv has no line for this event")


# Real events: (channel, provider, code, names of fields, in Windows' own form?)


def local(tag):
    return tag.rsplit("}", 1)[-1]


def flatten(element, prefix, names):
    for child in element:
        name = prefix + local(child.tag)
        if len(child):
            flatten(child, name + ".", names)
        else:
            names.add(name)


def event_of_xml(text):
    root = ElementTree.fromstring(text)
    channel = provider = code = ""
    names = set()
    for part in root:
        tag = local(part.tag)
        if tag == "System":
            for child in part:
                if local(child.tag) == "Provider":
                    provider = child.get("Name") or child.get("EventSourceName") or ""
                elif local(child.tag) == "EventID":
                    code = (child.text or "").strip()
                elif local(child.tag) == "Channel":
                    channel = child.text or ""
        elif tag == "EventData":
            unnamed = 0
            for child in part:
                name = child.get("Name")
                if local(child.tag) == "Data" and not name:
                    unnamed += 1
                    name = f"param{unnamed}"
                names.add(name or local(child.tag))
        elif tag == "UserData":
            for child in part:
                flatten(child, local(child.tag) + ".", names)
    return channel, provider, code, names, True


def events_of_evtx(path):
    try:
        run = subprocess.run(["evtxexport", "-f", "xml", path], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, check=False)
    except FileNotFoundError:
        die("evtxexport is not installed (libevtx-utils)")
    text = run.stdout.decode("utf-8", "replace")
    for match in re.finditer(r"<Event .*?</Event>", text, re.S):
        try:
            yield event_of_xml(re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", match.group(0)))
        except ElementTree.ParseError:
            yield "", "", "", set(), False


def flatten_json(value, prefix, names):
    for key, inner in value.items():
        if key == "#attributes":
            continue
        if key == "Data" and isinstance(inner, dict) and "#text" in inner:
            texts = inner["#text"]
            count = len(texts) if isinstance(texts, list) else 1
            names.update(f"param{i + 1}" for i in range(count))
        elif isinstance(inner, dict):
            flatten_json(inner, prefix + key + ".", names)
        else:
            names.add(prefix + key)


def event_of_json(value):
    if isinstance(value.get("Event"), dict):
        system = value["Event"]["System"]
        code = system["EventID"]
        if isinstance(code, dict):
            code = code.get("#text")
        names = set()
        for part in ("EventData", "UserData"):
            if isinstance(value["Event"].get(part), dict):
                flatten_json(value["Event"][part], "", names)
        return (system.get("Channel") or "",
                system["Provider"].get("#attributes", {}).get("Name", ""), str(code), names, True)
    if isinstance(value.get("winlog"), dict):
        winlog = value["winlog"]
        return (winlog.get("channel", ""), winlog.get("provider_name", ""),
                str(winlog.get("event_id")), set(winlog.get("event_data") or {}), True)
    if "EventID" in value and ("Channel" in value or "SourceName" in value):
        return (value.get("Channel") or "", value.get("SourceName") or
                value.get("ProviderName") or "", str(value["EventID"]),
                set(value) - COLLECTOR, False)
    return None


def events_of_json(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            if not line.lstrip().startswith("{"):
                continue
            try:
                event = event_of_json(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
            if event:
                yield event


def events_below(folder):
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for file in sorted(files):
            path = os.path.join(parent, file)
            if file.lower().endswith(".evtx"):
                yield from events_of_evtx(path)
            elif file.lower().endswith((".json", ".jsonl")):
                yield from events_of_json(path)


class Lookup:
    """Which service and which rows an event has, as the program finds them."""

    def __init__(self, sources, actions):
        self.sources = [(r.cells["channel"].lower(), r.cells["provider"].lower(),
                         r.cells["service"]) for r in sources
                        if r.cells["product"] == "windows"]
        self.actions = collections.defaultdict(list)
        for row in actions:
            if row.cells["product"] == "windows":
                self.actions[(row.cells["service"], row.cells["code"])].append(row.cells)
        self.known = {}

    def service(self, channel, provider):
        key = channel.lower(), provider.lower()
        if key not in self.known:
            self.known[key] = next(
                (s for c, p, s in self.sources if c == key[0] and
                 (p in ("", key[1]) or p.endswith("*") and key[1].startswith(p[:-1]))), None)
        return self.known[key]

    def rows(self, channel, provider, code):
        return [c for c in self.actions.get((self.service(channel, provider), code), [])
                if c["provider"].lower() in ("", provider.lower())]


def measure(folder, lookup, top):
    """Coverage of one corpus; gives the field names met by service and code, of events in
    Windows' own form: others are flattened by their collector."""
    total = collections.Counter()
    names = collections.defaultdict(set)
    for channel, provider, code, fields, own_form in events_below(folder):
        total[(channel, provider, code)] += 1
        if own_form:
            names[(lookup.service(channel, provider), code)] |= {f.lower() for f in fields}
    events = sum(total.values())
    if not events:
        print(f"{folder}: no events")
        return names
    missing = collections.Counter()
    quiet = 0
    for kind, n in total.items():
        rows = lookup.rows(*kind)
        if not rows:
            missing[kind] = n
        elif rows[-1]["action"] in ("status", "other"):
            quiet += n
    covered = events - sum(missing.values())
    print(f"{folder}: {covered} of {events} events have an action ({100 * covered / events:.2f} %;"
          f" {100 * quiet / events:.2f} points are status or other)")
    for (channel, provider, code), n in missing.most_common(top):
        print(f"  {n:8} without: {channel or '(no channel)'} | {provider} | {code}")
    return names


def compare(names, actions, fields_rows):
    """Fields said to be in the corpus that no event of their kind had, where there was one."""
    for row in fields_rows:
        c = row.cells
        met = names.get((c["service"], c["code"]))
        if c["origin"] != "corpus" or c["product"] != "windows" or met is None:
            continue
        used = {base(a.cells[role]).lower() for a in actions for role in ROLES
                if a.cells["service"] == c["service"] and a.cells["code"] == c["code"]}
        for field in sorted(f for f in c["fields"].split("|") if f.lower() in used - met - {""}):
            print(f"  fields.tsv:{row.line}: {field} is in no event of {c['service']} {c['code']}"
                  " here")


def main():
    parser = argparse.ArgumentParser(description="Check the tables of knowledge/.")
    parser.add_argument("--knowledge", default=os.path.join(
        os.path.dirname(os.path.abspath(__file__)), os.pardir, "knowledge"))
    parser.add_argument("--corpus", action="append", default=[])
    parser.add_argument("--top", type=int, default=30)
    args = parser.parse_args()
    report = Report()
    folder = args.knowledge
    tables = {name: load(folder, name, report) for name in COLUMNS}
    words = vocabulary(folder, report)
    fields = Fields(tables["fields.tsv"])
    services = check_sources(report, tables["sources.tsv"])
    check_actions(report, tables["actions.tsv"], words, services, fields)
    check_ecs(report, tables["ecs.tsv"], services, fields)
    check_messages(report, tables["messages.tsv"], services, fields)
    check_parameters(report, tables["parameters.tsv"])
    check_fields(report, tables["fields.tsv"], services)
    check_pairs(report, tables["actions.tsv"], tables["messages.tsv"])
    print(", ".join(f"{len(tables[n])} {n.removesuffix('.tsv')}" for n in COLUMNS) +
          f", {len(words)} words: {report.errors or 'no'} errors")
    lookup = Lookup(tables["sources.tsv"], tables["actions.tsv"])
    names = collections.defaultdict(set)
    for corpus in args.corpus:
        if not os.path.isdir(corpus):
            die(f"{corpus} is not a folder")
        for key, found in measure(corpus, lookup, args.top).items():
            names[key] |= found
    if args.corpus:
        compare(names, tables["actions.tsv"], tables["fields.tsv"])
    return 1 if report.errors else 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main())
