#!/usr/bin/env python3
"""Looks for byte strings in every file below some directories. Shares no code with the product.

    scan.py NEEDLES DIR...

NEEDLES is a file of one needle a line: `text:…` (looked for as UTF-8, as UTF-16, as hex, and in the three alignments of
both base64 alphabets) or `hex:…` (looked for as those bytes, which must be random throughout: a piece of them counts as
a hit). GNU grep looks for all of them in one pass; Python then says which needle it was. Prints one JSON document: files and bytes read, and of each hit the needle's number and the
file. A needle itself is never printed. Exits 0 when nothing was found, 1 when something was, 2 when it could not look.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile

# A piece of random bytes this long does not occur by chance.
ENOUGH = 12


def refuse(reason):
    print(reason, file=sys.stderr)
    sys.exit(2)


def base64_forms(raw):
    """What stays the same of a base64 text whatever stands before and after the needle."""
    forms = set()
    for lead in range(3):
        encoded = base64.b64encode(b"\0" * lead + raw)
        first = (0, 2, 3)[lead]
        last = len(encoded.rstrip(b"=")) - (1 if (lead + len(raw)) % 3 else 0)
        middle = encoded[first:last]
        if len(middle) >= 6:
            forms.update((middle, middle.replace(b"+", b"-").replace(b"/", b"_")))
    return forms


def forms_of(line):
    kind, _, rest = line.partition(":")
    if kind == "hex":
        # grep's patterns are lines: of bytes with a line end inside, each long enough piece is looked for.
        pieces = {piece for piece in bytes.fromhex(rest).split(b"\n") if len(piece) >= ENOUGH}
        if not pieces:
            refuse("a binary needle is too short to look for")
        return pieces
    if kind != "text" or not rest:
        refuse("a needle starts with text: or hex:")
    raw = rest.encode()
    forms = {raw, rest.encode("utf-16-le"), rest.encode("utf-16-be"), raw.hex().encode(), raw.hex().upper().encode()}
    return forms | base64_forms(raw)


def sizes_below(directories):
    for directory in directories:
        for parent, _, names in os.walk(directory):
            for name in names:
                try:
                    yield os.path.getsize(os.path.join(parent, name))
                except FileNotFoundError:
                    continue  # a segment that was unlinked between the listing and the look


def files_with(patterns, directories):
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"\n".join(patterns) + b"\n")
        file.flush()
        command = ["grep", "-rlaF", "--null", "--no-messages", "-f", file.name, *directories]
        found = subprocess.run(command, stdout=subprocess.PIPE, env={**os.environ, "LC_ALL": "C"}, check=False)
    return [os.fsdecode(name) for name in found.stdout.split(b"\0") if name]


def hits_of(needles, directories):
    hits = []
    for path in files_with(set().union(*needles), directories):
        with open(path, "rb") as file:
            content = file.read()
        hits += [{"needle": n, "file": path} for n, forms in enumerate(needles) if any(form in content for form in forms)]
    return hits


def settled_hits_of(needles, directories):
    """A file may be renamed or unlinked between grep's look and Python's: then both look again."""
    for _ in range(10):
        try:
            return hits_of(needles, directories)
        except FileNotFoundError:
            continue
    refuse("files come and go too fast to look into them")


def main():
    if len(sys.argv) < 3:
        refuse("usage: scan.py NEEDLES DIR...")
    with open(sys.argv[1], encoding="utf-8") as lines:
        needles = [forms_of(line.rstrip("\n")) for line in lines if line.strip()]
    if not needles:
        refuse("no needles: nothing would be proved")
    directories = sys.argv[2:]
    sizes = list(sizes_below(directories))
    hits = settled_hits_of(needles, directories)
    json.dump({"needles": len(needles), "files": len(sizes), "bytes": sum(sizes), "hits": hits}, sys.stdout)
    print()
    return 1 if hits else 0


if __name__ == "__main__":
    sys.exit(main())
