"""Recomputes the vectors of libs/keyring/SPEC.md from that page alone: spec.py <the page>. Sections are the page's."""
import json
import re
import sys
from hashlib import blake2b
from struct import pack
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt as aead  # (message, associated data, nonce, key)

vectors = json.loads(re.search(r"```json\n(.*?)```", open(sys.argv[1], encoding="utf-8").read(), re.S)[1])
given, made = vectors.pop("inputs"), {"fences": [], "envelopes": []}
names = "root masterKey wrappingKey newMasterKey newWrappingKey userKey deploymentId kid nonce".split()
root, master, wrapping, new_master, new_wrapping, user_key, ident, kid, nonce = (bytes.fromhex(given[n]) for n in names)
epoch, revision, count, lifecycle = (given[n] for n in ("epoch", "revision", "partitionCount", "lifecycle"))

def mac(key, message, size=16):
    return blake2b(message, key=key, digest_size=size).digest()

def lp(text):
    return pack(">I", len(text.encode())) + text.encode()

names = ("user-ref", "envelope-header", "fence", "key-fingerprint", "purpose", "record-name")  # section 2
sub = made["subkeys"] = {name: mac(root, f"oubliette/v1/{name}".encode(), 32) for name in names}
tag = made["purposeTag"] = mac(sub["purpose"], given["purpose"].encode())[:4]
general, special = pack(">III", lifecycle, 0, 1), pack(">I4sI", lifecycle, tag, given["generation"])
refs = {user: mac(sub["user-ref"], user.encode()) for user in given["userIds"]}  # section 3
partitions = {user: int.from_bytes(refs[user][:4], "big") % count for user in refs}
made["userRefs"] = [{"userId": user, "userRef": refs[user], "partition": partitions[user]} for user in refs]
ref = refs[given["userId"]]
made["recordName"] = mac(sub["record-name"], ref + given["recordText"].encode())

head = b"\1\1" + pack(">I", epoch) + special  # section 5
head += pack(">IQI", given["rotation"], given["madeAt"], given["lifetimeSeconds"])
wrapped = aead(user_key, lp("oubliette/v1/key-record") + head + ref + kid, nonce, wrapping)
made["keyRecord"] = {"key": f"{ref.hex()}#{kid.hex()}", "value": head + nonce + wrapped}

for scope, suffix in ((general, ""), (special, f":{tag.hex()}.{given['generation']}")):  # section 6, keys in section 4
    body = b"\1" + scope + pack(">QH", given["erasedAt"], 1) + mac(sub["key-fingerprint"], user_key)
    made["fences"].append({"key": f"{ref.hex()}/{lifecycle}{suffix}", "value": body + mac(sub["fence"], ref + body)})
ended = b"\1\0" + special + pack(">Q", given["erasedAt"])
made["retirement"] = ended + mac(sub["fence"], lp("oubliette/v1/retirement") + ref + kid + ended)
said = (pack(">BIBQ", 1, lifecycle, flag, given["erasedAt"]) for flag in (1, 0))
made["restrictions"] = [{"key": f"{ref.hex()}/{lifecycle}!restriction", "value": each + mac(
    sub["fence"], lp("oubliette/v1/restriction") + ref + each)} for each in said]

def deployment(version, revision, master, epoch, wrapping, state=b"", before=b""):  # section 7
    facts = pack(">I", revision) + mac(master, b"oubliette/v1/master-key-fingerprint") + state
    context = lp("oubliette/v1/deployment") + version + ident + facts + before
    wrapped = nonce + aead(root + pack(">IBI", count, 1, epoch) + wrapping, context, nonce, master)
    return version + facts + (pack(">H", len(wrapped)) if before else b"") + wrapped + before
standing = deployment(b"\1", revision, master, epoch, wrapping)
in_turn = deployment(b"\2", revision + 1, new_master, epoch + 1, new_wrapping, b"\2", standing)
made["deployment"] = {"key": f"!deployment#{ident.hex()}", "value": standing, "inTurn": in_turn}
made["masterKeyFingerprint"] = mac(master, b"oubliette/v1/master-key-fingerprint")  # section 1

for scope, (binding, text) in zip((general, special), given["envelopes"], strict=True):  # section 8
    prefix = b"\1\1" + scope + kid + ref
    ad = prefix + b"".join(lp(binding[part]) for part in ("stream", "type", "eventId", "path"))
    header = prefix + nonce + mac(sub["envelope-header"], prefix + nonce)
    value = header + aead(bytes.fromhex(text), ad, nonce, user_key)
    made["envelopes"].append({"binding": binding, "plaintext": text, "envelope": value})

made = json.loads(json.dumps(made, default=bytes.hex))
differing = [name for name in made | vectors if made.get(name) != vectors.get(name)]
sys.exit(f"{sys.argv[1]}: {', '.join(differing)} differ" if differing else 0)
