import { ByteWriter } from './byte-writer.js';
import { fromHex, toHex } from './hex.js';
import { isScope, type KeyName } from './key-record.js';
import type { KeyScope, PurposeTag } from './key-scope.js';
import { equalBytes, MAC_BYTES, type Sodium } from './crypto/sodium.js';

/** The authenticated statement that a key's time was over: it stands in the place of the key's record. */
export interface Retirement extends KeyScope {
  /** When the key ended, ms since the Unix epoch. */
  readonly retiredAt: number;
}

const VERSION = 1;
/** Where a key record names its algorithm: no key is here. */
const NO_KEY = 0;
const MAC_AT = 22;
/** Size of a retirement's value in bytes: too small for a wrapped key. */
export const RETIREMENT_BYTES = MAC_AT + MAC_BYTES;

/** SPEC.md, section 6. `key` is the fence subkey. */
export function encodeRetirement(
  sodium: Sodium,
  key: Uint8Array,
  name: KeyName,
  { lifecycle, purpose, generation, retiredAt }: Retirement,
): Uint8Array {
  const statement = new ByteWriter()
    .u8(VERSION)
    .u8(NO_KEY)
    .u32(lifecycle)
    .bytes(fromHex(purpose))
    .u32(generation)
    .u64(retiredAt)
    .finish();
  return new ByteWriter()
    .bytes(statement)
    .bytes(retirementMac(sodium, key, name, statement))
    .finish();
}

/** True when the value claims to be a retirement; `decodeRetirement` says whether it is one. */
export function isRetirement(value: Uint8Array): boolean {
  return value[0] === VERSION && value[1] === NO_KEY;
}

/** null when it is malformed or its MAC does not fit: it then states nothing. */
export function decodeRetirement(
  sodium: Sodium,
  key: Uint8Array,
  name: KeyName,
  value: Uint8Array,
): Retirement | null {
  if (value.length !== RETIREMENT_BYTES || !isRetirement(value)) return null;
  const expected = retirementMac(sodium, key, name, value.subarray(0, MAC_AT));
  if (!equalBytes(expected, value.subarray(MAC_AT))) return null;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const retirement = {
    lifecycle: view.getUint32(2),
    purpose: toHex(value.subarray(6, 10)) as PurposeTag,
    generation: view.getUint32(10),
    retiredAt: Number(view.getBigUint64(14)),
  };
  return isScope(retirement) ? retirement : null;
}

function retirementMac(
  sodium: Sodium,
  key: Uint8Array,
  { userRef, kid }: KeyName,
  statement: Uint8Array,
): Uint8Array {
  const message = new ByteWriter()
    .text('oubliette/v1/retirement')
    .bytes(fromHex(userRef))
    .bytes(fromHex(kid))
    .bytes(statement)
    .finish();
  return sodium.mac(key, message, MAC_BYTES);
}
