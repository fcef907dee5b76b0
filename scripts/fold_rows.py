#!/usr/bin/env python3
"""Write src/detect/sigma/fold_rows.def: simple case folding of Unicode, as ranges.

    fold_rows.py > src/detect/sigma/fold_rows.def

The folding of a character is the one character that str.casefold gives, or that str.lower gives
where casefold gives several; ASCII is left out. A row: first, last, step, distance.
"""
import sys
import unicodedata


def fold(c):
    for f in (chr(c).casefold(), chr(c).lower()):
        if len(f) == 1:
            return ord(f)
    return c


pairs = [(c, fold(c)) for c in range(0x80, sys.maxunicode + 1) if fold(c) != c]
rows = []
for c, f in pairs:
    if rows:
        first, last, step, distance = rows[-1]
        if f - c == distance and (c - last == step or (first == last and c - last in (1, 2))):
            rows[-1] = (first, c, c - last, distance)
            continue
    rows.append((c, c, 1, f - c))
print(f"/* Simple case folding of Unicode {unicodedata.unidata_version} beyond ASCII, by scripts/fold_rows.py: first, last, step,")
print(" * distance to the folded character. */")
print("/* clang-format off */")
for first, last, step, distance in rows:
    print(f"FOLD(0x{first:05X}, 0x{last:05X}, {step}, {distance})")
