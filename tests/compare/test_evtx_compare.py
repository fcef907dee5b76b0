"""The comparison must find what it is there to find: run with `python3 -m unittest` in this folder. Needs none of the references."""
import gzip
import json
import os
import subprocess
import sys
import tempfile
import unittest

import evtx_compare
import evtx_tools
from evtx_equiv import TESTS, Accepted, equivalent
from evtx_tree import record_from_evtxexport, record_from_json, record_from_xml, record_id

HERE = os.path.dirname(os.path.abspath(__file__))

JSON = ('{"Event":{"#attributes":{"xmlns":"urn:e"},"System":{"Provider":{"#attributes":{"Name":"P"}},"EventID":{"#attributes":{"Qualifiers":5},'
        '"#text":7},"EventRecordID":9,"Correlation":null},"EventData":{"a":1,"b":["x","y"],"c":"<&\\n","b_1":"z","e":"","Binary":"AB"}}}')
XML = ('<Event xmlns="urn:e"><System><Provider Name="P" Guid=""></Provider>\n<EventID Qualifiers="5">7</EventID>\n<EventRecordID>9</EventRecordID>\n'
       '<Correlation></Correlation>\n</System>\n<EventData><Data Name="a">1</Data>\n<Data Name="b">x</Data>\n<Data Name="b">y</Data>\n'
       '<Data Name="c">&lt;&amp;\n</Data>\n<Data Name="b">z</Data>\n<Data Name="e"></Data>\n<Binary>AB</Binary>\n</EventData>\n</Event>\n')
EXPORT = ('<Event xmlns="urn:e">\n  <System>\n    <Provider Name="P"/>\n    <EventID Qualifiers="5">7</EventID>\n    <EventRecordID>9</EventRecordID>\n'
          '    <Correlation/>\n  </System>\n  <EventData>\n    <Data Name="a">1</Data>\n    <Data Name="b">x</Data>\n    <Data Name="b">y</Data>\n'
          '    <Data Name="c">&lt;&amp;\n</Data>\n    <Data Name="b">z</Data>\n    <Data Name="e"/>\n    <Binary>AB</Binary>\n  </EventData>\n</Event>\n\n')


class Reading(unittest.TestCase):
    def test_three_forms_give_the_same_record(self):
        record = record_from_json(JSON)
        self.assertEqual(record, record_from_xml(XML))
        self.assertEqual(record, record_from_evtxexport(EXPORT))
        self.assertEqual(record["Event/EventData/b"], ["x", "y"])
        self.assertEqual(record["Event/EventData/b_1"], ["z"])
        self.assertEqual(record["Event/System/Correlation"], [""])
        self.assertEqual(record_id(record), "9")

    def test_positional_data_and_repeated_elements(self):
        record = record_from_json('{"Event":{"EventData":{"Data":{"#text":["one",5,""]},"K":"1","K_1":"2"}}}')
        xml = "<Event><EventData><Data>one</Data><Data>5</Data><K>1</K><Data></Data><K>2</K></EventData></Event>"
        self.assertEqual(record, record_from_xml(xml))
        self.assertNotEqual(record, record_from_xml(xml.replace("<Data>5", "<Data>6")))

    def test_unnamed_data_beside_named_is_not_forgotten(self):
        record = record_from_xml('<Event><EventData><Data Name="n">1</Data><Data>2</Data></EventData></Event>')
        self.assertEqual(record, {"Event/EventData/n": ["1"], "Event/EventData/Data": ["2"]})

    def test_numbers_are_not_rounded(self):
        self.assertEqual(record_from_json('{"Event":{"a":18446744073709551615}}'), {"Event/a": ["18446744073709551615"]})

    def test_unescaped_value_of_evtxexport(self):
        record = record_from_evtxexport("<Event>\n  <a><x_1>::op</a>\n  <b>&amp;\n    <c>\n</b>\n</Event>\n")
        self.assertEqual(record["Event/a"], ["<x_1>::op"])
        self.assertEqual(record["Event/b"], ["&amp;\n    <c>\n"])

    def test_string_array_of_python_evtx(self):
        line = json.dumps({"xml": "<Event><EventData><Data>&lt;string&gt;a&lt;/string&gt;\n&lt;string&gt;&lt;/string&gt;\n</Data></EventData></Event>"})
        records, complaints = evtx_tools.read_python_evtx(line.encode() + b'\n{"error": "broken"}\n')
        self.assertEqual(records, [{"Event/EventData/Data": ["a", ""]}])
        self.assertEqual(complaints, ["broken"])


class Rules(unittest.TestCase):
    CASES = [
        ("evtxexport", "0x1f", "0x0000001f", "same_hex"),
        ("evtxexport", "0x1f", "0x0000001e", None),
        ("evtx_dump", "0x1f", "0x0000001f", None),
        ("evtxexport", "2016-10-06T01:45:00.4033061Z", "2016-10-06T01:45:00.403306100Z", "same_time_ns"),
        ("evtxexport", "2016-10-06T01:45:00.4033061Z", "2016-10-06T01:45:00.403306000Z", None),
        ("evtxexport", "2016-10-06T01:45:00.4030000Z", "2016-10-06T01:45:00.403Z", "same_time_ns"),
        ("evtxexport", "2016-10-06T01:45:00.4030001Z", "2016-10-06T01:45:00.403Z", None),
        ("python-evtx", "2022-02-05T19:47:56.5728427Z", "2022-02-05 19:47:56.572844+00:00", "same_time_us"),
        ("python-evtx", "2022-02-05T19:47:56.5728427Z", "2022-02-05 19:47:56.572849+00:00", None),
        ("python-evtx", "ABCD01", "q80B", "same_base64"),
        ("python-evtx", "ABCD02", "q80B", None),
        ("python-evtx", "true", "True", "same_boolean"),
        ("python-evtx", "true", "False", None),
        ("evtxexport", "{AB000000-0000-0000-0000-000000000000}", "{ab000000-0000-0000-0000-000000000000}", "same_guid"),
        ("evtxexport", "1.1", "1.100000e+000", "same_c_float"),
        ("evtxexport", "1.2", "1.100000e+000", None),
        ("evtxexport", "text", "Text", None),
    ]

    def test_equivalence(self):
        for tool, ours, theirs, rule in self.CASES:
            self.assertEqual(equivalent(tool, ours, theirs), rule, (tool, ours, theirs))

    def test_predicates(self):
        self.assertTrue(TESTS["sign-as-magnitude"]("-2147024809", "-458839"))
        self.assertFalse(TESTS["sign-as-magnitude"]("-2147024809", "-458838"))
        self.assertFalse(TESTS["sign-as-magnitude"]("5", "-5"))
        self.assertTrue(TESTS["hex-is-decimal"]("0x24c", "588"))
        self.assertFalse(TESTS["hex-is-decimal"]("0x24c", "589"))
        self.assertTrue(TESTS["controls-dropped"]("a\x0fb", "ab"))
        self.assertFalse(TESTS["controls-dropped"]("a\x0fb", "a"))

    def test_accepted_json_is_sound(self):
        accepted = Accepted(os.path.join(HERE, "accepted.json"))
        self.assertTrue(all(entry["why"] and entry["count"] for entry in accepted.entries))


class Pairing(unittest.TestCase):
    @staticmethod
    def event(number, text):
        return {"Event/System/EventRecordID": [number], "Event/EventData/a": [text]}

    def test_repeated_ids(self):
        ours = [self.event("1", "x"), self.event("1", "y")]
        self.assertEqual(list(evtx_compare.differences("evtx_dump", ours, ours[::-1], evtx_compare.collections.Counter())), [])

    def test_missing_on_either_side(self):
        one, two = [self.event("1", "x")], [self.event("1", "x"), self.event("2", "y")]
        used = evtx_compare.collections.Counter()
        self.assertEqual([d[0] for d in evtx_compare.differences("evtx_dump", one, two, used)], ["record-only-theirs"])
        self.assertEqual([d[0] for d in evtx_compare.differences("evtx_dump", two, one, used)], ["record-only-ours"])


class WholeRun(unittest.TestCase):
    """The program with a stand-in for evtx_dump: what it prints lies in a file beside the log."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.corpus = os.path.join(self.folder, "corpus")
        os.makedirs(os.path.join(self.corpus, "_expected"))
        self.write("corpus/log.evtx", "stands for a log")
        self.write("corpus/_expected/evtx_records.csv", "file,records_in_used_area\nlog.evtx,1\n")
        self.write("ours", JSON + "\n")
        self.write("evtx_dump", "#!/bin/sh\nif [ \"$1\" = --version ]; then echo fake 1.2.3; else cat '%s/theirs'; fi\n" % self.folder)
        os.chmod(os.path.join(self.folder, "evtx_dump"), 0o755)
        self.accept([])

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def accept(self, classes):
        self.write("accepted.json", json.dumps({"python_selection": {"max_bytes": 0, "percent": 0}, "classes": classes}))

    def run_on(self, theirs):
        self.write("theirs", theirs)
        cache = tempfile.mkdtemp(dir=self.folder)
        done = subprocess.run([sys.executable, os.path.join(HERE, "evtx_compare.py"), "--constat", "sh -c 'cat %s/ours'" % self.folder,
                               "--tools", "evtx_dump", "--accepted", os.path.join(self.folder, "accepted.json"), "--cache", cache, self.corpus],
                              env=dict(os.environ, EVTX_DUMP=os.path.join(self.folder, "evtx_dump")), capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def test_equal(self):
        code, text = self.run_on(JSON + "\n")
        self.assertEqual(code, 0, text)
        self.assertIn("byte-identical outputs: 1", text)

    def test_each_kind_of_difference_fails(self):
        for theirs, kind in ((JSON.replace('"z"', '"zz"') + "\n", "value"), ("", "record-only-ours"), (JSON + "\n" + JSON + "\n", "record-only-theirs"),
                             (JSON.replace('["x","y"]', '["x"]') + "\n", "value-count"), (JSON.replace('"e":"",', "") + "\n", "path-only-ours"),
                             (JSON.replace('"e":"",', '"e":"","f":"",') + "\n", "path-only-theirs")):
            code, text = self.run_on(theirs)
            self.assertEqual(code, 1, text)
            self.assertRegex(text, r"NOT ACCEPTED +1  evtx_dump %s\n" % kind)

    def test_accepted_only_with_the_right_count(self):
        entry = {"id": "z", "tool": "evtx_dump", "kind": "value", "path": "Event/EventData/b_1", "right": "constat", "why": "test", "count": {"corpus": 1}}
        changed = JSON.replace('"z"', '"zz"') + "\n"
        self.accept([entry])
        self.assertEqual(self.run_on(changed)[0], 0)
        self.assertEqual(self.run_on(JSON + "\n")[0], 1)
        self.accept([dict(entry, count={"corpus": 2})])
        code, text = self.run_on(changed)
        self.assertEqual(code, 1)
        self.assertIn("COUNT class z, corpus: 1 seen, 2 written", text)

    def test_wrong_number_of_records_fails(self):
        self.write("corpus/_expected/evtx_records.csv", "file,records_in_used_area\nlog.evtx,2\n")
        code, text = self.run_on(JSON + "\n")
        self.assertEqual(code, 1)
        self.assertIn("expected record-count", text)

    def test_no_record_from_constat_fails(self):
        self.write("ours", JSON[:-3] + "\n")
        code, text = self.run_on(JSON + "\n")
        self.assertEqual(code, 1)
        self.assertIn("constat no-record", text)

    def test_cache_is_used(self):
        self.write("theirs", JSON + "\n")
        tool = evtx_tools.Tool("fake", "1", ["cat", os.path.join(self.folder, "theirs")], evtx_tools.read_jsonl)
        first = evtx_tools.cached(tool, "unused", "digest", self.folder, 10)
        self.write("theirs", "")
        self.assertEqual(evtx_tools.cached(tool, "unused", "digest", self.folder, 10).stdout, first.stdout)
        with gzip.open(os.path.join(self.folder, "fake-1", "digest.gz")) as file:
            self.assertEqual(file.read(), first.stdout)


if __name__ == "__main__":
    unittest.main()
