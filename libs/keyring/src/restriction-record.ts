import { ByteWriter } from './byte-writer.js';
import { equalBytes, MAC_BYTES, type Sodium } from './crypto/sodium.js';
import { fromHex } from './hex.js';
import type { Restriction, UserRef } from './keyring.js';

/** What a restriction record states: of two for one lifecycle the later counts. */
export interface RestrictionStatement {
  readonly lifecycle: number;
  /** False: it was lifted. */
  readonly isRestricted: boolean;
  /** Since when, ms since the Unix epoch. */
  readonly at: number;
}

/** What stands of a user by the last statement about it; null when the user's data may be processed. */
export function restrictionOf(userRef: UserRef, said: RestrictionStatement | null): Restriction | null {
  return said?.isRestricted ? { userRef, lifecycle: said.lifecycle, since: said.at } : null;
}

const VERSION = 1;
const MAC_AT = 14;
export const RESTRICTION_BYTES = MAC_AT + MAC_BYTES;

/** SPEC.md, section 6. `key` is the fence subkey. */
export function encodeRestriction(
  sodium: Sodium,
  key: Uint8Array,
  userRef: UserRef,
  { lifecycle, isRestricted, at }: RestrictionStatement,
): Uint8Array {
  const statement = new ByteWriter()
    .u8(VERSION)
    .u32(lifecycle)
    .u8(isRestricted ? 1 : 0)
    .u64(at)
    .finish();
  return new ByteWriter()
    .bytes(statement)
    .bytes(restrictionMac(sodium, key, userRef, statement))
    .finish();
}

/** null when it is malformed or its MAC does not fit: it then states nothing. */
export function decodeRestriction(
  sodium: Sodium,
  key: Uint8Array,
  userRef: UserRef,
  value: Uint8Array,
): RestrictionStatement | null {
  if (value.length !== RESTRICTION_BYTES || value[0] !== VERSION) return null;
  const statement = value.subarray(0, MAC_AT);
  if (!equalBytes(restrictionMac(sodium, key, userRef, statement), value.subarray(MAC_AT))) return null;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const [lifecycle, flag, at] = [view.getUint32(1), view.getUint8(5), Number(view.getBigUint64(6))];
  if (lifecycle === 0 || flag > 1 || !Number.isSafeInteger(at)) return null;
  return { lifecycle, isRestricted: flag === 1, at };
}

function restrictionMac(
  sodium: Sodium,
  key: Uint8Array,
  userRef: UserRef,
  statement: Uint8Array,
): Uint8Array {
  const message = new ByteWriter()
    .text('oubliette/v1/restriction')
    .bytes(fromHex(userRef))
    .bytes(statement)
    .finish();
  return sodium.mac(key, message, MAC_BYTES);
}
