"""Events of `constat dump` as tables for the SQL that pySigma makes: one table for each log source.

The log sources and the places of fields are those of knowledge/logsources.tsv, read here by another
reader than Constat's. knowledge/README.md has the columns.
"""
import csv
import re

INTEGRITY = {"0": "Untrusted", "4096": "Low", "8192": "Medium", "8448": "MediumPlus", "12288": "High",
             "16384": "System", "20480": "Protected"}


class Row:
    """A row of the table: how events are recognised, and where their fields are."""

    def __init__(self, cells):
        self.product, self.category, self.service = (cells[n] for n in ("product", "category", "service"))
        self.event_product, self.event_service = cells["event_product"], cells["event_service"]
        self.channels, self.providers, self.codes = (
            {("" if w == "-" else w.lower()) for w in cells[n].split("|")} if cells[n] else None
            for n in ("channel", "provider", "code"))
        self.conditions = []
        for text in filter(None, (cells["condition"] or "").split(";")):
            name, sign, words = re.match(r"\s*([^!=]+)(!?=)(.*)", text).groups()
            self.conditions.append((name, sign == "!=", {w.strip().lower() for w in words.split("|")}))
        self.fields = {}
        for text in filter(None, (cells["fields"] or "").split("; ")):
            name, places = text.split("=", 1)
            self.fields[name.strip()] = places.strip().split("|")

    def fits(self, event):
        def one_of(words, value):
            return words is None or str(value).lower() in words
        return ((not self.event_product or self.event_product == event["product"]) and
                (not self.event_service or self.event_service == event["service"]) and
                one_of(self.channels, event["channel"]) and one_of(self.providers, event["provider"]) and
                one_of(self.codes, event["code"]) and
                all((any(v.lower() in words for v in values(event["fields"], name)) != negated)
                    for name, negated, words in self.conditions))


def read_rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        lines = [line for line in file.read().split("\n") if line and not line.startswith("#")]
    return [Row({k: v or "" for k, v in cells.items()})
            for cells in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]


def text_of(value):
    if value is True or value is False:
        return "true" if value else "false"
    return str(value)


def values(fields, name):
    """All values of a native field, as text; [] when it is not there or null."""
    value = fields.get(name)
    if value is None:
        return []
    return [text_of(v) for v in value if v is not None] if isinstance(value, list) else [text_of(value)]


def part(text, key):
    for line in text.split("\n" if "\n" in text else ","):
        found = re.match(r"\s*([^=:]*)[=:](.*)", line, re.S)
        if found and found.group(1).strip().lower() == key.lower():
            return found.group(2).strip()
    return None


def registry(fields, key, name):
    paths = values(fields, key)
    if not paths:
        return []
    path = paths[0]
    for native, hive in ((r"\REGISTRY\MACHINE", "HKLM"), (r"\REGISTRY\USER", "HKU")):
        if path.lower().startswith(native.lower()):
            path = hive + path[len(native):]
            break
    value = values(fields, name)
    return [path + ("\\" + value[0] if value and value[0] not in ("", "-") else "")]


def at_place(event, place, field):
    """The values at one place; None when the event has no such field at all."""
    fields = event["fields"]
    made = re.fullmatch(r"(registry|integrity)\(([^,)]*)(?:,([^)]*))?\)", place)
    if made and made.group(1) == "registry":
        return registry(fields, made.group(2), made.group(3)) if made.group(2) in fields else None
    if made:
        if made.group(2) not in fields:
            return None
        return [INTEGRITY.get(v[7:], v) if v.startswith("S-1-16-") else v for v in values(fields, made.group(2))]
    inside = re.fullmatch(r"(.*)\[(.*)\]", place)
    if inside:
        if inside.group(1) not in fields:
            return None
        return [p for p in (part(v, inside.group(2)) for v in values(fields, inside.group(1))) if p is not None]
    name = place.replace("@", field)
    if name.startswith("*."):
        for native in fields:
            if native.endswith(name[1:]) and not native.startswith(("System.", "Export.")):
                return values(fields, native)
        return None
    if name.endswith("*"):
        names = [n for n in fields if re.fullmatch(re.escape(name[:-1]) + r"\d+", n)]
        return [v for n in names for v in values(fields, n)] if names else None
    if name in fields:
        return values(fields, name)
    return [text_of(event["ecs"][name])] if name in event.get("ecs", {}) else None


def field_value(event, rows, field):
    """What stands in the column of a field: its value, several on lines of their own, or None."""
    for name in (field, "@"):
        for row in rows:
            if name not in row.fields:
                continue
            for place in row.fields[name]:
                found = at_place(event, place, field)
                if found is not None:
                    return "\n".join(found) if found else None
            return None
    found = at_place(event, field, field)
    return "\n".join(found) if found else None


def whole_text(event):
    return "\n".join(v for name in event["fields"] for v in values(event["fields"], name))


class Sources:
    """Which log sources an event belongs to, and by which rows."""

    def __init__(self, rows, wanted):
        self.rows, self.wanted, self.kinds = rows, wanted, {}

    def of_kind(self, event):
        """(log source, [rows of each attribute]) by the kind of the event; conditions are open."""
        kind = tuple(event[k] for k in ("product", "service", "channel", "provider", "code"))
        if kind not in self.kinds:
            bare = dict(event, fields={})
            fitting = [r for r in self.rows if self.without_conditions(r, bare)]
            found = []
            for source in self.wanted:
                product, category, service = source
                parts = []
                if category:
                    parts.append([r for r in fitting if r.category == category and r.product in ("", product or r.product)])
                if service:
                    parts.append([r for r in fitting if r.service == service and r.product in ("", product or r.product)])
                if product:
                    parts.append([r for r in fitting if r.product == product and not r.category and not r.service])
                else:
                    parts.append([])
                if all(parts if product else parts[:-1]):
                    found.append((source, parts))
            self.kinds[kind] = found
        return self.kinds[kind]

    @staticmethod
    def without_conditions(row, event):
        conditions, row.conditions = row.conditions, []
        try:
            return row.fits(event)
        finally:
            row.conditions = conditions

    def of(self, event):
        """Each (log source, rows in order) that the event belongs to."""
        for source, parts in self.of_kind(event):
            fitting = [[r for r in part if r.fits(event)] for part in parts]
            needed = fitting if source[0] else fitting[:-1]
            if not all(needed):
                continue
            chosen = [p[0] if p else None for p in fitting]
            for first in fitting[0] or [None]:
                yield source, [r for r in [first] + chosen[1:] if r]
