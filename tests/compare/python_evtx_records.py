"""Prints the records of one EVTX file as python-evtx renders them, one JSON object a line: {"xml": text} or {"error": text}.

Runs under the interpreter that has python-evtx (see README.md). All chunks of the file are read, not only those the file header counts:
in a dirty file the header lags behind, and the comparison is about records, not about that count.
"""
import json
import sys

from Evtx.Evtx import Evtx
from Evtx.Views import evtx_record_xml_view


def say(**what):
    print(json.dumps(what))


def main(path):
    with Evtx(path) as log:
        for chunk in log.get_file_header().chunks(include_inactive=True):
            if not chunk.check_magic():
                continue
            records = chunk.records()
            while True:
                try:
                    record = next(records, None)
                except Exception as error:  # whatever the library raises costs the rest of the chunk
                    say(error="chunk at %d: %s" % (chunk.offset(), error))
                    break
                if record is None:
                    break
                try:
                    say(xml=evtx_record_xml_view(record))
                except Exception as error:
                    say(error="record at %d: %s: %s" % (record.offset(), type(error).__name__, error))


if __name__ == "__main__":
    main(sys.argv[1])
