#!/usr/bin/env python3
"""Recomputes every vector of libs/keyring/SPEC.md from the page alone, with hashlib and PyNaCl (pip install pynacl).

Shares no code with the library. Usage: check.py [SPEC.md]. Exit 1 when a vector differs.
`--make` prints the page's vector block from its inputs instead.
"""

import hashlib
import json
import pathlib
import re
import struct
import sys

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt as aead_open,
    crypto_aead_xchacha20poly1305_ietf_encrypt as aead_seal,
)

PAGE = pathlib.Path(__file__).resolve().parents[2] / "libs" / "keyring" / "SPEC.md"


def mac(key, message, size=16):
    return hashlib.blake2b(message, key=key, digest_size=size).digest()


def lp(text):
    data = text.encode("utf-8")
    return struct.pack(">I", len(data)) + data


def counted(start, size):
    return bytes((start + i) % 256 for i in range(size))


def subkey(root, purpose):
    return mac(root, b"oubliette/v1/" + purpose.encode(), 32)


def user_ref(root, user_id):
    return mac(subkey(root, "user-ref"), user_id.encode("utf-8"))


def key_record(wrapping_key, epoch, lifecycle, ref, kid, nonce, user_key):
    head = bytes([1, 1]) + struct.pack(">II", epoch, lifecycle)
    ad = lp("oubliette/v1/key-record") + head + ref + kid
    return head + nonce + aead_seal(user_key, ad, nonce, wrapping_key)


def fence(root, ref, lifecycle, erased_at, user_keys):
    statement = bytes([1]) + struct.pack(">IQH", lifecycle, erased_at, len(user_keys))
    for user_key in user_keys:
        statement += mac(subkey(root, "key-fingerprint"), user_key)
    return statement + mac(subkey(root, "fence"), ref + statement)


def deployment(master_key, ident, revision, root, partitions, epoch, wrapping_key, nonce):
    fingerprint = mac(master_key, b"oubliette/v1/master-key-fingerprint")
    secrets = root + struct.pack(">IBI", partitions, 1, epoch) + wrapping_key
    context = lp("oubliette/v1/deployment") + bytes([1]) + ident + struct.pack(">I", revision) + fingerprint
    wrapped = nonce + aead_seal(secrets, context, nonce, master_key)
    return bytes([1]) + struct.pack(">I", revision) + fingerprint + wrapped


def envelope(root, user_key, lifecycle, kid, ref, nonce, binding, plaintext):
    prefix = bytes([1, 1]) + struct.pack(">I", lifecycle) + kid + ref
    header = prefix + nonce
    ad = prefix + b"".join(lp(binding[name]) for name in ("stream", "type", "eventId", "path"))
    return header + mac(subkey(root, "envelope-header"), header) + aead_seal(plaintext, ad, nonce, user_key)


def recompute(inputs):
    raw = {name: bytes.fromhex(inputs[name]) for name in (
        "masterKey", "root", "wrappingKey", "userKey", "deploymentId", "kid", "nonce")}
    ref = user_ref(raw["root"], inputs["userId"])
    purposes = ("user-ref", "envelope-header", "fence", "key-fingerprint")
    return {
        "masterKeyFingerprint": mac(raw["masterKey"], b"oubliette/v1/master-key-fingerprint").hex(),
        "subkeys": {purpose: subkey(raw["root"], purpose).hex() for purpose in purposes},
        "userRefs": [
            {
                "userId": user_id,
                "userRef": user_ref(raw["root"], user_id).hex(),
                "partition": int.from_bytes(user_ref(raw["root"], user_id)[:4], "big") % inputs["partitionCount"],
            }
            for user_id in inputs["userIds"]
        ],
        "keyRecord": {
            "key": f"{ref.hex()}#{raw['kid'].hex()}",
            "value": key_record(raw["wrappingKey"], inputs["epoch"], inputs["lifecycle"], ref, raw["kid"],
                                raw["nonce"], raw["userKey"]).hex(),
        },
        "fence": {
            "key": ref.hex() if inputs["lifecycle"] == 1 else f"{ref.hex()}/{inputs['lifecycle']}",
            "value": fence(raw["root"], ref, inputs["lifecycle"], inputs["erasedAt"], [raw["userKey"]]).hex(),
        },
        "deployment": {
            "key": f"!deployment#{raw['deploymentId'].hex()}",
            "value": deployment(raw["masterKey"], raw["deploymentId"], inputs["revision"], raw["root"],
                                inputs["partitionCount"], inputs["epoch"], raw["wrappingKey"], raw["nonce"]).hex(),
        },
        "envelopes": [
            {
                "binding": binding,
                "plaintext": plaintext,
                "envelope": envelope(raw["root"], raw["userKey"], inputs["lifecycle"], raw["kid"], ref, raw["nonce"],
                                     binding, bytes.fromhex(plaintext)).hex(),
            }
            for binding, plaintext in inputs["envelopes"]
        ],
    }


DEFAULT_INPUTS = {
    "masterKey": counted(0x00, 32).hex(),
    "root": counted(0x20, 32).hex(),
    "wrappingKey": counted(0x40, 32).hex(),
    "userKey": counted(0x60, 32).hex(),
    "deploymentId": counted(0x80, 8).hex(),
    "kid": counted(0x90, 8).hex(),
    "nonce": counted(0xA0, 24).hex(),
    "epoch": 3,
    "lifecycle": 2,
    "revision": 1,
    "partitionCount": 12,
    "erasedAt": 1700000000123,
    "userId": "student-4711",
    "userIds": ["student-4711", "a", "Zoë 🗝", "x" * 512],
    "envelopes": [
        [{"stream": "lesson-views", "type": "LessonViewed", "eventId": "6f1c2a0e-0d3b-4a86-9f0a-2f4d1c9b7e55",
          "path": "student.name"}, "Ada Lovelace".encode().hex()],
        [{"stream": "Prüfungen", "type": "観点", "eventId": "1", "path": ""}, ""],
    ],
}


def main():
    if "--make" in sys.argv:
        print(json.dumps({"inputs": DEFAULT_INPUTS, **recompute(DEFAULT_INPUTS)}, indent=2, ensure_ascii=False))
        return 0
    page = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE
    block = re.search(r"```json\n(.*?)```", page.read_text(encoding="utf-8"), re.S)
    if not block:
        print(f"{page}: no vector block", file=sys.stderr)
        return 1
    vectors = json.loads(block.group(1))
    inputs = vectors.pop("inputs")
    differing = [name for name, value in recompute(inputs).items() if vectors.get(name) != value]
    unknown = [name for name in vectors if name not in recompute(inputs)]
    sealed = bytes.fromhex(vectors["envelopes"][0]["envelope"])
    ad = sealed[:30] + b"".join(lp(inputs["envelopes"][0][0][n]) for n in ("stream", "type", "eventId", "path"))
    opened = aead_open(sealed[70:], ad, sealed[30:54], bytes.fromhex(inputs["userKey"]))
    if opened.hex() != inputs["envelopes"][0][1]:
        differing.append("opening the first envelope")
    for name in differing + unknown:
        print(f"differs: {name}", file=sys.stderr)
    print(f"{len(vectors)} groups of vectors, {len(differing) + len(unknown)} differ")
    return 1 if differing or unknown else 0


if __name__ == "__main__":
    sys.exit(main())
