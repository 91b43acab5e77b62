#!/usr/bin/env python3
"""Recomputes the vectors of SPEC.md and SPEC-PEPPERS.md from these pages alone: check.py [their directory]."""

import hashlib
import json
import pathlib
import re
import sys
from struct import pack

from nacl import bindings


def mac(key, message, size=16):
    return hashlib.blake2b(message, key=key, digest_size=size).digest()


def lp(text):
    return pack(">I", len(text.encode())) + text.encode()


def seal(key, nonce, ad, secret):
    sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(secret, ad, nonce, key)
    bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, ad, nonce, key)  # raises unless it opens
    return sealed


def of_spec(given, root, master, wrapping, user_key, ident, kid, nonce, new_master, new_wrapping):
    names = ("user-ref", "envelope-header", "fence", "key-fingerprint", "purpose")
    sub = {name: mac(root, f"oubliette/v1/{name}".encode(), 32) for name in names}
    ref, count = mac(sub["user-ref"], given["userId"].encode()), given["partitionCount"]
    lifecycle, generation, erased_at = given["lifecycle"], given["generation"], pack(">Q", given["erasedAt"])
    tag = mac(sub["purpose"], given["purpose"].encode())[:4]
    general, special = pack(">III", lifecycle, 0, 1), pack(">I4sI", lifecycle, tag, generation)
    fence_name = ref.hex() + (f"/{lifecycle}" if lifecycle > 1 else "")
    fingerprint = mac(master, b"oubliette/v1/master-key-fingerprint")

    head = b"\1\1" + pack(">I", given["epoch"]) + special
    head += pack(">IQI", given["rotation"], given["madeAt"], given["lifetimeSeconds"])
    bound = lp("oubliette/v1/key-record") + head + ref + kid
    key_record = head + nonce + seal(wrapping, nonce, bound, user_key)

    ended = b"\1\0" + special + erased_at
    retirement = ended + mac(sub["fence"], lp("oubliette/v1/retirement") + ref + kid + ended)

    def deployed(revision, master, epoch, wrapping, state=b"", before=b""):
        version = b"\2" if before else b"\1"
        facts = pack(">I", revision) + mac(master, b"oubliette/v1/master-key-fingerprint")
        context = lp("oubliette/v1/deployment") + version + ident + facts + state + before
        wrapped = nonce + seal(master, nonce, context, root + pack(">IBI", count, 1, epoch) + wrapping)
        size = pack(">H", len(wrapped)) if before else b""
        return version + facts + state + size + wrapped + before

    revision, epoch = given["revision"], given["epoch"]
    deployment = deployed(revision, master, epoch, wrapping)
    in_turn = deployed(revision + 1, new_master, epoch + 1, new_wrapping, b"\2", deployment)

    def user(name):
        made = mac(sub["user-ref"], name.encode())
        return {"userId": name, "userRef": made, "partition": int.from_bytes(made[:4], "big") % count}

    def fence(name, scope):
        body = b"\1" + scope + erased_at + pack(">H", 1) + mac(sub["key-fingerprint"], user_key)
        return {"key": name, "value": body + mac(sub["fence"], ref + body)}

    def envelope(scope, binding, text):
        prefix = b"\1\1" + scope + kid + ref
        ad = prefix + b"".join(lp(binding[part]) for part in ("stream", "type", "eventId", "path"))
        header = prefix + nonce + mac(sub["envelope-header"], prefix + nonce)
        value = header + seal(user_key, nonce, ad, bytes.fromhex(text))
        return {"binding": binding, "plaintext": text, "envelope": value}

    sealed = zip((general, special), given["envelopes"], strict=True)
    return {
        "masterKeyFingerprint": fingerprint,
        "subkeys": sub,
        "userRefs": [user(name) for name in given["userIds"]],
        "keyRecord": {"key": f"{ref.hex()}#{kid.hex()}", "value": key_record},
        "fences": [fence(fence_name, general), fence(f"{fence_name}:{tag.hex()}.{generation}", special)],
        "retirement": retirement,
        "purposeTag": tag,
        "deployment": {"key": f"!deployment#{ident.hex()}", "value": deployment, "inTurn": in_turn},
        "envelopes": [envelope(scope, *each) for scope, each in sealed],
    }


def of_peppers(given, wrapping, pepper, nonce, ident):
    head = b"\1\1" + pack(">II", given["epoch"], given["number"])
    value = head + nonce + seal(wrapping, nonce, lp("oubliette/v1/pepper") + head + ident, pepper)
    hashes = [mac(pepper, lp(index) + text.encode()) for index, text in given["lookups"]]
    return {"record": {"key": f"!pepper#{ident.hex()}", "value": value}, "hashes": hashes}


differing = []
directory = pathlib.Path(sys.argv[1]) if sys.argv[1:] else pathlib.Path(__file__).parents[2] / "libs/keyring"
for page, recompute, secrets in (
    (
        "SPEC.md",
        of_spec,
        "root masterKey wrappingKey userKey deploymentId kid nonce newMasterKey newWrappingKey",
    ),
    ("SPEC-PEPPERS.md", of_peppers, "wrappingKey pepper nonce id"),
):
    vectors = json.loads(re.search(r"```json\n(.*?)```", (directory / page).read_text("utf-8"), re.S)[1])
    given = vectors.pop("inputs")
    made = recompute(given, *(bytes.fromhex(given[name]) for name in secrets.split()))
    made = json.loads(json.dumps(made, default=bytes.hex))
    differing += [f"{page} {name}" for name in made | vectors if made.get(name) != vectors.get(name)]
    print(f"{page}: {len(vectors)} groups of vectors")
sys.exit(f"differing: {', '.join(differing)}" if differing else 0)
