#!/usr/bin/env python3
"""Compare the trees that Constat and pySigma make of the same rules.

    sigma_compare.py SIGMA_TREE KNOWLEDGE RULES [--accepted FILE] [--show N]

SIGMA_TREE is the program of sigma_tree.c. Needs pySigma (PyPI: pysigma, tried with the version that
the accepted list names). Both trees are written in one normal form: and, or and not over leaves,
nested ones of a kind flattened, operands sorted, doubles removed. Every difference is printed and
must be in the accepted list, by rule file and reason; exit code 1 if one is not, or if the list has
one that is not met any more.
"""
import argparse
import collections
import importlib.metadata
import ipaddress
import json
import os
import re
import subprocess
import sys

from sigma.collection import SigmaCollection
from sigma.conditions import (ConditionAND, ConditionFieldEqualsValueExpression, ConditionNOT,
                              ConditionOR, ConditionValueExpression)
from sigma.exceptions import SigmaError
from sigma.types import (Placeholder, SigmaBool, SigmaCasedString, SigmaCIDRExpression,
                         SigmaCompareExpression, SigmaExists, SigmaExpansion, SigmaFieldReference,
                         SigmaNull, SigmaNumber, SigmaRegularExpression, SigmaString,
                         SigmaTimestampPart, SpecialChars)


def written(string):
    """A string with * and ? as wildcards; * after * says nothing."""
    out = []
    for part in string.s:
        if part == SpecialChars.WILDCARD_MULTI:
            out += [] if out and out[-1] == "*" else ["*"]
        elif part == SpecialChars.WILDCARD_SINGLE:
            out.append("?")
        elif isinstance(part, Placeholder):
            out.append(f"%{part.name}%")
        else:
            out.append(re.sub(r"([*?\\])", r"\\\1", part))
    return "".join(out)


def network(cidr):
    net = ipaddress.ip_network(cidr)
    packed, bits = net.network_address.packed.hex(), net.prefixlen
    if net.version == 4:
        packed, bits = "00000000000000000000ffff" + packed, bits + 96
    return f"{packed}/{bits}"


def leaf(field, value):
    if isinstance(value, SigmaExpansion):
        return normal("or", [leaf(field, v) for v in value.values])
    if isinstance(value, SigmaCasedString):
        return ("==", field, written(value))
    if isinstance(value, SigmaString):
        return ("=", field, written(value))
    if isinstance(value, SigmaBool):
        return ("=", field, value.boolean)
    if isinstance(value, SigmaNumber):
        return ("=", field, float(value.number))
    if isinstance(value, SigmaNull):
        return ("=", field, None)
    if isinstance(value, SigmaRegularExpression):
        flags = "".join(sorted({"IGNORECASE": "i", "MULTILINE": "m", "DOTALL": "s"}[f.name] for f in value.flags))
        return ("~", field, str(value.regexp), flags)
    if isinstance(value, SigmaCIDRExpression):
        return ("in", field, network(value.cidr))
    if isinstance(value, SigmaCompareExpression):
        op = {"LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}[value.op.name]
        return (op, field, float(value.number.number))
    if isinstance(value, SigmaFieldReference):
        ends = {(False, False): "", (True, False): "^", (False, True): "$", (True, True): "*"}
        return ("$", field, value.field, ends[value.ends_with, value.starts_with])
    if isinstance(value, SigmaExists):
        return ("exists", field, value.exists)
    if isinstance(value, SigmaTimestampPart):
        return (value.timestamp_part.name.lower(), field, float(value.number))
    raise TypeError(type(value))


def normal(kind, operands):
    """Flattened, sorted, without doubles; one operand alone is the result."""
    if kind == "not":
        inner = operands[0]
        return inner[1][0] if inner[0] == "not" else (kind, (inner,))
    flat = []
    for operand in operands:
        flat += operand[1] if operand[0] == kind else [operand]
    unique = sorted(set(flat), key=repr)
    return unique[0] if len(unique) == 1 else (kind, tuple(unique))


def from_pysigma(node):
    for kind, word in ((ConditionAND, "and"), (ConditionOR, "or"), (ConditionNOT, "not")):
        if isinstance(node, kind):
            return normal(word, [from_pysigma(a) for a in node.args])
    if isinstance(node, ConditionFieldEqualsValueExpression):
        return leaf(node.field, node.value)
    if isinstance(node, ConditionValueExpression):
        return leaf(None, node.value)
    raise TypeError(type(node))


def from_constat(tree):
    """What node_write writes."""
    if tree[0] in ("and", "or", "not"):
        return normal(tree[0], [from_constat(t) for t in tree[1:]])
    if isinstance(tree[2], (int, float)) and not isinstance(tree[2], bool):
        tree[2] = float(tree[2])
    if tree[0] in ("=", "==") and isinstance(tree[2], str):
        tree[2] = re.sub(r"(?<!\\)((?:\\\\)*)\*\*+", r"\1*", tree[2])
    return tuple(tree)


def ours(program, knowledge, rules):
    out = subprocess.run([program, knowledge, rules], check=True, stdout=subprocess.PIPE).stdout
    by_file = collections.defaultdict(list)
    for line in out.decode().split("\n"):
        if line:
            rule = json.loads(line)
            by_file[os.path.relpath(rule["file"], rules)].append(rule)
    return by_file


def theirs(path):
    """(trees, error) of a file."""
    try:
        with open(path, encoding="utf-8") as file:
            collection = SigmaCollection.from_yaml(file.read())
        trees = []
        for rule in collection.rules:
            conditions = [c.parse() for c in rule.detection.parsed_condition]
            trees.append(normal("or", [from_pysigma(c) for c in conditions]))
        return trees, None
    except (SigmaError, AttributeError, TypeError, ValueError) as error:
        return [], f"{type(error).__name__}: {error}"


def differences(by_file, rules):
    for name in sorted(by_file):
        trees, error = theirs(os.path.join(rules, name))
        refused = [r for r in by_file[name] if r["state"] == "refused"]
        if error or refused:
            placeholders = all(r["reason"].startswith("no list of values") for r in refused)
            if error and not refused:
                yield name, "only pySigma refuses", error
            elif refused and not error and not placeholders:
                yield name, "only Constat refuses", refused[0]["reason"]
            continue
        mine = [from_constat(r["tree"]) for r in by_file[name] if "tree" in r]
        other = trees
        if len(mine) != len(other):
            yield name, "number of rules", f"{len(mine)} and {len(other)}"
            continue
        for a, b in zip(mine, other):
            if a != b:
                yield name, "tree", f"\n  Constat {a}\n  pySigma {b}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("knowledge")
    parser.add_argument("rules")
    parser.add_argument("--accepted")
    parser.add_argument("--show", type=int, default=20)
    arguments = parser.parse_args()
    by_file = ours(arguments.program, arguments.knowledge, arguments.rules)
    accepted = {}
    if arguments.accepted:
        with open(arguments.accepted, encoding="utf-8") as file:
            accepted = {(a["file"], a["kind"]): a for a in json.load(file)["differences"]}
    found, unknown = set(), 0
    for name, kind, text in differences(by_file, arguments.rules):
        found.add((name, kind))
        if (name, kind) in accepted:
            continue
        unknown += 1
        if unknown <= arguments.show:
            print(f"{name}: {kind}: {text[:3000]}")
    stale = sorted(set(accepted) - found)
    for name, kind in stale:
        print(f"{name}: {kind}: accepted, but not met")
    print(f"{len(by_file)} files; pySigma {importlib.metadata.version('pysigma')}; "
          f"{len(found)} differences, {unknown} not accepted, {len(stale)} accepted but not met")
    return 1 if unknown or stale else 0


if __name__ == "__main__":
    sys.exit(main())
