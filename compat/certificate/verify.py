"""Verifies certificates of erasure. Written from docs/certificate.md alone; needs Python 3.11 and PyNaCl.

verify.py KEYS FILE [CHAIN]   exit 0: genuine; 1: not, with the page's code on stderr; 2: wrong usage
verify.py -                   the same for each line of stdin, KEYS, FILE and CHAIN apart by tabs: one word a line
"""
import base64, binascii, hashlib, json, re, sys
from datetime import datetime

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

MALFORMED, UNTRUSTED, FORGED, BROKEN, ELSEWHERE = ("CERTIFICATE_" + word for word in (
    "MALFORMED", "KEY_UNTRUSTED", "FORGED", "CHAIN_BROKEN", "NOT_IN_CHAIN"))
PREFIX = bytes.fromhex("302a300506032b6570032100")  # what stands before the 32 bytes of an Ed25519 key (RFC 8410)
PEM = re.compile(rb"-----BEGIN PUBLIC KEY-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END PUBLIC KEY-----")


class Refused(Exception):
    """The certificate is not genuine: args are the page's code and the reason."""


def number(least=0, most=2**53 - 1):
    return lambda value: type(value) is int and least <= value <= most

def text(*allowed):
    return lambda value: type(value) is str and (not allowed or value in allowed)

def digest(size):
    return lambda value: type(value) is str and re.fullmatch(f"[0-9a-f]{{{2 * size}}}", value) is not None

def time(value):
    return type(value) is str and value == datetime.fromisoformat(value[:-1]).isoformat(timespec="milliseconds") + "Z"

def nullable(shape):
    return lambda value: value is None or shape(value)

def listed(shape):
    return lambda value: type(value) is list and all(map(shape, value))

def members(**shapes):
    return lambda value: type(value) is dict and value.keys() == shapes.keys() and all(shapes[name](value[name]) for name in shapes)


CERTIFICATE = members(key=digest(32), signature=digest(64), body=members(
    version=number(1, 1), number=number(1), previous=nullable(digest(32)), kind=text("erasure"), issuedAt=time,
    software=members(name=text(), version=text()), outstanding=listed(text("forgetting", "erasure")),
    erasure=members(id=text(), user=digest(32), lifecycle=number(1), state=text("requested", "held", "forgotten", "erased"),
                    requestedAt=time, forgottenAt=nullable(time), erasedAt=nullable(time)),
    deadline=members(law=text(), at=time, extension=nullable(members(at=time, reason=text()))),
    hold=nullable(members(at=time, reason=text(), liftedAt=nullable(time))),
    keys=nullable(members(partition=number(), fingerprints=listed(digest(16)))), boundMs=nullable(number())))


def canonical(value):
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

def parse(data):
    """The certificate in these bytes: its canonical form and every member of it are as the page says."""
    try:
        if len(data) > 16 * 2**20 or canonical(value := json.loads(data.decode())) != data or not CERTIFICATE(value):
            raise ValueError("not canonical, or not these members")
        if (value["body"]["number"] == 1) != (value["body"]["previous"] is None):
            raise ValueError("the first certificate has none before it, every other has")
        return value
    except (ValueError, RecursionError) as reason:
        raise Refused(MALFORMED, reason) from None

def trusted(data):
    """The public keys in a PEM file, by their names."""
    keys = [base64.b64decode(block, validate=True) for block in (b"".join(match.split()) for match in PEM.findall(data))]
    if not keys or any(len(key) != 44 or key[:12] != PREFIX for key in keys):
        raise ValueError("no Ed25519 public key in PEM")
    return {hashlib.sha256(key[12:]).hexdigest(): VerifyKey(key[12:]) for key in keys}

def verify(data, keys):
    """The body of a genuine certificate."""
    certificate = parse(data)
    if certificate["key"] not in keys:
        raise Refused(UNTRUSTED, certificate["key"])
    try:
        signed = b"oubliette/certificate/v1\n" + canonical(certificate["body"])
        keys[certificate["key"]].verify(signed, bytes.fromhex(certificate["signature"]))
    except BadSignatureError as reason:
        raise Refused(FORGED, reason) from None
    return certificate["body"]

def check(keys, file, chain=None):
    keys, data = trusted(open(keys, "rb").read()), open(file, "rb").read()
    body = verify(data, keys)
    if chain is not None:
        lines, before = open(chain, "rb").read().removesuffix(b"\n").split(b"\n"), None
        for position, line in enumerate(lines, 1):
            link = verify(line, keys)
            if (link["number"], link["previous"]) != (position, before):
                raise Refused(BROKEN, f"line {position}")
            before = hashlib.sha256(line).hexdigest()
        if lines[body["number"] - 1:body["number"]] != [data]:
            raise Refused(ELSEWHERE, f"number {body['number']}")
    return f"genuine: certificate {body['number']}, {body['erasure']['state']}, outstanding: {', '.join(body['outstanding']) or 'nothing'}"

def main(arguments):
    if arguments == ["-"]:
        for line in sys.stdin:
            try:
                print(check(*line.rstrip("\n").split("\t")).split(":")[0])
            except Refused as refused:
                print(refused.args[0])
            except (OSError, ValueError):
                print("usage")
        return 0
    try:
        print(check(*arguments))
        return 0
    except Refused as refused:
        print(*refused.args, sep=": ", file=sys.stderr)
        return 1
    except (OSError, ValueError, TypeError) as problem:
        print(__doc__, problem, sep="\n", file=sys.stderr)
        return 2

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
