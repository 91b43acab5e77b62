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


def scope(inputs, root, name):
    tag = bytes(4) if name is None else mac(subkey(root, "purpose"), name.encode())[:4]
    return struct.pack(">I", inputs["lifecycle"]) + tag + struct.pack(">I", 1 if name is None else inputs["generation"])


def key_record(wrapping_key, inputs, key_scope, ref, kid, nonce, user_key):
    head = bytes([1, 1]) + struct.pack(">I", inputs["epoch"]) + key_scope
    head += struct.pack(">IQI", inputs["rotation"], inputs["madeAt"], inputs["lifetimeSeconds"])
    ad = lp("oubliette/v1/key-record") + head + ref + kid
    return head + nonce + aead_seal(user_key, ad, nonce, wrapping_key)


def fence(root, ref, key_scope, erased_at, user_keys):
    statement = bytes([1]) + key_scope + struct.pack(">QH", erased_at, len(user_keys))
    for user_key in user_keys:
        statement += mac(subkey(root, "key-fingerprint"), user_key)
    return statement + mac(subkey(root, "fence"), ref + statement)


def retirement(root, ref, kid, key_scope, retired_at):
    statement = bytes([1, 0]) + key_scope + struct.pack(">Q", retired_at)
    return statement + mac(subkey(root, "fence"), lp("oubliette/v1/retirement") + ref + kid + statement)


def fence_key(ref, inputs, key_scope):
    text = ref.hex() if inputs["lifecycle"] == 1 else f"{ref.hex()}/{inputs['lifecycle']}"
    return text if key_scope[4:8] == bytes(4) else f"{text}:{key_scope[4:8].hex()}.{inputs['generation']}"


def deployment(master_key, ident, revision, root, partitions, epoch, wrapping_key, nonce):
    fingerprint = mac(master_key, b"oubliette/v1/master-key-fingerprint")
    secrets = root + struct.pack(">IBI", partitions, 1, epoch) + wrapping_key
    context = lp("oubliette/v1/deployment") + bytes([1]) + ident + struct.pack(">I", revision) + fingerprint
    wrapped = nonce + aead_seal(secrets, context, nonce, master_key)
    return bytes([1]) + struct.pack(">I", revision) + fingerprint + wrapped


def envelope(root, user_key, key_scope, kid, ref, nonce, binding, plaintext):
    prefix = bytes([1, 1]) + key_scope + kid + ref
    header = prefix + nonce
    ad = prefix + b"".join(lp(binding[name]) for name in ("stream", "type", "eventId", "path"))
    return header + mac(subkey(root, "envelope-header"), header) + aead_seal(plaintext, ad, nonce, user_key)


def recompute(inputs):
    raw = {name: bytes.fromhex(inputs[name]) for name in (
        "masterKey", "root", "wrappingKey", "userKey", "deploymentId", "kid", "nonce")}
    ref = user_ref(raw["root"], inputs["userId"])
    purposes = ("user-ref", "envelope-header", "fence", "key-fingerprint", "purpose")
    general, special = (scope(inputs, raw["root"], name) for name in (None, inputs["purpose"]))
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
            "value": key_record(raw["wrappingKey"], inputs, special, ref, raw["kid"], raw["nonce"], raw["userKey"]).hex(),
        },
        "fences": [
            {
                "key": fence_key(ref, inputs, each),
                "value": fence(raw["root"], ref, each, inputs["erasedAt"], [raw["userKey"]]).hex(),
            }
            for each in (general, special)
        ],
        "retirement": retirement(raw["root"], ref, raw["kid"], special, inputs["erasedAt"]).hex(),
        "purposeTag": special[4:8].hex(),
        "deployment": {
            "key": f"!deployment#{raw['deploymentId'].hex()}",
            "value": deployment(raw["masterKey"], raw["deploymentId"], inputs["revision"], raw["root"],
                                inputs["partitionCount"], inputs["epoch"], raw["wrappingKey"], raw["nonce"]).hex(),
        },
        "envelopes": [
            {
                "binding": binding,
                "plaintext": plaintext,
                "envelope": envelope(raw["root"], raw["userKey"], each, raw["kid"], ref, raw["nonce"],
                                     binding, bytes.fromhex(plaintext)).hex(),
            }
            for each, (binding, plaintext) in zip((general, special), inputs["envelopes"], strict=True)
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
    "purpose": "marketing",
    "generation": 3,
    "rotation": 4,
    "madeAt": 1690000000456,
    "lifetimeSeconds": 2592000,
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
    ad = sealed[:38] + b"".join(lp(inputs["envelopes"][0][0][n]) for n in ("stream", "type", "eventId", "path"))
    opened = aead_open(sealed[78:], ad, sealed[38:62], bytes.fromhex(inputs["userKey"]))
    if opened.hex() != inputs["envelopes"][0][1]:
        differing.append("opening the first envelope")
    for name in differing + unknown:
        print(f"differs: {name}", file=sys.stderr)
    print(f"{len(vectors)} groups of vectors, {len(differing) + len(unknown)} differ")
    return 1 if differing or unknown else 0


if __name__ == "__main__":
    sys.exit(main())
