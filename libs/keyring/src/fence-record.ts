import { ByteWriter } from './byte-writer.js';
import { fromHex, toHex } from './hex.js';
import { isScope } from './key-record.js';
import type { PurposeTag } from './key-scope.js';
import type { Fence, UserRef } from './keyring.js';
import { equalBytes, MAC_BYTES, type Sodium } from './crypto/sodium.js';

const VERSION = 1;
const FINGERPRINT_BYTES = 16;
const FINGERPRINTS_AT = 23;
/** Most fingerprints that one fence lists. */
export const MAX_FINGERPRINTS = 1000;

/** The value of a fence: its statement and a MAC under the deployment's fence key (SPEC.md, section 6). */
export function encodeFence(sodium: Sodium, key: Uint8Array, fence: Fence): Uint8Array {
  const statement = new ByteWriter()
    .u8(VERSION)
    .u32(fence.lifecycle)
    .bytes(fromHex(fence.purpose))
    .u32(fence.generation)
    .u64(fence.erasedAt)
    .u16(fence.fingerprints.length);
  for (const fingerprint of fence.fingerprints) statement.bytes(fromHex(fingerprint));
  const bytes = statement.finish();
  return new ByteWriter()
    .bytes(bytes)
    .bytes(fenceMac(sodium, key, fence.userRef, bytes))
    .finish();
}

/** null when the fence is malformed or its MAC does not fit: it then states nothing. */
export function decodeFence(
  sodium: Sodium,
  key: Uint8Array,
  userRef: UserRef,
  value: Uint8Array,
): Fence | null {
  if (value.length < FINGERPRINTS_AT + MAC_BYTES || value[0] !== VERSION) return null;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const count = view.getUint16(FINGERPRINTS_AT - 2);
  const macAt = FINGERPRINTS_AT + count * FINGERPRINT_BYTES;
  if (value.length !== macAt + MAC_BYTES) return null;
  const expected = fenceMac(sodium, key, userRef, value.subarray(0, macAt));
  if (!equalBytes(expected, value.subarray(macAt))) return null;
  const fingerprints: string[] = [];
  for (let at = FINGERPRINTS_AT; at < macAt; at += FINGERPRINT_BYTES) {
    fingerprints.push(toHex(value.subarray(at, at + FINGERPRINT_BYTES)));
  }
  const scope = {
    lifecycle: view.getUint32(1),
    purpose: toHex(value.subarray(5, 9)) as PurposeTag,
    generation: view.getUint32(9),
  };
  return isScope(scope) ? { userRef, ...scope, erasedAt: Number(view.getBigUint64(13)), fingerprints } : null;
}

/** What a fence remembers of a key: a keyed hash, of no use to who has it. 32 hex digits. */
export function keyFingerprint(sodium: Sodium, key: Uint8Array, userKey: Uint8Array): string {
  return toHex(sodium.mac(key, userKey, FINGERPRINT_BYTES));
}

function fenceMac(sodium: Sodium, key: Uint8Array, userRef: UserRef, statement: Uint8Array): Uint8Array {
  const message = new ByteWriter().bytes(fromHex(userRef)).bytes(statement).finish();
  return sodium.mac(key, message, MAC_BYTES);
}
