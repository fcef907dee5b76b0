"""Runs the programs on a file and gives their records; reference outputs are kept in a cache by content hash and program version."""
import gzip
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import time

from evtx_tree import ShapeError, record_from_evtxexport, record_from_json, record_from_xml

HERE = os.path.dirname(os.path.abspath(__file__))
EVENT_START = re.compile(r"^<Event[\s>/]", re.M)
ARRAY = re.compile(r"(?:<string>.*?</string>\n)+\Z", re.S)
ARRAY_ITEM = re.compile(r"<string>(.*?)</string>\n", re.S)
UNEXPORTED = re.compile(r"^Unable to export record: \d+\.$", re.M)


class Output:
    """What a program made of a file: stdout, exit code (None: stopped by the time limit), seconds."""

    def __init__(self, stdout, code, seconds):
        self.stdout, self.code, self.seconds = stdout, code, seconds

    @property
    def ended(self):
        return "complete" if self.code == 0 else "time limit" if self.code is None else "exit %d" % self.code


def run(command, limit):
    start = time.monotonic()
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=limit)
        return Output(done.stdout, done.returncode, time.monotonic() - start)
    except subprocess.TimeoutExpired as stopped:
        return Output(stopped.stdout or b"", None, time.monotonic() - start)


def version_of(command, pattern):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    except OSError as error:
        raise SystemExit("evtx_compare: cannot run %s: %s (see README.md)" % (command[0], error.strerror))
    match = re.search(pattern, done.stdout.decode("utf-8", "replace"))
    if not match:
        raise SystemExit("evtx_compare: %s does not tell its version" % " ".join(command))
    return match.group(1)


class Tool:
    def __init__(self, name, version, command, reader):
        self.name, self.version, self.command, self.reader = name, version, command, reader

    def run(self, path, limit):
        return run([path if word == "{file}" else word for word in self.command], limit)


def references(names):
    """The reference programs, by environment variable or from PATH."""
    tools = {}
    if "evtx_dump" in names:
        exe = os.environ.get("EVTX_DUMP", "evtx_dump")
        tools["evtx_dump"] = Tool("evtx_dump", version_of([exe, "--version"], r"(\d+\.\d+\.\d+)"),
                                  [exe, "-o", "jsonl", "-t", "1", "{file}"], read_jsonl)
    if "evtxexport" in names:
        exe = os.environ.get("EVTXEXPORT", "evtxexport")
        tools["evtxexport"] = Tool("evtxexport", version_of([exe, "-V"], r"evtxexport (\d+)"), [exe, "-f", "xml", "{file}"], read_evtxexport)
    if "python-evtx" in names:
        exe = os.environ.get("PYTHON_EVTX", sys.executable)
        version = version_of([exe, "-c", "import importlib.metadata as m; print('v' + m.version('python-evtx'))"], r"v(\S+)")
        tools["python-evtx"] = Tool("python-evtx", version, [exe, os.path.join(HERE, "python_evtx_records.py"), "{file}"], read_python_evtx)
    return tools


def constat(command):
    words = shlex.split(command)
    if "{file}" not in words:
        words.append("{file}")
    return Tool("constat", "", words, read_jsonl)


def cached(tool, path, digest, cache, limit):
    """The output of a reference program, from the cache where it is there."""
    base = os.path.join(cache, "%s-%s" % (tool.name, tool.version), digest)
    if os.path.exists(base + ".json"):
        with open(base + ".json", encoding="ascii") as file:
            note = json.load(file)
        with gzip.open(base + ".gz", "rb") as file:
            return Output(file.read(), note["code"], note["seconds"])
    output = tool.run(path, limit)
    os.makedirs(os.path.dirname(base), exist_ok=True)
    for name, data in ((".gz", gzip.compress(output.stdout, 1)),
                       (".json", json.dumps({"code": output.code, "seconds": round(output.seconds, 3)}).encode("ascii"))):
        temporary = "%s.%d" % (base + name, os.getpid())
        with open(temporary, "wb") as file:
            file.write(data)
        os.replace(temporary, base + name)
    return output


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else hashlib.sha256(file.read()).hexdigest()


# ---------------------------------------------------------------- readers: stdout -> (records, complaints)
# A record is {path: [values]}; a complaint is a text for a piece that is no record.

def read_jsonl(stdout):
    records, complaints = [], []
    for line in stdout.split(b"\n"):
        if not line:
            continue
        try:
            records.append(record_from_json(line.decode("utf-8")))
        except (ValueError, RecursionError) as error:
            complaints.append("%s: %s" % (error, line[:120].decode("utf-8", "replace")))
    return records, complaints


def xml_records(texts, reader):
    records, complaints = [], []
    for text in texts:
        try:
            records.append(reader(text))
        except ShapeError as error:
            complaints.append("%s: %s" % (error, text[:120]))
    return records, complaints


def read_evtxexport(stdout):
    text = stdout.decode("utf-8", "replace")
    starts = [match.start() for match in EVENT_START.finditer(text)]
    records, complaints = xml_records((text[a:b] for a, b in zip(starts, starts[1:] + [len(text)])), record_from_evtxexport)
    return records, complaints + UNEXPORTED.findall(text)


def unfold(record):
    """python-evtx puts the items of a string array into one text, each as <string>item</string> and a line feed."""
    for path, values in record.items():
        if any(value.startswith("<string>") for value in values):
            record[path] = [item for value in values for item in (ARRAY_ITEM.findall(value) if ARRAY.match(value) else [value])]
    return record


def read_python_evtx(stdout):
    texts, complaints = [], []
    for line in stdout.split(b"\n"):
        if line:
            try:
                item = json.loads(line)
            except ValueError:
                complaints.append("cut line")
                continue
            if "xml" in item:
                texts.append(item["xml"])
            else:
                complaints.append(item["error"])
    records, more = xml_records(texts, record_from_xml)
    return [unfold(record) for record in records], complaints + more
