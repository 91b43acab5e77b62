"""Recomputes the vectors of SPEC-PEPPERS.md from that page, in SPEC.md's notation: peppers.py <the page>."""
import json
import re
import sys
from hashlib import blake2b
from struct import pack
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt as aead  # (message, associated data, nonce, key)

vectors = json.loads(re.search(r"```json\n(.*?)```", open(sys.argv[1], encoding="utf-8").read(), re.S)[1])
given, made = vectors.pop("inputs"), {}
wrapping, pepper, nonce, ident = (bytes.fromhex(given[n]) for n in ("wrappingKey", "pepper", "nonce", "id"))

def lp(text):
    return pack(">I", len(text.encode())) + text.encode()

def lookup(index, value):  # section "Hash"
    return blake2b(lp(index) + value.encode(), key=pepper, digest_size=16).digest()

head = b"\1\1" + pack(">II", given["epoch"], given["number"])  # section "Record"
value = head + nonce + aead(pepper, lp("oubliette/v1/pepper") + head + ident, nonce, wrapping)
made["record"] = {"key": f"!pepper#{ident.hex()}", "value": value}
made["hashes"] = [lookup(*each) for each in given["lookups"]]

made = json.loads(json.dumps(made, default=bytes.hex))
differing = [name for name in made | vectors if made.get(name) != vectors.get(name)]
sys.exit(f"{sys.argv[1]}: {', '.join(differing)} differ" if differing else 0)
