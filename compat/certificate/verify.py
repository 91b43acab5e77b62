"""Verifies certificates of erasure. Written from docs/certificate.md alone; needs Python 3.11 and PyNaCl.

verify.py KEYS FILE [CHAIN]   exit 0: genuine; 1: not, with the page's code on stderr; 2: wrong usage
verify.py -                   the same for each line of stdin (KEYS, FILE, CHAIN; tabs between): a word or a code a line
"""
import base64, hashlib, json, re, sys
from datetime import datetime
try: from nacl import exceptions, signing
except ImportError: sys.exit(print("verify.py needs PyNaCl: pip install pynacl", file=sys.stderr) or 2) # 1 would say: not genuine

PEM = re.compile(rb"-----BEGIN PUBLIC KEY-----[\t\n\r ]+MCowBQYDK2VwAyEA([A-Za-z0-9+/]{43}=)[\t\n\r ]+-----END PUBLIC KEY-----")

class Refused(Exception): """Not genuine: the page's code without its CERTIFICATE_, and the reason."""

# Shapes: each says whether a value has it.
number = lambda least=0, most=2**53 - 1: lambda value: type(value) is int and least <= value <= most
text = lambda *allowed: lambda value: type(value) is str and (not allowed or value in allowed)
like = lambda pattern: lambda value: type(value) is str and re.fullmatch(pattern, value) is not None
digest = lambda size: like(f"[0-9a-f]{{{2 * size}}}")
nullable, listed = lambda shape: lambda value: value is None or shape(value), lambda shape: lambda value: type(value) is list and all(map(shape, value))
members = lambda **shapes: lambda value: type(value) is dict and value.keys() == shapes.keys() and all(shapes[name](value[name]) for name in shapes)
def time(value):
    return type(value) is str and len(value) == 24 and value >= "1970" and value == datetime.fromisoformat(value[:-1]).isoformat(timespec="milliseconds") + "Z"

OFFSET = like("0|[1-9][0-9]{0,18}")
PASSES = lambda records: listed(members(at=time, replica=number(), logStart=OFFSET, highWatermark=OFFSET, records=records))
UNSEEN = listed(members(replica=number(), why=text("down", "out of sync", "unreadable")))
EVIDENCE = members(passes=PASSES(number()), unseen=UNSEEN, unlinkedAt=time, lateRecords=number(), files=listed(members(at=time, replica=number(),
        outcome=text("clean", "unclear"), files=number(), bytes=number(), segments=listed(members(file=text(), bytes=number(), records=number())))),
    bound=members(ms=nullable(number()), terms=listed(members(name=text(), setting=text(), ms=nullable(number())))))
TOPIC = members(topic=text(), way=text("tombstone", "expiry"), boundMs=nullable(number()), partitions=nullable(listed(members(
    partition=number(), mark=nullable(OFFSET), tombstones=number(), passes=PASSES(nullable(number())), unseen=UNSEEN, unlinkedAt=time))))
ANSWER = members(processor=like("[a-z0-9._-]{1,64}"), outcome=text("outstanding", "erased", "refused"), at=nullable(time), text=nullable(text()),
    reason=nullable(text("freedom-of-expression", "legal-obligation", "public-health", "archiving-research-statistics", "legal-claims")))
CERTIFICATE = members(key=digest(32), signature=digest(64), body=members(
    version=number(1, 1), number=number(1), previous=nullable(digest(32)), kind=text("erasure"), issuedAt=time,
    software=members(name=text(), version=text()), outstanding=listed(text("forgetting", "erasure", "replicas", "acknowledgements")),
    erasure=members(id=text(), user=digest(32), lifecycle=number(1), state=text("requested", "held", "forgotten", "erased"),
                    requestedAt=time, forgottenAt=nullable(time), erasedAt=nullable(time)),
    deadline=members(law=text(), at=time, extension=nullable(members(at=time, reason=text()))),
    hold=nullable(members(at=time, reason=text(), liftedAt=nullable(time))),
    keys=nullable(members(partition=number(), fingerprints=listed(digest(16)))), boundMs=nullable(number()), evidence=nullable(EVIDENCE), topics=listed(TOPIC), acknowledgements=listed(ANSWER)))

canonical = lambda value: json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

def parse(data):
    """The certificate in these bytes: its canonical form and every member of it are as the page says."""
    try:
        if len(data) > 16 * 2**20 or canonical(value := json.loads(data.decode())) != data or not CERTIFICATE(value):
            raise ValueError("not canonical, or not these members")
        if (value["body"]["number"] == 1) != (value["body"]["previous"] is None):
            raise ValueError("the first certificate has none before it, every other has")
        return value
    except (ValueError, RecursionError) as reason:
        raise Refused("MALFORMED", reason) from None

def trusted(data):
    """The public keys in a PEM file, by their names."""
    if not (keys := [base64.b64decode(block) for block in PEM.findall(data)]) or len(keys) != data.count(b"-----BEGIN"):
        raise Refused("KEY_INVALID", "give Ed25519 public keys in PEM, and nothing else in PEM")
    return {hashlib.sha256(key).hexdigest(): signing.VerifyKey(key) for key in keys}

def verify(data, keys):
    name, signature, body = (certificate := parse(data))["key"], bytes.fromhex(certificate["signature"]), certificate["body"]
    if name not in keys:
        raise Refused("KEY_UNTRUSTED", name)
    try:
        keys[name].verify(b"oubliette/certificate/v1\n" + canonical(body), signature)
    except exceptions.BadSignatureError as reason:
        raise Refused("FORGED", reason) from None
    return body

def check(keys, file, chain=None):
    keys, data = trusted(open(keys, "rb").read()), open(file, "rb").read()
    body, before = verify(data, keys), None
    lines = open(chain, "rb").read().split(b"\n") if chain else []
    lines = lines[:-1] if lines[-1:] == [b""] else lines
    for position, (line, link) in enumerate([(line, verify(line, keys)) for line in lines], 1):
        if (link["number"], link["previous"]) != (position, before):
            raise Refused("CHAIN_BROKEN", f"line {position}")
        before = hashlib.sha256(line).hexdigest()
    if chain and data not in lines:
        raise Refused("NOT_IN_CHAIN", f"number {body['number']}")
    return f"genuine: number {body['number']}, {body['erasure']['state']}, outstanding: {', '.join(body['outstanding']) or 'nothing'}"

def outcome(arguments):
    try:
        return 0, check(*arguments)
    except Refused as refused:
        return 1, f"CERTIFICATE_{refused.args[0]}: {refused.args[1]}"
    except (OSError, ValueError, TypeError) as problem:
        return 2, f"usage: {problem}\n{__doc__}"

if sys.argv[1:] == ["-"]:
    for case in sys.stdin:
        print(outcome(case.rstrip("\n").split("\t"))[1].split(":")[0])
else:
    code, answer = outcome(sys.argv[1:])
    print(answer, file=sys.stderr if code else sys.stdout)
    sys.exit(code)
