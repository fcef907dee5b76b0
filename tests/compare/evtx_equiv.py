"""When two texts say the same value, and which differences are known.

A rule here is narrow: it names the program whose rendering it undoes, looks at the form of both texts, and compares the value exactly.
How often each rule was used is printed, so that a rule that starts to hide things shows.
"""
import base64
import binascii
import datetime
import json
import re

HEX = re.compile(r"0x[0-9a-fA-F]{1,16}\Z")
GUID = re.compile(r"\{[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}\Z")
TIME7 = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.(\d{7})Z\Z")
PY_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{6})?(?:\+00:00)?\Z")
EPOCH_1601 = datetime.datetime(1601, 1, 1)
UPPER_HEX = re.compile(r"(?:[0-9A-F]{2})+\Z")
FLOAT = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?\Z")
C_FLOAT = re.compile(r"(-?\d\.\d{6}e[-+])0?(\d\d)\Z")


def same_hex(ours, theirs):
    """0x0000001f and 0x1f."""
    return bool(HEX.match(ours) and HEX.match(theirs)) and int(ours, 16) == int(theirs, 16)


def same_guid(ours, theirs):
    """Letter case."""
    return bool(GUID.match(ours) and GUID.match(theirs)) and ours.lower() == theirs.lower()


def same_time_ns(ours, theirs):
    """evtxexport prints nine decimals for FILETIME, of which the last two are always zero, and three for SYSTEMTIME."""
    return bool(TIME7.match(ours)) and (theirs == ours[:-1] + "00Z" or (ours[-5:] == "0000Z" and theirs == ours[:-5] + "Z"))


def same_time_us(ours, theirs):
    """python-evtx has microseconds. It computes a FILETIME in floating point, wrong by up to three of them: the same arithmetic is done
    here and must give the same text. A SYSTEMTIME is exact."""
    match = TIME7.match(ours)
    if not match or not PY_TIME.match(theirs):
        return False
    if ours[-5:] == "0000Z" and theirs in (ours[:-2].replace("T", " "), ours[:-9].replace("T", " ")):
        return True
    try:
        whole = datetime.datetime.fromisoformat(match.group(1) + "T" + match.group(2))
        ticks = (whole - EPOCH_1601) // datetime.timedelta(seconds=1) * 10000000 + int(match.group(3))
        theirs_own = datetime.datetime.fromtimestamp(float(ticks) * 1e-7 - 11644473600, datetime.timezone.utc)
    except (ValueError, OverflowError, OSError):
        return False
    return theirs == theirs_own.isoformat(" ")


def same_base64(ours, theirs):
    """Binary: upper-case hex and Base64."""
    if not UPPER_HEX.match(ours):
        return False
    try:
        return base64.b64decode(theirs, validate=True) == bytes.fromhex(ours)
    except (ValueError, binascii.Error):
        return False


def same_boolean(ours, theirs):
    """Letter case of true and false."""
    return ours in ("true", "false") and theirs == ours.capitalize()


def same_c_float(ours, theirs):
    """Shortest digits, and %e with six decimals and an exponent of three digits."""
    match = C_FLOAT.match(theirs)
    if not match or not FLOAT.match(ours):
        return False
    return "%.6e" % float(ours) == match.group(1) + match.group(2)


EQUIVALENT = {
    "evtx_dump": (),
    "evtxexport": (same_hex, same_guid, same_time_ns, same_c_float),
    "python-evtx": (same_hex, same_guid, same_time_us, same_base64, same_boolean),
}


def equivalent(tool, ours, theirs):
    """The name of the rule by which both texts are the same value, or None."""
    for rule in EQUIVALENT[tool]:
        if rule(ours, theirs):
            return rule.__name__
    return None


# Predicates that an entry of accepted.json may name in "test": (ours, theirs) -> bool, on single values.

CONTROL = {c: None for c in list(range(9)) + [11, 12] + list(range(14, 32)) + list(range(0x7f, 0x85)) + list(range(0x86, 0xa0))}


def test_sign_as_magnitude(ours, theirs):
    """A negative number whose lower bits were printed as the amount: -1 as -2147483647."""
    if not re.match(r"-\d+\Z", ours) or not re.match(r"-?\d+\Z", theirs):
        return False
    return any(-(int(ours) & ((1 << (bits - 1)) - 1)) == int(theirs) for bits in (8, 16, 32, 64) if int(ours) >= -(1 << (bits - 1)))


def test_hex_is_decimal(ours, theirs):
    return bool(HEX.match(ours)) and theirs.isdigit() and int(ours, 16) == int(theirs)


def test_controls_dropped(ours, theirs):
    return ours != theirs and ours.translate(CONTROL) == theirs


def test_number_is_boolean(ours, theirs):
    return ours not in ("0", "1") and ours.lstrip("-").isdigit() and theirs in ("true", "True", "False")


TESTS = {name[5:].replace("_", "-"): test for name, test in list(globals().items()) if name.startswith("test_")}


class Accepted:
    """The entries of accepted.json. A difference belongs to the first entry that fits; what fits none is a failure."""

    KEYS = {"id", "tool", "kind", "path", "ours", "theirs", "detail", "file", "test", "right", "why", "count"}

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.document = json.load(file)
        self.entries = self.document["classes"]
        self.patterns = []
        names = set()
        for entry in self.entries:
            extra = set(entry) - self.KEYS
            if extra or not {"id", "tool", "kind", "right", "why", "count"} <= set(entry) or entry["id"] in names:
                raise ValueError("accepted.json: entry %r: %s" % (entry.get("id"), sorted(extra) or "keys missing or id repeated"))
            if entry["right"] not in ("constat", "tool", "neither", "both"):
                raise ValueError("accepted.json: entry %s: right is %r" % (entry["id"], entry["right"]))
            names.add(entry["id"])
            self.patterns.append([(key, re.compile(entry[key], re.S)) for key in ("path", "ours", "theirs", "detail", "file") if key in entry])

    def find(self, difference):
        """The id of the entry for a difference {tool, kind, path, ours, theirs, detail, file, …}, or None."""
        for entry, patterns in zip(self.entries, self.patterns):
            if entry["tool"] != difference["tool"] or entry["kind"] != difference["kind"]:
                continue
            if all(pattern.fullmatch(difference[key]) for key, pattern in patterns):
                if "test" not in entry or TESTS[entry["test"]](difference["ours"], difference["theirs"]):
                    return entry["id"]
        return None
