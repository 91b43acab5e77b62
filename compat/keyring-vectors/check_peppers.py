#!/usr/bin/env python3
"""Recomputes every vector of libs/keyring/SPEC-PEPPERS.md from the page alone, as check.py does for SPEC.md.

Usage: check_peppers.py [SPEC-PEPPERS.md]. Exit 1 when a vector differs. `--make` prints the page's vector block from its inputs.
"""

import json
import pathlib
import re
import struct
import sys

sys.dont_write_bytecode = True
from check import aead_seal, lp, mac

PAGE = pathlib.Path(__file__).resolve().parents[2] / "libs" / "keyring" / "SPEC-PEPPERS.md"


def recompute(inputs):
    wrapping_key, pepper, nonce, ident = (
        bytes.fromhex(inputs[name]) for name in ("wrappingKey", "pepper", "nonce", "id"))
    head = bytes([1, 1]) + struct.pack(">II", inputs["epoch"], inputs["number"])
    ad = lp("oubliette/v1/pepper") + head + ident
    return {
        "record": {
            "key": f"!pepper#{ident.hex()}",
            "value": (head + nonce + aead_seal(pepper, ad, nonce, wrapping_key)).hex(),
        },
        "hashes": [mac(pepper, lp(index) + value.encode("utf-8")).hex() for index, value in inputs["lookups"]],
    }


def main():
    pages = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    text = pathlib.Path(pages[0] if pages else PAGE).read_text(encoding="utf-8")
    vectors = json.loads(re.search(r"```json\n(.*?)```", text, re.S).group(1))
    inputs = vectors.pop("inputs")
    if "--make" in sys.argv:
        print(json.dumps({"inputs": inputs, **recompute(inputs)}, indent=2, ensure_ascii=False))
        return 0
    expected = recompute(inputs)
    differing = [name for name in {**expected, **vectors} if vectors.get(name) != expected.get(name)]
    for name in differing:
        print(f"differs: {name}", file=sys.stderr)
    print(f"{len(vectors)} groups of vectors, {len(differing)} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
