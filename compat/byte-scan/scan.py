#!/usr/bin/env python3
"""Looks for byte strings in every file below some directories. Shares no code with the product.

    scan.py --needles FILE DIR...

FILE holds one needle a line: `text:…` (searched as UTF-8, UTF-16, hex and in the three alignments of both base64
alphabets) or `hex:…` (searched as those bytes). Prints one JSON document: files and bytes read, and each hit's
needle number and file. A needle itself is never printed. Exits 0 when nothing was found, 1 when something was.
"""

import argparse
import base64
import json
import mmap
import os
import sys


def base64_forms(raw):
    """What stays the same of a base64 text whatever stands before and after the needle."""
    forms = set()
    for lead in range(3):
        encoded = base64.b64encode(b"\0" * lead + raw)
        first = (0, 2, 3)[lead]
        last = len(encoded.rstrip(b"="))
        if (lead + len(raw)) % 3:
            last -= 1
        middle = encoded[first:last]
        if len(middle) >= 6:
            forms.update((middle, middle.replace(b"+", b"-").replace(b"/", b"_")))
    return forms


def forms_of(line):
    kind, _, rest = line.partition(":")
    if kind == "hex":
        return {bytes.fromhex(rest)}
    if kind != "text":
        raise SystemExit(f"a needle starts with text: or hex:, not {kind!r}")
    raw = rest.encode()
    forms = {raw, rest.encode("utf-16-le"), rest.encode("utf-16-be"), raw.hex().encode(), raw.hex().upper().encode()}
    return forms | base64_forms(raw)


def files_below(directories):
    for directory in directories:
        for parent, _, names in os.walk(directory):
            for name in names:
                yield os.path.join(parent, name)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--needles", required=True)
    parser.add_argument("directories", nargs="+")
    options = parser.parse_args()
    with open(options.needles, encoding="utf-8") as lines:
        needles = [forms_of(line.rstrip("\n")) for line in lines if line.strip()]
    if not needles:
        raise SystemExit("no needles: nothing would be proved")
    report = {"needles": len(needles), "files": 0, "bytes": 0, "hits": []}
    for path in files_below(options.directories):
        try:
            size = os.path.getsize(path)
            report["files"] += 1
            report["bytes"] += size
            if size == 0:
                continue
            with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                for number, forms in enumerate(needles):
                    if any(content.find(form) >= 0 for form in forms):
                        report["hits"].append({"needle": number, "file": path})
        except FileNotFoundError:
            continue  # a segment that was unlinked between the listing and the look
    json.dump(report, sys.stdout)
    print()
    return 1 if report["hits"] else 0


if __name__ == "__main__":
    sys.exit(main())
