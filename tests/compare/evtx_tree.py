"""One record of any of the four programs as {path: [values]}, in the names of the evtx-jsonl shape.

The paths are those of the JSON: "Event/System/EventID", "Event/System/Provider@Name" for an attribute, "Event/EventData/LogonType"
for a Data element by its Name, "Event/EventData/Data" for the Data elements without one. XML is brought to the same names by the rules
of the shape (README.md, "What is compared"), so that the naming itself is compared too.

Empty attributes do not exist here: the shape leaves them out. An element without attributes, text and children has the value "".
"""
import json
import re

CONTAINERS = ("EventData", "UserData")
TAG = re.compile(r'<(/?)([^\s<>/]+)((?:\s[^<>]*?)?)(/?)>([^<]*)', re.S)
ATTRIBUTE = re.compile(r'([^\s="]+)="([^"]*)"', re.S)
OPEN = re.compile(r'<([^\s<>/]+)((?:\s+[^\s="<>]+="[^"]*")*)\s*(/?)>')
CLOSE = re.compile(r"</[^\s<>/]+>\Z")
ENTITY = re.compile(r"&(#x[0-9a-fA-F]+|#\d+|amp|lt|gt|quot|apos);")
ENTITY_TEXT = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


class ShapeError(ValueError):
    """The text is not a record in the expected shape."""


# ---------------------------------------------------------------- JSON

class Pairs(list):
    """A JSON object with its members in order, duplicates included."""


def load_json(line):
    """The object of one line: integers and floats stay text, so that nothing is rounded."""
    value = json.loads(line, object_pairs_hook=Pairs, parse_int=str, parse_float=str)
    if isinstance(value, Pairs) and len(value) == 2 and value[1][0] == "#class":
        value = Pairs(value[:1])  # a record of which little or nothing could be decoded
    if not isinstance(value, Pairs) or len(value) != 1:
        raise ShapeError("not an object with one member")
    return value


def json_text(value):
    if value is True:
        return "true"
    if value is False:
        return "false"
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    raise ShapeError("%s where a value belongs" % type(value).__name__)


def json_member(path, value, out):
    if isinstance(value, Pairs):
        for key, member in value:
            if key == "#attributes":
                if not isinstance(member, Pairs):
                    raise ShapeError("#attributes is not an object")
                for name, text in member:
                    out.setdefault(path + "@" + name, []).append(json_text(text))
            elif key == "#text":
                json_member(path, member, out)
            else:
                json_member(path + "/" + key, member, out)
    elif isinstance(value, list):
        for item in value:
            json_member(path, item, out)
    else:
        out.setdefault(path, []).append(json_text(value))


def record_from_json(line):
    out = {}
    (name, value), = load_json(line)
    json_member(name, value, out)
    return out


# ---------------------------------------------------------------- XML

class Element:
    __slots__ = ("name", "attributes", "text", "children")

    def __init__(self, name, attributes, text):
        self.name = name
        self.attributes = attributes
        self.text = text
        self.children = []


def unescape(text):
    if "&" not in text:
        return text

    def one(match):
        name = match.group(1)
        if name[0] != "#":
            return ENTITY_TEXT[name]
        code = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
        return chr(code) if code < 0x110000 else match.group(0)
    return ENTITY.sub(one, text)


def parse_xml(text):
    """A forgiving reader: the programs print characters that XML does not allow and a strict one would refuse the record. A record cut
    off in the middle gives what is there."""
    if "<![CDATA[" in text:
        text = re.sub(r"<!\[CDATA\[(.*?)\]\]>", lambda m: m.group(1).replace("<", "&lt;"), text, flags=re.S)
    root = None
    stack = []
    for close, name, attributes, empty, tail in TAG.findall(text):
        if close:
            if not stack:
                raise ShapeError("</%s> closes nothing" % name)
            stack.pop()
            if stack and tail:
                stack[-1].text += unescape(tail)
            continue
        pairs = [(k, unescape(v)) for k, v in ATTRIBUTE.findall(attributes)] if attributes else []
        element = Element(name, [(k, v) for k, v in pairs if v], "")
        if stack:
            stack[-1].children.append(element)
        elif root is None:
            root = element
        else:
            raise ShapeError("a second root element %s" % name)
        if not empty:
            stack.append(element)
            element.text = unescape(tail)
        elif stack and tail:
            stack[-1].text += unescape(tail)
    if root is None:
        raise ShapeError("no element")
    return root


def unescape_if_escaped(text):
    return text if "<" in text or ">" in text else unescape(text)


class Lines:
    """The lines of one event of evtxexport. It escapes most values, but some not (ANSI strings), so that a `<` in a value reads like
    markup; but it indents each element by two blanks a level, and that tells its own tags from those in a value. A value with a bare
    `<` or `>` is one that was not escaped."""

    def __init__(self, text):
        self.lines = text.split("\n")
        self.at = 0

    def next_is_tag(self, at, depth):
        """Whether line `at` can follow a finished element at `depth`: a sibling or the end of the parent."""
        if at >= len(self.lines):
            return True
        line = self.lines[at]
        indent = len(line) - len(line.lstrip(" "))
        rest = line[indent:]
        return (indent == 2 * depth and OPEN.match(rest) is not None) or \
            (depth > 0 and indent == 2 * (depth - 1) and CLOSE.match(rest) is not None) or not any(self.lines[at:])

    def element(self, depth):
        line = self.lines[self.at]
        match = OPEN.match(line, 2 * depth)
        if not match or line[:2 * depth].strip(" "):
            raise ShapeError("no element in line %r" % line[:80])
        name = match.group(1)
        pairs = [(k, unescape_if_escaped(v)) for k, v in ATTRIBUTE.findall(match.group(2)) if v]
        element = Element(name, pairs, "")
        self.at += 1
        if match.group(3):
            return element
        end = "</%s>" % name
        rest = line[match.end():]
        if not rest and self.at < len(self.lines) and self.lines[self.at].startswith(" " * (2 * depth + 2) + "<"):
            while not self.lines[self.at] == " " * (2 * depth) + end:
                element.children.append(self.element(depth + 1))
                if self.at >= len(self.lines):
                    break
            self.at += 1
            return element
        text = [rest]
        while not (text[-1].endswith(end) and self.next_is_tag(self.at, depth)):
            if self.at >= len(self.lines):
                element.text = unescape_if_escaped("\n".join(text))
                return element
            text.append(self.lines[self.at])
            self.at += 1
        element.text = unescape_if_escaped("\n".join(text)[:-len(end)])
        return element


def numbered(name, seen):
    """`name`, or name_1, name_2 … when it was given out before."""
    count = seen.get(name, 0)
    seen[name] = count + 1
    return "%s_%d" % (name, count) if count else name


def xml_data(path, element, out):
    for key, value in element.attributes:
        if key != "Name":
            out.setdefault(path + "@" + key, []).append(value)
    if element.children:
        xml_children(path, element, out)
    else:
        out.setdefault(path, []).append(element.text)


def xml_children(path, element, out):
    text = element.text.strip()
    if text:
        out.setdefault(path, []).append(text)
    container = element.name in CONTAINERS
    seen, seen_data = {}, {}
    run = None
    for child in element.children:
        if container and child.name == "Data":
            name = next((v for k, v in child.attributes if k == "Name"), None)
            if name is None:
                run = None
                xml_data(path + "/Data", child, out)
                continue
            if run is None or run[0] != name:
                run = (name, numbered(name, seen_data))
            xml_data(path + "/" + run[1], child, out)
            continue
        run = None
        xml_element(path + "/" + numbered(child.name, seen), child, out)


def xml_element(path, element, out):
    for key, value in element.attributes:
        out.setdefault(path + "@" + key, []).append(value)
    if element.children:
        xml_children(path, element, out)
    elif element.text or not element.attributes:
        out.setdefault(path, []).append(element.text)


def record_from_tree(root):
    out = {}
    xml_element(root.name, root, out)
    return out


def record_from_xml(text):
    return record_from_tree(parse_xml(text))


def record_from_evtxexport(text):
    return record_from_tree(Lines(text).element(0))


def record_id(record):
    """System/EventRecordID as text; "" when the event has none."""
    values = record.get("Event/System/EventRecordID")
    return values[0] if values else ""
