"""The comparison of detections finds what is put in front of it. Needs no reference: python3 -m unittest."""
import collections
import io
import sys
import types
import unittest
from contextlib import redirect_stdout
from unittest import mock

# pySigma itself is not needed here.
for name in ("sigma", "sigma.backends", "sigma.backends.sqlite", "sigma.collection", "sigma.conditions",
             "sigma.exceptions", "sigma.types"):
    sys.modules.setdefault(name, types.ModuleType(name))
with mock.patch.dict(sys.modules):
    for module, names in (("sigma.backends.sqlite", ["sqliteBackend"]), ("sigma.collection", ["SigmaCollection"]),
                          ("sigma.conditions", ["ConditionFieldEqualsValueExpression"]),
                          ("sigma.exceptions", ["SigmaError"]), ("sigma.types", ["SigmaFieldReference"])):
        for name in names:
            if not hasattr(sys.modules[module], name):
                setattr(sys.modules[module], name, type(name, (Exception,), {}))
    import sigma_detections
    import sigma_events


def event(fields, **kind):
    return dict({"product": "windows", "service": "", "channel": "Security", "provider": "P", "code": "4688",
                 "fields": fields}, **kind)


class Fields(unittest.TestCase):
    def row(self, fields="", condition="", channel="Security", code=""):
        return sigma_events.Row({"product": "windows", "category": "c", "service": "", "event_product": "windows",
                                 "event_service": "", "channel": channel, "provider": "", "code": code,
                                 "condition": condition, "fields": fields})

    def test_places(self):
        row = self.row("Image=NewProcessName; Level=integrity(Label); Key=registry(O,V); MD5=@|Hashes[MD5]; @=@|*.@")
        given = event({"NewProcessName": "x.exe", "Label": "S-1-16-12288", "O": "\\REGISTRY\\MACHINE\\Soft", "V": "Run",
                       "Hashes": "SHA1=1,MD5=abc", "UserData.Param": 5, "System.Param": 6, "List": ["a", "b"]})
        for field, value in (("Image", "x.exe"), ("Level", "High"), ("Key", "HKLM\\Soft\\Run"), ("MD5", "abc"),
                             ("Param", "5"), ("List", "a\nb"), ("None", None)):
            self.assertEqual(sigma_events.field_value(given, [row], field), value, field)

    def test_rows(self):
        self.assertTrue(self.row(code="4688").fits(event({})))
        self.assertFalse(self.row(code="4689").fits(event({})))
        self.assertFalse(self.row(channel="System").fits(event({})))
        self.assertTrue(self.row(condition="Type=a|b").fits(event({"Type": "B"})))
        self.assertFalse(self.row(condition="Type!=a|b").fits(event({"Type": "B"})))
        self.assertTrue(self.row(condition="Type!=a|b").fits(event({})))


class Judgement(unittest.TestCase):
    def judge(self, ours, theirs, listed, skipped=None):
        found = sigma_detections.differences(collections.Counter(ours), collections.Counter(theirs), skipped or {}, "/r")
        arguments = types.SimpleNamespace(show=9, rules="/r", update=False)
        with redirect_stdout(io.StringIO()):
            return sigma_detections.judge(found, skipped or {}, {"differences": listed, "not_compared": {}}, arguments)

    def test_equal(self):
        self.assertEqual(self.judge({("f", "a"): 1}, {("f", "a"): 1}, []), 0)

    def test_differences(self):
        self.assertEqual(self.judge({("f", "a"): 1}, {}, []), 1)
        self.assertEqual(self.judge({}, {("f", "a"): 1}, []), 1)
        self.assertEqual(self.judge({("f", "a"): 1, ("g", "a"): 2}, {("f", "a"): 2, ("g", "a"): 1}, []), 1)
        known = {"rule": "a", "files": 1, "constat": 1, "reference": 0, "reason": "r", "right": "constat"}
        self.assertEqual(self.judge({("f", "a"): 1}, {}, [known]), 0)
        self.assertEqual(self.judge({("f", "a"): 2}, {}, [known]), 1)
        self.assertEqual(self.judge({}, {}, [known]), 1)

    def test_not_compared(self):
        self.assertEqual(self.judge({("f", "a"): 1}, {}, [], {"/r/a": "why"}), 1)


if __name__ == "__main__":
    unittest.main()
